"""Brings what was erased into the plan of a run: an ordinary one holds it back, that of an erasure removes it."""

# SQL is put together from our own expressions and names; every value in it went through quote().
# ruff: noqa: S608

import csv
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from django.db.models import Max

from audiences.models import Erasure, Run, Tombstone
from audiences.pipeline.plan import CsvFormat, Plan, Source
from pinconnect.identifiers import kinds
from pinconnect.identifiers.columnar import quote
from pinconnect.lib import engine

# The key in the plan of a run that belongs to an erasure; its value is the erasure's id.
KEY = "erasure"
# There when it removes whoever it names, also whom Pinterest has removed from the list before: others may write to it.
ASKS_AGAIN = "asks_again"


def is_erasure(run: Run) -> bool:
    """Whether the run removes what an erasure names rather than what its delivery's data says."""
    return KEY in run.plan


def newest(run: Run) -> int:
    """The newest erasure in the run's workspace at this moment, 0 for none; no older one appears after it.

    It is asked for when preparing begins: whatever was erased before is never sent, however long the run has waited.
    """
    newest = Erasure.objects.filter(workspace=run.workspace_id).aggregate(newest=Max("pk"))["newest"]
    return int(newest or 0)


def completed(plan: Plan, run: Run, folder: Path, *, up_to: int | None = None) -> Plan:
    """The plan with what was erased in the run's workspace. folder: for files that the plan needs.

    up_to: the newest erasure that counts, all of them if left out.
    """
    if is_erasure(run):
        ledger = None if run.plan.get(ASKS_AGAIN) else plan.ledger
        return replace(plan, sources=(_source(run, folder),), ledger=ledger)
    erased = Tombstone.objects.filter(erasure__workspace=run.workspace_id)
    path = _write(erased if up_to is None else erased.filter(erasure__lte=up_to), folder)
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
    with engine.borrowed(threads=1) as connection:
        connection.execute(
            f"COPY (SELECT wire_kind, unhex(h) AS h FROM read_csv({quote(str(text))}, auto_detect = false, "
            f"header = false, columns = {{'wire_kind': 'UTINYINT', 'h': 'VARCHAR'}})) "
            f"TO {quote(str(target))} (FORMAT parquet)"
        )
    return target


def _rows(found: Iterable[Tombstone]) -> list[tuple[str, str]]:
    """(wire kind, hexadecimal digest), each once and in order."""
    return sorted({(one.wire_kind, bytes(one.digest).hex()) for one in found})
