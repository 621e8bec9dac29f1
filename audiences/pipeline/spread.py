"""Bring the rows that the rule had to say something about to those that are finished, and lay out their identifiers."""

# SQL is put together from our own expressions and names; every value in it went through quote().
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from audiences.pipeline import halves
from audiences.pipeline.judge import ColumnVerdicts
from audiences.pipeline.layout import Layout
from audiences.pipeline.session import PARQUET, Session
from audiences.pipeline.stage import Staged
from pinconnect.identifiers.columnar import quote


def spread(staged: Staged, verdicts: Sequence[ColumnVerdicts], session: Session) -> Layout:
    """Finish the layout; rows with an erased identifier are held back (not when removing)."""
    layout = staged.layout
    judged = _joined(layout, verdicts)
    held_rows = held_distinct = 0
    if tombstones := layout.plan.holds_back:
        judged, held_rows, held_distinct = _hold_back(layout, judged, tombstones, session)
    with session.unordered():
        rows = session.value(layout.write_judged(judged))
        for statement in layout.write_judged_digests():
            session.run(statement)
    (layout.folder / "all.parquet").unlink(missing_ok=True)
    usable = staged.tally.finished + rows
    return replace(layout, usable=usable, held_rows=held_rows, held_distinct=held_distinct)


def _joined(layout: Layout, verdicts: Sequence[ColumnVerdicts]) -> str:
    """Odd rows with at least one digest, whoever decided it: rid, a0, b0, a1, …"""
    columns, digests, joins = [], [], []
    for index, found in enumerate(verdicts):
        columns += [f"a{index}", f"b{index}"]
        if found.files is None:
            digests += [f"a{index}", f"b{index}"]
            continue
        columns.append(f"r{index}")
        digests += [f"COALESCE(o.{half}{index}, v{index}.{half}) AS {half}{index}" for half in "ab"]
        joins.append(
            f"LEFT JOIN (SELECT raw, {halves.split('h', '')} FROM read_parquet({quote(found.files)}) "
            f"WHERE h IS NOT NULL) v{index} ON r{index} = v{index}.raw"
        )
    inner = f"SELECT rid, {', '.join(digests)} FROM ({layout.rest(columns, only_odd=True)}) o {' '.join(joins)}"
    return f"SELECT * FROM ({inner}) WHERE {layout.first} IS NOT NULL"


def _hold_back(layout: Layout, joined: str, tombstones: Path, session: Session) -> tuple[str, int, int]:
    """Split off the rows that carry an erased identifier; a row is one person, so it is held back as a whole."""
    whole = quote(str(layout.folder / "all.parquet"))
    session.run(f"COPY (SELECT *, {layout.is_erased(tombstones)} AS held FROM ({joined})) TO {whole} {PARQUET}")
    columns = halves.names(layout.names)
    distinct = f"(SELECT DISTINCT {columns} FROM read_parquet({whole}) WHERE held)"
    rows = session.value(f"SELECT count(*) FROM read_parquet({whole}) WHERE held")
    kept = f"SELECT rid, {columns} FROM read_parquet({whole}) WHERE NOT held"
    return kept, rows, session.value(f"SELECT count(*) FROM {distinct}")
