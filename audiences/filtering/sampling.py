"""A quick look at the data: how many rows a filter takes, and which values a column holds.

What a dataset holds is looked at from its newest snapshot backwards, for as long as that is quick.
"""

# SQL is put together from our own expressions and names; every value in it went through quote().
# ruff: noqa: S608

from __future__ import annotations

import gzip
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audiences.filtering import sql, values
from audiences.filtering.conditions import OPERATORS, Condition, RowFilter
from audiences.pipeline.plan import PipelineError
from audiences.pipeline.session import Session
from pinconnect.datasets.csv_format import CsvFormat, csv_format
from pinconnect.datasets.models import Dataset
from pinconnect.datasets.services import SnapshotGoneError, current_snapshots
from pinconnect.datasets.services.sampling import beginning
from pinconnect.identifiers.columnar import quote
from pinconnect.identifiers.masking import mask
from pinconnect.web import formats

# A page is not kept waiting for more: the dry run reads everything.
MOST_BYTES = 64_000_000
MOST_SECONDS = 12.0
MOST_SNAPSHOTS = 20
EXAMPLES = 5
_LONGEST_SHOWN = 40
_NAMED = 3
_DIGITS_OF_A_TELEPHONE = 7


class NoLookError(Exception):
    """The data cannot be looked at now; args[0] is a sentence."""


@dataclass(frozen=True)
class Look:
    """A snapshot that was looked at. rows: of it that were read; is_whole: those are all."""

    name: str
    ready_at: datetime | None
    rows: int
    is_whole: bool

    @property
    def text(self) -> str:
        rows = f"{self.rows:,} row{'' if self.rows == 1 else 's'}"
        local = formats.in_zone(self.ready_at) if self.ready_at else None
        day = f", {local.day} {local:%b %Y}" if local else ""
        return f"{self.name}{day}, {'' if self.is_whole else 'the first '}{rows}"


@dataclass(frozen=True)
class Origin:
    """What was looked at, newest first. left: snapshots of the dataset that were not."""

    looks: tuple[Look, ...]
    left: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether every row of the dataset was read."""
        return not self.left and all(look.is_whole for look in self.looks)

    @property
    def text(self) -> str:
        """For example: From people.csv, 26 Nov 2026, 1,204 rows."""
        named = "; ".join(look.text for look in self.looks[:_NAMED])
        others = len(self.looks) - _NAMED
        more = f"; {others} older file{'' if others == 1 else 's'}" if others > 0 else ""
        rest = f" {self.left} older file{'' if self.left == 1 else 's'} of the dataset not read." if self.left else ""
        ending = "" if self.is_whole else " The dry run and every run read all."
        return f"From {named}{more}.{rest}{ending}"


@dataclass(frozen=True)
class Preview:
    """rows, matching: of what was read, which origin names.

    examples: rows that match, masked, of one snapshot with its columns. incomparable: (column, number or date, rows)
    where a condition asks for one and there is none.
    """

    rows: int
    matching: int
    origin: Origin
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
    """The commonest values of a column. distinct: how many there are; blank: rows without one.

    rows: those that were counted: all that were read or, is_filtered, those of them that match.
    """

    column: str
    rows: int
    is_filtered: bool
    origin: Origin
    distinct: int
    blank: int
    found: tuple[Value, ...]

    @property
    def beyond(self) -> int:
        """Values that are not among found."""
        return self.distinct - len(self.found)


@dataclass(frozen=True)
class _Part:
    """The beginning of a snapshot: SQL for its rows (c0, c1 …)."""

    name: str
    rows: str
    format: CsvFormat


def preview(dataset: Dataset, found: RowFilter) -> Preview:
    """Bounded in time and in what is read. Raises NoLookError."""
    with _opened(dataset) as (session, parts, look):
        conditions = [one for one in found.conditions if sql.compares(one)]
        sums = [0] * (2 + len(conditions))
        counted, columns = [], parts[0].format.columns
        examples: list[Any] = []
        for part in parts:
            names = _names(part, found.columns)
            wanted = ["count(*)", f"count(*) FILTER ({sql.keeps(found, names)})"]
            wanted += [
                f"count(*) FILTER (({sql.compared(one, names, is_day_first=found.is_day_first)}) IS NULL)"
                for one in conditions
            ]
            row = session.run(f"SELECT {', '.join(wanted)} FROM {part.rows}")[0]
            sums = [a + b for a, b in zip(sums, row, strict=True)]
            counted.append(row[0])
            if row[1] and not examples:
                columns = part.format.columns
                examples = session.run(f"SELECT * FROM {part.rows} WHERE {sql.keeps(found, names)} LIMIT {EXAMPLES}")
        total, matching, *odd = sums
        named = {
            (one.column, OPERATORS[one.operator].kind): count
            for one, count in zip(conditions, odd, strict=True)
            if count
        }
        incomparable = tuple((column, kind, count) for (column, kind), count in named.items())
        shown = tuple(_masked(columns, row, found) for row in examples)
        return Preview(total, matching, look(counted), columns, shown, incomparable)


def values_of(dataset: Dataset, column: str, most: int, *, only: RowFilter | None = None) -> Values:
    """The commonest values, spellings in other cases counted together; only: of rows that match. Raises NoLookError."""
    with _opened(dataset) as (session, parts, look):
        texts = [
            f"SELECT {number} AS part, {sql.trimmed(_names(part, (column,))[column])} AS t, "
            f"{sql.keeps(only, _names(part, only.columns)) if only else 'true'} AS m FROM {part.rows}"
            for number, part in enumerate(parts)
        ]
        session.run(
            f"CREATE TEMP TABLE found AS SELECT part, {sql.folded('t')} AS k, t, count(*) AS n, m "
            f"FROM ({' UNION ALL '.join(texts)}) GROUP BY ALL"
        )
        total, blank, distinct = session.run(
            "SELECT COALESCE(sum(n), 0), COALESCE(sum(n) FILTER (k = ''), 0), count(DISTINCT k) FILTER (k <> '') "
            "FROM found WHERE m"
        )[0]
        top = session.run(
            f"SELECT arg_max(t, (n, t)), k, sum(n) FROM (SELECT k, t, sum(n) AS n FROM found WHERE m GROUP BY k, t) "
            f"WHERE k <> '' GROUP BY k ORDER BY 3 DESC, k LIMIT {int(most)}"
        )
        read: dict[int, int] = dict(session.run("SELECT part, sum(n) FROM found GROUP BY part"))
        listed = tuple(Value(text, key, int(count)) for text, key, count in top)
        origin = look([int(read.get(number, 0)) for number in range(len(parts))])
        return Values(column, int(total), only is not None, origin, int(distinct), int(blank), listed)


_Looking = tuple[Session, list[_Part], Callable[[Sequence[int]], Origin]]


@contextmanager
def _opened(dataset: Dataset) -> Iterator[_Looking]:
    """A session, the beginnings of snapshots, and what says of how many rows of each was read what was looked at."""
    snapshots = current_snapshots(dataset)[::-1]
    if not snapshots:
        raise NoLookError("The dataset has no data that is ready.")
    deadline = time.monotonic() + MOST_SECONDS
    try:
        with ExitStack() as stack:
            found = [stack.enter_context(beginning(snapshots[0], MOST_BYTES))]
            left = MOST_BYTES - found[0].path.stat().st_size
            for snapshot in snapshots[1:MOST_SNAPSHOTS]:
                if left <= 0 or not found[-1].is_whole:
                    break
                found.append(stack.enter_context(beginning(snapshot, left)))
                left -= found[-1].path.stat().st_size
            session = stack.enter_context(
                Session(
                    found[0].path.parent / "spill",
                    memory_limit_mb=256,
                    threads=1,
                    cancelled=lambda: time.monotonic() > deadline,
                )
            )
            parts = [
                _Part(snapshot.original_name, _rows(str(start.path), csv_format(snapshot)), csv_format(snapshot))
                for snapshot, start in zip(snapshots, found, strict=False)
            ]

            def look(read: Sequence[int]) -> Origin:
                looks = [
                    Look(snapshot.original_name, snapshot.ready_at, rows, start.is_whole)
                    for snapshot, start, rows in zip(snapshots, found, read, strict=False)
                ]
                return Origin(tuple(looks), len(snapshots) - len(looks))

            yield session, parts, look
    except (SnapshotGoneError, EOFError, zlib.error, gzip.BadGzipFile):
        raise NoLookError("Rows of the dataset are not stored any more.") from None
    except PipelineError:
        raise NoLookError("The data could not be looked at in a few seconds. The dry run counts all of it.") from None


def _rows(path: str, format: CsvFormat) -> str:
    columns = ", ".join(f"'c{position}': 'VARCHAR'" for position in range(len(format.columns)))
    return (
        f"read_csv({quote(path)}, auto_detect = false, strict_mode = false, ignore_errors = true, "
        f"delim = {quote(format.delimiter)}, quote = {quote(format.quote)}, escape = {quote(format.quote)}, "
        f"header = {'true' if format.has_header else 'false'}, columns = {{{columns}}})"
    )


def _names(part: _Part, columns: Sequence[str]) -> dict[str, str]:
    known = part.format.columns
    missing = [column for column in columns if column not in known]
    if missing:
        raise NoLookError(f"“{part.name}” has no column “{missing[0]}”, so a run would stop and say so.")
    return {column: f"c{known.index(column)}" for column in columns}


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
