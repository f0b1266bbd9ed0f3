"""The HTML of the pages before the door. Everything put into a sheet is escaped here."""

from __future__ import annotations

import html
from functools import cache
from importlib.resources import files
from string import Template

from starlette.responses import HTMLResponse

from vig.errors import VigError

FOOT = "Everything stays on this computer, sealed. Nothing is sent anywhere."


def page(
    sheet: str,
    title: str,
    *,
    status: int = 200,
    wide: bool = False,
    foot: str = FOOT,
    **parts: str,
) -> HTMLResponse:
    """One page. ``parts`` are pieces of HTML made by the functions below, or escaped text."""
    body = fill(sheet, **parts)
    width = "wide" if wide else "narrow"
    frame = fill("frame", title=html.escape(title), width=width, body=body, foot=foot)
    return HTMLResponse(frame, status)


def fill(sheet: str, **parts: str) -> str:
    return _template(sheet).substitute(parts)


def text(words: str) -> str:
    return html.escape(words, quote=True)


def notice(error: VigError | str | None, *, calm: bool = False) -> str:
    """A sentence above a form, and its advice; nothing for None."""
    if error is None:
        return ""
    words = str(error)
    advice = error.advice if isinstance(error, VigError) else None
    more = f"<p>{text(advice)}</p>" if advice else ""
    kind = ' calm" role="status' if calm else '" role="alert'
    return f'<div id="notice" class="notice{kind}"><p>{text(words)}</p>{more}</div>'


@cache
def _template(sheet: str) -> Template:
    return Template(files("vig.web.sheets").joinpath(f"{sheet}.html").read_text("utf-8"))
