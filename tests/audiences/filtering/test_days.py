"""Conditions that count days: calendar days of the workspace, whatever its clocks do, without gap or overlap."""

import datetime
from collections.abc import Iterator

import duckdb
import pytest

from audiences.filtering import days, sql
from audiences.filtering.conditions import Condition, Group, RowFilter
from audiences.filtering.words import sentence
from tests.support import reference_filter

TODAY = datetime.date(2026, 3, 1)
UTC = datetime.UTC


def counting(operator: str, count: int, today: datetime.date | None = TODAY) -> RowFilter:
    return RowFilter((Group((Condition("joined", operator, (str(count),)),)),), today=today)


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(":memory:")
    yield connection
    connection.close()


def kept(engine: duckdb.DuckDBPyConnection, texts: list[str], found: RowFilter) -> list[str]:
    engine.execute("CREATE OR REPLACE TEMP TABLE t (n INTEGER, v VARCHAR)")
    engine.executemany("INSERT INTO t VALUES (?, ?)", list(enumerate(texts)))
    rows = engine.execute(f"SELECT v FROM t WHERE {sql.keeps(found, {'joined': 'v'})} ORDER BY n").fetchall()
    return [row[0] for row in rows]


def test_borders_are_whole_days(engine: duckdb.DuckDBPyConnection) -> None:
    texts = [
        "2026-01-29",
        "2026-01-30 23:59",
        "2026-02-28",
        "2026-03-01T23:59",
        "2026-03-02",
        "2026-03-31",
        "2026-04-01",
    ]

    assert kept(engine, texts, counting("last_days", 30)) == texts[1:4]
    assert kept(engine, texts, counting("days_ago", 30)) == texts[:1]
    assert kept(engine, texts, counting("next_days", 30)) == texts[3:6]
    assert kept(engine, texts, counting("last_days", 0)) == ["2026-03-01T23:59"]


@pytest.mark.parametrize("operator", ["last_days", "days_ago", "next_days"])
@pytest.mark.parametrize("count", [0, 1, 7, 59, 36_500])
def test_days_are_counted_as_the_reference_counts_them(
    engine: duckdb.DuckDBPyConnection, operator: str, count: int
) -> None:
    around = [str(TODAY + datetime.timedelta(days=step * far)) for far in (0, 1, 7, 8, 58, 59, 60) for step in (-1, 1)]
    texts = [*around, "1926-03-26", "1926-03-25", "2126-02-05", "2126-02-06", "01.03.2026", "03/01/2026", "20260301"]
    found = counting(operator, count)

    wanted = [text for text in texts if reference_filter.matches({"joined": text}, found.to_json())]
    assert kept(engine, texts, found) == wanted


def test_what_is_no_date_matches_neither(engine: duckdb.DuckDBPyConnection) -> None:
    odd = ["", "yesterday", "2026-02-30", "30", "0000-00-00"]

    for operator in ("last_days", "days_ago", "next_days"):
        assert kept(engine, odd, counting(operator, 36_500)) == []


def test_every_past_day_is_recent_or_long_ago_and_none_is_both(engine: duckdb.DuckDBPyConnection) -> None:
    texts = [str(TODAY - datetime.timedelta(days=far)) for far in range(30)]

    recent, long_ago = (kept(engine, texts, counting(operator, 7)) for operator in ("last_days", "days_ago"))

    assert (len(recent), sorted(recent + long_ago)) == (8, sorted(texts))


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("UTC", "2026-11-26T23:59Z", "2026-11-26"),
        ("Pacific/Kiritimati", "2026-11-26T10:00Z", "2026-11-27"),
        ("America/Los_Angeles", "2026-11-27T07:59Z", "2026-11-26"),
        # Clocks in Berlin go forward on 29 March at 1:00 UTC and back on 25 October at 1:00 UTC.
        ("Europe/Berlin", "2026-03-28T22:59Z", "2026-03-28"),
        ("Europe/Berlin", "2026-03-28T23:00Z", "2026-03-29"),
        ("Europe/Berlin", "2026-03-29T21:59Z", "2026-03-29"),
        ("Europe/Berlin", "2026-03-29T22:00Z", "2026-03-30"),
        ("Europe/Berlin", "2026-10-24T22:00Z", "2026-10-25"),
        ("Europe/Berlin", "2026-10-25T22:59Z", "2026-10-25"),
        ("Europe/Berlin", "2026-10-25T23:00Z", "2026-10-26"),
        ("Mars/Olympus", "2026-11-26T23:59Z", "2026-11-26"),
    ],
)
def test_today_is_the_day_of_the_workspace(zone: str, moment: str, day: str) -> None:
    assert str(days.today(zone, datetime.datetime.fromisoformat(moment))) == day


def test_no_day_to_count_from_is_an_error_and_no_silent_all() -> None:
    with pytest.raises(ValueError, match="none was set"):
        sql.keeps(counting("last_days", 30, None), {"joined": "v"})


def test_sentences_name_the_days_of_a_run_and_not_of_a_delivery() -> None:
    assert sentence(counting("last_days", 30, None)) == "joined is in the last 30 days"
    assert sentence(counting("days_ago", 1, None)) == "joined is more than 1 day ago"
    assert sentence(counting("last_days", 30)) == "joined is in the last 30 days (30 Jan 2026 to 1 Mar 2026)"
    assert sentence(counting("days_ago", 30)) == "joined is more than 30 days ago (up to 29 Jan 2026)"
    assert sentence(counting("next_days", 1)) == "joined is in the next 1 day (1 Mar 2026 to 2 Mar 2026)"
