"""Where the rows and identifiers of a run lie: by their first hexadecimal digits, if there are many.

decided: one entry per row that is finished (rid, a0, b0, …), partitioned by the first identifier of the row.
rest: rows that are not finished, which have the number `odd` for their partition, and all others with anything refused,
with all that stage.py says of them. Rows without any identifier have the number `none`.
judged: what has become of the odd ones (rid, a0, b0, …), partitioned like those that were finished at once.
digests: one entry per identifier (k, a, b and, where the comparison needs them, rid, q, x), partitioned by its own
digest; those of the first column are read from the rows, as they lie there already. Digests are in halves here (see
halves.py). Without partitions there is one table of all rows, finished or not, and one of those that were judged.
"""

# SQL is put together from our own expressions and names; every value in it went through quote().
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from audiences.pipeline import halves
from audiences.pipeline.plan import Plan
from audiences.pipeline.session import PARQUET, Session
from audiences.pipeline.stores import Files, Store, Tables, nothing
from pinconnect.identifiers import kinds
from pinconnect.identifiers.columnar import quote

# Values that are compared at once, for each megabyte of the memory limit.
_AT_ONCE_PER_MB = 6_000
_TYPES = {"k": "UTINYINT", "a": "UUID", "b": "UUID", "x": "BOOLEAN", "rid": "BIGINT", "q": "UTINYINT"}
_NOTHING = {name: f"NULL::{type_}" for name, type_ in _TYPES.items()} | {"x": "false"}
_COLUMNS = tuple(_TYPES)
_DECIDED, _JUDGED, _DIGESTS, _CHANGED = "decided", "judged", "digests", "changed"
_CHANGED_TYPES = {"rid": "BIGINT"}
_PIECE = "piece"


@dataclass(frozen=True)
class Layout:
    """Where the spread data lies: in folder, or in the engine's tables without partitions.

    width: hexadecimal digits of the prefix (0, 1 or 2). marks: more columns of decided rows, of BOOLEAN. with_rows:
    identifiers can be traced to their rows. usable: rows with an identifier, held ones not among them. held_rows,
    held_distinct: rows with an erased one.
    """

    folder: Path
    width: int
    plan: Plan
    marks: tuple[str, ...] = ()
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

    def is_erased(self, tombstones: Path) -> str:
        """SQL for whether a row has an identifier of an erased person. tombstones: as the plan has them."""
        tests = " OR ".join(
            f"(a{name}, b{name}) IN (SELECT (a, b) FROM (SELECT {halves.split('h', '')} "
            f"FROM read_parquet({quote(str(tombstones))}) WHERE wire_kind = {number}))"
            for name, number in zip(self.names, self.numbers(), strict=True)
        )
        return f"COALESCE({tests}, false)"

    @property
    def _store(self) -> Store:
        return Files(self.folder) if self.width else Tables()

    @property
    def _row(self) -> dict[str, str]:
        """The columns of a finished row, with their types."""
        return {"rid": "BIGINT", **dict.fromkeys(self._digests, "UUID")}

    @property
    def _digests(self) -> tuple[str, ...]:
        return tuple(f"{half}{name}" for name in self.names for half in "ab")

    @property
    def _columns(self) -> dict[str, str]:
        """The columns of a decided row, with their types."""
        texts = {f"{letter}{name}": "VARCHAR" for name in self.names for letter in "re"}
        return self._row | texts | dict.fromkeys(self.marks, "BOOLEAN")

    def write_piece(self, query: str, tag: str) -> tuple[str, ...]:
        """Statements that add rows with all that stage.py says of them and p; the first says how many there are.

        tag: another one each time.
        """
        if not self.width:
            return (self._store.write(_DECIDED, self._columns, query, tag),)
        finished = f"SELECT {', '.join(self._row)}, p FROM {_PIECE} WHERE p < {self.odd}"
        # The digests of a row that is finished are not looked for here.
        digests = ", ".join(f"CASE WHEN p = {self.odd} THEN {name} END AS {name}" for name in self._digests)
        rest = f"SELECT * REPLACE ({digests}) FROM {_PIECE} WHERE p = {self.odd} OR {self.has_left}"
        statements = [
            f"CREATE OR REPLACE TEMP TABLE {_PIECE} AS {query}",
            self._store.write(_DECIDED, self._row, finished, tag),
            f"COPY ({rest}) TO {quote(str(self.folder / f'rest-{tag}.parquet'))} {PARQUET}",
        ]
        return (*statements, *self._write_digests(finished, tag))

    def piece(self, offset: int) -> str:
        """A query for the rows that were added last, those after offset: rid, a0, b0, r0, e0, … and p."""
        return f"SELECT * FROM {_PIECE if self.width else _DECIDED} WHERE rid > {offset}"

    def forget(self, tag: str, offset: int) -> tuple[str, ...]:
        """Take back rows with tags that start so, which are those after offset; returns statements for it."""
        if not self.width:
            return (f"DELETE FROM {_DECIDED} WHERE rid > {offset}",)
        for file in (*self.folder.glob(f"*/*/{tag}*"), *self.folder.glob(f"rest-{tag}*")):
            file.unlink()
        return ()

    def finish(self) -> tuple[str, ...]:
        """Statements that give back the memory that pieces took, when all have been added."""
        return (f"DROP TABLE IF EXISTS {_PIECE}",) if self.width else ()

    @property
    def has_left(self) -> str:
        """SQL for whether a row has any value without a digest."""
        return f"({' OR '.join(f'r{name} IS NOT NULL' for name in self.names)})"

    def rest(self, columns: Sequence[str], *, only_odd: bool = False) -> str:
        """A query for rows with any value without a digest: rid and these columns. Without partitions, for others too.

        only_odd: for those that are not finished; digests are only there for these.
        """
        wanted = ", ".join(("rid", *columns))
        rows = _DECIDED
        if self.width:
            files = self.folder / "rest-*.parquet"
            if not any(self.folder.glob(files.name)):
                return nothing({**self._columns, "p": "USMALLINT"}, ("rid", *columns))
            rows = f"read_parquet({quote(str(files))})"
        return f"SELECT {wanted} FROM {rows}" + (f" WHERE p = {self.odd}" if only_odd else "")

    def write_judged(self, query: str) -> str:
        """A statement that adds what has become of odd rows: rid, a0, b0, …"""
        return self._store.write(_JUDGED, self._row, f"SELECT *, {self.place} AS p FROM ({query})", "judged")

    def write_judged_digests(self) -> tuple[str, ...]:
        """Statements that lay out the identifiers of those, when they are there."""
        judged = self._store.read(_JUDGED, self._row, (*self._row, "p"))
        return self._write_digests(judged, "judged") if self.width else ()

    def _write_digests(self, rows: str, tag: str) -> tuple[str, ...]:
        """A statement that lays out the identifiers of all columns but the first, if there are more."""
        rows = f"(SELECT * EXCLUDE (p), p::UTINYINT AS q FROM ({rows}))"
        parts = [self._of_column(index, rows, self._stored) for index in range(1, len(self.names))]
        if not parts:
            return ()
        query = f"SELECT *, {halves.leading('a', self.width)} AS p FROM ({' UNION ALL '.join(parts)})"
        return (self._store.write(_DIGESTS, self._stored_types, query, tag),)

    def rows(self, prefix: str) -> str:
        """A query for the finished rows of a partition: rid, a0, b0, a1, …"""
        place = _number(prefix)
        parts = [self._store.read(name, self._columns, tuple(self._row), place) for name in (_DECIDED, _JUDGED)]
        return " UNION ALL ".join(parts)

    def discard_rows(self, prefix: str) -> None:
        """Remove what rows() gives; nobody asks for these rows again."""
        if self.width:
            for name in (_DECIDED, _JUDGED):
                Files(self.folder).remove(name, _number(prefix))

    def discard_digests(self) -> None:
        """Remove what digests() gives; nobody asks for any of them again."""
        if self.width:
            Files(self.folder).remove(_DIGESTS)

    def write_changed(self, query: str, prefix: str) -> str:
        """A statement that keeps the rows (q, rid) in which a partition has found something to change."""
        if self.width:
            return f"COPY ({query}) TO {quote(str(self.folder / f'changed-{prefix}.parquet'))} {PARQUET}"
        return self._store.write(_CHANGED, _CHANGED_TYPES, f"SELECT rid, q AS p FROM ({query})", "all")

    def gather_changed(self, session: Session) -> None:
        """Bring them to the partitions of their rows, when all partitions have been looked at."""
        if self.width:
            query = f"SELECT DISTINCT q AS p, rid FROM read_parquet({quote(str(self.folder / 'changed-*.parquet'))})"
            with session.unordered():
                session.run(self._store.write(_CHANGED, _CHANGED_TYPES, query, "all"))

    def changed(self, prefix: str) -> str:
        """A query for the changed rows of a partition: rid."""
        return self._store.read(_CHANGED, _CHANGED_TYPES, ("rid",), _number(prefix))

    def digests(self, prefix: str) -> str:
        """A query for the identifiers of a partition: k, a, b, x, rid, q; the last two are NULL unless with_rows.

        x: the row has an earlier one of the same wire kind. q: the number of the row's own partition.
        """
        rows = f"(SELECT *, {_number(prefix)}::UTINYINT AS q FROM ({self.rows(prefix)}))"
        if not self.width:
            return " UNION ALL ".join(self._of_column(index, rows, _COLUMNS) for index in range(len(self.names)))
        parts = [self._of_column(0, rows, _COLUMNS)]
        if len(self.names) > 1:
            stored = self._store.read(_DIGESTS, self._stored_types, self._stored, _number(prefix))
            known = set(self._stored)
            columns = ", ".join(name if name in known else f"{_NOTHING[name]} AS {name}" for name in _COLUMNS)
            parts.append(f"SELECT {columns} FROM ({stored})")
        return " UNION ALL ".join(parts)

    @property
    def _stored(self) -> tuple[str, ...]:
        """What the files of identifiers hold: no more than the comparison will ask for."""
        has_twins = len(set(self.numbers())) < len(self.names)
        return ("k", "a", "b", *(("x",) if has_twins else ()), *(("rid", "q") if self.with_rows else ()))

    @property
    def _stored_types(self) -> dict[str, str]:
        return {name: _TYPES[name] for name in self._stored}

    def _of_column(self, index: int, rows: str, wanted: Sequence[str]) -> str:
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


def _number(prefix: str) -> int:
    return int(prefix, 16) if prefix else 0
