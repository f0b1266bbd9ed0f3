"""Commands about films: add, watch, suggest, keep, cut, erase."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Any

import click

from vig.cli import asking
from vig.domain.clock import Span
from vig.domain.family import Purpose
from vig.domain.review import Evidence, Moment
from vig.errors import BadSpan, BadValue, NotAFilm

NO_SUGGESTION = "No suggestion. That says nothing about this family."
NO_MEASURE = (
    "What the computer saw and heard, with its errors. It is not a measure of any person, "
    "and nothing that is missing here was shown to be absent."
)

_json = click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
_yes = click.option("--yes", is_flag=True, help="Go on without questions.")
_why = click.option(
    "--reason",
    metavar="WORDS",
    help="Why a file leaves the vault; kept sealed in the record. You are asked where you can be.",
)
_for = click.option(
    "--for",
    "purpose",
    type=click.Choice([p.value for p in Purpose]),
    default=Purpose.KEEP.value,
    show_default=True,
    help="What the family's agreement must cover.",
)


@click.command()
@click.argument("film", type=click.Path(path_type=Path))
@click.option("--family", required=True, metavar="CODE", help="The family's pseudonym.")
@click.option("--age-weeks", type=click.IntRange(0, 1000), help="The baby's age in weeks.")
@click.option("--carer-word", help="The family's own word for the carer, such as Mum.")
@click.option("--filmed-on", metavar="DAY", help="The day it was filmed, such as 2026-11-24.")
@click.option("--agreed-by", help="Who agreed, such as mother.")
@click.option("--agreed-on", metavar="DAY", help="The day they agreed.")
@click.option(
    "--agrees-to",
    multiple=True,
    type=click.Choice([p.value for p in Purpose]),
    help="A purpose they agreed to; may be given several times. [default: keep, analyse]",
)
@_yes
@_json
def add(film: Path, family: str, yes: bool, as_json: bool, **given: Any) -> None:
    """Bring a film into the vault, sealed, with a copy for the browser.

    Asks for the recorded agreement: who agreed, when, and to what. With --yes you vouch for it.
    The unprotected original stays where it is: erase it there yourself.
    """
    # long because everything that was asked is handed on by its name, and answered by its name
    from vig.app import walk

    purposes = _purposes(given["agrees_to"], yes)
    agreement = walk.Agreement(
        purposes=purposes,
        agreed_by=given["agreed_by"] or (None if yes else _asked("Who agreed (such as mother)")),
        agreed_on=asking.day(
            given["agreed_on"] or (None if yes else _asked("On which day (such as 2026-11-24)"))
        ),
        vouched=yes,
    )
    with asking.opened() as house:
        try:
            source = film.open("rb")
        except OSError as error:
            raise NotAFilm from error
        with source, asking.shown("Sealing and copying") as progress:
            made = walk.add(
                house.workspace,
                source,
                family=family,
                name=film.name,
                agreement=agreement,
                actor=house.opener,
                filmed_on=asking.day(given["filmed_on"]),
                age_weeks=given["age_weeks"],
                carer_word=given["carer_word"],
                progress=progress,
            )
    answer = {
        "recording": made.id,
        "family": family,
        "duration_us": made.duration,
        "frames": made.footage.frames,
        "width": made.footage.width,
        "height": made.footage.height,
    }
    asking.told(
        as_json,
        answer,
        f"Added as {made.id}.",
        "The unprotected original is still where it was. Erase it there, from the phone's Recently "
        "Deleted and from its cloud.",
    )


def _purposes(agrees_to: tuple[str, ...], yes: bool) -> frozenset[Purpose]:
    if agrees_to:
        return frozenset(Purpose(p) for p in agrees_to)
    usual = (Purpose.KEEP, Purpose.ANALYSE)
    return frozenset(p for p in usual if yes or asking.sure(f"Did they agree to {p.words}?", yes))


def _asked(question: str) -> str:
    if not sys.stdin.isatty():
        raise BadValue(
            what="Say who agreed and when (--agreed-by, --agreed-on), or vouch for it with --yes."
        )
    return str(click.prompt(question, err=True))


@click.command()
@click.argument("family", metavar="CODE")
@click.option(
    "--allow",
    multiple=True,
    type=click.Choice([p.value for p in Purpose]),
    help="They agree to it.",
)
@click.option(
    "--withdraw",
    multiple=True,
    type=click.Choice([p.value for p in Purpose]),
    help="They take it back.",
)
@_json
def agreement(
    family: str, allow: tuple[str, ...], withdraw: tuple[str, ...], as_json: bool
) -> None:
    """What a family agreed to, and to record what they say now.

    The newest word about a purpose holds, for all their films; nothing is ever overwritten.
    """
    from vig.app import walk

    with asking.opened() as house:
        ws = house.workspace
        for purposes, allowed in ((allow, True), (withdraw, False)):
            for purpose in purposes:
                walk.rule(ws, family, Purpose(purpose), allowed, actor=house.opener)
        holds = walk.agreed(ws, family, actor=house.opener)
    answer = {"family": family, "agreed": {p.value: holds[p] for p in Purpose}}
    lines = [f"{'yes' if holds[p] else 'no ':4}{p.words}" for p in Purpose]
    asking.told(as_json, answer, *lines)


@click.command("list")
@_json
def list_films(as_json: bool) -> None:
    """The films in the vault."""
    from vig.app import library

    with asking.opened() as house:
        shelves = library.shelves(house.workspace, house.opener)
    answer = {
        "recordings": [
            {
                "recording": s.recording.id,
                "family": s.pseudonym,
                "filmed_on": s.filmed_on.isoformat() if s.filmed_on else None,
                "duration_us": s.recording.duration,
                "analysed": s.analysed,
                "suggestions": s.suggestions,
                "clips": s.clips,
            }
            for s in shelves
        ]
    }
    lines = [
        f"{s.recording.id}  {s.pseudonym}  {asking.clock(s.recording.duration)}  "
        + (
            f"{asking.suggestions(s.suggestions)}, micro-clips: {s.clips}"
            if s.analysed
            else "not watched yet"
        )
        for s in shelves
    ]
    asking.told(
        as_json, answer, *(lines or ["No film yet. Add one with: vig add FILM --family CODE"])
    )


@click.command()
@click.argument("recording", metavar="ID")
@_json
def analyse(recording: str, as_json: bool) -> None:
    """Watch a film: find parent and baby, gaze, smiles and voices, and suggest moments.

    Waits until it is done. Stopped half-way (Ctrl-C, a crash), it goes on from there next time.
    """
    from vig.app import walk

    with (
        asking.opened() as house,
        asking.working(house) as ws,
        asking.shown("Watching") as progress,
    ):
        job = walk.analyse(ws, recording, actor=house.opener)
        ws.jobs.wait(job, progress)
        found = len(ws.catalogue.moments(recording))
    words = (
        f"{asking.suggestions(found)}. See them with: vig moments {recording}"
        if found
        else NO_SUGGESTION
    )
    asking.told(as_json, {"recording": recording, "suggestions": found}, words)


@click.command()
@click.argument("recording", metavar="ID")
@_json
def moments(recording: str, as_json: bool) -> None:
    """The moments the computer suggests to look at, with its reasons."""
    from vig.app import room

    with asking.opened() as house:
        ws = house.workspace
        ws.check(recording, Purpose.ANALYSE, house.opener)
        if room.looks_first(ws, recording, house.opener):
            raise BadValue(what="You look first in this film. The review room shows them after.")
        found = room.suggestions(ws, recording, house.opener)
        watched = ws.catalogue.latest_analysis(recording) is not None
    if not watched and not as_json:
        raise BadValue(what="This film was not watched yet. Do it with: vig analyse ID")
    answer = {"recording": recording, "moments": [_moment(m) for m in found]}
    lines = [
        f"{asking.clock(m.span.start)} to {asking.clock(m.span.end)}  {m.reason}" for m in found
    ]
    asking.told(as_json, answer, *(lines or [NO_SUGGESTION]))


def _moment(moment: Moment) -> dict[str, Any]:
    return {
        "id": moment.id,
        "start_us": moment.span.start,
        "end_us": moment.span.end,
        "principle": moment.principle.value,
        "reason": moment.reason,
        "evidence": [_evidence(e) for e in moment.evidence],
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {
        "cue": evidence.cue.value,
        "start_us": evidence.span.start,
        "end_us": evidence.span.end,
        "by": evidence.by.value if evidence.by else None,
        "words": evidence.words,
        "delay_us": evidence.delay,
    }


@click.command()
@click.argument("recording", metavar="ID")
@click.option("--csv", "out", required=True, type=click.File("w", lazy=True), help="A file, or - .")
def observations(recording: str, out: Any) -> None:
    """What was seen and heard, a row for each tenth of a second and person."""
    from vig.app import analysis
    from vig.app.columns import TABLE_HEADER, table_rows

    click.echo(NO_MEASURE, err=True)
    with asking.opened() as house:
        ws = house.workspace
        ws.check(recording, Purpose.ANALYSE, house.opener)
        seen_and_heard = analysis.observations_of(ws, recording)
        rows = table_rows(seen_and_heard, analysis.signals_of(ws, recording))
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(TABLE_HEADER)
        writer.writerows(rows)


@click.command()
@click.argument("recording", metavar="ID")
@click.argument("start_us", type=int)
@click.argument("end_us", type=int)
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False))
@_for
@_why
@_json
def clip(recording: str, start_us: int, end_us: int, as_json: bool, **given: Any) -> None:
    """Write a micro-clip as an unprotected MP4, exact to the frame, with its sound."""
    from vig.app import exports

    if end_us <= start_us:
        raise BadSpan(start=start_us, end=end_us)
    with asking.opened() as house:
        done = exports.export_clip(
            house.workspace,
            recording,
            Span(start_us, end_us),
            given["out"],
            purpose=Purpose(given["purpose"]),
            actor=house.opener,
            reason=asking.why(given["reason"]),
        )
    answer = {
        "recording": recording,
        "start_us": done.start,
        "end_us": done.end,
        "out": str(given["out"]),
    }
    asking.told(as_json, answer, "Written, unprotected: whoever has the file can watch it.")


@click.command()
@click.argument("recording", metavar="ID")
@click.argument("at_us", type=int)
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False))
@_for
@_why
def still(recording: str, at_us: int, out: Path, purpose: str, reason: str | None) -> None:
    """Write the frame shown at a time as an unprotected PNG."""
    from vig.app import exports

    with asking.opened() as house:
        exports.export_still(
            house.workspace,
            recording,
            at_us,
            out,
            purpose=Purpose(purpose),
            actor=house.opener,
            reason=asking.why(reason),
        )
    click.echo("Written, unprotected: whoever has the file can look at it.")


@click.command()
@click.argument("recording", metavar="ID")
@_yes
@_json
def erase(recording: str, yes: bool, as_json: bool) -> None:
    """Erase a film and everything made from it; its keys are destroyed first."""
    from vig.app import walk

    with asking.opened() as house, asking.working(house) as ws:
        film = ws.catalogue.recording(recording)
        family = ws.catalogue.family(film.family)
        if not yes:
            _named(family.pseudonym)
        gone = walk.erase(ws, recording, actor=house.opener)
    words = (
        "Erased: its keys are gone and nothing of it can be opened any more."
        if gone
        else "Erased; the keys' last bytes leave the disk when other windows of this tool close. "
        "Pending until then; it is finished at the next unlock."
    )
    asking.told(
        as_json,
        {"recording": recording, "state": "erased" if gone else "pending"},
        words,
        "Exports and copies that were given out are not covered.",
    )


def _named(pseudonym: str) -> None:
    asking.sure("The film, its micro-clips, notes and suggestions will be gone. Go on?", False)
    if click.prompt("Type the family's pseudonym", err=True) != pseudonym:
        raise BadValue(what="That is not this family's pseudonym; nothing was erased.")


COMMANDS = (add, agreement, list_films, analyse, moments, observations, clip, still, erase)
