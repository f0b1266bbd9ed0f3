"""What every command shares: the vault it speaks of, questions on a terminal, and progress."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vig.domain.progress import Progress, unheard
from vig.errors import BadValue, VaultLocked

if TYPE_CHECKING:
    from vig.app.house import House
    from vig.app.workspace import Workspace


def home() -> Path:
    """The data folder: VIG_HOME, or ``storage`` where we stand."""
    return Path(os.environ.get("VIG_HOME") or "storage").resolve()


def house(root: Path | None = None) -> House:
    from vig.app.house import House

    return House(root or home())


def passphrase(question: str = "Passphrase", *, twice: bool = False) -> str:
    """From VIG_PASSPHRASE, or typed unseen. VaultLocked where nobody can be asked."""
    given = os.environ.get("VIG_PASSPHRASE")
    if given:
        return given
    if not sys.stdin.isatty():
        raise VaultLocked
    return str(click.prompt(question, hide_input=True, confirmation_prompt=twice, err=True))


@contextmanager
def opened(key_file: Path | None = None) -> Iterator[House]:
    """The house with its vault open, and locked again afterwards. NoVault, WrongKey.

    Who acts is ``house.opener``: the account whose passphrase it was.
    """
    from vig.app.house import secret_of_kind

    here = house()
    if here.state == "none":
        _ = here.workspace  # says that there is none
    if key_file is not None:
        here.unlock_with(secret_of_kind("keyfile", str(key_file)))
    else:
        here.unlock(passphrase())
    try:
        if here.workspace.catalogue.account(here.opener).starting:
            raise BadValue(what="Sign in once in the app first, and choose a passphrase there.")
        yield here
    finally:
        here.lock()


@contextmanager
def working(here: House) -> Iterator[Workspace]:
    """The open vault with somebody to do its jobs: this process, unless the app is running."""
    from vig.app.analysis import bench_of
    from vig.app.jobs import attend

    ws = here.workspace
    with _native_chatter_dropped(), attend(bench_of(ws)) as jobs:
        ws.employ(jobs)
        try:
            yield ws
        finally:
            ws.employ(None)


@contextmanager
def _native_chatter_dropped() -> Iterator[None]:
    """The nets' native code writes remarks to descriptor 2 that help nobody; Python's go on."""
    sys.stderr.flush()
    kept = os.dup(2)
    blank = os.open(os.devnull, os.O_WRONLY)
    python_side = sys.stderr
    if python_side is sys.__stderr__:
        sys.stderr = os.fdopen(os.dup(kept), "w", encoding="utf-8", buffering=1)
    os.dup2(blank, 2)
    os.close(blank)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        if sys.stderr is not python_side:
            sys.stderr.close()
            sys.stderr = python_side


@contextmanager
def shown(what: str) -> Iterator[Progress]:
    """A progress bar on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield unheard
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda share: bar.update(task, completed=share)


def sure(question: str, yes: bool) -> bool:
    """Whether to go on. Without a terminal only ``--yes`` counts as yes."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise BadValue(what="Nobody is there to be asked; add --yes to go on without questions.")
    return click.confirm(question, err=True)


BY_NAME = "asked for by name on the command line"
"""The reason in the record where a program asks and gives none: true, and all that is known."""


def why(reason: str | None) -> str:
    """The reason that was given, or typed; where nobody can be asked, that it was asked for."""
    if reason:
        return reason
    if not sys.stdin.isatty():
        return BY_NAME
    return str(click.prompt("Why (a few words, kept sealed in the record)", err=True))


def told(as_json: bool, answer: dict[str, Any], *lines: str) -> None:
    """The answer, for a program or for a person."""
    if as_json:
        click.echo(json.dumps(answer))
    else:
        for line in lines:
            click.echo(line)


def day(text: str | None) -> date | None:
    """A day written as 2026-11-24. BadValue for anything else."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadValue(what="Write a day as year-month-day, such as 2026-11-24.") from None


def suggestions(count: int) -> str:
    """How many there are, in words."""
    return "1 suggestion" if count == 1 else f"{count} suggestions"


def clock(at: int) -> str:
    """A time in a film as a person reads it."""
    return f"{at // 60_000_000}:{at // 1_000_000 % 60:02d}.{at // 100_000 % 10}"
