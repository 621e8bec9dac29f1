"""Compare the data with the ledger, by partitions, and write what to add and what to remove.

An identifier has the flag 1 when it is in the data and 2 when it is in the ledger, so 1 is new, 2 is gone, 3 is there
already. The grouping removes duplicates at the same time.
"""

# SQL is put together from our own expressions and names; every value in it went through quote().
# ruff: noqa: S608

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from audiences import ledger
from audiences.pipeline import halves, lanes, newcomers, wire
from audiences.pipeline.lanes import Lane
from audiences.pipeline.sequences import Index, SequenceWriter, write_index
from audiences.pipeline.session import PARQUET, Row, Session
from audiences.pipeline.spread import Layout, part_files, partitioned
from pinconnect.identifiers import kinds
from pinconnect.identifiers.columnar import quote


@dataclass
class Difference:
    """Rows and identifiers after the comparison. flags: identifiers by (wire number, flag).

    distinct: different rows, held ones not among them. to_send: those that change the list.
    """

    index: Index
    distinct: int = 0
    to_send: int = 0
    flags: Counter[tuple[int, int]] = field(default_factory=Counter)

    def identifiers(self, code: str, flag: int) -> int:
        """Distinct identifiers of a wire kind with a flag."""
        return self.flags[(kinds.WIRE_NUMBERS[code], flag)]


class _Comparison:
    """What the steps of one comparison share."""

    def __init__(self, layout: Layout, workdir: Path, session: Session) -> None:
        plan = layout.plan
        self.layout, self.plan, self.session = layout, plan, session
        self.known, self.workdir = ledger.stats(plan.ledger), workdir
        self.adds, self.removes = SequenceWriter(workdir, "ADD"), SequenceWriter(workdir, "REMOVE")
        self.codes = wire.wire_kinds(plan.columns)
        # The flag of identifiers that make a row change the list.
        self.wanted = 3 if plan.mode == "remove" and not plan.takes_strangers else 1
        self.single = len(layout.names) == 1
        self.has_rows = plan.wire.shape == "records_v2" and plan.mode != "remove"
        # Without a ledger every row changes the list, but of a removal none: unless it takes out strangers too.
        self.by_row = not self.single and self.known.total > 0
        numbers = layout.numbers()
        self.has_extras = self.has_rows and len(set(numbers)) < len(numbers)
        self.changed = layout.folder / "changed"
        self.extras = layout.folder / "extras"
        self.result = Difference(Index(workdir, plan.wire.shape, self.codes, layout.width, {}))


def diff(layout: Layout, workdir: Path, session: Session) -> Difference:
    """Write the sequences and their index into workdir; bounded memory at any size."""
    work = _Comparison(layout, workdir, session)
    for folder in (work.changed, work.extras, *([workdir / newcomers.FOLDER] if work.has_rows else [])):
        folder.mkdir()
    identifiers = layout.usable * len(layout.names) + work.known.total
    number = lanes.how_many(session, identifiers, len(layout.prefixes))
    whole = 0.6 if not work.single else 1.0
    lanes.each(session, partial(_compare, work), layout.prefixes, lanes=number, within=(0.0, whole))
    if not work.single:
        _gather_changed(work)
        lanes.each(session, partial(_rows, work), layout.prefixes, lanes=number, within=(whole, 1.0))
    if work.has_rows:
        newcomers.complete(workdir, work.known.members)
    index = work.result.index
    index.parts.update({"ADD": tuple(work.adds.parts), "REMOVE": tuple(work.removes.parts)})
    write_index(index)
    return work.result


def _compare(work: _Comparison, lane: Lane, prefix: str) -> None:
    """Identifiers of one partition: count them, write removals, and additions where an entry is an identifier."""
    plan = work.plan
    data = work.layout.digests(prefix)
    lane.run(f"CREATE OR REPLACE TEMP TABLE d AS {_flagged(work, prefix, data)}")
    flags = lane.run("SELECT k, f, count(*) FROM d GROUP BY k, f")
    with lane.in_turn():
        _count(work, flags)
        if plan.mode != "add":
            _write(work, lane, work.removes, prefix, 2 if plan.mode == "mirror" else work.wanted)
        if plan.mode != "remove" and not work.has_rows:
            _write(work, lane, work.adds, prefix, 1)
        if work.has_rows and work.single:
            code = work.codes[0]
            _write_query(lane, work.adds, prefix, (code,), _sorted(f"{halves.join()} AS {code}", "f = 1"))
    if work.has_rows:
        query = "SELECT k AS wire_kind, a, b FROM d WHERE f = 1 ORDER BY a, b, k"
        lane.run(newcomers.copy_sql(work.workdir, prefix, query))
    _note_changed(work, lane, prefix, data)


def _flagged(work: _Comparison, prefix: str, data: str) -> str:
    """A query for the distinct identifiers of a partition with their flags: k, a, b, f and, if it matters, x."""
    query = f"SELECT k, a, b, 1::UTINYINT AS f, x FROM ({data})"
    if work.plan.ledger and work.known.total:
        known = ledger.flagged(work.plan.ledger, work.known, prefix)
        query += f" UNION ALL SELECT wire_kind AS k, a, b, f, true AS x FROM ({known})"
    extra, kept = (", bool_and(x) AS x", ", x") if work.has_extras else ("", "")
    grouped = f"SELECT k, a, b, bit_or(f) AS f{extra} FROM ({query}) GROUP BY k, a, b"
    if work.known.changed:
        # Who has the flag 4 was in the ledger once and is not any more.
        flag = "CASE WHEN f & 4 > 0 THEN f & 1 ELSE f END"
        grouped = f"SELECT * FROM (SELECT k, a, b, {flag} AS f{kept} FROM ({grouped})) WHERE f > 0"
    return grouped


def _count(work: _Comparison, flags: Sequence[Row]) -> None:
    for number, flag, size in flags:
        work.result.flags[(number, flag)] += size
        if work.single and flag & 1:
            work.result.distinct += size
            work.result.to_send += size if flag == work.wanted else 0


def _sorted(columns: str, where: str) -> str:
    # The halves are sorted and become one afterwards: that moves less memory.
    return f"SELECT {columns} FROM (SELECT k, a, b FROM d WHERE {where} ORDER BY a, b, k)"


def _write(work: _Comparison, lane: Lane, writer: SequenceWriter, prefix: str, flag: int) -> None:
    _write_query(lane, writer, prefix, ("k", "h"), _sorted(f"k, {halves.join()} AS h", f"f = {flag}"))


def _write_query(lane: Lane, writer: SequenceWriter, prefix: str, columns: tuple[str, ...], query: str) -> int:
    """Entries get running positions, so this has to happen in turn."""
    size = lane.value(writer.copy_sql(prefix, columns, query))
    writer.wrote(prefix, size)
    return size


def _note_changed(work: _Comparison, lane: Lane, prefix: str, data: str) -> None:
    """Which rows have an identifier that makes them change the list, to be looked up where the rows lie."""
    name = f"{prefix or 'all'}.parquet"
    if work.by_row:
        lane.run(
            f"COPY (SELECT q, rid FROM ({data}) s SEMI JOIN (SELECT k, a, b FROM d WHERE f = {work.wanted}) w "
            f"ON s.k = w.k AND s.a = w.a AND s.b = w.b) TO {quote(str(work.changed / name))} {PARQUET}"
        )
    if work.has_extras:
        lane.run(f"COPY (SELECT k, a, b FROM d WHERE f = 1 AND x) TO {quote(str(work.extras / name))} {PARQUET}")


def _gather_changed(work: _Comparison) -> None:
    """Bring the changed rows to the partitions of their rows."""
    if not work.by_row or not work.layout.width:
        return
    work.session.run("SET preserve_insertion_order = false")
    files = quote(str(work.changed / "*.parquet"))
    target = quote(str(work.layout.folder / "changed-rows"))
    work.session.run(f"COPY (SELECT DISTINCT q AS p, rid FROM read_parquet({files})) TO {target} {partitioned('p')}")
    work.session.run("SET preserve_insertion_order = true")


def _rows(work: _Comparison, lane: Lane, prefix: str) -> None:
    """Distinct rows of one partition, those that change the list, and their entries where an entry is a row."""
    names = halves.names(work.layout.names)
    rows = f"SELECT {names}, min(rid) AS rid FROM ({work.layout.rows(prefix)}) GROUP BY {names}"
    lane.run(f"CREATE OR REPLACE TEMP TABLE t AS {rows}")
    distinct = lane.value("SELECT count(*) FROM t")
    chosen = _chosen(work, prefix)
    changing = distinct if work.wanted == 1 and not work.by_row else lane.value(f"SELECT count(*) FROM ({chosen})")
    with lane.in_turn():
        work.result.distinct += distinct
        work.result.to_send += changing
        if work.has_extras:
            _write_entries(work, lane, prefix, chosen)
        elif work.has_rows:
            _write_rows(work, lane, prefix, chosen)


def _chosen(work: _Comparison, prefix: str) -> str:
    """The rows of the table t that change the list."""
    if not work.by_row:
        return "SELECT * FROM t" if work.wanted == 1 else "SELECT * FROM t WHERE false"
    place: Path | None = work.changed / "all.parquet"
    if prefix:
        place = part_files(work.layout.folder / "changed-rows", prefix)
    if place is None:
        return "SELECT * FROM t WHERE false"
    changed = f"SELECT rid FROM read_parquet({quote(str(place))}, hive_partitioning = false)"
    return f"SELECT * FROM t SEMI JOIN ({changed}) USING (rid)"


def _write_rows(work: _Comparison, lane: Lane, prefix: str, rows: str) -> None:
    """Rows as entries where each has a column of its own; sorted by the first identifier, and those alike by row."""
    layout = work.layout
    by_number = dict(zip(layout.numbers(), layout.names, strict=True))
    columns = ", ".join(f"{halves.join(by_number[kinds.WIRE_NUMBERS[code]])} AS {code}" for code in work.codes)
    query = f"SELECT {columns} FROM (SELECT * FROM ({rows}) ORDER BY {layout.first}, rid)"
    _write_query(lane, work.adds, prefix, work.codes, query)


def _write_entries(work: _Comparison, lane: Lane, prefix: str, chosen: str) -> None:
    """One column per wire kind: the first identifier of each kind in a row; further ones are entries of their own."""
    numbers = work.layout.numbers()
    slots, alone = [], []
    for code in work.codes:
        number = kinds.WIRE_NUMBERS[code]
        same = [name for name, found in zip(work.layout.names, numbers, strict=True) if found == number]
        for half in "ab":
            slots.append(f"COALESCE({', '.join(f'{half}{name}' for name in same)}, NULL) AS {half}_{code}")
            alone.append(f"CASE WHEN k = {number} THEN {half} END AS {half}_{code}")
    extras = quote(str(work.extras / f"{prefix or 'all'}.parquet"))
    query = (
        f"SELECT DISTINCT * FROM (SELECT {', '.join(slots)} FROM ({chosen}) "
        f"UNION ALL SELECT {', '.join(alone)} FROM read_parquet({extras}))"
    )
    first = ", ".join(f"COALESCE({', '.join(f'{half}_{code}' for code in work.codes)}, NULL)" for half in "ab")
    every = halves.names(f"_{code}" for code in work.codes)
    joined = ", ".join(f"{halves.join(f'_{code}')} AS {code}" for code in work.codes)
    query = f"SELECT {joined} FROM (SELECT * FROM ({query}) ORDER BY {first}, {every})"
    _write_query(lane, work.adds, prefix, work.codes, query)
