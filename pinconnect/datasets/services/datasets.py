"""Making, archiving and restoring datasets."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from pinconnect.datasets.models import Dataset, Snapshot
from pinconnect.workspaces import audit
from pinconnect.workspaces.models import User, Workspace


class NameTakenError(Exception):
    """Another dataset of the workspace has this name."""


def create_dataset(workspace: Workspace, *, by: User | None, name: str, description: str = "") -> Dataset:
    """A dataset without rows. Raises NameTakenError."""
    try:
        with transaction.atomic():
            dataset = Dataset.objects.create(
                workspace=workspace, name=name.strip(), description=description.strip(), created_by=by
            )
            audit.record("dataset.created", dataset, workspace=workspace, by=by)
    except IntegrityError:
        raise NameTakenError from None
    return dataset


def withdraw_dataset(dataset: Dataset, *, by: User | None) -> None:
    """Take back a dataset that never got a row; one with snapshots stays."""
    with transaction.atomic():
        if not Snapshot.objects.filter(dataset=dataset).exists():
            audit.record("dataset.withdrawn", dataset, workspace=dataset.workspace, by=by)
            dataset.delete()


def change_dataset(dataset: Dataset, *, by: User | None, name: str, description: str) -> None:
    """Give it another name or description. Raises NameTakenError."""
    before = dataset.name
    dataset.name, dataset.description = name.strip(), description.strip()
    try:
        with transaction.atomic():
            dataset.save(update_fields=["name", "description"])
            audit.record("dataset.changed", dataset, workspace=dataset.workspace, by=by, name_before=before)
    except IntegrityError:
        raise NameTakenError from None


def archive(dataset: Dataset, *, by: User | None) -> bool:
    """Take it out of the lists; its rows are kept for a while. False when it was archived already."""
    with transaction.atomic():
        now = timezone.now()
        done = Dataset.objects.current().filter(pk=dataset.pk).update(archived_at=now) == 1
        if done:
            dataset.archived_at = now
            audit.record("dataset.archived", dataset, workspace=dataset.workspace, by=by)
    return done


def restore(dataset: Dataset, *, by: User | None) -> bool:
    """Undo archiving. Raises NameTakenError when its name has been given to another; False when it is not archived."""
    try:
        with transaction.atomic():
            archived = Dataset.objects.filter(pk=dataset.pk, archived_at__isnull=False)
            done = archived.update(archived_at=None) == 1
            if done:
                dataset.archived_at = None
                audit.record("dataset.restored", dataset, workspace=dataset.workspace, by=by)
    except IntegrityError:
        raise NameTakenError from None
    return done


def consequences_of_archiving() -> list[str]:
    """What archiving means, in sentences."""
    days = settings.SNAPSHOT_KEEP_DAYS
    kept = f"Its rows are deleted {days} days from now." if days else "Its rows stay stored until you delete them."
    until = "until then" if days else "meanwhile"
    return [
        f"It takes no new rows. Deliveries from it go on with those that are there {until}: pause or archive them if "
        "they should stop.",
        "Nobody is removed from any audience by this.",
        kept,
    ]


def current_snapshots(dataset: Dataset, *, since: datetime | None = None) -> list[Snapshot]:
    """The snapshots whose rows are the dataset's, oldest first; since: only those that became ready from then on."""
    found = Snapshot.objects.in_use(dataset)
    if since is not None:
        found = found.filter(ready_at__gte=since)
    return list(found.order_by("number"))
