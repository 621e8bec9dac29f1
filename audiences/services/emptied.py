"""A dataset whose data was all deleted is an empty one: who mirrors it is to remove everybody, once a person agrees."""

import csv
from dataclasses import replace
from pathlib import Path

from audiences.models import Mode, Run, Scope
from audiences.people import tombstones
from audiences.pipeline.plan import CsvFormat, Plan, Source
from pinconnect.datasets.models import Snapshot


def is_emptied(run: Run) -> bool:
    """Whether the run mirrors all of a dataset that had data and has none now, onto a list that was filled before."""
    if run.plan["snapshots"] or run.plan["mode"] != Mode.MIRROR or not run.plan["ledger_version"]:
        return False
    if tombstones.is_erasure(run) or run.delivery.scope != Scope.ALL:
        return False
    # Whoever archives a dataset is told that nobody is removed by that.
    had_data = Snapshot.objects.filter(dataset=run.delivery.dataset_id, ready_at__isnull=False)
    return had_data.filter(dataset__archived_at=None).exists()


def completed(plan: Plan, folder: Path) -> Plan:
    """The plan with a file without rows where it has no source. folder: for that file."""
    if plan.sources:
        return plan
    # One column would look the same as a file of blank lines.
    names = (*plan.read_columns, "end")
    path = folder / "emptied.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, lineterminator="\n").writerow(names)
    return replace(plan, sources=(Source(path, CsvFormat(names)),))
