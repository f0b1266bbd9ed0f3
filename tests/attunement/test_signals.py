"""Signals, told in scenes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vig.attunement.looks import looks, person_of, unit
from vig.attunement.scoring import Scoring
from vig.attunement.signals import Signals, Turn, measure, turn_count
from vig.domain.clock import SECOND, Span, SpanSet
from vig.domain.family import Role
from vig.domain.observation import LooksAt, Observations
from vig.testing import PLACES, scene

SCORING = Scoring.load()
BABY, PARENT = Role.BABY, Role.PARENT


def signals_of(text: str, *, sound: bool = True) -> Signals:
    return measure(scene(text, sound=sound), SCORING)


def seconds(spans: SpanSet) -> list[tuple[float, float]]:
    return [(span.start / SECOND, span.end / SECOND) for span in spans]


def look_at(signals: Signals, role: Role, second: float) -> LooksAt:
    number = {BABY: 0, PARENT: 1}[role]
    return signals.track_looks[number][round(second * 10)]


# ── looks ────────────────────────────────────────────────────────────────────────────────────


def test_two_who_look_at_each_other_look_mutually_and_only_while_both_do() -> None:
    signals = signals_of("0 5 baby: away parent: baby / 5 8 baby: parent parent: baby"
                         " / 8 10 baby: parent parent: away")  # fmt: skip
    assert seconds(signals.mutual_looks) == [
        (pytest.approx(5, abs=0.11), pytest.approx(8, abs=0.11))
    ]


def test_where_each_looks_is_told_for_every_track_in_words() -> None:
    signals = signals_of("0 2 baby: parent parent: baby / 2 4 baby: toy parent: toy"
                         " / 4 6 baby: away parent: unseen / 6 8 baby: smile parent: baby")  # fmt: skip
    assert look_at(signals, BABY, 1) is LooksAt.PARTNER
    assert look_at(signals, BABY, 3) is LooksAt.OBJECT
    assert look_at(signals, PARENT, 3) is LooksAt.OBJECT
    assert look_at(signals, PARENT, 5) is LooksAt.UNKNOWN
    assert look_at(signals, BABY, 7) is LooksAt.UNKNOWN
    assert look_at(signals, PARENT, 7) is LooksAt.PARTNER


def test_without_the_partner_in_sight_nobody_can_say_where_a_gaze_goes() -> None:
    signals = signals_of("0 3 baby: parent parent: unseen")
    assert set(signals.track_looks[0]) == {LooksAt.UNKNOWN}
    assert np.isnan(signals.mutual).all()


def test_a_look_that_is_shorter_than_half_a_second_is_no_event() -> None:
    signals = signals_of("0 3 baby: away parent: baby / 3 3.4 baby: parent parent: baby"
                         " / 3.4 6 baby: away parent: baby")  # fmt: skip
    assert not signals.looks[BABY]


def test_a_gap_of_a_blink_does_not_end_a_look() -> None:
    signals = signals_of("0 3 baby: parent parent: baby / 3 3.3 baby: away parent: baby"
                         " / 3.3 6 baby: parent parent: baby")  # fmt: skip
    assert len(signals.mutual_looks) == 1


def test_in_profile_the_cone_is_wider_than_with_the_eyes_in_sight() -> None:
    seen = scene("0 3 baby: parent parent: baby").seen
    shifted = []
    for tier, off in ((2, 24.0), (1, 24.0), (1, 34.0)):
        baby = next(t for t in seen.tracks if t.role is BABY)
        turned = replace(
            baby,
            gaze=baby.gaze + np.float32([0.0, off]),
            gaze_tier=np.full_like(baby.gaze_tier, tier),
        )
        parent = next(t for t in seen.tracks if t.role is PARENT)
        people = [person_of(replace(seen, tracks=(turned, parent)), r, SCORING.look)
                  for r in (BABY, PARENT)]  # fmt: skip
        codes = looks(people[0], people[1], SCORING.look, seen.shot).baby
        shifted.append(bool((codes == 1).all()))
    assert shifted == [False, True, False]


def test_a_look_once_begun_ends_only_past_a_wider_cone() -> None:
    obs = scene("0 4 baby: parent parent: baby")
    baby, parent = obs.seen.tracks
    off = np.zeros((40, 2), np.float32)
    off[10:20, 1] = SCORING.look.cone_eyes + SCORING.look.leave / 2  # a tremble
    off[20:, 1] = SCORING.look.cone_eyes + SCORING.look.leave + 3  # gone
    off[30:, 1] = SCORING.look.cone_eyes + SCORING.look.leave / 2  # not back yet
    seen = replace(obs.seen, tracks=(replace(baby, gaze=baby.gaze + off), parent))
    on = measure(Observations(seen, obs.heard), SCORING).track_looks[0]
    assert [on[tick] is LooksAt.PARTNER for tick in (5, 15, 25, 35)] == [True, True, False, False]


def test_after_an_unseen_tick_a_look_must_be_found_anew() -> None:
    obs = scene("0 4 baby: parent parent: baby")
    baby, parent = obs.seen.tracks
    gaze = baby.gaze.copy()
    gaze[10:, 1] += SCORING.look.cone_eyes + SCORING.look.leave / 2
    gaze[20] = np.nan
    seen = replace(obs.seen, tracks=(replace(baby, gaze=gaze), parent))
    on = measure(Observations(seen, obs.heard), SCORING).track_looks[0]
    assert [on[tick] is LooksAt.PARTNER for tick in (15, 25)] == [True, False]


def test_a_direction_that_is_too_uncertain_is_unknown() -> None:
    obs = scene("0 2 baby: parent parent: baby")
    baby, parent = obs.seen.tracks
    vague = replace(baby, gaze_spread=baby.gaze_spread + SCORING.look.spread_most)
    seen = replace(obs.seen, tracks=(vague, parent))
    signals = measure(Observations(seen, obs.heard), SCORING)
    assert set(signals.track_looks[0]) == {LooksAt.UNKNOWN}


def test_looking_into_the_camera_together_is_no_joint_look() -> None:
    signals = signals_of("0 4 baby: camera parent: camera")
    assert not signals.joint_looks
    assert look_at(signals, BABY, 2) is LooksAt.ELSEWHERE


def test_looking_into_a_camera_close_by_is_no_joint_look_either() -> None:
    obs = scene("0 4 baby: camera parent: camera")
    near = tuple(replace(t, where=t.where * np.float32(0.5)) for t in obs.seen.tracks)
    signals = measure(Observations(replace(obs.seen, tracks=near), obs.heard), SCORING)
    assert not signals.joint_looks


def test_lines_of_sight_that_meet_are_a_joint_look_and_that_place_is_remembered() -> None:
    signals = signals_of("0 4 baby: toy parent: toy / 4 8 baby: toy parent: away")
    assert seconds(signals.joint_looks) == [(0, pytest.approx(4, abs=0.11))]
    assert look_at(signals, BABY, 6) is LooksAt.OBJECT


def test_a_person_whose_track_broke_off_is_still_one_person() -> None:
    obs = scene("0 6 baby: parent parent: baby")
    baby, parent = obs.seen.tracks
    first, second = baby.box.copy(), baby.box.copy()
    first[30:], second[:30] = np.nan, np.nan
    tracks = (replace(baby, box=first), replace(baby, number=7, box=second), parent)
    signals = measure(Observations(replace(obs.seen, tracks=tracks), obs.heard), SCORING)
    assert seconds(signals.mutual_looks) == [(0, 6)]
    assert signals.track_looks[7][10] is LooksAt.UNKNOWN
    assert signals.track_looks[7][40] is LooksAt.PARTNER


def test_a_stranger_in_the_film_is_not_one_of_the_pair() -> None:
    obs = scene("0 3 baby: parent parent: baby")
    baby, parent = obs.seen.tracks
    tracks = (baby, replace(parent, role=Role.OTHER))
    signals = measure(Observations(replace(obs.seen, tracks=tracks), obs.heard), SCORING)
    assert set(signals.track_looks[1]) == {LooksAt.UNKNOWN}
    assert not signals.mutual_looks


def test_angles_turn_into_the_unit_vectors_that_the_domain_defines() -> None:
    vectors = unit(np.float32([[0, 0], [90, 0], [0, 90]]))
    assert vectors == pytest.approx(np.float32([[0, 0, -1], [1, 0, 0], [0, -1, 0]]), abs=1e-6)


def test_a_head_that_seems_farther_away_than_it_is_is_still_found() -> None:
    obs = scene("0 3 baby: parent parent: baby")
    baby, parent = obs.seen.tracks
    misjudged = replace(parent, where=parent.where * np.float32(1.08))
    signals = measure(Observations(replace(obs.seen, tracks=(baby, misjudged)), obs.heard), SCORING)
    assert seconds(signals.mutual_looks) == [(0, 3)]
    assert PLACES["parent"][2] == pytest.approx(parent.where[0, 2])


# ── smiles, pauses, soothing ─────────────────────────────────────────────────────────────────


def test_a_joint_smile_is_where_both_smile() -> None:
    signals = signals_of("0 2 baby: parent smile parent: baby / 2 4 baby: parent smile"
                         " parent: baby smile / 4 6 baby: parent parent: baby smile")  # fmt: skip
    assert seconds(signals.joint_smiles) == [(2, 4)]


def test_a_smile_that_could_not_be_seen_is_unknown_and_not_missing() -> None:
    signals = signals_of("0 2 baby: parent smile parent: unseen / 2 4 baby: parent parent: unseen")
    assert np.isnan(signals.joint_smile[:20]).all()
    assert (signals.joint_smile[20:] == 0).all()  # one who does not smile is enough to say no


def test_a_parent_who_looks_and_is_quiet_for_a_second_makes_room() -> None:
    signals = signals_of("0 3 baby: toy parent: baby voice / 3 6 baby: toy parent: baby"
                         " / 6 6.8 baby: toy parent: baby voice / 6.8 7.6 baby: toy parent: baby"
                         " / 7.6 9 baby: toy parent: baby voice")  # fmt: skip
    assert seconds(signals.pauses) == [(3, 6)]


def test_without_sound_nobody_was_quiet() -> None:
    signals = signals_of("0 5 baby: toy parent: baby", sound=False)
    assert not signals.pauses
    assert np.isnan(signals.pause).all()


def test_a_parent_who_speaks_into_a_cry_soothes_and_interrupts_nothing() -> None:
    signals = signals_of("0 2 baby: away cry parent: baby / 2 5 baby: away cry parent: baby voice"
                         " / 5 6 baby: away parent: baby")  # fmt: skip
    assert seconds(signals.soothings) == [(2, 5)]
    assert not signals.turns


# ── turns ────────────────────────────────────────────────────────────────────────────────────

QUIET = "0 20 baby: away parent: baby"


def turns_of(text: str) -> tuple[Turn, ...]:
    return signals_of(f"{QUIET} / {text}").turns


def test_one_voice_soon_after_the_other_is_a_turn_with_its_gap() -> None:
    (turn,) = turns_of("2 3 baby: away voice parent: baby / 3.8 5 baby: away parent: baby voice")
    assert (turn.first, turn.second, turn.gap) == (BABY, PARENT, 800_000)
    assert turn.span == Span(2 * SECOND, 5 * SECOND)


def test_a_voice_after_more_than_a_second_takes_no_turn() -> None:
    assert not turns_of("2 3 baby: away voice parent: baby / 4.2 5 baby: away parent: baby voice")


def test_a_little_overlap_is_a_turn_and_a_long_one_is_not() -> None:
    (turn,) = turns_of("2 4 baby: away voice parent: baby"
                       " / 3.6 4 baby: away voice parent: baby voice"
                       " / 4 6 baby: away parent: baby voice")  # fmt: skip
    assert turn.gap == -400_000
    assert not turns_of("2 4 baby: away voice parent: baby"
                        " / 3 4 baby: away voice parent: baby voice"
                        " / 4 6 baby: away parent: baby voice")  # fmt: skip


def test_the_same_voice_again_is_no_turn() -> None:
    assert not turns_of("2 3 baby: away voice parent: baby / 3.6 5 baby: away voice parent: baby")


def test_two_short_sounds_after_one_voice_are_one_change_of_speaker() -> None:
    found = turns_of("2 4 baby: away parent: baby voice / 4.1 4.4 baby: away voice parent: baby"
                     " / 4.8 5.2 baby: away voice parent: baby")  # fmt: skip
    assert len(found) == 2
    assert turn_count(found) == 1


def test_one_sound_after_two_voices_is_one_change_of_speaker() -> None:
    found = turns_of("2 2.4 baby: away parent: baby voice / 2.8 3.2 baby: away parent: baby voice"
                     " / 3.3 4 baby: away voice parent: baby")  # fmt: skip
    assert len(found) == 2
    assert turn_count(found) == 1


def test_a_voice_whose_end_was_not_heard_takes_no_turn() -> None:
    obs = scene(
        f"{QUIET} / 2 5 baby: away voice parent: baby / 5.4 6 baby: away parent: baby voice"
    )
    heard = obs.heard
    deaf = heard.baby_voice.copy()
    deaf[44:54] = np.nan
    full, less = (
        measure(Observations(obs.seen, replace(heard, baby_voice=voice)), SCORING)
        for voice in (heard.baby_voice, deaf)
    )
    assert len(full.turns) == 1
    assert not less.turns


# ── beginnings ───────────────────────────────────────────────────────────────────────────────


def test_what_was_there_when_the_film_began_has_no_beginning() -> None:
    signals = signals_of("0 4 baby: parent parent: baby / 4 6 baby: away parent: baby")
    (look,) = signals.looks[BABY]
    assert not look.began
    assert look.ended


def test_a_cut_shows_no_beginning_and_no_end() -> None:
    signals = signals_of("0 3 baby: away parent: baby / 3 6 cut baby: parent parent: baby"
                         " / 6 8 cut baby: parent parent: baby")  # fmt: skip
    assert [(e.began, e.ended) for e in signals.looks[BABY]] == [(False, False)] * 2


def test_a_voice_goes_on_over_a_cut() -> None:
    signals = signals_of("0 2 baby: away parent: baby / 2 4 baby: away parent: baby voice"
                         " / 4 6 cut baby: away parent: baby voice / 6 8 baby: away parent: baby")  # fmt: skip
    (voice,) = signals.voices[PARENT]
    assert voice.span == Span(2 * SECOND, 6 * SECOND)


def test_curves_have_one_value_a_tick_each() -> None:
    signals = signals_of("0 3 baby: parent parent: baby")
    assert {len(curve) for curve in signals.curves().values()} == {30}


def test_a_film_without_people_or_sound_is_measured_without_an_error() -> None:
    obs = scene("0 3 baby: unseen parent: unseen", sound=False)
    signals = measure(obs, SCORING)
    assert not obs.seen.tracks
    assert np.isnan(signals.mutual).all()
    assert not signals.turns
