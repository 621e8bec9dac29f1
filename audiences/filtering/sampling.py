"""A quick look at the newest snapshot: how many rows a filter takes, and which values a column holds."""

# SQL is put together from our own expressions and names; every value in it went through quote().
# ruff: noqa: S608

from __future__ import annotations

import gzip
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from audiences.filtering import sql, values
from audiences.filtering.conditions import OPERATORS, Condition, RowFilter
from audiences.pipeline.plan import PipelineError
from audiences.pipeline.session import Session
from pinconnect.datasets.csv_format import CsvFormat, csv_format
from pinconnect.datasets.models import Dataset, Snapshot
from pinconnect.datasets.services import SnapshotGoneError, current_snapshots
from pinconnect.datasets.services.sampling import beginning
from pinconnect.identifiers.columnar import quote
from pinconnect.identifiers.masking import mask

# A page is not kept waiting for more: the dry run reads everything.
MOST_BYTES = 64_000_000
MOST_SECONDS = 12.0
EXAMPLES = 5
_LONGEST_SHOWN = 40
_DIGITS_OF_A_TELEPHONE = 7


class NoLookError(Exception):
    """The data cannot be looked at now; args[0] is a sentence."""


@dataclass(frozen=True)
class Preview:
    """rows, matching: of what was read; is_whole: that is all of the newest snapshot.

    examples: rows that match, masked. incomparable: (column, number or date, rows) where a condition asks for one and
    there is none.
    """

    rows: int
    matching: int
    is_whole: bool
    columns: tuple[str, ...]
    examples: tuple[tuple[str, ...], ...]
    incomparable: tuple[tuple[str, str, int], ...] = ()

    @property
    def remarks(self) -> list[str]:
        return [
            f"{rows:,} {'row has' if rows == 1 else 'rows have'} no {kind} in “{column}”."
            for column, kind, rows in self.incomparable
        ]


@dataclass(frozen=True)
class Value:
    """text: the commonest spelling; key: what all its spellings have in common."""

    text: str
    key: str
    rows: int


@dataclass(frozen=True)
class Values:
    """The commonest values of a column. distinct: how many there are; blank: rows without one."""

    column: str
    rows: int
    is_whole: bool
    distinct: int
    blank: int
    found: tuple[Value, ...]

    @property
    def beyond(self) -> int:
        """Values that are not among found."""
        return self.distinct - len(self.found)


def newest(dataset: Dataset) -> Snapshot | None:
    snapshots = current_snapshots(dataset)
    return snapshots[-1] if snapshots else None


def preview(dataset: Dataset, found: RowFilter) -> Preview:
    """Bounded in time and in what is read. Raises NoLookError."""
    with _opened(dataset) as (session, rows, format, is_whole):
        names = _names(format, found.columns)
        conditions = [one for one in found.conditions if sql.compares(one)]
        wanted = ["count(*)", f"count(*) FILTER ({sql.keeps(found, names)})"]
        wanted += [
            f"count(*) FILTER (({sql.compared(one, names, is_day_first=found.is_day_first)}) IS NULL)"
            for one in conditions
        ]
        total, matching, *odd = session.run(f"SELECT {', '.join(wanted)} FROM {rows}")[0]
        shown = session.run(f"SELECT * FROM {rows} WHERE {sql.keeps(found, names)} LIMIT {EXAMPLES}")
        incomparable = {
            (one.column, OPERATORS[one.operator].kind): count
            for one, count in zip(conditions, odd, strict=True)
            if count
        }
        examples = tuple(_masked(format.columns, row, found) for row in shown)
        named = tuple((column, kind, count) for (column, kind), count in incomparable.items())
        return Preview(total, matching, is_whole, format.columns, examples, named)


def values_of(dataset: Dataset, column: str, most: int) -> Values:
    """The commonest values, spellings in other cases counted together. Raises NoLookError."""
    with _opened(dataset) as (session, rows, format, is_whole):
        name = _names(format, (column,))[column]
        session.run(
            f"CREATE TEMP TABLE found AS SELECT {sql.folded('t')} AS k, t, count(*) AS n "
            f"FROM (SELECT {sql.trimmed(name)} AS t FROM {rows}) GROUP BY 1, 2"
        )
        total, blank, distinct = session.run(
            "SELECT COALESCE(sum(n), 0), COALESCE(sum(n) FILTER (k = ''), 0), count(DISTINCT k) FILTER (k <> '') "
            "FROM found"
        )[0]
        top = session.run(
            f"SELECT arg_max(t, (n, t)), k, sum(n) FROM found WHERE k <> '' GROUP BY k "
            f"ORDER BY 3 DESC, k LIMIT {int(most)}"
        )
        listed = tuple(Value(text, key, int(count)) for text, key, count in top)
        return Values(column, int(total), is_whole, int(distinct), int(blank), listed)


@contextmanager
def _opened(dataset: Dataset) -> Iterator[tuple[Session, str, CsvFormat, bool]]:
    """A session, SQL for the rows of the newest snapshot's beginning (c0, c1 …), its format, whether that is all."""
    snapshot = newest(dataset)
    if snapshot is None:
        raise NoLookError("The dataset has no data that is ready.")
    deadline = time.monotonic() + MOST_SECONDS
    try:
        with (
            beginning(snapshot, MOST_BYTES) as start,
            Session(
                start.path.parent / "spill",
                memory_limit_mb=256,
                threads=1,
                cancelled=lambda: time.monotonic() > deadline,
            ) as session,
        ):
            format = csv_format(snapshot)
            yield session, _rows(str(start.path), format), format, start.is_whole
    except (SnapshotGoneError, EOFError, zlib.error, gzip.BadGzipFile):
        raise NoLookError("The rows of the newest snapshot are not stored any more.") from None
    except PipelineError:
        raise NoLookError("The data could not be looked at in a few seconds. The dry run counts all of it.") from None


def _rows(path: str, format: CsvFormat) -> str:
    columns = ", ".join(f"'c{position}': 'VARCHAR'" for position in range(len(format.columns)))
    return (
        f"read_csv({quote(path)}, auto_detect = false, strict_mode = false, ignore_errors = true, "
        f"delim = {quote(format.delimiter)}, quote = {quote(format.quote)}, escape = {quote(format.quote)}, "
        f"header = {'true' if format.has_header else 'false'}, columns = {{{columns}}})"
    )


def _names(format: CsvFormat, columns: Sequence[str]) -> dict[str, str]:
    missing = [column for column in columns if column not in format.columns]
    if missing:
        raise NoLookError(f"The newest snapshot has no column “{missing[0]}”, so a run would stop and say so.")
    return {column: f"c{format.columns.index(column)}" for column in columns}


def _masked(columns: Sequence[str], row: Sequence[str | None], found: RowFilter) -> tuple[str, ...]:
    """Everything masked but what the conditions name themselves, and the numbers and dates they ask for."""
    asked = {column: [one for one in found.conditions if one.column == column] for column in columns}
    cells = []
    for column, cell in zip(columns, row, strict=True):
        text = (cell or "").strip()
        is_plain = any(_may_be_shown(text, one, found) for one in asked[column])
        cells.append(text[:_LONGEST_SHOWN] if is_plain else mask(text))
    return tuple(cells)


def _may_be_shown(text: str, condition: Condition, found: RowFilter) -> bool:
    kind = OPERATORS[condition.operator].kind
    if kind == "date":
        return values.date(text, is_day_first=found.is_day_first) is not None
    if kind == "number":
        # A longer one may be the number of a telephone.
        return values.number(text) is not None and sum(char.isdigit() for char in text) < _DIGITS_OF_A_TELEPHONE
    return text.casefold() in {value.casefold() for value in condition.values}
