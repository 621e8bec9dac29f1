"""The SQL of a filter means what the slow reference says, whatever stands in the rows and in the conditions."""

import csv

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from audiences.filtering import sql, values
from audiences.filtering.conditions import OPERATORS, Condition, Group, RowFilter
from tests.support import reference_filter

NASTY = st.lists(
    st.sampled_from([*"aAéÉßİıΣς%_'\"\\;-)(, \0\t\u00a0\u200b\ufeff\u0301", "DE", "🙂", "' OR 1=1 --"]),
    max_size=8,
).map("".join)
_PLAIN = (
    "1 1.5 1,5 1,234 1,234,567.25 1.234 1.234.567 1.234,5 1'234.5 12,345,6 -1 +2 $5 €-5 -€5 5€ 1e5 .5 5. ٣ 0x1 1_000 "
    "2025-01-31 2025-1-5 2025/01/31 2025.01.31 31.01.2025 01/31/2025 31/01/2025 31-01-2025 20250131 2025-02-30 "
    "2025-01-31T10:00Z 2025-01-31x 0025-01-31 31.01.25 2025"
)
WRITTEN = [*_PLAIN.split(" "), "", " 7 ", "1 234", "1 23", "$ 5", "2025-01-31 10:00:00", "1.1.2025 9:30"]


@pytest.fixture(scope="module")
def engine():
    connection = duckdb.connect(":memory:")
    yield connection
    connection.close()


def kept(engine, texts, found):
    """Which of these values of the column "v" the SQL keeps."""
    engine.execute("CREATE OR REPLACE TEMP TABLE t (n INTEGER, v VARCHAR)")
    engine.executemany("INSERT INTO t VALUES (?, ?)", list(enumerate(texts)))
    rows = engine.execute(f"SELECT {sql.keeps(found, {'v': 'v'})} FROM t ORDER BY n").fetchall()
    return [row[0] for row in rows]


def expected(texts, found):
    return [reference_filter.matches({"v": text}, found.to_json()) for text in texts]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.lists(NASTY, min_size=1, max_size=5),
    NASTY,
    st.sampled_from([code for code, one in OPERATORS.items() if one.kind in ("text", "presence")]),
)
@example(["a", "A ", "a\0"], "a\0", "is")
@example(["100%", "100x"], "100%", "starts")
def test_text_is_compared_as_the_reference_does_and_never_becomes_sql(texts, value, operator):
    engine = duckdb.connect(":memory:")
    found = RowFilter((Group((Condition("v", operator, (value,)),)),))

    assert kept(engine, texts, found) == expected(texts, found)


@pytest.mark.parametrize("is_day_first", [False, True])
@pytest.mark.parametrize(
    ("operator", "value"),
    [("above", "1.5"), ("at_least", "1234.5"), ("below", "5"), ("at_most", "-1"), ("before", "2025-01-31"),
     ("after", "2025-01-01")],
)  # fmt: skip
def test_numbers_and_dates_are_read_as_the_reference_reads_them(engine, operator, value, is_day_first):
    found = RowFilter((Group((Condition("v", operator, (value,)),)),), is_day_first=is_day_first)

    assert kept(engine, WRITTEN, found) == expected(WRITTEN, found)


@pytest.mark.parametrize("is_day_first", [False, True])
def test_python_reads_numbers_and_dates_as_sql_does(engine, is_day_first):
    engine.execute("CREATE OR REPLACE TEMP TABLE w (n INTEGER, v VARCHAR)")
    engine.executemany("INSERT INTO w VALUES (?, ?)", list(enumerate(WRITTEN)))
    day = sql.as_date("v", is_day_first=is_day_first)
    rows = engine.execute(f"SELECT v, {sql.as_number('v')}, {day}::VARCHAR FROM w").fetchall()

    for text, number, date in rows:
        mine = values.number(text)
        assert (None if mine is None else float(mine)) == number, text
        assert values.date(text, is_day_first=is_day_first) == date, text


def test_missing_values_are_empty_and_never_unknown(engine):
    texts = [None, "", " "]

    for operator, wanted in (("empty", True), ("filled", False), ("is_not", True), ("is", False), ("lacks", True)):
        found = RowFilter((Group((Condition("v", operator, ("a",)),)),))
        assert kept(engine, texts, found) == [wanted] * 3, operator


def test_files_keep_what_csv_can_hold(tmp_path, engine):
    path = tmp_path / "rows.csv"
    with path.open("w", newline="") as out:
        csv.writer(out).writerows([["it's"], ['say "DE"'], ["a\nb"]])
    found = RowFilter((Group((Condition("v", "one_of", ("IT'S", "a\nb")),)),))

    rows = engine.execute(
        f"SELECT {sql.keeps(found, {'v': 'v'})} FROM read_csv('{path}', header=false, columns={{'v': 'VARCHAR'}})"
    ).fetchall()

    assert rows == [(True,), (False,), (True,)]
