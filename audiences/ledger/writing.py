"""Writes the ledger that comes after a run, beside the one before it."""

# SQL is put together from our own expressions and names; every value in it went through quote().
# ruff: noqa: S608

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from audiences.ledger import reading
from audiences.ledger.changes import COMES, GOES, Changes, Range, coalesced
from audiences.ledger.reading import MANIFEST, NOTHING, VERSION, LedgerStats
from audiences.pipeline import lanes
from audiences.pipeline.lanes import Lane
from audiences.pipeline.newcomers import OPTIONS
from audiences.pipeline.plan import LedgerPath
from audiences.pipeline.sequences import read_index
from audiences.pipeline.session import Row, Session
from pinconnect.identifiers import kinds
from pinconnect.identifiers.columnar import quote

__all__ = ["Range", "advance", "coalesced"]

Result = TypeVar("Result")

# From so many members on, a ledger is not written anew for a small change, but notes who came and who left.
LARGE = 500_000
# Notes are worked in when there is one for so many members.
_MEMBERS_PER_NOTE = 5
_NOBODY = f"SELECT *, 0::UTINYINT AS f FROM ({NOTHING})"


def advance(
    old: LedgerPath | None,
    workdir: Path,
    acknowledged: Iterable[Range],
    target: Path,
    *,
    memory_limit_mb: int = 512,
    threads: int = 0,
    is_gone: bool = False,
) -> LedgerStats:
    """Write to target: old + acknowledged adds - acknowledged removes; is_gone: the other way round.

    acknowledged: ranges of the sequences that prepare left in workdir; overlaps do no harm. target is replaced if it is
    left over from a crash. Raises LedgerBroken, DiskFull, MemoryShort; then target has no manifest.
    """
    before, index = reading.stats(old), read_index(workdir)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    width = max(before.width, index.width)
    changes = Changes(index, list(acknowledged), width, before.members, is_gone=is_gone)
    with Session(target / ".spill", memory_limit_mb=memory_limit_mb, threads=threads) as session:
        changes.gather(target / ".changes", session)
        after = _write(old, before, changes, target, session)
    shutil.rmtree(target / ".changes", ignore_errors=True)
    manifest = {
        "version": VERSION,
        "width": after.width,
        "members": dict(after.members),
        "base": after.base,
        "changed": after.changed,
    }
    # The manifest makes it a ledger, so it comes last and whole, after everything else has reached the disk.
    draft = target / f"{MANIFEST}.draft"
    draft.write_text(json.dumps(manifest, sort_keys=True), encoding="utf-8")
    for file in target.iterdir():
        with file.open("rb") as written:
            os.fsync(written.fileno())
    draft.rename(target / MANIFEST)
    return after


def _write(
    old: LedgerPath | None, before: LedgerStats, changes: Changes, target: Path, session: Session
) -> LedgerStats:
    is_same_form = before.version == VERSION and before.width == changes.width
    is_small = (before.changed + changes.size) * _MEMBERS_PER_NOTE <= before.base
    if old is not None and is_same_form and is_small and before.base >= LARGE:
        return _note(old, before, changes, target, session)
    return _rewrite(old, before, changes, target, session)


def _rewrite(
    old: LedgerPath | None, before: LedgerStats, changes: Changes, target: Path, session: Session
) -> LedgerStats:
    """Write all members, partition after partition."""

    def write(lane: Lane, prefix: str) -> list[Row]:
        file = target / reading.file_name(prefix)
        if before.total == 0 and (shared := changes.comers_file(prefix)):
            _share(shared, file)
        elif before.total == 0 and (comers := changes.comers(prefix)):
            lane.run(f"COPY ({comers}) TO {quote(str(file))} {OPTIONS}")
        else:
            known = reading.flagged(old, before, prefix) if old else _NOBODY
            query = f"SELECT wire_kind, a, b, bit_or(f) AS f FROM ({known} UNION ALL {changes.of(prefix)}) GROUP BY ALL"
            lane.run(
                f"COPY (SELECT wire_kind, a, b FROM ({query}) WHERE {_is_member('f & 4 = 0')} "
                f"ORDER BY a, b, wire_kind) TO {quote(str(file))} {OPTIONS}"
            )
        return lane.run(f"SELECT wire_kind, count(*) FROM read_parquet({quote(str(file))}) GROUP BY wire_kind")

    members: Counter[str] = Counter()
    for sizes in _in_lanes(write, before, changes, session):
        members.update({kinds.WIRE_CODES[number]: size for number, size in sizes})
    return LedgerStats(dict(sorted(members.items())), changes.width, base=members.total())


def _note(old: LedgerPath, before: LedgerStats, changes: Changes, target: Path, session: Session) -> LedgerStats:
    """Share the files of members, and write who came and who left since they were written."""

    def write(lane: Lane, prefix: str) -> tuple[int, list[Row]]:
        _share(old / reading.file_name(prefix), target / reading.file_name(prefix))
        known = ""
        if before.changed:
            flag = "CASE WHEN gone THEN 4 ELSE 2 END::UTINYINT AS f"
            known = f"SELECT wire_kind, a, b, {flag} FROM ({reading.delta(old, before, prefix)}) UNION ALL"
        touched = f"SELECT wire_kind, a, b, bit_or(f) AS f FROM ({known} {changes.of(prefix)}) GROUP BY ALL"
        if changes.are_exact:
            # Who goes is a member: without a note, then, one that the files hold.
            based = f"SELECT *, f & 4 > 0 OR f & {2 | GOES} = {GOES} AS is_based FROM ({touched})"
        else:
            based = (
                f"SELECT t.*, s.wire_kind IS NOT NULL AS is_based FROM ({touched}) t "
                f"LEFT JOIN ({reading.base(old, before, prefix)}) s USING (wire_kind, a, b)"
            )
        lane.run(
            f"CREATE OR REPLACE TEMP TABLE touched AS SELECT *, f & 6 = 2 OR (f & 6 = 0 AND is_based) AS was, "
            f"{_is_member('was')} AS is_now FROM ({based})"
        )
        changed = lane.value(
            f"COPY (SELECT wire_kind, a, b, NOT is_now AS gone FROM touched WHERE is_now <> is_based "
            f"ORDER BY a, b, wire_kind) TO {quote(str(target / reading.delta_name(prefix)))} {OPTIONS}"
        )
        return changed, lane.run("SELECT wire_kind, sum(is_now::INT - was::INT) FROM touched GROUP BY 1")

    members, changed = Counter(before.members), 0
    for notes, sizes in _in_lanes(write, before, changes, session):
        changed += notes
        for number, more in sizes:
            members[kinds.WIRE_CODES[number]] += int(more)
    left = {kind: size for kind, size in members.items() if size}
    return LedgerStats(left, changes.width, base=before.base, changed=changed)


def _in_lanes(
    write: Callable[[Lane, str], Result], before: LedgerStats, changes: Changes, session: Session
) -> list[Result]:
    number = lanes.how_many(session, before.base + before.changed + changes.size, len(changes.prefixes))
    return lanes.each(session, write, changes.prefixes, lanes=number)


def _is_member(otherwise: str) -> str:
    """SQL for what the flags make of an identifier: what goes is gone, whatever else was said about it."""
    return f"CASE WHEN f & {GOES} > 0 THEN false WHEN f & {COMES} > 0 THEN true ELSE {otherwise} END"


def _share(file: Path, target: Path) -> None:
    """Files of ledgers never change, so one may be in several folders; a copy serves where links are impossible."""
    try:
        os.link(file, target)
    except OSError:
        shutil.copyfile(file, target)
