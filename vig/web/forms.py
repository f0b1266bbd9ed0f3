"""Forms of our own pages: read into memory, never spooled to disk, and never from a foreign page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar
from urllib.parse import parse_qs

import anyio
from starlette.requests import Request
from starlette.responses import Response

from vig.web import sheets
from vig.web.porch import same_origin

LONGEST_FORM = 8192
"""Bytes; a passphrase, a code or a device's answer fits, and nothing else."""

Answering = Callable[[Request], Awaitable[Response]]


R = TypeVar("R")


async def aside(work: Callable[..., R], *given: Any, **more: Any) -> R:
    """Do what may wait for the database or costs time beside the event loop, not in its way."""
    return await anyio.to_thread.run_sync(partial(work, *given, **more))


class Fields(dict[str, str]):
    """The fields of a form by name; of a field that came several times, the last in the dict."""

    def __init__(self, several: dict[str, list[str]]) -> None:
        super().__init__({name: values[-1] for name, values in several.items()})
        self._several = several

    def all(self, name: str) -> list[str]:
        """Every value of a field that may come several times."""
        return self._several.get(name, [])


def form(answer: Callable[[Request, Fields], Awaitable[Response]]) -> Answering:
    """A form from our own pages only."""

    async def checked(request: Request) -> Response:
        if not same_origin(request):
            return refused("This did not come from our own page.", 403)
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > LONGEST_FORM:
                return refused("That is too long.", 413)
        fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
        return await answer(request, Fields(fields))

    return checked


def refused(words: str, status: int) -> Response:
    return sheets.page("plain", "Not accepted", status=status, words=sheets.text(words))
