"""Suggestions, told in scenes."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from vig.attunement.moments import Story, components, suggest
from vig.attunement.scoring import Scoring
from vig.attunement.signals import measure
from vig.attunement.words import Words
from vig.domain.clock import SECOND, Grid, Span
from vig.domain.family import Role
from vig.domain.observation import Heard, Observations, Seen
from vig.domain.review import Cue, Moment, Principle
from vig.testing import scene

SCORING = Scoring.load()
MUM = Words("Mum", "she")

# Forty seconds in which nothing is shared, to put a scene into.
APART = "0 40 baby: away parent: away"
# She looks up, Mum smiles back, and they talk.
TALK = """
    10 17  baby: parent        parent: baby
    11 14  baby: parent        parent: baby smile
    14 15  baby: parent voice  parent: baby
    15.6 16.4  baby: parent    parent: baby voice
"""


def told(
    text: str, *, carer: Words = MUM, sound: bool = True, **more: object
) -> tuple[Moment, ...]:
    return suggest(measure(scene(text, sound=sound), SCORING), SCORING, carer=carer, **more)  # type: ignore[arg-type]


def parts_of(text: str, start: float, end: float) -> dict[str, float]:
    story = Story.of(measure(scene(text), SCORING), SCORING)
    return components(story, Span(round(start * SECOND), round(end * SECOND)))


# ── what is proposed ─────────────────────────────────────────────────────────────────────────


def test_nothing_shared_gives_no_suggestion() -> None:
    assert told(APART) == ()


def test_a_parent_who_only_watches_gives_no_suggestion() -> None:
    assert told("0 40 baby: toy parent: baby") == ()


def test_an_initiative_that_is_answered_is_proposed_and_told_in_plain_words() -> None:
    (moment,) = told(f"{APART}\n{TALK}")
    assert moment.reason == "She looks at Mum; Mum smiles back, one turn each."
    assert moment.principle is Principle.RECEIVING


def test_the_clip_begins_before_the_initiative_and_ends_after_the_last_answer() -> None:
    (moment,) = told(f"{APART}\n{TALK}")
    assert 1 <= 10 - moment.span.start / SECOND <= 2
    assert 1 <= moment.span.end / SECOND - 17 <= 2


def test_the_evidence_holds_who_did_what_when_and_after_how_long() -> None:
    (moment,) = told(f"{APART}\n{TALK}")
    smile = next(e for e in moment.evidence if e.cue is Cue.SMILE)
    assert (smile.by, smile.words, smile.delay) == (Role.PARENT, "Mum smiles back", SECOND)
    answer = next(e for e in moment.evidence if e.cue is Cue.VOICE and e.by is Role.PARENT)
    assert (answer.words, answer.delay) == ("Mum answers", 600_000)
    look = next(e for e in moment.evidence if e.cue is Cue.LOOK)
    assert (look.by, look.words, look.delay) == (Role.BABY, "she looks at Mum", None)
    assert {Cue.MUTUAL_LOOK, Cue.TURNS} <= {e.cue for e in moment.evidence}


def test_evidence_lies_within_its_moment_and_in_the_order_of_time() -> None:
    for moment in told(f"{APART}\n{TALK}"):
        assert all(e.span & moment.span == e.span for e in moment.evidence)
        assert list(moment.evidence) == sorted(moment.evidence, key=lambda e: e.span)


def test_every_component_is_shown_on_its_own() -> None:
    (moment,) = told(f"{APART}\n{TALK}")
    parts = dict(moment.parts)
    assert set(parts) == set(SCORING.younger.shares())
    assert parts["chain"] > 0
    assert parts["joint_smile"] == 0


def test_a_short_exchange_still_makes_a_clip_of_three_seconds() -> None:
    (moment,) = told(f"{APART} / 0 1.6 baby: parent smile parent: baby smile")
    assert moment.span.length >= SCORING.clip.shortest
    assert moment.span.start == 0


def test_a_long_exchange_is_cut_to_at_most_twelve_seconds() -> None:
    moments = told("0 100 baby: away parent: baby / 5 95 baby: parent smile parent: baby smile")
    assert len(moments) == 2
    assert all(m.span.length <= SCORING.clip.longest for m in moments)


def test_turn_taking_speaks_of_developing() -> None:
    (moment,) = told(f"""{APART}
        10 11 baby: parent voice parent: baby
        11.5 12.5 baby: parent parent: baby voice
        13 14 baby: parent voice parent: baby
        14.5 15.5 baby: parent parent: baby voice""")
    assert moment.principle is Principle.DEVELOPING
    assert "two turns each" in moment.reason


def test_looking_at_one_thing_together_speaks_of_encouraging() -> None:
    (moment,) = told("0 40 baby: away parent: away / 10 18 baby: toy parent: toy")
    assert moment.principle is Principle.ENCOURAGING
    assert moment.reason == "She and Mum look at the same thing."


def test_a_parent_who_comforts_a_crying_baby_is_proposed_as_comfort() -> None:
    (moment,) = told(f"{APART} / 10 12 baby: away cry parent: baby"
                     " / 12 16 baby: away cry parent: baby voice")  # fmt: skip
    assert moment.reason == "She cries; Mum speaks to comfort."
    assert Cue.SOOTHING in {e.cue for e in moment.evidence}


def test_in_profile_the_reason_says_turn_and_not_look() -> None:
    (moment,) = told(f"{APART}"
                     " / 8 10 baby: away parent: baby profile"
                     " / 10 17 baby: parent profile parent: baby profile"
                     " / 11 14 baby: parent profile parent: baby profile smile")  # fmt: skip
    assert moment.reason == "She turns to Mum; Mum smiles back."


def test_without_the_family_s_own_words_nobody_is_given_a_sex() -> None:
    (moment,) = told(f"{APART}\n{TALK}", carer=Words())
    assert moment.reason == "The baby looks at the parent; the parent smiles back, one turn each."


# ── how much each counts ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("delay", "credit"), [(0.5, 1.0), (2.0, 1.0), (2.5, 0.5), (3.0, 0.0)])
def test_an_answer_earns_full_credit_for_two_seconds_and_none_from_three(
    delay: float, credit: float
) -> None:
    at = 10 + delay
    found = parts_of(f"{APART} / 10 18 baby: parent parent: away"
                     f" / {at} {at + 1} baby: parent parent: away smile", 8, 18)  # fmt: skip
    assert found["chain"] == pytest.approx(credit / SCORING.chain.many)


def test_the_baby_s_answer_to_the_parent_counts_as_much_as_the_parent_s_to_the_baby() -> None:
    baby = parts_of(f"{APART} / 10 14 baby: away smile parent: away"
                    " / 11 14 baby: away smile parent: away smile", 8, 18)  # fmt: skip
    parent = parts_of(f"{APART} / 10 14 baby: away parent: away smile"
                      " / 11 14 baby: away smile parent: away smile", 8, 18)  # fmt: skip
    assert baby["chain"] == parent["chain"] > 0


def test_a_reply_to_two_things_at_once_earns_once() -> None:
    one = (
        f"{APART} / 10 14 baby: away smile parent: away / 11 14 baby: away smile parent: away smile"
    )
    two = (f"{APART} / 10 14 baby: parent smile parent: away"
           " / 11 14 baby: parent smile parent: away smile")  # fmt: skip
    assert parts_of(one, 8, 18)["chain"] == parts_of(two, 8, 18)["chain"] > 0


def test_an_answer_to_a_sound_whose_end_was_not_heard_earns_nothing() -> None:
    obs = scene(f"{APART} / 10 12 baby: away voice parent: away"
                " / 13 14 baby: away parent: away smile")  # fmt: skip
    deaf = obs.heard.baby_voice.copy()
    deaf[115:125] = np.nan
    span, chains = Span(8 * SECOND, 18 * SECOND), []
    for voice in (obs.heard.baby_voice, deaf):
        less = Observations(obs.seen, replace(obs.heard, baby_voice=voice))
        chains.append(components(Story.of(measure(less, SCORING), SCORING), span)["chain"])
    assert chains == [0.5, 0.0]


def test_two_turned_heads_and_a_quiet_parent_alone_are_no_moment() -> None:
    obs = scene("0 40 baby: away parent: baby profile")
    baby, parent = obs.seen.tracks
    toward = scene("0 40 baby: parent profile parent: baby").seen.tracks[0]
    turned = Observations(
        replace(obs.seen, tracks=(replace(baby, head=toward.head), parent)), obs.heard
    )
    signals = measure(turned, SCORING)
    found = components(Story.of(signals, SCORING), Span(0, 10 * SECOND))
    shares = SCORING.younger.shares()
    assert found["facing"] == found["pause"] == 1
    assert shares["facing"] + shares["pause"] >= SCORING.choice.score
    assert suggest(signals, SCORING) == ()


def test_two_who_begin_at_the_same_instant_answer_nothing() -> None:
    found = parts_of(f"{APART} / 10 14 baby: away smile parent: away smile", 8, 18)
    assert found["chain"] == 0
    assert found["joint_smile"] == 1


def test_one_change_of_speaker_is_not_yet_turn_taking() -> None:
    one = f"{APART} / 10 11 baby: away voice parent: away / 11.5 12 baby: away parent: away voice"
    assert parts_of(one, 8, 18)["turns"] == 0
    assert parts_of(f"{one} / 12.5 13 baby: away voice parent: away", 8, 18)["turns"] == 0.5


def test_from_nine_months_on_talking_over_a_toy_outranks_a_look() -> None:
    text = """0 100 baby: away parent: away
        10 16 baby: parent parent: away / 11 16 baby: parent parent: baby
        13 14 baby: parent smile parent: baby smile
        60 61 baby: toy voice parent: toy / 61 61.6 baby: toy parent: toy
        61.6 62.6 baby: toy parent: toy voice / 62.6 63 baby: toy parent: toy
        63 64 baby: toy voice parent: toy / 64 66 baby: toy parent: toy"""
    assert told(text, age_weeks=12)[0].span.start < 20 * SECOND
    assert told(text, age_weeks=52)[0].span.start > 50 * SECOND


# ── choice ───────────────────────────────────────────────────────────────────────────────────


def many(number: int, gap: float = 20.0) -> str:
    lines = [f"0 {number * gap} baby: away parent: baby"]
    for i in range(number):
        at = i * gap + 5
        lines.append(f"{at} {at + 5} baby: parent parent: baby")
    return "\n".join(lines)


def test_one_suggestion_for_each_forty_seconds_and_ten_at_most() -> None:
    assert len(told(many(8))) == 160 // 40
    assert len(told(many(40))) == 10


def test_a_film_of_less_than_forty_seconds_may_still_have_one() -> None:
    assert len(told(many(1))) == 1


def test_suggestions_do_not_overlap() -> None:
    moments = told(many(40, gap=11.0))
    spans = sorted(m.span for m in moments)
    assert all(a.end <= b.start for a, b in pairwise(spans))


def test_of_equal_moments_those_far_apart_are_taken() -> None:
    text = "0 120 baby: away parent: baby\n" + "\n".join(
        f"{at} {at + 5} baby: parent parent: baby" for at in (5, 16, 27, 100)
    )
    chosen = sorted(m.span.start // SECOND for m in told(text))
    assert chosen[-1] > 90


def test_a_clip_begins_before_the_look_even_if_a_later_start_would_hold_more() -> None:
    text = """0 40 baby: away parent: baby
        10 18 baby: parent parent: baby
        18 34 baby: toy parent: toy"""
    (moment,) = told(text)
    assert moment.span.start == 8_500_000


def test_where_too_little_was_seen_nothing_is_proposed() -> None:
    seen = "0 40 baby: away parent: away / 10 14 baby: parent smile parent: baby smile"
    assert len(told(seen)) == 1
    hidden = "0 40 parent: baby / 11.5 13 baby: parent smile parent: baby smile"
    assert told(hidden) == ()


def test_coverage_is_the_share_in_which_both_faces_were_seen() -> None:
    (moment,) = told("0 40 baby: away parent: away / 10 14 baby: parent parent: baby"
                     " / 14 40 parent: baby")  # fmt: skip
    assert moment.coverage == pytest.approx((14 - 8.5) / (15.5 - 8.5), abs=0.03)


def test_a_silent_film_is_proposed_from_what_is_seen() -> None:
    (moment,) = told(f"{APART}\n{TALK}", sound=False)
    assert moment.reason == "She looks at Mum; Mum smiles back."


def test_the_same_analysis_gives_the_same_ids_and_another_gives_others() -> None:
    text = f"{APART}\n{TALK}"
    one, same, other = (told(text, analysis=a)[0].id for a in ("a", "a", "b"))
    assert one == same != other


def test_the_best_comes_first() -> None:
    text = "0 90 baby: away parent: baby / 10 12 baby: parent parent: baby" \
           " / 50 56 baby: parent smile parent: baby smile"  # fmt: skip
    first, second = told(text)
    assert first.span.start > second.span.start


def test_an_hour_full_of_exchanges_takes_a_moment_and_not_minutes() -> None:
    signals = measure(scene(many(360, gap=10.0)), SCORING)
    began = time.process_time()
    assert len(suggest(signals, SCORING)) == 10
    assert time.process_time() - began < 10


def test_a_film_of_no_length_has_no_suggestion() -> None:
    empty = Grid(SECOND // 10, 0)
    nothing = np.zeros(0, np.float32)
    seen = Seen(empty, (), nothing, nothing, np.zeros(0, np.int32), models=())
    heard = Heard(empty, nothing, nothing, nothing, nothing, models=())
    assert suggest(measure(Observations(seen, heard), SCORING), SCORING) == ()
