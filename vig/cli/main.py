"""``vig``: the command line. It asks the app and prints; it decides nothing."""

from __future__ import annotations

import sys
from typing import Any

import click

from vig import __version__
from vig.cli import films, keys, people, serving
from vig.errors import VigError

TOP = """Find, keep and share the moments that already go well.

The vault lies in the folder VIG_HOME (default: storage). Its passphrase is asked for, or taken
from VIG_PASSPHRASE. Times are whole microseconds from the film's first frame.
"""


class _Commands(click.Group):
    """Turns errors into one sentence, what to do about it, and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except VigError as error:
            click.echo(str(error), err=True)
            if error.advice:
                click.echo(error.advice, err=True)
            ctx.exit(error.exit_code)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)  # in the order of the work, not of the alphabet


@click.group(cls=_Commands, help=TOP, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="vig")
def vig() -> None:
    pass


for command in (*keys.FIRST, *films.COMMANDS, *keys.LATER, *people.COMMANDS, *serving.COMMANDS):
    vig.add_command(command)


def main() -> None:
    """The console script."""
    try:
        vig.main(standalone_mode=True)
    except KeyboardInterrupt:  # pragma: no cover
        sys.exit(130)
