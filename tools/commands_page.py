"""Writes docs/COMMANDS.md from the commands and the error tree themselves (``make docs``).

``--check`` writes nothing and ends with 1 when the page is not what it would be.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

import vig.cli.main
from vig import errors

PAGE = Path(__file__).resolve().parent.parent / "docs" / "COMMANDS.md"

OPENING = """\
# Commands and errors

Written by `make docs` from the commands themselves; a change by hand is lost, and a test compares.
Settings by environment stand in [DEPLOYMENT.md](DEPLOYMENT.md#settings).
"""


def root() -> click.Group:
    """The ``vig`` command, whatever name it has in its module."""
    groups = [each for each in vars(vig.cli.main).values() if isinstance(each, click.Group)]
    (top,) = [group for group in groups if group.name in {"vig", "cli", "main"}]
    return top


def commands(group: click.Group, name: str = "vig") -> Iterator[tuple[str, click.Command]]:
    """Every command with the words that call it, groups before what is in them."""
    context = click.Context(group, info_name=name)
    for word in group.list_commands(context):
        command = group.get_command(context, word)
        if command is None or command.hidden:
            continue
        yield f"{name} {word}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{name} {word}")


def paragraphs(text: str | None) -> str:
    """Help as click shows it: lines joined, but for paragraphs marked as they stand."""
    shown = []
    for part in re.split(r"\n\s*\n", (text or "").strip()):
        if part.lstrip().startswith("\b"):
            lines = part.replace("\b", "").strip("\n").splitlines()
            shown.append("```\n" + "\n".join(line.strip() for line in lines) + "\n```")
        else:
            shown.append(" ".join(part.split()))
    return "\n\n".join(shown)


def cell(said: str) -> str:
    """Text that fits into one cell of a table."""
    return " ".join(said.split()).replace("|", "\\|")


def section(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=name)
    rows = [record for each in command.params if (record := each.get_help_record(context))]
    lines = [f"## `{name}`", "", f"`{command.get_usage(context).removeprefix('Usage: ')}`", ""]
    lines += [paragraphs(command.help), ""]
    if rows:
        lines += ["| option | |", "|---|---|"]
        lines += [f"| `{cell(option)}` | {cell(said)} |" for option, said in rows]
        lines.append("")
    return "\n".join(lines)


def tree(kind: type[errors.VigError]) -> Iterator[type[errors.VigError]]:
    for child in kind.__subclasses__():
        yield child
        yield from tree(child)


def error_table() -> str:
    lines = [
        "## Errors",
        "",
        "The number is the exit code of `vig`. 0 is success, 1 an error of the tool itself.",
        "",
        "| error | exit code | what it says | what to do |",
        "|---|---|---|---|",
    ]
    for kind in tree(errors.VigError):
        said = " ".join((kind.__doc__ or "").split())
        lines.append(f"| `{kind.__name__}` | {kind.exit_code} | {said} | {kind.hint or ''} |")
    return "\n".join([*lines, ""])


def page() -> str:
    top = root()
    parts = [OPENING, paragraphs(top.help) + "\n"]
    parts += [section(name, command) for name, command in commands(top)]
    return "\n".join([*parts, error_table()])


def main() -> int:
    # long lines: the width of a terminal must not change the page
    click.Context.max_content_width = 10_000  # type: ignore[misc]
    if "--check" in sys.argv:
        return int(page() != PAGE.read_text(encoding="utf-8"))
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
