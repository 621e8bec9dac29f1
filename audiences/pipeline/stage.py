"""Read the mapped columns of every source and decide as columns all that can be decided so.

A source is read into a table, piece after piece if it is large. The engine numbers the rows of a table in the order of
the text, however many threads read it. Deciding is what takes the time, and is done by all threads on the numbered
rows, in any order.

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
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from audiences.ledger import LedgerStats
from audiences.pipeline import deciding, filtered
from audiences.pipeline import tally as tallies
from audiences.pipeline.filtered import NOTHING, LeftOut
from audiences.pipeline.layout import Layout, choose_width
from audiences.pipeline.plan import Plan, Source, SourceBroken
from audiences.pipeline.repair import Repaired, repair
from audiences.pipeline.segments import Segment, Segments
from audiences.pipeline.session import BadCsv, Session
from audiences.pipeline.sources import find_columns, open_source, sampled_lines
from audiences.pipeline.tally import Tally

T = TypeVar("T")

# Not the place in a file that the engine wrote: with several threads it puts whole row groups of a long query in
# another order, whatever it is told to preserve.
_NUMBERED = "rowid + 1 AS n"
# Of the time that a piece takes.
_READING = 0.2
# Bytes that are read at once, for each megabyte of the memory limit: what is made of them takes twice as much.
_PIECE_PER_MB = 180_000


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
    """All sources. rows: read, which are numbered from 1 over all of them, broken ones included."""

    layout: Layout
    sources: tuple[StagedSource, ...]
    rows: int
    broken: Counter[str]
    tally: Tally

    @property
    def left_out(self) -> int:
        """Rows that do not match the filter; a broken row is never among them."""
        return sum(source.left_out.rows for source in self.sources)


def stage(plan: Plan, folder: Path, session: Session, known: LedgerStats) -> Staged:
    """Stage all sources of the plan into folder, which is made. Raises SourceBroken."""
    folder.mkdir()
    work = _Staging(plan, folder, session, known)
    staged: list[StagedSource] = []
    for number in range(1, len(plan.sources) + 1):
        staged.append(work.stage_source(number))
        session.report(number / len(plan.sources))
    for statement in ("DROP TABLE IF EXISTS raw", *work.layout.finish()):
        session.run(statement)
    broken: Counter[str] = Counter()
    for one in staged:
        broken.update(one.reasons or {})
    return Staged(work.layout, tuple(staged), work.offset, broken, work.tally)


class _Staging:
    """Stages one source after the other. offset: rows so far. layout: its width is known after the first look.

    tally: of the sources so far.
    """

    def __init__(self, plan: Plan, folder: Path, session: Session, known: LedgerStats) -> None:
        self.plan, self.session, self.known = plan, session, known
        self.offset = 0
        self.tally = Tally()
        self._is_placed = False
        # With nothing to compare with, nobody asks which row an identifier came from.
        is_asked = len(plan.columns) > 1 and known.total > 0
        self.layout = Layout(folder, 0, plan, filtered.marks(plan), is_asked)

    def stage_source(self, number: int) -> StagedSource:
        """The fast way if it accounts for every line, else the careful one."""
        source, count = self.plan.sources[number - 1], len(self.plan.sources)
        within = ((number - 1) / count, number / count)
        staged = self._fast(source, number, within) or self._careful(source, number, within)
        self.offset += staged.rows
        self.session.rows = self.offset
        return staged

    def _fast(self, source: Source, number: int, within: tuple[float, float]) -> StagedSource | None:
        """None if a line is not a row. While one piece is decided about, the next one is made ready."""
        positions = find_columns(source, number, self.plan.read_columns)
        most = self.plan.memory_limit_mb * _PIECE_PER_MB
        start, rows, tally = within[0], 0, Tally()
        with Segments(source, number, self.layout.folder, most, self.session.stop_if_cancelled) as segments:
            segment = segments.next()
            while segment is not None:
                end = within[0] + (within[1] - within[0]) * segment.share
                between = start + (end - start) * _READING
                read, query = self._read(segments, segment, number, positions, rows, (start, between))
                if read is None:
                    if rows:
                        self._forget(number)
                    return None
                written, more, segment = self._write(query, number, rows, segments.next, (between, end))
                if written != read:
                    raise SourceBroken("source_unreadable", source=number)
                start, rows, tally = end, rows + read, tally + more
                self.session.rows = self.offset + rows
            if not segments.account_for(rows):
                self._forget(number)
                return None
        self.tally += tally
        return StagedSource(self.offset, rows, left_out=filtered.count(self.plan, tally.marked, 0, self.session))

    def _forget(self, number: int) -> None:
        """Take back what has been written of a source."""
        for statement in self.layout.forget(f"file{number}-", self.offset):
            self.session.run(statement)

    def _write(
        self, query: str, number: int, before: int, work: Callable[[], T], within: tuple[float, float]
    ) -> tuple[int, Tally, T]:
        """Lay out a piece: its rows, what is counted of them, and what work came to meanwhile."""
        first, *others = self.layout.write_piece(query, f"file{number}-{before}")
        with self.session.unordered():
            written, found = self.session.run_beside(first, work, within=within)
            self.session.run("DROP TABLE IF EXISTS raw")
            for statement in others:
                self.session.run(statement)
        columns, finished = len(self.plan.columns), f"p < {self.layout.odd}"
        counting = tallies.query(self.layout.piece(self.offset + before), columns, finished, self.layout.marks)
        return int(written[0][0]), tallies.of(self.session.run(counting)[0], columns), found

    def _read(
        self,
        segments: Segments,
        segment: Segment,
        number: int,
        positions: Sequence[int],
        before: int,
        within: tuple[float, float],
    ) -> tuple[int | None, str]:
        """Read a piece into the table raw: its rows, None if a line is not a row, and the query that decides.

        The order of the text is kept, which numbering rests on.
        """
        lines = 0

        def look() -> str:
            nonlocal lines
            lines = segments.lines(segment)
            if not self._is_placed:
                self._choose_width(number, lines / segment.share)
            return self._decided(f"(SELECT {before} + {_NUMBERED}, * FROM raw)", positions)

        read, query = None, ""
        source = self.plan.sources[number - 1]
        with suppress(BadCsv):
            sql = deciding.read_into_table(segment, source, positions, self.plan.memory_limit_mb)
            found, query = self.session.run_beside(sql, look, within=within)
            read = int(found[0][0])
        if segment.is_own:
            segment.path.unlink()
        return (read if read == max(0, lines - segment.has_header) else None), query

    def _careful(self, source: Source, number: int, within: tuple[float, float]) -> StagedSource:
        folder, check = self.layout.folder, self.session.stop_if_cancelled
        readable = open_source(source, number, self.plan.read_columns, folder, check)
        most = self.plan.memory_limit_mb * _PIECE_PER_MB
        found: Repaired = repair(readable, folder, most, check, self.plan.max_broken_share)
        if readable.path != source.path:
            readable.path.unlink()
        positions = tuple(range(1, len(readable.positions) + 1))
        rows, tally = 0, Tally()
        with suppress(BadCsv):
            for done, (path, before) in enumerate(found.files):
                start, end = (within[0] + (within[1] - within[0]) * (done + more) / len(found.files) for more in (0, 1))
                reading = f"(SELECT * REPLACE (n::BIGINT AS n) FROM {deciding.read_clean(path, positions)})"
                query = self._decided(reading, positions)
                written, more, _ = self._write(query, number, before, lambda: None, (start, end))
                rows, tally = rows + written, tally + more
                path.unlink()
        if rows != found.rows - found.reasons.total() - found.blank:
            raise SourceBroken("source_unreadable", source=number)
        self.tally += tally
        left_out = filtered.count(self.plan, tally.marked, found.blank, self.session)
        blank = found.blank - left_out.blank
        return StagedSource(self.offset, found.rows, tuple(found.broken), found.reasons, blank, left_out)

    def _choose_width(self, number: int, lines: float) -> None:
        """By the values in all sources. lines: of the source of this number; the others are sampled."""
        plan = self.plan
        others = [source for place, source in enumerate(plan.sources, start=1) if place != number]
        values = int((lines + sum(map(sampled_lines, others))) * len(plan.columns))
        width = choose_width(values, plan.memory_limit_mb, plan.partitions, self.known.width)
        self.layout = replace(self.layout, width=width)
        self._is_placed = True

    def _decided(self, rows: str, positions: Sequence[int]) -> str:
        """A query for numbered rows with what is decided of them and the number p of their partition."""
        layout = self.layout
        place = f"CASE WHEN {deciding.is_odd(layout)} THEN {layout.odd} ELSE {layout.place} END"
        return f"SELECT *, {place} AS p FROM ({deciding.decided(self.plan, rows, positions, self.offset)})"
