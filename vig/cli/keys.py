"""Commands about the vault itself: set up, ways in, rotate, verify, back up, look after."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from vig.cli import asking
from vig.errors import BadValue, MistypedCode, Tampered, VaultExists

ASSESSMENT = "Sample films only until your service has signed its data-protection assessment."

_yes = click.option("--yes", is_flag=True, help="Go on without questions.")


@click.command()
@_yes
@click.option(
    "--recovery-out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the recovery code to this new file instead of showing it.",
)
@click.option("--name", default="guider", show_default=True, help="What you sign in as.")
def init(yes: bool, recovery_out: Path | None, name: str) -> None:
    """Set up a vault: a passphrase, and a recovery code that you type back once.

    With --yes nothing is asked: VIG_PASSPHRASE holds the passphrase, and the code goes to
    --recovery-out, from where it is read back and tried. There is no default passphrase.
    """
    house = asking.house()
    if house.state in ("locked", "open"):
        raise VaultExists
    if yes and recovery_out is None:
        raise BadValue(what="With --yes, say where the recovery code goes: --recovery-out FILE.")
    if yes and not os.environ.get("VIG_PASSPHRASE"):
        raise BadValue(what="There is no default passphrase; put yours in VIG_PASSPHRASE.")
    if house.state == "unfinished":
        house.start_over()
    click.echo(ASSESSMENT, err=True)
    words = asking.passphrase("Choose a passphrase", twice=True)
    code = house.set_up(words, name)
    try:
        if recovery_out is not None:
            _write_code(recovery_out, code)
            house.confirm(recovery_out.read_text(encoding="ascii").strip())
        else:
            _typed_back(house, code)
    except BaseException:
        if house.state == "unfinished":
            house.start_over()
        raise
    house.lock()
    click.echo(f"The vault is ready in {asking.home()}.")
    click.echo(
        "Whoever loses both the passphrase and the recovery code loses every film in it.", err=True
    )


def _write_code(path: Path, code: str) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise BadValue(
            what="The recovery code needs a new file in a folder that exists."
        ) from error
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(code + "\n")


def _typed_back(house: object, code: str) -> None:
    from vig.app.house import House

    assert isinstance(house, House)
    click.echo("\nYour recovery code. Print it or write it down, and keep it apart:\n")
    click.echo(f"  {code}\n")
    for _ in range(5):
        try:
            house.confirm(str(click.prompt("Type it back", err=True)).strip())
        except MistypedCode as error:
            click.echo(f"{error} {error.advice}", err=True)
        else:
            return
    raise MistypedCode


@click.command()
def rotate() -> None:
    """Give the vault a new master key. No film is touched."""
    with asking.opened() as house:
        count = house.rotate(actor=house.opener)
    click.echo(f"{count} keys are wrapped anew. Backups made before still open with the old ones.")


@click.command()
@click.option("--share", type=click.FloatRange(0, 1), default=1.0, help="Read only this share.")
def verify(share: float) -> None:
    """Read everything in the vault and check that nothing was damaged or exchanged."""
    from vig.app import policy

    with asking.opened() as house, asking.shown("Reading") as progress:
        policy.authorise(house.workspace, house.opener, "house.verify")
        check = house.verify(progress, share=share)
    for bad in check.bad:
        click.echo(bad, err=True)
    if check.bad:
        raise Tampered(what=f"{len(check.bad)} findings, listed above")
    click.echo(f"{check.objects} sealed objects, {check.bytes / 1e6:.0f} MB: all sound.")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def backup(folder: Path) -> None:
    """Copy the vault, sealed as it is, to another folder or disk."""
    with asking.opened() as house, asking.shown("Copying") as progress:
        count = house.backup_to(folder, progress, actor=house.opener)
    click.echo(f"Backed up; {count} sealed objects were new. It opens with the same ways in.")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
def restore(folder: Path) -> None:
    """Bring a backup back into an empty data folder."""
    house = asking.house()
    with asking.shown("Copying") as progress:
        house.restore_from(folder, progress)
    click.echo("Restored. Unlock it to see that all is there: vig verify")


@click.command()
@click.option("--recovery", is_flag=True, help="Ask for the recovery code, not the passphrase.")
def rescue(recovery: bool) -> None:
    """Save what a damaged database still holds; the damaged file is kept.

    Where there is a backup, bring that back instead: a film whose key was lost stays closed.
    """
    from vig.app.house import secret_of_kind
    from vig.app.rescued import rescue as rescued

    kind = "recovery" if recovery else "passphrase"
    secret = secret_of_kind(kind, asking.passphrase("Recovery code" if recovery else "Passphrase"))
    found = rescued(asking.home(), secret)
    click.echo(f"{found.films} films and {found.families} families could be read.")
    click.echo(f"The damaged database is kept as {found.aside.name}. Look at all of it: vig verify")


@click.command()
def ways() -> None:
    """The ways into the vault: passphrase, recovery code, key file, key store."""
    from vig.app.house import House

    house: House = asking.house()
    if house.state == "none":
        _ = house.workspace
    for way in house.ways_in():
        tried = "tried" if way.tested else "not tried yet"
        click.echo(f"{way.id}  {way.kind.value}  {way.made_at:%Y-%m-%d}  {tried}")


@click.command("add-way")
@click.option("--key-file", type=click.Path(path_type=Path, dir_okay=False), help="A new file.")
@click.option("--keyring", is_flag=True, help="This computer's own key store.")
def add_way(key_file: Path | None, keyring: bool) -> None:
    """Add a further way into the vault, and try it at once."""
    from vig.app.house import secret_of_kind
    from vig.vault.keys import key_file as new_key_file

    if (key_file is None) == (not keyring):
        raise BadValue(what="Choose one: --key-file FILE or --keyring.")
    with asking.opened() as house:
        if key_file is not None:
            try:
                descriptor = os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except OSError as error:
                raise BadValue(
                    what="The key file must be a new one in a folder that exists."
                ) from error
            with os.fdopen(descriptor, "wb") as file:
                file.write(new_key_file())
        secret = secret_of_kind("keyfile" if key_file else "keyring", str(key_file or ""))
        house.add_way_in(secret, actor=house.opener)
        house.confirm_way_in(secret)
    click.echo("Added and tried.")


@click.command("remove-way")
@click.argument("slot", metavar="WAY")
@_yes
def remove_way(slot: str, yes: bool) -> None:
    """Take a way into the vault away (never the last two)."""
    with asking.opened() as house:
        if asking.sure("Nobody can open the vault with it afterwards. Go on?", yes):
            house.remove_way_in(slot, actor=house.opener)
            click.echo("Removed. Copies of vault.json made before still hold it: run vig rotate.")


@click.command()
def doctor() -> None:
    """Look whether everything this tool needs is in order on this computer."""
    from vig.app.doctor import examine

    findings = examine(asking.home())
    for finding in findings:
        mark = {"good": "✓", "note": "·", "bad": "✗"}[finding.state]
        click.echo(f"{mark} {finding.words}")
    if any(f.state == "bad" for f in findings):
        sys.exit(1)


FIRST = (init,)
LATER = (rotate, verify, backup, restore, rescue, ways, add_way, remove_way, doctor)
