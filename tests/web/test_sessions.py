"""Sessions end when they should, and guessing gets slow."""

from tests.web.houses import Clock
from vig.web.sessions import IDLE, LONGEST, Sessions, Throttle, Throttles


def test_a_token_finds_its_session_and_nothing_else_does() -> None:
    sessions = Sessions()
    token = sessions.begin("guider")
    found = sessions.find(token)
    assert found is not None
    assert found.actor == "guider"
    assert sessions.find(token[:-1]) is None
    assert sessions.find("") is None
    assert sessions.find(None) is None


def test_the_process_holds_no_token_only_its_digest() -> None:
    sessions = Sessions()
    token = sessions.begin("guider")
    held = repr(sessions.__dict__)
    assert token not in held
    assert "guider" in held  # the search itself works


def test_tokens_are_long_and_never_the_same() -> None:
    sessions = Sessions()
    tokens = {sessions.begin("guider") for _ in range(100)}
    assert len(tokens) == 100
    assert min(map(len, tokens)) >= 43  # 256 bits in base 64


def test_a_session_without_a_sign_of_a_person_ends() -> None:
    clock = Clock()
    sessions = Sessions(clock=clock)
    token = sessions.begin("guider")
    clock.now += IDLE
    assert sessions.touch(token)
    clock.now += IDLE
    assert sessions.find(token) is not None
    clock.now += 1
    assert sessions.find(token) is None
    assert not sessions.touch(token)


def test_looking_is_not_a_sign_of_a_person() -> None:
    clock = Clock()
    sessions = Sessions(clock=clock)
    token = sessions.begin("guider")
    for _ in range(20):
        clock.now += IDLE / 19
        sessions.find(token)
    assert sessions.find(token) is None


def test_a_busy_session_ends_after_its_longest_time() -> None:
    clock = Clock()
    sessions = Sessions(clock=clock)
    token = sessions.begin("guider")
    while clock.now < 1000 + LONGEST:
        assert sessions.touch(token)
        clock.now += IDLE / 2
    assert sessions.find(token) is None


def test_idle_is_at_most_fifteen_minutes() -> None:
    assert IDLE <= 15 * 60


def test_ending_one_leaves_the_others_and_ending_all_leaves_none() -> None:
    sessions = Sessions()
    one, other = sessions.begin("guider"), sessions.begin("guider")
    sessions.end(one)
    assert sessions.find(one) is None
    assert sessions.alive() == 1
    sessions.end_all()
    assert sessions.find(other) is None
    assert sessions.alive() == 0


def test_alive_counts_no_session_that_has_run_out() -> None:
    clock = Clock()
    sessions = Sessions(clock=clock)
    sessions.begin("guider")
    clock.now += IDLE + 1
    assert sessions.alive() == 0


def test_after_five_misses_each_try_waits_twice_as_long_up_to_five_minutes() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    waits = []
    for _ in range(20):
        waits.append(throttle.wait)
        clock.now += throttle.wait
        throttle.missed()
    assert waits[:5] == [0, 0, 0, 0, 0]
    assert waits[5:9] == [1, 2, 4, 8]
    assert waits[-1] == Throttle.LONGEST
    throttle.hit()
    assert throttle.wait == 0


def test_trying_many_names_frees_none_that_must_wait() -> None:
    clock = Clock()
    throttles = Throttles(clock)
    for _ in range(9):
        throttles.missed("guider")
    waits = throttles.wait("guider")
    assert waits > 1
    for number in range(2 * Throttles.MOST_NAMES):
        throttles.wait(f"somebody {number}")
        throttles.missed(f"somebody {number}")
    clock.now += 1
    assert waits - 2 < throttles.wait("guider")
    assert len(throttles._names) <= Throttles.MOST_NAMES
