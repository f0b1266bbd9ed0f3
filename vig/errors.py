"""Every error a person can meet, in one tree.

::

    VigError                      1
    ├── BadInput                  2   what was given cannot be used; nothing was changed
    │   ├── BadFilm                   the file is not a film this tool can read
    │   │   ├── NotAFilm
    │   │   ├── NoPicture
    │   │   ├── UnsupportedFilm
    │   │   ├── FilmTooLarge
    │   │   └── DamagedFilm
    │   ├── BadSpan
    │   ├── BadValue
    │   ├── Unknown
    │   ├── AlreadyHere
    │   └── SamplesOnly
    ├── Refused                   3   the tool may not do this
    │   ├── NoConsent
    │   └── NotAllowed
    │       ├── OnVisit
    │       └── ReasonNeeded
    ├── VaultError                4   keys and sealed objects
    │   ├── NoVault
    │   ├── VaultExists
    │   ├── VaultLocked
    │   ├── WrongKey
    │   │   ├── WrongSignIn
    │   │   ├── WrongCode
    │   │   ├── WrongPasskey
    │   │   └── WrongService
    │   ├── NoService
    │   ├── MistypedCode
    │   ├── BadSlot
    │   ├── NoSecureKeyring
    │   ├── SlotsMissing
    │   └── Tampered
    ├── StorageError              5   the disk or the database
    │   ├── DiskFull
    │   │   └── QuotaReached
    │   ├── VaultBusy
    │   ├── NewerVault
    │   └── ErasurePending
    ├── WorkError                 6   a long job did not end well
    │   ├── DecoderFailed
    │   ├── DecoderTimedOut
    │   ├── WeightsDamaged
    │   └── Cancelled
    └── Conflict                  7   somebody else was there first
        └── Overtaken

The docstring of a class is the sentence a person reads: it says what is wrong, and ``hint``
what to do. Fields in braces are filled by keyword. The number is the exit code of the command
line. No sentence may hold a name, a note or a path that was not given by the person who reads it.
"""

from __future__ import annotations

from typing import ClassVar


class VigError(Exception):
    """Something went wrong."""

    exit_code: ClassVar[int] = 1
    hint: ClassVar[str | None] = None

    def __init__(self, **fields: object) -> None:
        self.fields = fields
        sentence = (type(self).__doc__ or "").strip()
        super().__init__(sentence.format_map(fields) if fields else sentence)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.fields)

    @property
    def advice(self) -> str | None:
        """What to do next, with the same fields filled in; None when there is nothing to add."""
        hint = type(self).hint
        return hint.format_map(self.fields) if hint and self.fields else hint


def _rebuild(kind: type[VigError], fields: dict[str, object]) -> VigError:
    return kind(**fields)


class BadInput(VigError):
    """What was given cannot be used."""

    exit_code = 2


class BadFilm(BadInput):
    """This file cannot be used as a film."""


class NotAFilm(BadFilm):
    """This file is not a film, or not one of a kind this tool can open."""

    hint = "Films from phones and cameras work: MP4, MOV, MKV, WebM, AVI, 3GP and MTS."


class NoPicture(BadFilm):
    """This file has no moving picture in it."""

    hint = "Choose the film itself; a sound recording or a single photograph cannot be reviewed."


class UnsupportedFilm(BadFilm):
    """This film is stored in a way this tool does not open: {what}."""

    hint = "Export it again from the phone or camera as MP4 (H.264 or HEVC)."


class FilmTooLarge(BadFilm):
    """This film is larger than this tool accepts: {what}."""

    hint = "Film in 1080p or 4K, and at most four hours at a time."


class DamagedFilm(BadFilm):
    """This film is damaged: {what}."""

    hint = "Copy it from the phone or camera again; it may have been cut off on the way."


class BadSpan(BadInput):
    """The part from {start} to {end} does not lie in this film."""

    hint = "A part starts before it ends, and both lie within the film."


class BadValue(BadInput):
    """{what}"""


class Unknown(BadInput):
    """There is no {kind} called {name} here."""


class AlreadyHere(BadInput):
    """This film is already in the vault."""

    hint = "Open the one that is there; adding it twice would only double what must be erased."


class SamplesOnly(BadInput):
    """The demonstration vault takes the sample films only."""

    hint = "Set up a vault of your own with `vig init` for films of families."


class Refused(VigError):
    """This is not allowed."""

    exit_code = 3


class NoConsent(Refused):
    """No recorded agreement of this family covers this: {purpose}."""

    hint = "Ask the family, record what they agreed to, and try again."


class NotAllowed(Refused):
    """Your account does not allow you to {what}."""

    hint = "Ask whoever looks after the accounts here."


class OnVisit(NotAllowed):
    """This browser is on a visit to one family, so it cannot {what}."""

    hint = "End the visit first; that takes the passphrase."


class ReasonNeeded(NotAllowed):
    """Say why you {what}."""

    hint = "The reason is kept, sealed, in the record of who did what."


class VaultError(VigError):
    """The vault could not be used."""

    exit_code = 4


class NoVault(VaultError):
    """There is no vault in this folder yet."""

    hint = "Set one up with `vig init`, or name another folder in VIG_HOME."


class VaultExists(VaultError):
    """There is a vault in this folder already; it was left as it is."""


class VaultLocked(VaultError):
    """The vault is locked."""

    hint = "Unlock it with its passphrase, key file or recovery code."


class WrongKey(VaultError):
    """This passphrase, key or code does not open this vault."""


class WrongSignIn(WrongKey):
    """This name and passphrase do not open this vault."""

    hint = "Look at both. Capitals count in the passphrase, not in the name."


class WrongCode(WrongKey):
    """This code is not right, or was used already."""

    hint = "Wait for the next one, or use one of the printed codes."


class WrongPasskey(WrongKey):
    """This device was not recognised."""

    hint = "Use the device that was set up here, or a code."


class WrongService(WrongKey):
    """No account here is known by what the other service says."""

    hint = "Sign in with your passphrase, then link the service under Your account."


class NoService(VaultError):
    """The other sign-in service did not answer as it should."""

    hint = "Sign in with your passphrase instead."


class MistypedCode(VaultError):
    """The recovery code has a typing mistake in it."""

    hint = "Compare it group by group with the printed one."


class BadSlot(VaultError):
    """A key slot of this vault has settings outside the allowed range, so it was not tried."""

    hint = "The file vault.json may have been altered. Restore it from a backup."


class NoSecureKeyring(VaultError):
    """This computer offers no secure key store."""

    hint = "Use a key file or the recovery code as the second way in."


class SlotsMissing(VaultError):
    """A vault needs two ways in, and the second must have been tried once."""

    hint = "Type the recovery code back once, or add a key file."


class Tampered(VaultError):
    """Sealed data failed its check: {what}."""

    hint = "It was damaged, cut off, exchanged or altered. Restore it from a backup."


class StorageError(VigError):
    """The data folder could not be used."""

    exit_code = 5


class DiskFull(StorageError):
    """The disk is full; nothing was kept of what was being written."""

    hint = "Free some space and try again. Erasing a film still works."


class QuotaReached(DiskFull):
    """This film is {size}, and of the {limit} that this vault may hold only {left} are left."""

    hint = (
        "Erase films that are no longer needed, or ask whoever looks after this tool for more room."
    )


class VaultBusy(StorageError):
    """Another program is using this vault just now."""


class NewerVault(StorageError):
    """This vault was written by a newer version of this tool."""

    hint = "Update this tool, then open the vault again. Nothing was changed."


class ErasurePending(StorageError):
    """The key is destroyed, but its bytes are not yet gone from the database file."""

    hint = "Close other windows of this tool; it tries again by itself at the next unlock."


class WorkError(VigError):
    """A piece of work did not finish."""

    exit_code = 6


class DecoderFailed(WorkError):
    """The film could not be decoded: {what}."""


class DecoderTimedOut(WorkError):
    """Decoding took far too long and was stopped."""


class WeightsDamaged(WorkError):
    """The model file {name} is missing or is not the one this version was made with."""

    hint = "Install this tool again."


class Cancelled(WorkError):
    """The work was stopped as asked; what was finished is kept."""


class Conflict(VigError):
    """Somebody else changed this in the meantime."""

    exit_code = 7
    hint = "Look at the newer version, then make your change again."


class Overtaken(Conflict):
    """Meanwhile {what}. Nothing was overwritten."""
