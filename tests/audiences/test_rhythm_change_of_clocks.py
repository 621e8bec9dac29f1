"""Cron on the days on which clocks change, against a reference that walks every minute."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from audiences import rhythm

MINUTE = timedelta(minutes=1)
WALKED_DAYS = 4
# Forward and back; at 2:00, at midnight, by half an hour.
CHANGES = [
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2025, 10, 5)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("America/Sao_Paulo", date(2018, 11, 4)),
    ("America/Sao_Paulo", date(2018, 2, 18)),
    ("Europe/Dublin", date(2026, 3, 29)),
    ("Asia/Kolkata", date(2026, 3, 29)),
]


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


@cache
def walk(time_zone: str, day: date) -> list[tuple[datetime, datetime]]:
    """Minute by minute around the day: a moment, and a time of the clock that is meant by it."""
    zone = ZoneInfo(time_zone)
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=1)
    meant: list[tuple[datetime, datetime]] = []
    latest = shown = (start - MINUTE).astimezone(zone).replace(tzinfo=None)
    for moment in (start + number * MINUTE for number in range(WALKED_DAYS * 24 * 60)):
        before, shown = shown, moment.astimezone(zone).replace(tzinfo=None)
        # What the clock passed over is moved: it begins with the change.
        missing = (shown - before) // MINUTE - 1
        meant += [(moment + number * MINUTE, before + (number + 1) * MINUTE) for number in range(missing)]
        # What it has shown already came the first time.
        if shown > latest:
            meant.append((moment, shown))
            latest = shown
    return meant


def due(minutes: set[int], hours: set[int], weekdays: set[int], time_zone: str, day: date) -> list[datetime]:
    """weekdays count as cron does, from Sunday as 0."""
    moments = {
        moment
        for moment, time in walk(time_zone, day)
        if time.minute in minutes and time.hour in hours and time.isoweekday() % 7 in weekdays
    }
    return sorted(moments)


def field(values: set[int], full: int) -> str:
    return "*" if len(values) == full else ",".join(map(str, sorted(values)))


def some(full: int, *, most: int) -> st.SearchStrategy[set[int]]:
    return st.sets(st.integers(0, full - 1), min_size=1, max_size=most) | st.just(set(range(full)))


QUARTERS = st.sampled_from([{0, 15, 30, 45}, {0, 30}, {0}, {30}])


@settings(deadline=None, max_examples=200)
@given(
    change=st.sampled_from(CHANGES),
    minutes=some(60, most=4) | QUARTERS,
    # The hours in which clocks change, more often than others.
    hours=st.sets(st.integers(0, 4), min_size=1, max_size=3) | some(24, most=3),
    weekdays=some(7, most=3),
    seconds=st.integers(0, 3 * 24 * 3600) | st.integers(12 * 60, 48 * 60).map(lambda minutes: minutes * 60),
)
@example(CHANGES[0], {0, 30}, {2}, set(range(7)), 0)
@example(CHANGES[4], {15, 30}, {2}, set(range(7)), 0)
@example(CHANGES[6], {0, 30}, {0}, {6, 0}, 0)
def test_every_time_is_due_as_in_a_walk_through_all_minutes(change, minutes, hours, weekdays, seconds) -> None:
    time_zone, _ = change
    cron = f"{field(minutes, 60)} {field(hours, 24)} * * {field(weekdays, 7)}"
    times = walk(*change)
    after = times[0][0] + timedelta(seconds=seconds)

    found = rhythm.upcoming(cron, time_zone, after=after, count=10)

    expected = [moment for moment in due(minutes, hours, weekdays, *change) if moment > after]
    assert [moment for moment in found if moment <= times[-1][0]] == expected[:10], cron


def test_all_times_of_the_missing_hour_come_an_hour_later() -> None:
    found = rhythm.upcoming("0,30 2 * * *", "Europe/Berlin", after=utc(2026, 3, 28, 12), count=3)

    assert found == [utc(2026, 3, 29, 1), utc(2026, 3, 29, 1, 30), utc(2026, 3, 30, 0)]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (utc(2026, 3, 29, 1, 10), utc(2026, 3, 29, 1, 30)),
        (utc(2026, 3, 29, 1, 29, 59), utc(2026, 3, 29, 1, 30)),
        (utc(2026, 3, 29, 1, 30), utc(2026, 3, 30, 0, 30)),
    ],
)
def test_moved_time_is_ahead_though_the_clock_says_that_it_is_past(after: datetime, expected: datetime) -> None:
    assert rhythm.next_cron("30 2 * * *", "Europe/Berlin", after=after) == expected
    local = after.astimezone(ZoneInfo("Europe/Berlin"))
    assert rhythm.next_cron("30 2 * * *", "Europe/Berlin", after=local) == expected


def test_moved_time_that_meets_one_that_exists_counts_once() -> None:
    found = rhythm.upcoming("15,45 2,3 * * *", "Europe/Berlin", after=utc(2026, 3, 29, 0, 30), count=3)

    assert found == [utc(2026, 3, 29, 1, 15), utc(2026, 3, 29, 1, 45), utc(2026, 3, 30, 0, 15)]


def test_moved_time_does_not_hide_one_that_exists_and_is_earlier() -> None:
    # On the first Sunday of October 2:15 is moved to 2:45 here, and 2:30 exists.
    found = rhythm.upcoming("15,30 2 * * *", "Australia/Lord_Howe", after=utc(2025, 10, 4, 12), count=3)

    assert found == [utc(2025, 10, 4, 15, 30), utc(2025, 10, 4, 15, 45), utc(2025, 10, 5, 15, 15)]


def test_day_that_a_zone_skips_is_moved_by_a_day() -> None:
    # Apia went from 29 to 31 December 2011 at midnight; the 30th is moved by a day.
    found = rhythm.upcoming("0 6 * * *", "Pacific/Apia", after=utc(2011, 12, 29, 0), count=4)

    assert found == [utc(2011, 12, 29, 16), utc(2011, 12, 30, 16), utc(2011, 12, 31, 16), utc(2012, 1, 1, 16)]
    # Asked at 1:00 on the 31st.
    assert rhythm.next_cron("0 6 30 12 *", "Pacific/Apia", after=utc(2011, 12, 30, 11)) == utc(2011, 12, 30, 16)
    assert len(rhythm.upcoming("*/15 * * * *", "Pacific/Apia", after=utc(2011, 12, 29, 0), count=50)) == 50
