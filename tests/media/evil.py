"""Decoder children that turn on their parent, as a film that took one over might."""

from __future__ import annotations

import textwrap

import pytest

from vig.media import sandbox

_BOOT = """
import socket, sys
sys.path.insert(0, sys.argv[1])
from vig.media import child, confine
honest = confine.drop_privileges
def taken_over():
    held = honest()
    from vig.media.inside import tasks
    def turn(pipe, held):
{deed}
    tasks.run = turn
    return held
confine.drop_privileges = taken_over
child.main()
"""


def taken_over(monkeypatch: pytest.MonkeyPatch, deed: str) -> None:
    """Every child started from now on does ``deed`` once it is confined, instead of its task."""
    body = textwrap.indent(textwrap.dedent(deed), " " * 8)
    monkeypatch.setattr(sandbox, "_BOOT", _BOOT.format(deed=body))
