"""Whatever a person may enter comes out as it went in, from both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.catalogue.making import NOON, stocked
from vig.catalogue import AnalysisState, Catalogue, ObjectRow, ObjectState, new_id
from vig.domain.clock import Span
from vig.domain.family import ConsentRuling, Purpose, Role
from vig.domain.observation import ModelRef
from vig.domain.recording import Footage
from vig.domain.review import Annotation, Cue, Evidence, MicroClip, Moment, Play, Principle

# One catalogue for all examples of a test: nothing here depends on what is there already.
MANY = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
LENGTH = 60_000_000

texts = st.text(max_size=200)
codes = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9.:_-]{0,40}", fullmatch=True)
days = st.dates()
shares = st.floats(0, 1)
whens = st.datetimes(
    datetime(1970, 1, 1),
    datetime(2200, 1, 1),
    timezones=st.builds(timezone, st.builds(timedelta, minutes=st.integers(-700, 700))),
)


@st.composite
def spans(draw: st.DrawFn) -> Span:
    start = draw(st.integers(0, LENGTH - 1))
    return Span(start, draw(st.integers(start + 1, LENGTH)))


footages = st.builds(
    Footage,
    duration=st.integers(1, 2**50),
    width=st.integers(1, 20_000),
    height=st.integers(1, 20_000),
    video_codec=codes,
    audio_codec=st.none() | codes,
    rotation=st.sampled_from([0, 90, 180, 270]),
    mirrored=st.booleans(),
    hdr=st.sampled_from([None, "hlg", "pq"]),
    pixel_aspect=st.builds(Fraction, st.integers(1, 200), st.integers(1, 200)),
    container=codes,
    frames=st.none() | st.integers(0, 10**7),
    sound_start=st.none() | st.integers(-(10**9), 10**9),
)
evidences = st.builds(
    Evidence,
    cue=st.sampled_from(Cue),
    span=spans(),
    by=st.none() | st.sampled_from(Role),
    words=texts,
    delay=st.none() | st.integers(0, 10**7),
)
moments = st.builds(
    Moment,
    id=texts,
    span=spans(),
    principle=st.sampled_from(Principle),
    reason=texts,
    evidence=st.lists(evidences, max_size=4).map(tuple),
    parts=st.lists(st.tuples(texts, st.floats(allow_nan=False)), max_size=4).map(tuple),
    coverage=shares,
)
rulings = st.builds(
    ConsentRuling,
    purpose=st.sampled_from(Purpose),
    allowed=st.booleans(),
    at=st.just(NOON),
    agreed_by=st.none() | st.text(st.characters(codec="utf-8"), max_size=60),
    agreed_on=st.none() | days,
    until=st.none() | days,
    filmed_from=st.none() | days,
    filmed_to=st.none() | days,
    form=st.none() | codes,
)


@MANY
@given(footage=footages, day=st.none() | days, name=st.none() | texts, left=st.booleans())
def test_recordings(
    catalogue: Catalogue, footage: Footage, day: date | None, name: str | None, left: bool
) -> None:
    family = catalogue.family_called("F-014") or stocked(catalogue)[0]
    with catalogue.act("cli", "film.add") as act:
        made = act.begin_recording(
            family.id, footage, filmed_on=day, original_name=name, original_left=left
        )
    read = catalogue.recording(made.id)
    assert read == made
    assert (read.footage, read.filmed_on, read.duration) == (footage, day, footage.duration)
    origin = catalogue.origin(made.id)
    assert (origin.name, origin.left) == (name, left)


@MANY
@given(proposed=st.lists(moments, max_size=3), models=st.lists(codes, max_size=3))
def test_analyses_and_moments(
    catalogue: Catalogue, proposed: list[Moment], models: list[str]
) -> None:
    recordings = catalogue.recordings()
    recording = recordings[0] if recordings else stocked(catalogue)[1]
    refs = tuple(ModelRef(name, "0" * 64) for name in models)
    with catalogue.act("worker", "film.analyse") as act:
        run = act.add_analysis(
            recording.id,
            software="0.1.0",
            models=refs,
            settings_hash="ab",
            state=AnalysisState.DONE,
        )
        kept = act.add_moments(run.id, proposed)
    read = catalogue.moments_of(run.id)
    assert read == kept
    assert [replace(m, id="") for m in read] == [replace(m, id="") for m in proposed]
    assert next(a for a in catalogue.analyses(recording.id) if a.id == run.id).models == refs


@MANY
@given(span=spans(), title=texts, note=texts, at=whens, play=st.sampled_from(Play), later=texts)
def test_micro_clips_and_remarks(
    catalogue: Catalogue, span: Span, title: str, note: str, at: datetime, play: Play, later: str
) -> None:
    recordings = catalogue.recordings()
    recording = recordings[0].id if recordings else stocked(catalogue)[1].id
    chosen = MicroClip(new_id(), recording, span, title, note, "cli", at, new_id(), play)
    remark = Annotation(new_id(), recording, span, note, "cli", at)
    with catalogue.act("cli", "clip.keep") as act:
        assert act.add_clip(chosen) == chosen
        assert act.add_annotation(remark) == remark
    assert catalogue.clip(chosen.id) == chosen
    assert remark in catalogue.annotations(recording)
    with catalogue.act("cli", "clip.change") as act:
        act.change_clip(chosen.id, version=1, title=later)
    # What is so already is not written once more.
    version = 1 if later == title else 2
    assert catalogue.clip(chosen.id) == replace(chosen, title=later, version=version)


@MANY
@given(given_=rulings)
def test_rulings(catalogue: Catalogue, given_: ConsentRuling) -> None:
    family = catalogue.family_called("F-014") or stocked(catalogue)[0]
    with catalogue.act("cli", "consent.rule") as act:
        kept = act.rule(family.id, given_)
    assert catalogue.rulings(family.id)[-1] == kept
    assert kept == replace(given_, vouched_by="cli")


@MANY
@given(
    wrapped=st.binary(min_size=1, max_size=200),
    size=st.integers(0, 2**60),
    digest=st.none() | st.binary(min_size=32, max_size=32),
    state=st.sampled_from([ObjectState.WRITING, ObjectState.READY]),
    kind=codes,
)
def test_objects(
    catalogue: Catalogue,
    wrapped: bytes,
    size: int,
    digest: bytes | None,
    state: ObjectState,
    kind: str,
) -> None:
    recordings = catalogue.recordings()
    recording = recordings[0].id if recordings else stocked(catalogue)[1].id
    sha256 = digest.hex() if digest else None
    row = ObjectRow(new_id(), recording, kind, wrapped, 3, size, sha256, state)
    with catalogue.act("worker", "object.put") as act:
        act.put_object(row)
    assert replace(catalogue.object(row.id), made_at=None) == row
    assert catalogue.object(row.id).context == row.context
