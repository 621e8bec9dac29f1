"""Brings what was erased into the plan of a run: an ordinary one holds it back, that of an erasure removes it."""

# SQL is put together from our own expressions and names; every value in it went through quote().
# ruff: noqa: S608

import csv
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import duckdb

from audiences.models import Run, Tombstone
from audiences.pipeline.plan import CsvFormat, Plan, Source
from pinconnect.identifiers import kinds
from pinconnect.identifiers.columnar import quote

# The key in the plan of a run that belongs to an erasure; its value is the erasure's id.
KEY = "erasure"


def is_erasure(run: Run) -> bool:
    """Whether the run removes what an erasure names rather than what its delivery's data says."""
    return KEY in run.plan


def completed(plan: Plan, run: Run, folder: Path) -> Plan:
    """The plan with what is erased in the run's workspace at this moment. folder: for files that the plan needs.

    It is read when preparing begins: whatever was erased before is never sent, however long the run has waited.
    """
    if is_erasure(run):
        return replace(plan, sources=(_source(run, folder),))
    path = _write(Tombstone.objects.filter(erasure__workspace=run.workspace_id), folder)
    return replace(plan, tombstones=path) if path else plan


def _source(run: Run, folder: Path) -> Source:
    """The identifiers of the erasure as rows with one filled column each."""
    names = tuple(column["column"] for column in run.plan["columns"])
    path = folder / "erasure.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow((*names, "end"))
        for kind, digest in _rows(Tombstone.objects.filter(erasure=run.plan[KEY], wire_kind__in=names)):
            writer.writerow((*(digest if name == kind else "" for name in names), "."))
    return Source(path, CsvFormat((*names, "end")))


def _write(found: Iterable[Tombstone], folder: Path) -> Path | None:
    """A Parquet file of (wire_kind, h), as the engine takes it; None when nothing is erased."""
    text, target = folder / "tombstones.csv", folder / "tombstones.parquet"
    rows = _rows(found)
    if not rows:
        return None
    text.write_text("".join(f"{kinds.WIRE_NUMBERS[kind]},{digest}\n" for kind, digest in rows), encoding="utf-8")
    connection = duckdb.connect(":memory:", config={"threads": 1})
    try:
        connection.execute(
            f"COPY (SELECT wire_kind, unhex(h) AS h FROM read_csv({quote(str(text))}, auto_detect = false, "
            f"header = false, columns = {{'wire_kind': 'UTINYINT', 'h': 'VARCHAR'}})) "
            f"TO {quote(str(target))} (FORMAT parquet)"
        )
    finally:
        connection.close()
    return target


def _rows(found: Iterable[Tombstone]) -> list[tuple[str, str]]:
    """(wire kind, hexadecimal digest), each once and in order."""
    return sorted({(one.wire_kind, bytes(one.digest).hex()) for one in found})
