"""What a run reads: its pinned data as local files, in the form the engine takes."""

from hashlib import sha256
from pathlib import Path

from audiences import files
from audiences.models import Run
from audiences.people import tombstones
from audiences.pipeline.plan import Plan, SourceBroken
from audiences.services import emptied
from audiences.services import plan as plans
from pinconnect.datasets.csv_format import csv_format
from pinconnect.datasets.models import Snapshot, SnapshotState
from pinconnect.datasets.services import SnapshotGoneError, local_copy


def local_plan(run: Run, folder: Path, *, erased_up_to: int | None) -> Plan:
    """The pinned plan over local copies in folder. Raises SourceBroken and FilesLostError for what is gone.

    erased_up_to: the newest erasure that counts, None for all of them; see tombstones.newest().
    """
    ledger = files.ledger(run.audience, run.plan["ledger_version"]) if run.audience else None
    plan = plans.engine_plan(run, _copies(run, folder), ledger)
    return emptied.completed(tombstones.completed(plan, run, folder, up_to=erased_up_to), folder)


def fingerprint(run: Run) -> list[str]:
    """One digest per pinned snapshot, of its bytes and of how they are read: a correction changes it."""
    found = Snapshot.objects.in_bulk(run.plan["snapshots"])
    texts = (f"{found[pk].sha256} {csv_format(found[pk])}" if pk in found else "" for pk in run.plan["snapshots"])
    return [sha256(text.encode()).hexdigest()[:16] for text in texts]


def _copies(run: Run, folder: Path) -> list[tuple[Snapshot, Path]]:
    ready = Snapshot.objects.filter(state=SnapshotState.READY).in_bulk(run.plan["snapshots"])
    copies = []
    for number, pk in enumerate(run.plan["snapshots"], start=1):
        try:
            copies.append((ready[pk], local_copy(ready[pk], folder)))
        except (KeyError, SnapshotGoneError):
            raise SourceBroken("source_missing", source=number) from None
    return copies
