"""Who may sign in here, what they are here for, and which families they are trusted with.

On one computer an account's passphrase is a key slot of the vault: signing in opens it. In a house
that an operator keeps open (a server), accounts have no slot, and a hash of the passphrase instead.

::

    of listed called                  the accounts there are
    settled                           whose way in this is; makes the first account of a vault
    prove                             name and passphrase in a house that is open already
    add rename give_offices           by an admin (``house.accounts``)
    disable restart
    change_passphrase                 by everybody for themselves
    families_of assign unassign       which family is trusted to whom

``actor`` is an account's id everywhere; "worker" and "system" are the house itself.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from vig.app import passphrases, policy
from vig.catalogue.values import Account
from vig.domain.account import FIRST_OFFICES, Assignment, Office
from vig.errors import BadValue, Unknown, WrongKey, WrongSignIn
from vig.vault.keys import Passphrase, RecoveryCode, Secret, SlotKind, Slots
from vig.vault.secrets import matches, work_in_vain

if TYPE_CHECKING:
    from vig.app.workspace import Workspace

__all__ = ["FIRST_OFFICES", "Account", "Assignment", "Office"]

FIRST_NAME = "guider"
"""The first account's name where nobody gave one."""

_LEFT_OVER = timedelta(minutes=10)
"""A passphrase slot of no account is one that a crash left, unless it was made just now."""


# --- the accounts there are


def of(ws: Workspace, actor: str) -> Account | None:
    """The account of an actor; None for the house's own, and for an id that is none."""
    try:
        return ws.catalogue.account(policy.plain(actor))
    except Unknown:
        return None


def listed(ws: Workspace) -> tuple[Account, ...]:
    """Everybody who has or had an account, the first one first."""
    return ws.catalogue.accounts()


def active(ws: Workspace) -> tuple[Account, ...]:
    """Everybody who may sign in."""
    return tuple(account for account in listed(ws) if not account.disabled)


def stands(ws: Workspace, actor: str) -> bool:
    """Whether this account is there and may sign in."""
    account = of(ws, actor)
    return account is not None and not account.disabled


def called(ws: Workspace, name: str | None) -> Account | None:
    """The account that signs in by this name; without one, the only account there is."""
    if name and name.strip():
        found = ws.catalogue.account_called(name)
        return None if found is None or found.disabled else found
    everybody = active(ws)
    return everybody[0] if len(everybody) == 1 else None


def first_admin(ws: Workspace) -> Account | None:
    """Who the printed recovery code signs in as: the oldest account that is an admin."""
    admins = (account for account in active(ws) if Office.ADMIN in account.offices)
    return next(admins, None)


# --- coming in


def settled(ws: Workspace, slot_id: str, *, name: str | None = None, first: str = "") -> str:
    """The id of the account that this way in belongs to. WrongSignIn where it is another's.

    ``name`` is what the person said they are called. A vault without accounts, new or from before
    there were any, gets its first one here, called ``first``: guider and admin, with the passphrase
    there is and all families there are.
    """
    if not listed(ws):
        _begin(ws, first.strip() or FIRST_NAME)
    slots = {slot.id: slot for slot in Slots.load(ws.root).info()}
    if slots[slot_id].kind is SlotKind.PASSPHRASE:
        owner = next((a for a in active(ws) if a.slot == slot_id), None)
        if owner is None or (name and called(ws, name) != owner):
            raise WrongSignIn
        return owner.id
    keeper = first_admin(ws)
    if keeper is None:
        raise WrongKey
    return keeper.id


def _begin(ws: Workspace, name: str) -> None:
    slots = Slots.load(ws.root).info()
    own = next((slot.id for slot in slots if slot.kind is SlotKind.PASSPHRASE), None)
    with ws.catalogue.act("first-run", "account.add") as act:
        made = act.add_account(name, FIRST_OFFICES, slot=own)
        for family in ws.catalogue.families():
            act.assign(made.id, family.id, Office.GUIDER)


def prove(ws: Workspace, name: str | None, secret: Secret) -> Account:
    """Whose name and passphrase these are, in a house that is open already. WrongSignIn.

    One key derivation whoever is asked for, so that the time tells nobody which names there are.
    The recovery code needs no name: it is the first admin's.
    """
    if not isinstance(secret, Passphrase):
        slot, _ = Slots.load(ws.root).enter(secret)
        return ws.catalogue.account(settled(ws, slot))
    account = called(ws, name)
    try:
        if account is None:
            work_in_vain(secret)
            raise WrongSignIn
        _check(ws, account, secret)
    except WrongSignIn:
        ws.catalogue.denied("caller", "sign-in", object=account.id if account else None)
        raise
    return account


def _check(ws: Workspace, account: Account, secret: Passphrase) -> None:
    if account.slot is not None:
        known = {slot.id for slot in Slots.load(ws.root).info()}
        if account.slot in known:
            with suppress(WrongKey):
                Slots.load(ws.root).enter(secret, only=account.slot)
                return
            raise WrongSignIn
    kept = ws.catalogue.password_hash(account.id)
    if kept is None:
        work_in_vain(secret)
        raise WrongSignIn
    if not matches(secret, kept):
        raise WrongSignIn


def recognise(ws: Workspace, account_id: str, text: str) -> None:
    """Whether this is the passphrase of that account, or the recovery code. WrongSignIn.

    Asked before anything is changed that decides who can come in.
    """
    account = ws.catalogue.account(account_id)
    secret = passphrases.secret_from(text)
    if isinstance(secret, RecoveryCode):
        Slots.load(ws.root).enter(secret)
    elif isinstance(secret, Passphrase):
        _check(ws, account, secret)


def note(ws: Workspace, account_id: str, action: str) -> None:
    """Write into the record that somebody came or went: ``sign-in``, ``sign-out``."""
    who = policy.plain(account_id)
    with ws.catalogue.act(who, action, object=who):
        pass


# --- by an admin


def add(
    ws: Workspace, name: str, offices: Collection[Office], *, actor: str
) -> tuple[Account, str]:
    """A further account and its start passphrase, which its person must change. BadValue."""
    policy.authorise(ws, actor, "house.accounts")
    if ws.catalogue.account_called(name) is not None:
        raise BadValue(what="Somebody else signs in by this name.")
    start = passphrases.fresh()
    slot, phc = passphrases.kept(ws, start)
    try:
        with ws.catalogue.act(policy.plain(actor), "account.add") as act:
            made = act.add_account(name, offices, slot=slot, password_hash=phc, starting=True)
    except BaseException:
        passphrases.drop_slot(ws, slot)
        raise
    return made, start


def rename(ws: Workspace, account_id: str, name: str, *, actor: str) -> Account:
    """Another name: by an admin, or by its person. BadValue where it is taken."""
    if policy.plain(actor) == account_id:
        policy.authorise(ws, actor, "account.own", by=account_id)
    else:
        policy.authorise(ws, actor, "house.accounts")
    account = ws.catalogue.account(account_id)
    with ws.catalogue.act(policy.plain(actor), "account.rename", object=account_id) as act:
        return act.change_account(account_id, version=account.version, name=name)


def give_offices(
    ws: Workspace, account_id: str, offices: Collection[Office], *, actor: str
) -> Account:
    """What an account is here for, from its next request on. BadValue without any admin left."""
    policy.authorise(ws, actor, "house.accounts")
    account = ws.catalogue.account(account_id)
    if Office.ADMIN not in offices:
        _check_admins(ws, account)
    with ws.catalogue.act(policy.plain(actor), "account.offices", object=account_id) as act:
        return act.change_account(account_id, version=account.version, offices=offices)


def disable(ws: Workspace, account_id: str, *, actor: str) -> Account:
    """Let nobody in by this account any more; its key slot goes, what it wrote stays.

    Whoever copied vault.json before and knows the passphrase still has its keys: rotate afterwards.
    """
    policy.authorise(ws, actor, "house.accounts")
    account = ws.catalogue.account(account_id)
    _check_admins(ws, account)
    with ws.catalogue.act(policy.plain(actor), "account.disable", object=account_id) as act:
        gone = act.change_account(account_id, version=account.version, disabled=True, slot="")
    passphrases.drop_slot(ws, account.slot)
    return gone


def restart(ws: Workspace, account_id: str, *, actor: str) -> tuple[Account, str]:
    """A new start passphrase: for somebody who forgot theirs, or who comes back.

    Their second step is taken away too, for who forgets the one has often lost the other.
    """
    policy.authorise(ws, actor, "house.accounts")
    account = ws.catalogue.account(account_id)
    start = passphrases.fresh()
    slot, phc = passphrases.kept(ws, start)
    try:
        with ws.catalogue.act(policy.plain(actor), "account.restart", object=account_id) as act:
            again = act.change_account(
                account_id,
                version=account.version,
                slot=slot or "",
                password_hash=phc,
                disabled=False,
                starting=True,
            )
            act.set_codes(account_id, None)
            for key in ws.catalogue.passkeys(account_id):
                act.drop_passkey(key.id)
    except BaseException:
        passphrases.drop_slot(ws, slot)
        raise
    passphrases.drop_slot(ws, account.slot)
    return again, start


def _check_admins(ws: Workspace, gone: Account) -> None:
    if not any(a.id != gone.id and Office.ADMIN in a.offices for a in active(ws)):
        raise BadValue(what="At least one account must be an admin.")


# --- by everybody for themselves


def change_passphrase(ws: Workspace, account_id: str, passphrase: str) -> Account:
    """A new passphrase, in force before the old one goes, so that nobody is ever locked out."""
    fine, words = passphrases.strength(passphrase)
    if not fine:
        raise BadValue(what=words)
    account = ws.catalogue.account(account_id)
    if account.starting:
        with suppress(WrongSignIn):
            _check(ws, account, Passphrase(passphrase))
            raise BadValue(what="Choose another one than the one you were given.")
    slot, phc = passphrases.kept(ws, passphrase)
    if slot is not None:
        Slots.load(ws.root).confirm(Passphrase(passphrase), only=slot)
    try:
        with ws.catalogue.act(account_id, "account.passphrase", object=account_id) as act:
            changed = act.change_account(
                account_id,
                version=account.version,
                slot=slot or "",
                password_hash=phc,
                starting=False,
            )
    except BaseException:
        passphrases.drop_slot(ws, slot)
        raise
    passphrases.drop_slot(ws, account.slot)
    return changed


def sweep(ws: Workspace) -> int:
    """Take away passphrase slots of nobody, which a crash left; how many."""
    owned = {account.slot for account in active(ws)}
    if not owned - {None}:
        return 0
    before = datetime.now(UTC) - _LEFT_OVER
    left = [
        slot.id
        for slot in Slots.load(ws.root).info()
        if slot.kind is SlotKind.PASSPHRASE and slot.id not in owned and slot.made_at < before
    ]
    for slot_id in left:
        passphrases.drop_slot(ws, slot_id)
    return len(left)


# --- families


def families_of(ws: Workspace, actor: str, today: date | None = None) -> dict[str, Assignment]:
    """What is trusted to an account today, by the family's id."""
    day = today or date.today()
    mine = ws.catalogue.assignments(account=policy.plain(actor))
    return {assignment.family: assignment for assignment in mine if assignment.holds(day)}


def assign(
    ws: Workspace,
    account: str,
    family: str,
    office: Office,
    *,
    actor: str,
    until: date | None = None,
) -> Assignment:
    """Trust a family to an account; where it is already, the new last day holds."""
    policy.authorise(ws, actor, "family.assign", family=family)
    with ws.catalogue.act(policy.plain(actor), "family.assign", object=family) as act:
        return act.assign(account, family, office, until=until)


def unassign(ws: Workspace, assignment: Assignment, *, actor: str) -> None:
    """Take a family away from an account, from its next request on."""
    policy.authorise(ws, actor, "family.assign", family=assignment.family)
    with ws.catalogue.act(policy.plain(actor), "family.unassign", object=assignment.family) as act:
        act.unassign(assignment.id)
