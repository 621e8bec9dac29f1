"""Bring the digests of each row together and lay them out by their first hexadecimal digits.

rows: one entry per row with a usable identifier (rid, a0, b0, …), partitioned by the first identifier of the row.
digests: one entry per identifier (k, a, b and, where the comparison needs them, rid, q, x), partitioned by its own
digest; those of the first column are read from rows, as they lie there already. Without partitions all are. Digests are
in halves here (see halves.py).
"""

# SQL is put together from our own expressions and names; every value in it went through quote().
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from audiences.ledger import LedgerStats
from audiences.pipeline import halves
from audiences.pipeline.judge import ColumnVerdicts
from audiences.pipeline.plan import Plan
from audiences.pipeline.session import FORMAT, PARQUET, Session
from audiences.pipeline.stage import Staged
from pinconnect.identifiers import kinds
from pinconnect.identifiers.columnar import quote

# Identifiers on each side of a comparison that fit comfortably into the memory limit, by hexadecimal digits of prefix.
_MOST_WHOLE = 2_500_000
_MOST_SIXTEENTHS = 48_000_000
_NOTHING = {
    "k": "NULL::UTINYINT",
    "a": "NULL::UUID",
    "b": "NULL::UUID",
    "x": "false",
    "rid": "NULL::BIGINT",
    "q": "NULL::UTINYINT",
}
_COLUMNS = tuple(_NOTHING)


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

    def rows(self, prefix: str) -> str:
        """A query for the rows of a partition: rid, a0, b0, a1, …"""
        nothing = ", ".join(f"NULL::UUID AS a{name}, NULL::UUID AS b{name}" for name in self.names)
        return _files(
            self.folder / "rows", prefix, f"NULL::BIGINT AS rid, {nothing}", f"rid, {halves.names(self.names)}"
        )

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
            parts.append(_files(self.folder / "digests", prefix, nothing, columns))
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


def choose_width(digests: int, wanted: int | None, at_least: int) -> int:
    """Digits of the prefix for so many identifiers. wanted: partitions (1, 16, 256) if the plan says so.

    at_least: what the ledger has already, since finer data cannot be read as coarser without loss of memory bounds.
    """
    if wanted is not None:
        return max({1: 0, 16: 1, 256: 2}[wanted], at_least)
    return max(0 if digests <= _MOST_WHOLE else 1 if digests <= _MOST_SIXTEENTHS else 2, at_least)


def partitioned(column: str) -> str:
    """COPY options for files partitioned by a column."""
    return f"({FORMAT}, PARTITION_BY ({column}), WRITE_PARTITION_COLUMNS false)"


def spread(
    plan: Plan, staged: Staged, verdicts: Sequence[ColumnVerdicts], folder: Path, session: Session, known: LedgerStats
) -> Layout:
    """Write rows and digests; rows with an erased identifier are held back (not when removing)."""
    folder.mkdir()
    width = choose_width(sum(column.values for column in verdicts), plan.partitions, known.width)
    # With nothing to compare with, nobody asks which row an identifier came from.
    layout = Layout(folder, width, plan, with_rows=len(plan.columns) > 1 and known.total > 0)
    joined = _joined(layout, staged, verdicts)
    held_rows = held_distinct = 0
    if plan.tombstones and plan.mode != "remove":
        joined, held_rows, held_distinct = _hold_back(layout, joined, plan.tombstones, session)
    usable = _write_rows(layout, joined, session)
    (folder / "all.parquet").unlink(missing_ok=True)
    if usable and width and len(plan.columns) > 1:
        _write_digests(layout, session)
    return replace(layout, usable=usable, held_rows=held_rows, held_distinct=held_distinct)


def _joined(layout: Layout, staged: Staged, verdicts: Sequence[ColumnVerdicts]) -> str:
    """Rows with at least one digest, whoever decided it: rid, c0, c1, …"""
    columns, digests, joins = [], [], []
    for index, found in enumerate(verdicts):
        columns.append(f"d{index}")
        if found.files is None:
            digests.append(f"d{index} AS c{index}")
            continue
        columns.append(f"r{index}")
        digests.append(f"COALESCE(d{index}, v{index}.h) AS c{index}")
        joins.append(
            f"LEFT JOIN (SELECT raw, h FROM read_parquet({quote(found.files)}) WHERE h IS NOT NULL) v{index} "
            f"ON r{index} = v{index}.raw"
        )
    some = " OR ".join(f"c{name} IS NOT NULL" for name in layout.names)
    inner = f"SELECT rid, {', '.join(digests)} FROM ({staged.sql(columns)}) {' '.join(joins)}"
    return f"SELECT * FROM ({inner}) WHERE {some}"


def _hold_back(layout: Layout, joined: str, tombstones: Path, session: Session) -> tuple[str, int, int]:
    """Split off the rows that carry an erased identifier; a row is one person, so it is held back as a whole."""
    whole = quote(str(layout.folder / "all.parquet"))
    tests = " OR ".join(
        f"c{name} IN (SELECT h FROM read_parquet({quote(str(tombstones))}) WHERE wire_kind = {number})"
        for name, number in zip(layout.names, layout.numbers(), strict=True)
    )
    session.run(f"COPY (SELECT *, COALESCE({tests}, false) AS held FROM ({joined})) TO {whole} {PARQUET}")
    columns = ", ".join(f"c{name}" for name in layout.names)
    distinct = f"(SELECT DISTINCT {columns} FROM read_parquet({whole}) WHERE held)"
    rows = session.value(f"SELECT count(*) FROM read_parquet({whole}) WHERE held")
    kept = f"SELECT rid, {columns} FROM read_parquet({whole}) WHERE NOT held"
    return kept, rows, session.value(f"SELECT count(*) FROM {distinct}")


def _write_rows(layout: Layout, joined: str, session: Session) -> int:
    digests = ", ".join(halves.split(f"c{name}", name) for name in layout.names)
    query = f"SELECT rid, {digests} FROM ({joined})"
    return _write(layout, "rows", query, layout.first, session, (0.0, 0.6))


def _write_digests(layout: Layout, session: Session) -> None:
    """Identifiers of all columns but the first."""
    pattern = quote(str(layout.folder / "rows" / "*" / "*.parquet"))
    options = "hive_partitioning = true, hive_types = {'p': UTINYINT}"
    rows = f"(SELECT * RENAME (p AS q) FROM read_parquet({pattern}, {options}))"
    parts = [layout.of_column(index, rows, layout.stored) for index in range(1, len(layout.names))]
    _write(layout, "digests", " UNION ALL ".join(parts), "a", session, (0.6, 1.0))


def _write(layout: Layout, name: str, query: str, half: str, session: Session, within: tuple[float, float]) -> int:
    """Write a query into the partitions of a digest, in no order, since keeping one costs; returns how many rows."""
    target = layout.folder / name
    if layout.width:
        query = f"SELECT *, {halves.leading(half, layout.width)} AS p FROM ({query})"
        copy = f"COPY ({query}) TO {quote(str(target))} {partitioned('p')}"
    else:
        target.mkdir()
        copy = f"COPY ({query}) TO {quote(str(target / 'all.parquet'))} {PARQUET}"
    session.run("SET preserve_insertion_order = false")
    try:
        return session.value(copy, within=within)
    finally:
        session.run("SET preserve_insertion_order = true")


def _number(prefix: str) -> int:
    return int(prefix, 16) if prefix else 0


def part_files(folder: Path, prefix: str) -> Path | None:
    """A pattern for the files of a partition; None where nothing fell into it."""
    place = folder / f"p={_number(prefix)}" if prefix else folder
    return place / "*.parquet" if place.is_dir() and any(place.glob("*.parquet")) else None


def _files(folder: Path, prefix: str, nothing: str, columns: str) -> str:
    """A query over the files of a partition, or over nothing where no row fell into it."""
    files = part_files(folder, prefix)
    if files is None:
        return f"SELECT {nothing} WHERE false"
    return f"SELECT {columns} FROM read_parquet({quote(str(files))}, hive_partitioning = false)"
