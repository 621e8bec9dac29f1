"""Read the mapped columns of every source and decide as columns all that can be decided so.

A source is first read into a table, whose rows the engine numbers in the order of the text however many threads read
it. Deciding is what takes the time, and is done by all threads on the numbered rows, in any order.

What comes of it is laid out at once as it will be compared (see layout.py), with the row number rid, from 1 over all
sources. Per mapped column i: a<i> and b<i>, the digest where SQL is sure; r<i>, the raw text where there is
none; e<i>, the reason where SQL is sure that it is refused. All are NULL for a blank value, and r<i> without e<i> is
left to the rule. With a filter, rows that do not match stay with all of that NULL and left_out true; per condition j
that needs a number or a date, x<j> says that the value is none.
"""

# SQL is put together from our own expressions and names; every value in it went through quote().
# ruff: noqa: S608

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from audiences.ledger import LedgerStats
from audiences.pipeline import filtered, halves
from audiences.pipeline.filtered import NOTHING, LeftOut
from audiences.pipeline.layout import Layout, choose_width
from audiences.pipeline.plan import Plan, SourceBroken
from audiences.pipeline.repair import Repaired, repair
from audiences.pipeline.session import BadCsv, Session
from audiences.pipeline.sources import Readable, open_source
from pinconnect.identifiers.columnar import expressions, quote

# Not the place in a file that the engine wrote: with several threads it puts whole row groups of a long query in
# another order, whatever it is told to preserve.
_NUMBERED = "rowid + 1 AS n"
# Of the time that a source takes.
_READING = 0.2


@dataclass(frozen=True)
class StagedSource:
    """One source. offset: rows of all sources before. rows: of this one, broken ones included.

    broken: (row, reason), the first 100,000 of reasons. blank: empty lines that are rows and match.
    """

    offset: int
    rows: int
    broken: tuple[tuple[int, str], ...] = ()
    reasons: Counter[str] | None = None
    blank: int = 0
    left_out: LeftOut = NOTHING


@dataclass(frozen=True)
class Staged:
    """All sources. rows: read. blank_rows: with nothing in any mapped column, broken rows not among them."""

    layout: Layout
    sources: tuple[StagedSource, ...]
    rows: int
    broken: Counter[str]

    @property
    def left_out(self) -> int:
        """Rows that do not match the filter; a broken row is never among them."""
        return sum(source.left_out.rows for source in self.sources)

    def sql(self, columns: Sequence[str]) -> str:
        """A query over all sources: rid (counts from 1 over all sources, broken rows included) and these columns."""
        return self.layout.decided(columns)


def stage(plan: Plan, folder: Path, session: Session, known: LedgerStats) -> Staged:
    """Stage all sources of the plan into folder, which is made. Raises SourceBroken."""
    folder.mkdir()
    work = _Staging(plan, folder, session, known)
    staged: list[StagedSource] = []
    for number in range(1, len(plan.sources) + 1):
        staged.append(work.stage_source(number))
        session.report(number / len(plan.sources))
    broken: Counter[str] = Counter()
    for one in staged:
        broken.update(one.reasons or {})
    return Staged(work.layout, tuple(staged), work.offset, broken)


class _Staging:
    """Stages one source after the other. offset: rows so far. layout: its width is known after the first look."""

    def __init__(self, plan: Plan, folder: Path, session: Session, known: LedgerStats) -> None:
        self.plan, self.session, self.known = plan, session, known
        self.offset = 0
        # With nothing to compare with, nobody asks which row an identifier came from.
        is_asked = len(plan.columns) > 1 and known.total > 0
        self.layout = Layout(folder, 0, plan, filtered.marks(plan), is_asked)

    def stage_source(self, number: int) -> StagedSource:
        """The fast way if it accounts for every line, else the careful one."""
        source, check = self.plan.sources[number - 1], self.session.stop_if_cancelled
        readable = open_source(source, number, self.plan.read_columns, self.layout.folder, check)
        start, end = (number - 1) / len(self.plan.sources), number / len(self.plan.sources)
        between = start + (end - start) * _READING
        staged = self._fast(readable, start, between, end) or self._careful(readable, (between, end))
        if readable.path != source.path:
            readable.path.unlink()
        self.offset += staged.rows
        self.session.rows = self.offset
        return staged

    def _fast(self, readable: Readable, start: float, between: float, end: float) -> StagedSource | None:
        def look() -> tuple[int, str]:
            lines = readable.lines(self.session.stop_if_cancelled)
            self._choose_width(lines, readable.number)
            return lines, self._decided(f"(SELECT {_NUMBERED}, * FROM raw)", readable.positions)

        try:
            found, (lines, query) = self.session.run_beside(_read_into_table(readable), look, within=(start, between))
            rows = int(found[0][0])
        except BadCsv:
            rows = -1
        is_whole = rows >= 0 and rows == max(0, lines - (1 if readable.source.format.has_header else 0))
        if is_whole and self._write(query, readable.number, (between, end)) != rows:
            raise SourceBroken("source_unreadable", source=readable.number)
        self.session.run("DROP TABLE IF EXISTS raw")
        if not is_whole:
            return None
        return StagedSource(self.offset, rows, left_out=filtered.count(self.layout, self.offset, 0, self.session))

    def _careful(self, readable: Readable, within: tuple[float, float]) -> StagedSource:
        clean = self.layout.folder / f"clean-{readable.number}.csv"
        found: Repaired = repair(readable, clean, self.session.stop_if_cancelled, self.plan.max_broken_share)
        positions = tuple(range(1, len(readable.positions) + 1))
        written = found.rows - found.reasons.total() - found.blank
        try:
            query = self._decided(
                f"(SELECT * REPLACE (n::BIGINT AS n) FROM {_read_clean(clean, positions)})", positions
            )
            rows = self._write(query, readable.number, within)
        except BadCsv:
            rows = -1
        clean.unlink()
        if rows != written:
            raise SourceBroken("source_unreadable", source=readable.number)
        left_out = filtered.count(self.layout, self.offset, found.blank, self.session)
        blank = found.blank - left_out.blank
        return StagedSource(self.offset, found.rows, tuple(found.broken), found.reasons, blank, left_out)

    def _choose_width(self, lines: int, number: int) -> None:
        """By the values in all sources, taken to be like the first one."""
        if number > 1:
            return
        plan = self.plan
        sizes = [source.path.stat().st_size if source.path.exists() else 0 for source in plan.sources]
        values = lines * len(plan.columns) * sum(sizes) // max(1, sizes[0])
        width = choose_width(values, plan.memory_limit_mb, plan.partitions, self.known.width)
        self.layout = replace(self.layout, width=width)

    def _write(self, query: str, source: int, within: tuple[float, float]) -> int:
        """Lay out decided rows; returns how many there were."""
        return self.session.run_unordered(self.layout.write_decided(query, source), within=within)

    def _decided(self, rows: str, positions: Sequence[int]) -> str:
        """A query for numbered rows with what is decided of them and the number p of their partition."""
        layout = self.layout
        place = f"CASE WHEN {_is_odd(layout)} THEN {layout.odd} ELSE {layout.place} END"
        return f"SELECT *, {place} AS p FROM ({_decided(self.plan, rows, positions, self.offset)})"


def _read_whole(readable: Readable) -> str:
    format = readable.source.format
    header = "true" if format.has_header else "false"
    columns = [f"c{position}" for position in range(len(format.columns))]
    return _read_csv(readable.path, columns, format.delimiter, format.quote, header)


def _read_clean(path: Path, positions: Sequence[int]) -> str:
    return _read_csv(path, ["n", *(f"c{position}" for position in positions)], ",", '"', "false")


def _read_csv(path: Path, names: Sequence[str], delimiter: str, quoted: str, header: str) -> str:
    """Strict and without guessing: any row that does not fit is an error, not a loss."""
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
    return (
        f"read_csv({quote(str(path))}, auto_detect = false, strict_mode = true, delim = {quote(delimiter)}, "
        f"quote = {quote(quoted)}, escape = {quote(quoted)}, header = {header}, columns = {{{columns}}})"
    )


def _read_into_table(readable: Readable) -> str:
    """The table raw of the mapped columns and those that the filter asks about; it spills if memory is short."""
    columns = ", ".join(f"c{position}" for position in sorted(set(readable.positions)))
    return f"CREATE OR REPLACE TEMP TABLE raw AS SELECT {columns} FROM {_read_whole(readable)}"


def _decided(plan: Plan, reading: str, positions: Sequence[int], offset: int) -> str:
    """Nested, so that each expression is worked out once."""
    raw: list[str] = []
    clean: list[str] = []
    shaped: list[str] = []
    digests: list[str] = []
    kept: list[str] = []
    source = filtered.reading(plan, reading, positions)
    for index, (column, position) in enumerate(zip(plan.columns, positions, strict=False)):
        found = expressions(
            column.kind,
            column.treatment,
            column.default_country,
            column=f"w{index}",
            clean=f"c{index}",
            shaped=f"s{index}",
        )
        raw.append(f"{source.value.format(f'c{position}')} AS w{index}")
        clean.append(f"{found.clean} AS c{index}")
        shaped += [f"{found.shaped} AS s{index}", f"{found.blank} AS l{index}"]
        digests.append(f"{found.digest} AS d{index}")
        is_odd = f"CASE WHEN d{index} IS NULL THEN CASE WHEN NOT l{index} THEN "
        kept.append(halves.split(f"d{index}", str(index), only_sha256=column.treatment != "any_hash"))
        kept += [f"{is_odd}w{index} END END AS r{index}", f"{is_odd}{found.refusal} END END AS e{index}"]
    kept += source.marks
    raw.extend(source.marks)
    return (
        f"SELECT {offset} + n AS rid, {', '.join(kept)} FROM (SELECT *, {', '.join(digests)} FROM (SELECT *, "
        f"{', '.join(shaped)} FROM (SELECT *, {', '.join(clean)} FROM (SELECT n, {', '.join(raw)} "
        f"FROM {source.rows}))))"
    )


def _is_odd(layout: Layout) -> str:
    """Whether the rule has to say something about a row, or the row may be of an erased person."""
    tests = [f"(r{name} IS NOT NULL AND e{name} IS NULL)" for name in layout.names]
    if layout.plan.tombstones and layout.plan.mode != "remove":
        erased = quote(str(layout.plan.tombstones))
        tests += [
            f"COALESCE(a{name} IN (SELECT h[1:16]::UUID FROM read_parquet({erased}) WHERE wire_kind = {number}), false)"
            for name, number in zip(layout.names, layout.numbers(), strict=True)
        ]
    return " OR ".join(tests)
