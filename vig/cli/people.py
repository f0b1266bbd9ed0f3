"""Commands about the people who sign in: list, add, begin anew, disable."""

from __future__ import annotations

import click

from vig.cli import asking
from vig.domain.account import Office
from vig.errors import Unknown

_yes = click.option("--yes", is_flag=True, help="Go on without questions.")


@click.group("account")
def account() -> None:
    """Who may sign in to this vault."""


@account.command("list")
def list_accounts() -> None:
    """Everybody who has or had an account."""
    from vig.app import accounts

    with asking.opened() as house:
        for one in accounts.listed(house.workspace):
            offices = ", ".join(sorted(office.words for office in one.offices))
            state = "  disabled" if one.disabled else "  not yet begun" if one.starting else ""
            click.echo(f"{one.id}  {one.name}  {offices}{state}")


@account.command("add")
@click.argument("name")
@click.option(
    "--office",
    "offices",
    multiple=True,
    required=True,
    type=click.Choice([office.value for office in Office]),
    help="What the person is here for; may be given several times.",
)
def add(name: str, offices: tuple[str, ...]) -> None:
    """Add somebody. Prints a start passphrase, which they must change when they first sign in."""
    from vig.app import accounts

    with asking.opened() as house:
        held = [Office(office) for office in offices]
        _, start = accounts.add(house.workspace, name, held, actor=house.opener)
    _hand_over(start)


@account.command("restart")
@click.argument("name")
@_yes
def restart(name: str, yes: bool) -> None:
    """A new start passphrase for somebody who forgot theirs, or who comes back."""
    from vig.app import accounts

    with asking.opened() as house:
        ws = house.workspace
        found = ws.catalogue.account_called(name)
        if found is None:
            raise Unknown(kind="account", name=name)
        if asking.sure("Their passphrase and second step will be good no more. Go on?", yes):
            _, start = accounts.restart(ws, found.id, actor=house.opener)
            _hand_over(start)


@account.command("disable")
@click.argument("name")
@_yes
def disable(name: str, yes: bool) -> None:
    """Let nobody in by this account any more. What they wrote stays."""
    from vig.app import accounts

    with asking.opened() as house:
        ws = house.workspace
        found = ws.catalogue.account_called(name)
        if found is None:
            raise Unknown(kind="account", name=name)
        if asking.sure("Nobody can sign in by this account afterwards. Go on?", yes):
            accounts.disable(ws, found.id, actor=house.opener)
            click.echo("Disabled. Copies of vault.json made before still open: run vig rotate.")


def _hand_over(start: str) -> None:
    click.echo(f"Start passphrase: {start}")
    click.echo("Tell it to that person only. They choose their own when they first sign in.")


COMMANDS = (account,)
