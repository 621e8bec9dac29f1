"""When a call is repeated at once, and when it is left to whoever keeps the books."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from pinconnect.pinterest import errors, limits, retry

READ = {"method": "GET", "safe_to_repeat": True}
CHANGE = {"method": "PATCH", "safe_to_repeat": True}
CREATION = {"method": "POST", "safe_to_repeat": False}


def trouble(retry_after_s: float | None = None) -> errors.ServerTrouble:
    error = errors.ServerTrouble()
    error.retry_after_s = retry_after_s
    return error


@pytest.mark.parametrize(
    ("error", "call", "expected"),
    [
        (errors.NotSent(), READ, 1.0),
        (errors.NotSent(), CHANGE, 1.0),
        (errors.NotSent(), CREATION, 1.0),
        (trouble(), READ, 1.0),
        (trouble(), CHANGE, None),
        (trouble(4), READ, 4),
        (errors.RateLimited(retry_after_s=1), READ, None),
        (errors.RateLimited(retry_after_s=1), CHANGE, None),
        (errors.UnknownOutcome(), CREATION, None),
        (errors.UnknownOutcome(), CHANGE, None),
        (errors.Rejected(), READ, None),
        (errors.TokenRefused(), READ, None),
    ],
)
def test_only_harmless_repeats_are_made(error: errors.PinterestError, call: dict, expected: float | None) -> None:
    assert retry.delay_s(error, **call, repeats=0, elapsed_s=0) == expected


def test_there_are_at_most_two_repeats() -> None:
    waits = [retry.delay_s(trouble(), **READ, repeats=repeats, elapsed_s=0) for repeats in range(3)]

    assert waits == [1.0, 3.0, None]


def test_an_asked_wait_beyond_the_cap_is_left_to_the_caller() -> None:
    assert retry.delay_s(trouble(limits.RETRY_AFTER_CAP_S), **READ, repeats=0, elapsed_s=0) == limits.RETRY_AFTER_CAP_S
    assert retry.delay_s(trouble(limits.RETRY_AFTER_CAP_S + 1), **READ, repeats=0, elapsed_s=0) is None


def test_no_repeat_begins_after_the_budget_is_spent() -> None:
    assert retry.delay_s(errors.NotSent(), **READ, repeats=0, elapsed_s=limits.RETRY_BUDGET_S - 1) == 1.0
    assert retry.delay_s(errors.NotSent(), **READ, repeats=0, elapsed_s=limits.RETRY_BUDGET_S) is None


def test_one_call_with_its_repeats_stays_under_a_minute() -> None:
    assert limits.RETRY_BUDGET_S + limits.ANSWER_DEADLINE_S < 60


@pytest.mark.parametrize(
    ("text", "expected"),
    [("30", 30), ("0", 1), ("1.5", 1.5), ("9999999", 86400), ("", None), ("soon", None), ("-5", None)]
    + [(f"Wed, {day} Oct {year} 07:28:00 GMT", None) for day, year in (("9" * 20, 2026), ("21", "9" * 20))],
)
def test_retry_after_in_seconds_is_bounded(text: str, expected: float | None) -> None:
    assert retry.asked_wait_s({"Retry-After": text}) == expected


def test_retry_after_may_be_a_date() -> None:
    wait = retry.asked_wait_s({"Retry-After": format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)})

    assert wait is not None
    assert 85 < wait <= 90


def test_a_number_that_can_only_be_a_time_is_read_as_one() -> None:
    assert 55 < retry.bounded_s(datetime.now(UTC).timestamp() + 60) <= 60
