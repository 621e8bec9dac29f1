"""A rate is kept by all workers together."""

from collections.abc import Callable

import pytest
import time_machine

from pinconnect.queue import limits
from pinconnect.queue.models import RateLimit

pytestmark = pytest.mark.django_db


def test_a_burst_is_granted_and_then_the_rate_rules() -> None:
    with time_machine.travel("2026-01-05 12:00:00", tick=False):
        waits = [limits.take("calls", per_minute=60, burst=3) for _ in range(5)]

    assert waits == [0.0, 0.0, 0.0, 1.0, 1.0]


def test_what_was_not_used_is_not_saved_up_beyond_the_burst() -> None:
    with time_machine.travel("2026-01-05 12:00:00", tick=False) as clock:
        limits.take("calls", per_s=1, burst=2)
        clock.shift(3600)
        waits = [limits.take("calls", per_s=1, burst=2) for _ in range(3)]

    assert waits == [0.0, 0.0, 1.0]


def test_the_wait_is_exactly_long_enough() -> None:
    with time_machine.travel("2026-01-05 12:00:00", tick=False) as clock:
        limits.take("calls", per_hour=60)
        wait = limits.take("calls", per_hour=60)
        clock.shift(wait - 0.01)
        assert limits.take("calls", per_hour=60) > 0
        clock.shift(0.02)
        assert limits.take("calls", per_hour=60) == 0


def test_a_dearer_call_uses_more_of_the_rate() -> None:
    with time_machine.travel("2026-01-05 12:00:00", tick=False):
        assert limits.take("calls", per_s=10, burst=10, cost=10) == 0

        assert limits.take("calls", per_s=10, burst=10, cost=5) == pytest.approx(0.5, abs=1e-6)


def test_keys_do_not_disturb_each_other() -> None:
    limits.take("one", per_day=1)

    assert limits.take("other", per_day=1) == 0


def test_a_blocked_key_grants_nothing_until_the_block_ends() -> None:
    with time_machine.travel("2026-01-05 12:00:00", tick=False) as clock:
        limits.block("calls", 30)

        assert limits.take("calls", per_s=100) == pytest.approx(30)
        assert limits.wait_for("calls") == pytest.approx(30)
        clock.shift(30.1)
        assert limits.take("calls", per_s=100) == 0
        assert limits.wait_for("calls") == 0


def test_a_shorter_block_does_not_end_a_longer_one() -> None:
    limits.block("calls", 600)
    limits.block("calls", 1)

    assert limits.wait_for("calls") > 500


def test_a_key_nobody_used_is_not_blocked_and_leaves_no_row() -> None:
    assert limits.wait_for("unknown") == 0
    assert not RateLimit.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [{}, {"per_s": 1, "per_minute": 1}, {"per_s": 0}, {"per_s": 1, "cost": 2}, {"per_s": 1, "cost": 0}],
    ids=str,
)
def test_a_rate_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"rate|cost"):
        limits.take("calls", **wrong)


def test_as_many_as_are_left_are_granted_at_once() -> None:
    with time_machine.travel("2026-01-05 12:00:00", tick=False) as clock:
        assert limits.take_some("calls", 4, per_s=2, burst=10) == (4, 0.0)
        assert limits.take_some("calls", 9, per_s=2, burst=10) == (6, 0.0)
        assert limits.take_some("calls", 9, per_s=2, burst=10) == (0, pytest.approx(0.5))
        clock.shift(1.6)
        assert limits.take_some("calls", 9, per_s=2, burst=10) == (3, 0.0)
        assert limits.take("calls", per_s=2, burst=10) > 0


def test_no_more_than_the_burst_is_granted_at_once() -> None:
    assert limits.take_some("calls", 500, per_s=1, burst=2.5) == (2, 0.0)


def test_what_is_given_back_may_be_taken_again_and_no_more() -> None:
    with time_machine.travel("2026-01-05 12:00:00", tick=False):
        limits.take_some("calls", 10, per_s=2, burst=10)
        limits.give_back("calls", 3, per_s=2)

        assert limits.take_some("calls", 10, per_s=2, burst=10) == (3, 0.0)
        assert limits.take_some("calls", 10, per_s=2, burst=10)[0] == 0


def test_what_is_given_back_late_is_not_saved_up_beyond_the_burst() -> None:
    with time_machine.travel("2026-01-05 12:00:00", tick=False) as clock:
        limits.take_some("calls", 10, per_s=2, burst=10)
        clock.shift(60)
        limits.give_back("calls", 10, per_s=2)

        assert limits.take_some("calls", 30, per_s=2, burst=10) == (10, 0.0)
        assert limits.take_some("calls", 30, per_s=2, burst=10)[0] == 0


def test_of_a_blocked_key_nothing_is_granted() -> None:
    with time_machine.travel("2026-01-05 12:00:00", tick=False):
        limits.block("calls", 30)

        assert limits.take_some("calls", 5, per_s=100, burst=10) == (0, pytest.approx(30))


def test_four_processes_together_get_the_rate_and_no_more(race: Callable[..., list[int]]) -> None:
    granted = sum(race("take"))

    # 2.5 seconds at 50 a second, and a burst of 10; the last answer may come a little late.
    assert 100 <= granted <= 10 + 50 * 2.6
