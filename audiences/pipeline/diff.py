"""Compare the data with the ledger, by partitions, and write what to add and what to remove.

An identifier has the flag 1 when it is in the data and 2 when it is in the ledger, so 1 is new, 2 is gone, 3 is there
already. Most are there already, so one join finds those that are not, and only they are made distinct and looked at.
"""

# SQL is put together from our own expressions and names; every value in it went through quote().
# ruff: noqa: S608

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from audiences import ledger
from audiences.pipeline import halves, lanes, newcomers, wire
from audiences.pipeline.lanes import Lane
from audiences.pipeline.layout import Layout
from audiences.pipeline.sequences import Index, SequenceWriter, write_index
from audiences.pipeline.session import PARQUET, Session
from pinconnect.identifiers import kinds
from pinconnect.identifiers.columnar import quote

_SAME = "s.k = m.k AND s.a = m.a AND s.b = m.b"


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
        # Whether the ledger's identifiers that are not in the data are looked at: a mirror removes them. Otherwise they
        # tell how many are in both, which is cheaper than finding those, unless the ledger is far larger than the data.
        self.meets_most = plan.mode == "mirror" or (plan.mode == "add" and self.known.total <= layout.usable)
        numbers = layout.numbers()
        self.has_extras = self.has_rows and len(set(numbers)) < len(numbers)
        self.extras = layout.folder / "extras"
        known = None if plan.takes_strangers else self.known.members
        self.result = Difference(Index(workdir, plan.wire.shape, self.codes, layout.width, {}, known))


def diff(layout: Layout, workdir: Path, session: Session) -> Difference:
    """Write the sequences and their index into workdir; bounded memory at any size."""
    work = _Comparison(layout, workdir, session)
    for folder in (work.extras, *([workdir / newcomers.FOLDER] if work.has_rows else [])):
        folder.mkdir()
    identifiers = layout.usable * len(layout.names) + work.known.total
    number = lanes.how_many(session, identifiers, len(layout.prefixes))
    whole = 0.6 if not work.single else 1.0
    # Removing gigabytes takes a while, and the engine leaves room for it.
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="sweeper") as sweeper:
        lanes.each(session, partial(_compare, work), layout.prefixes, lanes=number, within=(0.0, whole))
        sweeper.submit(layout.discard_digests)
        _count(work)
        if not work.single:
            if work.by_row:
                layout.gather_changed(session)
            rows = partial(_rows, work, sweeper)
            lanes.each(session, rows, layout.prefixes, lanes=number, within=(whole, 1.0))
    if work.has_rows:
        newcomers.complete(workdir, work.known.members)
    index = work.result.index
    index.parts.update({"ADD": tuple(work.adds.parts), "REMOVE": tuple(work.removes.parts)})
    write_index(index)
    return work.result


def _compare(work: _Comparison, lane: Lane, prefix: str) -> None:
    """Identifiers of one partition: count them, write removals, and additions where an entry is an identifier."""
    plan = work.plan
    _find(work, lane, prefix)
    flags = lane.run("SELECT k, f, count(*) FROM d GROUP BY k, f")
    with lane.in_turn():
        for number, flag, size in flags:
            work.result.flags[(number, flag)] += size
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
    _note_changed(work, lane, prefix)


def _find(work: _Comparison, lane: Lane, prefix: str) -> None:
    """Make the table d of distinct identifiers with their flags, k, a, b, f and, if it matters, x.

    Of flag 3 and 2 there are only those that are asked for. Where rows are looked up later, the table found has the
    same identifiers with each of their rows, q and rid.
    """
    data, columns = work.layout.digests(prefix), "k, a, b, f"
    if work.plan.ledger and work.known.total:
        known = ledger.members(work.plan.ledger, work.known, prefix)
        data = _in_one_only(data, known) if work.meets_most else _with_flag(data, known)
    else:
        data = f"SELECT *, 1::UTINYINT AS f FROM ({data})"
    if work.by_row:
        kept = f"{columns}, q, rid" + (", x" if work.has_extras else "")
        lane.run(f"CREATE OR REPLACE TEMP TABLE found AS SELECT {kept} FROM ({data})")
        data = "FROM found"
    extra = ", bool_and(x) AS x" if work.has_extras else ""
    lane.run(f"CREATE OR REPLACE TEMP TABLE d AS SELECT {columns}{extra} FROM ({data}) GROUP BY {columns}")


def _in_one_only(data: str, known: str) -> str:
    """A query for what is in the data alone, flag 1, or in the ledger alone, flag 2: k, a, b, f, x, q, rid."""
    columns = ", ".join(f"COALESCE(s.{name}, m.{name}) AS {name}" for name in "kab")
    return (
        f"SELECT {columns}, CASE WHEN m.k IS NULL THEN 1 ELSE 2 END::UTINYINT AS f, x, q, rid FROM ({data}) s "
        f"FULL OUTER JOIN (SELECT wire_kind AS k, a, b FROM ({known})) m ON {_SAME} WHERE s.k IS NULL OR m.k IS NULL"
    )


def _with_flag(data: str, known: str) -> str:
    """A query for what is in the data, with the flag 1 or 3: k, a, b, f, x, q, rid."""
    return (
        f"SELECT s.*, CASE WHEN m.k IS NULL THEN 1 ELSE 3 END::UTINYINT AS f FROM ({data}) s "
        f"LEFT JOIN (SELECT wire_kind AS k, a, b FROM ({known})) m ON {_SAME}"
    )


def _count(work: _Comparison) -> None:
    """What is in both, if that was not looked at, and rows where each is an identifier."""
    flags = work.result.flags
    if work.meets_most:
        for code, size in work.known.members.items():
            number = kinds.WIRE_NUMBERS[code]
            flags[(number, 3)] = size - flags[(number, 2)]
    if work.single:
        work.result.distinct = sum(size for (_, flag), size in flags.items() if flag & 1)
        work.result.to_send = sum(size for (_, flag), size in flags.items() if flag == work.wanted)


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


def _note_changed(work: _Comparison, lane: Lane, prefix: str) -> None:
    """Which rows have an identifier that makes them change the list, to be looked up where the rows lie."""
    if work.by_row:
        lane.run(work.layout.write_changed(f"SELECT q, rid FROM found WHERE f = {work.wanted}", prefix))
    if work.has_extras:
        file = quote(str(work.extras / f"{prefix or 'all'}.parquet"))
        lane.run(f"COPY (SELECT k, a, b FROM d WHERE f = 1 AND x) TO {file} {PARQUET}")


def _rows(work: _Comparison, sweeper: ThreadPoolExecutor, lane: Lane, prefix: str) -> None:
    """Distinct rows of one partition, those that change the list, and their entries where an entry is a row."""
    names = halves.names(work.layout.names)
    rows = work.layout.rows(prefix)
    distinct = lane.value(f"SELECT count(*) FROM (SELECT DISTINCT {names} FROM ({rows}))") if work.by_row else None
    chosen = _chosen(work, rows, prefix)
    lane.run(f"CREATE OR REPLACE TEMP TABLE t AS SELECT {names}, min(rid) AS rid FROM ({chosen}) GROUP BY {names}")
    sweeper.submit(work.layout.discard_rows, prefix)
    changing = lane.value("SELECT count(*) FROM t")
    with lane.in_turn():
        work.result.distinct += changing if distinct is None else distinct
        work.result.to_send += changing if work.by_row or work.wanted == 1 else 0
        if work.has_extras:
            _write_entries(work, lane, prefix)
        elif work.has_rows:
            _write_rows(work, lane, prefix)


def _chosen(work: _Comparison, rows: str, prefix: str) -> str:
    """The rows that change the list: all of them, where nothing was compared. Rows alike change it alike."""
    if not work.by_row:
        return rows
    return f"SELECT * FROM ({rows}) SEMI JOIN ({work.layout.changed(prefix)}) USING (rid)"


def _write_rows(work: _Comparison, lane: Lane, prefix: str) -> None:
    """Rows as entries where each has a column of its own; sorted by the first identifier, and those alike by row."""
    layout = work.layout
    by_number = dict(zip(layout.numbers(), layout.names, strict=True))
    columns = ", ".join(f"{halves.join(by_number[kinds.WIRE_NUMBERS[code]])} AS {code}" for code in work.codes)
    query = f"SELECT {columns} FROM (SELECT * FROM t ORDER BY {layout.first}, rid)"
    _write_query(lane, work.adds, prefix, work.codes, query)


def _write_entries(work: _Comparison, lane: Lane, prefix: str) -> None:
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
        f"SELECT DISTINCT * FROM (SELECT {', '.join(slots)} FROM t "
        f"UNION ALL SELECT {', '.join(alone)} FROM read_parquet({extras}))"
    )
    first = ", ".join(f"COALESCE({', '.join(f'{half}_{code}' for code in work.codes)}, NULL)" for half in "ab")
    every = halves.names(f"_{code}" for code in work.codes)
    joined = ", ".join(f"{halves.join(f'_{code}')} AS {code}" for code in work.codes)
    query = f"SELECT {joined} FROM (SELECT * FROM ({query}) ORDER BY {first}, {every})"
    _write_query(lane, work.adds, prefix, work.codes, query)
