"""Bring the digests of each row together and lay them out by their first hexadecimal digits.

rows: one entry per row with a usable identifier (rid, c0…), partitioned by the first identifier of the row.
digests: one entry per identifier (k, h, rid, q, x), partitioned by its own digest; those of the first column are read
from rows, as they lie there already.
"""

# SQL is put together from our own expressions and names; every value in it went through quote().
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from audiences.pipeline.judge import ColumnVerdicts
from audiences.pipeline.plan import Plan
from audiences.pipeline.session import Session
from audiences.pipeline.stage import Staged
from pinconnect.identifiers import kinds
from pinconnect.identifiers.columnar import quote

PARQUET = "(FORMAT parquet, COMPRESSION uncompressed)"
# Identifiers on each side of a comparison that fit comfortably into the memory limit, by hexadecimal digits of prefix.
_MOST_WHOLE = 2_500_000
_MOST_SIXTEENTHS = 48_000_000


@dataclass(frozen=True)
class Layout:
    """Where the spread data lies. width: hexadecimal digits of the prefix (0, 1 or 2). columns: how many are mapped.

    usable: rows with an identifier, held ones not among them. held_rows, held_distinct: rows with an erased one.
    """

    folder: Path
    width: int
    plan: Plan
    usable: int = 0
    held_rows: int = 0
    held_distinct: int = 0

    @property
    def prefixes(self) -> tuple[str, ...]:
        """All partitions in order; one empty prefix when there are none."""
        return tuple(f"{number:0{self.width}x}" for number in range(16**self.width)) if self.width else ("",)

    @property
    def names(self) -> tuple[str, ...]:
        """c0, c1, … one per mapped column."""
        return tuple(f"c{index}" for index in range(len(self.plan.columns)))

    def numbers(self) -> tuple[int, ...]:
        """The wire number of each column."""
        return tuple(kinds.get(column.kind).wire_number for column in self.plan.columns)

    def rows(self, prefix: str) -> str:
        """A query for the rows of a partition: rid, c0, c1, …"""
        blobs = ", ".join(f"NULL::BLOB AS {name}" for name in self.names)
        return _files(self.folder / "rows", prefix, f"NULL::BIGINT AS rid, {blobs}", f"rid, {', '.join(self.names)}")

    def digests(self, prefix: str) -> str:
        """A query for the identifiers of a partition: k, h, rid, q, x."""
        number = self.numbers()[0]
        parts = [
            f"SELECT {number}::UTINYINT AS k, c0 AS h, rid, {quote(prefix)} AS q, false AS x "
            f"FROM ({self.rows(prefix)}) WHERE c0 IS NOT NULL"
        ]
        if len(self.names) > 1:
            nothing = "NULL::UTINYINT AS k, NULL::BLOB AS h, NULL::BIGINT AS rid, '' AS q, false AS x"
            parts.append(_files(self.folder / "digests", prefix, nothing, "k, h, rid, q, x"))
        return " UNION ALL ".join(parts)


def choose_width(digests: int, wanted: int | None, at_least: int) -> int:
    """Digits of the prefix for so many identifiers. wanted: partitions (1, 16, 256) if the plan says so.

    at_least: what the ledger has already, since finer data cannot be read as coarser without loss of memory bounds.
    """
    if wanted is not None:
        return max({1: 0, 16: 1, 256: 2}[wanted], at_least)
    return max(0 if digests <= _MOST_WHOLE else 1 if digests <= _MOST_SIXTEENTHS else 2, at_least)


def partitioned(column: str) -> str:
    """COPY options for files partitioned by a column."""
    return f"(FORMAT parquet, COMPRESSION uncompressed, PARTITION_BY ({column}), WRITE_PARTITION_COLUMNS false)"


def prefix_sql(blob: str, width: int) -> str:
    """SQL for the first hexadecimal digits of a BLOB."""
    return f"substr(lower(hex({blob}[1:1])), 1, {width})" if width else "''"


def spread(
    plan: Plan, staged: Staged, verdicts: Sequence[ColumnVerdicts], folder: Path, session: Session, ledger_width: int
) -> Layout:
    """Write rows and digests; rows with an erased identifier are held back (not when removing)."""
    folder.mkdir()
    width = choose_width(sum(column.values for column in verdicts), plan.partitions, ledger_width)
    layout = Layout(folder, width, plan)
    joined = _joined(layout, staged, verdicts)
    held_rows = held_distinct = 0
    if plan.tombstones and plan.mode != "remove":
        joined, held_rows, held_distinct = _hold_back(layout, joined, plan.tombstones, session)
    usable = _write_rows(layout, joined, session)
    (folder / "all.parquet").unlink(missing_ok=True)
    if usable:
        _write_digests(layout, session)
    return Layout(folder, width, plan, usable, held_rows, held_distinct)


def _joined(layout: Layout, staged: Staged, verdicts: Sequence[ColumnVerdicts]) -> str:
    """Rows with at least one digest, whoever decided it."""
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
    some = " OR ".join(f"{name} IS NOT NULL" for name in layout.names)
    inner = f"SELECT rid, {', '.join(digests)} FROM ({staged.sql(columns)}) {' '.join(joins)}"
    return f"SELECT * FROM ({inner}) WHERE {some}"


def _hold_back(layout: Layout, joined: str, tombstones: Path, session: Session) -> tuple[str, int, int]:
    """Split off the rows that carry an erased identifier; a row is one person, so it is held back as a whole."""
    whole = quote(str(layout.folder / "all.parquet"))
    tests = " OR ".join(
        f"{name} IN (SELECT h FROM read_parquet({quote(str(tombstones))}) WHERE wire_kind = {number})"
        for name, number in zip(layout.names, layout.numbers(), strict=True)
    )
    session.run(f"COPY (SELECT *, COALESCE({tests}, false) AS held FROM ({joined})) TO {whole} {PARQUET}")
    columns = ", ".join(layout.names)
    distinct = f"(SELECT DISTINCT {columns} FROM read_parquet({whole}) WHERE held)"
    rows = session.value(f"SELECT count(*) FROM read_parquet({whole}) WHERE held")
    kept = f"SELECT rid, {columns} FROM read_parquet({whole}) WHERE NOT held"
    return kept, rows, session.value(f"SELECT count(*) FROM {distinct}")


def _write_rows(layout: Layout, joined: str, session: Session) -> int:
    target = quote(str(layout.folder / "rows"))
    if not layout.width:
        (layout.folder / "rows").mkdir()
        return session.value(f"COPY ({joined}) TO {quote(str(layout.folder / 'rows' / 'all.parquet'))} {PARQUET}")
    first = f"COALESCE({', '.join(layout.names)})" if len(layout.names) > 1 else "c0"
    query = f"SELECT *, {prefix_sql(first, layout.width)} AS q FROM ({joined})"
    return _unordered(session, f"COPY ({query}) TO {target} {partitioned('q')}", (0.0, 0.6))


def _write_digests(layout: Layout, session: Session) -> None:
    """Identifiers of all columns but the first. x: the row has an earlier one of the same wire kind."""
    if len(layout.names) == 1:
        return
    numbers = layout.numbers()
    parts = []
    for index in range(1, len(numbers)):
        earlier = [f"c{other} IS NOT NULL" for other in range(index) if numbers[other] == numbers[index]]
        parts.append(
            f"SELECT {numbers[index]}::UTINYINT AS k, c{index} AS h, rid, q, ({' OR '.join(earlier) or 'false'}) AS x "
            f"FROM {_all_rows(layout)} WHERE c{index} IS NOT NULL"
        )
    query = " UNION ALL ".join(parts)
    if not layout.width:
        (layout.folder / "digests").mkdir()
        session.run(f"COPY ({query}) TO {quote(str(layout.folder / 'digests' / 'all.parquet'))} {PARQUET}")
        return
    query = f"SELECT *, {prefix_sql('h', layout.width)} AS p FROM ({query})"
    _unordered(session, f"COPY ({query}) TO {quote(str(layout.folder / 'digests'))} {partitioned('p')}", (0.6, 1.0))


def _all_rows(layout: Layout) -> str:
    if not layout.width:
        return f"(SELECT *, '' AS q FROM ({layout.rows('')}))"
    pattern = quote(str(layout.folder / "rows" / "*" / "*.parquet"))
    return f"read_parquet({pattern}, hive_partitioning = true, hive_types = {{'q': VARCHAR}})"


def _unordered(session: Session, sql: str, within: tuple[float, float]) -> int:
    """Partitioned files need no order, and keeping one would cost memory."""
    session.run("SET preserve_insertion_order = false")
    try:
        return session.value(sql, within=within)
    finally:
        session.run("SET preserve_insertion_order = true")


def _files(folder: Path, prefix: str, nothing: str, columns: str) -> str:
    """A query over the files of a partition, or over nothing where no row fell into it."""
    place = next(folder.glob(f"*={prefix}"), None) if prefix else folder
    if place is None or not any(place.glob("*.parquet")):
        return f"SELECT {nothing} WHERE false"
    return f"SELECT {columns} FROM read_parquet({quote(str(place / '*.parquet'))}, hive_partitioning = false)"
