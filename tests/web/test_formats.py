"""How numbers, sizes, durations and times are written."""

from datetime import UTC, datetime, timedelta

import pytest

from pinconnect.web import formats

NOON = datetime(2026, 11, 5, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (812, "812 bytes"),
        (999, "999 bytes"),
        (1_000, "1.0 kB"),
        (1_449_000, "1.4 MB"),
        (999_600, "1.0 MB"),
        (350_000_000, "350 MB"),
        (20_000_000_000, "20.0 GB"),
        (5_000_000_000_000_000, "5,000 TB"),
    ],
)
def test_sizes(size: int, text: str) -> None:
    assert formats.human_bytes(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.2, "under 1 s"),
        (42, "42 s"),
        (60, "1 min"),
        (200, "3 min 20 s"),
        (7_500, "2 h 5 min"),
        (3_601, "1 h"),
        (86_400, "1 day"),
        (277_300, "3 days 5 h"),
        (-5, "0 s"),
        (timedelta(minutes=2), "2 min"),
    ],
)
def test_durations(seconds: float | timedelta, text: str) -> None:
    assert formats.duration(seconds) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 0, "–"),
        (0, 10, "0%"),
        (10, 10, "100%"),
        (1, 3, "33.3%"),
        (1, 1_000_000, "under 0.1%"),
        (999_999, 1_000_000, "over 99.9%"),
    ],
)
def test_shares_say_nothing_and_everything_only_where_it_is_so(part: int, whole: int, text: str) -> None:
    assert formats.percent(part, whole) == text


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=3), "just now"),
        (timedelta(seconds=-3), "in a moment"),
        (timedelta(seconds=50), "1 min ago"),
        (timedelta(minutes=12, seconds=30), "12 min ago"),
        (timedelta(hours=3, minutes=50), "3 h ago"),
        (timedelta(days=1, hours=5), "1 day ago"),
        (timedelta(days=-2), "in 2 days"),
        (timedelta(days=9), "27 Oct 2026"),
    ],
)
def test_relative_times(ago: timedelta, text: str) -> None:
    assert formats.relative_time(NOON - ago, now=NOON) == text


def test_full_time_names_its_zone() -> None:
    assert formats.full_time(NOON, "Europe/Berlin") == "5 Nov 2026, 13:00 CET"
    assert formats.full_time(NOON, "America/New_York") == "5 Nov 2026, 07:00 EST"


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../etc/passwd"])
def test_unknown_zone_falls_back_to_the_current_one(zone: str) -> None:
    assert formats.full_time(NOON, zone) == "5 Nov 2026, 12:00 UTC"


@pytest.mark.parametrize(("number", "text"), [(0, "0"), (850, "850"), (12_000, "12 k"), (1_500_000, "1.5 M")])
def test_compact_numbers(number: int, text: str) -> None:
    assert formats.compact(number) == text
