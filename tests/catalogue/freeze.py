"""Makes ``frozen/<step>.db``: a filled catalogue as this release writes it, to be opened for ever.

Run once for each new step, before its release: ``python -m tests.catalogue.freeze``. A frozen file
is never made again; what it holds is what ``test_migrations.py`` looks for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.catalogue.making import KEYS, NOON, Clock, annotation, clip, film, moment, ruling, sealed
from vig.catalogue import AnalysisState, Catalogue, migrate, new_id
from vig.domain.account import FIRST_OFFICES, Office
from vig.domain.family import Purpose, Role
from vig.domain.observation import ModelRef
from vig.domain.review import Play

FROZEN = Path(__file__).parent / "frozen"


def fill(catalogue: Catalogue) -> None:
    """One of everything, and one film erased."""
    with catalogue.act("first-run", "account.add", reason="set-up") as act:
        account = act.add_account(
            "Ann Example", FIRST_OFFICES, password_hash="$argon2id$x", slot="s1"
        )
        act.know_subject(account.id, "https://people.example|ann")
        act.set_codes(account.id, {"secret": "GEZDGNBV", "step": 1, "spare": []})
        act.add_passkey(account.id, "my phone", credential=b"c" * 32, public=b"p" * 77)
        act.set("place", {"town": "Leeds", "rooms": [1, 2]})
    with catalogue.act(account.id, "film.add", purpose=Purpose.KEEP) as act:
        family = act.add_family("F-014", 23, carer_word="Mum", notes="likes the garden")
        act.change_family(family.id, names={"baby": "Ada"})
        act.assign(account.id, family.id, Office.GUIDER, until=NOON.date())
        act.rule(family.id, ruling(agreed_by="mother", agreed_on=NOON.date(), form="v1"))
        act.rule(family.id, ruling(Purpose.TRAINING, allowed=False))
        recording = film(act, family, sha256=b"one".ljust(32))
        other = film(act, family, sha256=b"two".ljust(32))
        seen = act.put_object(sealed(recording.id, "signals"))
        run = act.add_analysis(
            recording.id,
            software="0.1.0",
            models=[ModelRef("faces", "0" * 64)],
            settings_hash="ab",
            observations=seen.id,
            state=AnalysisState.DONE,
        )
        (proposed,) = act.add_moments(run.id, [moment()])
        kept = clip(recording.id, "Hello you", "She waits.", play=Play.SLOW)
        act.add_clip(kept)
        act.add_clip(clip(recording.id, "Not shown", proposed_by=proposed.id), in_plan=False)
        act.add_annotation(annotation(recording.id, "Both laugh."))
    with catalogue.act(account.id, "clip.change", object=kept.id) as act:
        act.once(recording.id, "page:1")
        said: dict[str, Any] = {
            "question": "What did you see?",
            "principles": ("receiving", "own-1"),
            "initiated_by": Role.BABY,
            "received_by": Role.CARER2,
            "play_at": 0,
        }
        act.change_clip(kept.id, version=1, **said)
        act.set_item(family.id, "cues", ["smiling"])
        act.remember(recording.id, "change it")
    with catalogue.act(account.id, "film.erase", object=other.id) as act:
        act.drop_keys(other.id)
        act.drop_recording(other.id)
    catalogue.denied(account.id, "film.open", object=new_id(), purpose=Purpose.TRAINING)


def main() -> None:
    FROZEN.mkdir(exist_ok=True)
    part = FROZEN / "new.db"
    with Catalogue.create(part, KEYS, clock=Clock()) as catalogue:
        fill(catalogue)
        step = migrate.revision(catalogue._engine)
        catalogue.purge()
    if (FROZEN / f"{step}.db").exists():
        part.unlink()
        raise SystemExit(f"{step} is frozen already")
    part.rename(FROZEN / f"{step}.db")


if __name__ == "__main__":
    main()
