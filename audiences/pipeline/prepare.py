"""Turn files into what has to be sent: read, check, compare with the ledger, cut into batches, count everything."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from audiences import ledger
from audiences.pipeline import batches, filtered, lanes, newcomers, rejects
from audiences.pipeline.diff import Difference, diff
from audiences.pipeline.judge import judge
from audiences.pipeline.layout import Layout
from audiences.pipeline.plan import (
    Cancelled,
    ColumnCounts,
    Counts,
    DiskFull,
    KindCounts,
    MemoryShort,
    PipelineError,
    Plan,
    Prepared,
    Progress,
    RowCounts,
    SourceBroken,
    is_disk_full,
)
from audiences.pipeline.session import Session
from audiences.pipeline.spread import spread
from audiences.pipeline.stage import Staged, stage
from audiences.pipeline.wire import wire_kinds
from pinconnect.identifiers import kinds

__all__ = [
    "Cancelled",
    "Counts",
    "DiskFull",
    "MemoryShort",
    "PipelineError",
    "Plan",
    "Prepared",
    "Progress",
    "SourceBroken",
    "prepare",
]

_REJECTS = "rejects.csv"
_LEFT_BEHIND = ("adds", "removes", newcomers.FOLDER, "tmp")
_FILES = ("index.json", _REJECTS)


class Unaccounted(PipelineError):  # noqa: N818 - says what is the matter
    """The counts do not add up: a fault of ours, found before anything was sent."""


def prepare(
    plan: Plan,
    workdir: Path,
    *,
    scratch: Path | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Prepared:
    """Prepare a run in workdir, which is emptied of an earlier attempt first.

    Both callbacks are called on the caller's thread, a few times a second. The same plan over the same files gives the
    same bytes. Raises Cancelled, SourceBroken, DiskFull, MemoryShort, LedgerBroken. Raw values are in scratch (else in
    workdir/tmp) and nowhere else, and it is removed at the end: what a killed process leaves there, others sweep.
    """
    _clear(workdir)
    workdir.mkdir(parents=True, exist_ok=True)
    scratch = scratch or workdir / "tmp"
    try:
        scratch.mkdir(parents=True)
        with Session(
            scratch / "spill",
            memory_limit_mb=plan.memory_limit_mb,
            threads=plan.threads,
            max_spill_mb=plan.max_spill_mb,
            progress=progress,
            cancelled=cancelled,
        ) as session:
            return _prepare(plan, workdir, scratch, session)
    except OSError as error:
        if is_disk_full(error):
            raise DiskFull("There is no room left on the disk for preparing this run.") from None
        raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _clear(workdir: Path) -> None:
    for name in _LEFT_BEHIND:
        shutil.rmtree(workdir / name, ignore_errors=True)
    for name in _FILES:
        (workdir / name).unlink(missing_ok=True)


def _prepare(plan: Plan, workdir: Path, scratch: Path, session: Session) -> Prepared:
    known = ledger.stats(plan.ledger)
    session.enter("reading", 0.0, 0.35)
    staged = stage(plan, scratch / "spread", session, known)
    session.enter("checking", 0.35, 0.5)
    verdicts = judge(plan, staged, scratch / "verdicts", session)
    columns = rejects.count_columns(plan, staged, verdicts, session)
    blank_rows = rejects.count_blank_rows(plan, staged, verdicts, session)
    target = workdir / _REJECTS
    # Masking and writing so many values takes a while, and the engine has better things to do than to wait for it.
    with lanes.aside(session, partial(rejects.list_refused, plan, staged, verdicts, columns, target)) as listed:
        session.enter("comparing", 0.5, 0.7)
        layout = spread(staged, verdicts, session)
        session.enter("writing", 0.7, 1.0)
        difference = diff(layout, workdir, session)
        cut = batches.cut(difference.index, plan.limits, session)
    counts = Counts(
        rows=_rows(staged, layout, difference),
        kinds=_kinds(plan, columns, difference),
        columns=columns,
        adds=difference.index.count("ADD"),
        removals=difference.index.count("REMOVE"),
        # What is gone says nothing about how many are on the list.
        ledger=0 if plan.takes_strangers else known.total,
        blank_rows=blank_rows,
        broken=dict(sorted(staged.broken.items())),
        examples=listed.result(),
        incomparable=filtered.incomparable(plan, [source.left_out for source in staged.sources]),
    )
    check(counts)
    session.report(1.0)
    return Prepared(counts, cut, target)


def _rows(staged: Staged, layout: Layout, difference: Difference) -> RowCounts:
    duplicate = layout.usable - difference.distinct + layout.held_rows - layout.held_distinct
    return RowCounts(
        read=staged.rows,
        to_send=difference.to_send,
        already_there=difference.distinct - difference.to_send,
        duplicate=duplicate,
        invalid=staged.rows - layout.usable - layout.held_rows - staged.left_out,
        held_back=layout.held_distinct,
        left_out=staged.left_out,
    )


def _kinds(plan: Plan, columns: Sequence[ColumnCounts], difference: Difference) -> dict[str, KindCounts]:
    found = {}
    for code in wire_kinds(plan.columns):
        mine = [column for column in columns if kinds.get(column.kind).wire == code]
        invalid: Counter[str] = Counter()
        for column in mine:
            invalid.update(column.invalid)
        new, there = difference.identifiers(code, 1), difference.identifiers(code, 3)
        found[code] = KindCounts(
            values=sum(column.values for column in mine),
            blank=sum(column.blank for column in mine),
            invalid=dict(sorted(invalid.items())),
            distinct=new + there,
            already_there=there,
            new=new,
        )
    return found


def check(counts: Counts) -> None:
    """Every row and every value is in exactly one place; raises Unaccounted."""
    if counts.rows.accounted != counts.rows.read:
        raise Unaccounted("The rows do not add up.")
    if min(vars(counts.rows).values()) < 0 or counts.blank_rows + sum(counts.broken.values()) > counts.rows.invalid:
        raise Unaccounted("The rows do not add up.")
    for column in counts.columns:
        if column.values != column.blank + column.usable + sum(column.invalid.values()) or column.usable < 0:
            raise Unaccounted("The values of a column do not add up.")
