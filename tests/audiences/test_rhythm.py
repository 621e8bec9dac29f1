"""When a schedule is due: rhythm, time zones, and the days on which clocks change."""

from datetime import UTC, datetime, timedelta

import pytest

from audiences import rhythm


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc]


def test_cron_is_meant_on_the_clock_of_its_zone() -> None:
    assert rhythm.next_cron("30 6 * * *", "Europe/Berlin", after=utc(2027, 1, 10, 0)) == utc(2027, 1, 10, 5, 30)
    assert rhythm.next_cron("30 6 * * *", "Europe/Berlin", after=utc(2027, 7, 10, 0)) == utc(2027, 7, 10, 4, 30)


@pytest.mark.parametrize(
    ("cron", "times"),
    [
        ("*/15 * * * *", 96),
        ("30 6 * * *", 1),
        ("30 6,18 * * 1-5", 2 * 20 / 28),
        ("*/30 8-10 1 * *", 6 / 28),
        ("0 0 29 2 *", 0),
    ],
)
def test_how_often_a_day_is_the_average_of_four_weeks(cron: str, times: float) -> None:
    assert rhythm.per_day(cron, after=utc(2027, 1, 10, 12)) == pytest.approx(times)


def test_time_that_does_not_exist_comes_an_hour_later_and_once() -> None:
    found = rhythm.upcoming("30 2 * * *", "Europe/Berlin", after=utc(2027, 3, 27, 12), count=2)

    # Clocks go from 2:00 to 3:00 on 28 March 2027: 2:30 is 3:30 that day.
    assert found == [utc(2027, 3, 28, 1, 30), utc(2027, 3, 29, 0, 30)]


def test_time_that_comes_twice_counts_the_first_time_only() -> None:
    found = rhythm.upcoming("30 2 * * *", "Europe/Berlin", after=utc(2027, 10, 30, 12), count=2)

    # Clocks go from 3:00 back to 2:00 on 31 October 2027: 2:30 is first 0:30 UTC.
    assert found == [utc(2027, 10, 31, 0, 30), utc(2027, 11, 1, 1, 30)]


def test_hourly_cron_never_goes_backwards_over_a_change_of_clocks() -> None:
    for start in (utc(2027, 3, 27, 20), utc(2027, 10, 30, 20)):
        found = rhythm.upcoming("0 * * * *", "Europe/Berlin", after=start, count=12)

        assert found == sorted(set(found))
        assert len(found) == 12


def test_rare_day_is_found_years_ahead() -> None:
    assert rhythm.next_cron("0 8 29 2 *", "UTC", after=utc(2027, 1, 1)) == utc(2028, 2, 29, 8)


@pytest.mark.parametrize("text", ["", "nonsense", "* * * *", "61 * * * *", "0 0 * * * *", "@daily"])
def test_what_is_no_cron_expression_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(rhythm.CronError) as refused:
        rhythm.check_cron(text)

    assert "For example 30 6 * * 1-5" in refused.value.sentence


def test_day_that_never_comes_and_a_rhythm_too_quick_are_refused() -> None:
    with pytest.raises(rhythm.CronError) as never:
        rhythm.check_cron("0 0 31 2 *")
    with pytest.raises(rhythm.CronError) as quick:
        rhythm.check_cron("*/5 * * * *")

    assert "No such time" in never.value.sentence
    assert "every 15 minutes" in quick.value.sentence


def test_spaces_are_tidied() -> None:
    assert rhythm.check_cron("  30   6 * *  1-5 ") == "30 6 * * 1-5"


def test_interval_goes_on_in_its_own_rhythm() -> None:
    due = utc(2027, 1, 1, 6)

    assert rhythm.next_interval(60, due_at=due, after=due) == utc(2027, 1, 1, 7)
    assert rhythm.next_interval(60, due_at=due, after=due + timedelta(hours=5, minutes=20)) == utc(2027, 1, 1, 12)
