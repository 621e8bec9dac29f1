"""Where the rows and identifiers of a run lie: by their first hexadecimal digits, if there are many.

decided: one entry per row (rid, a0, b0, …, and what stage.py says more), partitioned by the first identifier of the
row. Rows that are not finished are in the partition `odd`, those without any identifier in the partition `none`.
judged: what has become of the odd ones (rid, a0, b0, …), partitioned like them.
digests: one entry per identifier (k, a, b and, where the comparison needs them, rid, q, x), partitioned by its own
digest; those of the first column are read from the rows, as they lie there already. Without partitions all are. Digests
are in halves here (see halves.py).
"""

# SQL is put together from our own expressions and names; every value in it went through quote().
# ruff: noqa: S608

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from audiences.pipeline import halves
from audiences.pipeline.plan import Plan
from audiences.pipeline.session import FORMAT
from pinconnect.identifiers import kinds
from pinconnect.identifiers.columnar import quote

# Values that are compared at once, for each megabyte of the memory limit.
_AT_ONCE_PER_MB = 6_000
_NOTHING = {
    "k": "NULL::UTINYINT",
    "a": "NULL::UUID",
    "b": "NULL::UUID",
    "x": "false",
    "rid": "NULL::BIGINT",
    "q": "NULL::UTINYINT",
}
_COLUMNS = tuple(_NOTHING)
_DECIDED, _JUDGED, _DIGESTS = "decided", "judged", "digests"


@dataclass(frozen=True)
class Layout:
    """Where the spread data lies. width: hexadecimal digits of the prefix (0, 1 or 2). columns: how many are mapped.

    with_rows: identifiers can be traced to their rows. usable: rows with an identifier, held ones not among them.
    held_rows, held_distinct: rows with an erased one.
    """

    folder: Path
    width: int
    plan: Plan
    with_rows: bool = True
    usable: int = 0
    held_rows: int = 0
    held_distinct: int = 0

    @property
    def prefixes(self) -> tuple[str, ...]:
        """All partitions in order; one empty prefix when there are none."""
        return tuple(f"{number:0{self.width}x}" for number in range(16**self.width)) if self.width else ("",)

    @property
    def names(self) -> tuple[str, ...]:
        """0, 1, … one per mapped column: a0 and b0 are the halves of its digest."""
        return tuple(str(index) for index in range(len(self.plan.columns)))

    @property
    def first(self) -> str:
        """SQL for the first half of a row's first identifier."""
        return f"COALESCE({', '.join(f'a{name}' for name in self.names)}, NULL)"

    def numbers(self) -> tuple[int, ...]:
        """The wire number of each column."""
        return tuple(kinds.get(column.kind).wire_number for column in self.plan.columns)

    @property
    def odd(self) -> int:
        """The number of the partition of rows that are not finished."""
        return 16**self.width

    @property
    def none(self) -> int:
        """The number of the partition of rows without an identifier."""
        return self.odd + 1

    @property
    def place(self) -> str:
        """SQL for the number of a row's partition."""
        number = halves.leading(self.first, self.width)
        return f"CASE WHEN {self.first} IS NULL THEN {self.none} ELSE {number} END::USMALLINT"

    def write_decided(self, query: str, source: int) -> str:
        """COPY of a query for rows with the number p of their partition."""
        return self._copy(query, _DECIDED, f", FILENAME_PATTERN 'file{source}_{{i}}', OVERWRITE_OR_IGNORE true")

    def write_judged(self, query: str) -> str:
        """The same for what has become of odd rows."""
        return self._copy(f"SELECT *, {self.place} AS p FROM ({query})", _JUDGED)

    def write_digests(self) -> str:
        """COPY of the identifiers of all columns but the first."""
        rows = f"({self.all_rows(f'rid, {halves.names(self.names)}, p::UTINYINT AS q')})"
        parts = [self.of_column(index, rows, self.stored) for index in range(1, len(self.names))]
        query = f"SELECT *, {halves.leading('a', self.width)} AS p FROM ({' UNION ALL '.join(parts)})"
        return self._copy(query, _DIGESTS)

    def _copy(self, query: str, name: str, more: str = "") -> str:
        return f"COPY ({query}) TO {quote(str(self.folder / name))} {partitioned('p', more)}"

    def decided(self, columns: Sequence[str], source: int | str = "*", place: int | str = "*") -> str:
        """A query for decided rows, of all sources and partitions or of one: rid and these columns."""
        pattern = f"p={place}/file{source}_*.parquet"
        if not any((self.folder / _DECIDED).glob(pattern)):
            return f"SELECT {', '.join(f'NULL::{_type(name)} AS {name}' for name in ('rid', *columns))} WHERE false"
        file = quote(str(self.folder / _DECIDED / pattern))
        return f"SELECT {', '.join(('rid', *columns))} FROM read_parquet({file}, hive_partitioning = false)"

    def all_rows(self, columns: str) -> str:
        """A query for all finished rows; p is their partition."""
        options = "hive_partitioning = true, hive_types = {'p': USMALLINT}"
        parts = [
            f"SELECT {columns} FROM read_parquet({quote(str(self.folder / name / '*' / '*.parquet'))}, {options}) "
            f"WHERE p < {self.odd}"
            for name in (_DECIDED, _JUDGED)
            if any((self.folder / name).glob("*/*.parquet"))
        ]
        return " UNION ALL ".join(parts)

    def forget(self) -> None:
        """Remove what nobody needs once odd rows have been judged."""
        for place in (self.odd, self.none):
            shutil.rmtree(self.folder / _DECIDED / f"p={place}", ignore_errors=True)

    def rows(self, prefix: str) -> str:
        """A query for the finished rows of a partition: rid, a0, b0, a1, …"""
        columns = ["rid", *(f"{half}{name}" for name in self.names for half in "ab")]
        nothing = ", ".join(f"NULL::{_type(name)} AS {name}" for name in columns)
        parts = [_files(self.folder / name, prefix, nothing, ", ".join(columns)) for name in (_DECIDED, _JUDGED)]
        return " UNION ALL ".join(parts)

    def digests(self, prefix: str) -> str:
        """A query for the identifiers of a partition: k, a, b, x, rid, q; the last two are NULL unless with_rows.

        x: the row has an earlier one of the same wire kind. q: the number of the row's own partition.
        """
        rows = f"(SELECT *, {_number(prefix)}::UTINYINT AS q FROM ({self.rows(prefix)}))"
        if not self.width:
            return " UNION ALL ".join(self.of_column(index, rows, _COLUMNS) for index in range(len(self.names)))
        parts = [self.of_column(0, rows, _COLUMNS)]
        if len(self.names) > 1:
            stored = set(self.stored)
            columns = ", ".join(name if name in stored else f"{_NOTHING[name]} AS {name}" for name in _COLUMNS)
            nothing = ", ".join(f"{_NOTHING[name]} AS {name}" for name in _COLUMNS)
            parts.append(_files(self.folder / _DIGESTS, prefix, nothing, columns))
        return " UNION ALL ".join(parts)

    @property
    def stored(self) -> tuple[str, ...]:
        """What the files of identifiers hold: no more than the comparison will ask for."""
        has_twins = len(set(self.numbers())) < len(self.names)
        return ("k", "a", "b", *(("x",) if has_twins else ()), *(("rid", "q") if self.with_rows else ()))

    def of_column(self, index: int, rows: str, wanted: Sequence[str]) -> str:
        """A query for the identifiers of one column; rows holds q too."""
        numbers = self.numbers()
        earlier = [f"a{other} IS NOT NULL" for other in range(index) if numbers[other] == numbers[index]]
        known = {
            "k": f"{numbers[index]}::UTINYINT AS k",
            "a": f"a{index} AS a",
            "b": f"b{index} AS b",
            "x": f"({' OR '.join(earlier) or 'false'}) AS x",
        }
        return f"SELECT {', '.join(known.get(name, name) for name in wanted)} FROM {rows} WHERE a{index} IS NOT NULL"


def choose_width(values: int, memory_limit_mb: int, wanted: int | None, at_least: int) -> int:
    """Digits of the prefix for so many values. wanted: partitions (1, 16, 256) if the plan says so.

    at_least: what the ledger has already, since finer data cannot be read as coarser without loss of memory bounds.
    """
    if wanted is not None:
        return max({1: 0, 16: 1, 256: 2}[wanted], at_least)
    most = _AT_ONCE_PER_MB * memory_limit_mb
    return max(0 if values <= most else 1 if values <= 16 * most else 2, at_least)


def partitioned(column: str, more: str = "") -> str:
    """COPY options for files partitioned by a column."""
    return f"({FORMAT}, PARTITION_BY ({column}), WRITE_PARTITION_COLUMNS false{more})"


def part_files(folder: Path, prefix: str) -> Path | None:
    """A pattern for the files of a partition; None where nothing fell into it."""
    place = folder / f"p={_number(prefix)}"
    return place / "*.parquet" if place.is_dir() and any(place.glob("*.parquet")) else None


def _number(prefix: str) -> int:
    return int(prefix, 16) if prefix else 0


def _type(name: str) -> str:
    """Of a column of rows, by its name."""
    if name == "rid":
        return "BIGINT"
    return {"a": "UUID", "b": "UUID", "r": "VARCHAR", "e": "VARCHAR"}.get(name[0], "BOOLEAN")


def _files(folder: Path, prefix: str, nothing: str, columns: str) -> str:
    """A query over the files of a partition, or over nothing where no row fell into it."""
    files = part_files(folder, prefix)
    if files is None:
        return f"SELECT {nothing} WHERE false"
    return f"SELECT {columns} FROM read_parquet({quote(str(files))}, hive_partitioning = false)"
