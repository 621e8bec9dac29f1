"""Taking in a file: from a browser or from the local disk, into the storage, as the next snapshot of a dataset."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.db import IntegrityError, transaction
from django.db.models import Max

from pinconnect.datasets.examination import magic
from pinconnect.datasets.models import Dataset, Snapshot, SnapshotState, WriteMode
from pinconnect.datasets.services import stores
from pinconnect.datasets.services.datasets import NameTakenError, create_dataset, withdraw_dataset
from pinconnect.datasets.services.examining import examine
from pinconnect.datasets.services.stores import Spooled, UploadRefusedError
from pinconnect.lib.texts import without_nul
from pinconnect.queue import hints
from pinconnect.workspaces import audit
from pinconnect.workspaces.models import User, Workspace

logger = logging.getLogger(__name__)

# Up to this size the answer comes with the next page; above it, a worker examines.
EXAMINED_AT_ONCE_BYTES = 5_000_000
EXAMINE_TASK = "pinconnect.datasets.tasks.examine_snapshot"
_HEAD_BYTES = 65_536
_LONGEST_NAME = 255


class AlreadyReceivedError(Exception):
    """The same form came twice; snapshot is what its first arrival made."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self.snapshot = snapshot


@dataclass(frozen=True)
class Upload:
    """What comes with a file. token: of the form it was sent with, so that the same form makes one snapshot."""

    original_name: str
    mode: str
    token: str | None = None


def receive_upload(
    dataset: Dataset,
    *,
    by: User | None,
    file: IO[bytes] | Spooled,
    original_name: str,
    mode: str,
    token: str | None = None,
    is_examined: bool = True,
) -> Snapshot:
    """Store a file as the dataset's next snapshot, and examine it: small ones before this returns, others by a worker.

    file: anything with read(), or what an upload handler has spooled already; either is used up.
    is_examined: False leaves the examination to the caller. Raises UploadRefusedError (nothing is kept) and
    AlreadyReceivedError. The snapshot may come back REFUSED.
    """
    spooled = file if isinstance(file, Spooled) else stores.spool(_chunks(file))
    try:
        is_gzip = _refuse_at_sight(spooled)
        snapshot = _announce(dataset, by, Upload(_clean_name(original_name), mode, token), is_gzip=is_gzip)
        _store(snapshot, spooled, by)
    finally:
        spooled.discard()
    if is_examined:
        have_examined(snapshot)
    return snapshot


def create_with_upload(
    workspace: Workspace,
    *,
    by: User | None,
    name: str,
    description: str,
    file: Spooled,
    original_name: str,
    token: str | None,
) -> Snapshot:
    """A new dataset with its first snapshot; neither is there when the file is not taken.

    Raises NameTakenError, UploadRefusedError and AlreadyReceivedError.
    """
    try:
        _refuse_at_sight(file)
        dataset = create_dataset(workspace, by=by, name=name, description=description)
    except NameTakenError:
        first = received_with(workspace.pk, token or "")
        file.discard()
        if first:
            raise AlreadyReceivedError(first) from None
        raise
    try:
        return receive_upload(
            dataset, by=by, file=file, original_name=original_name, mode=WriteMode.APPEND, token=token
        )
    except (UploadRefusedError, AlreadyReceivedError):
        withdraw_dataset(dataset, by=by)
        raise


def receive_file(dataset: Dataset, path: Path, *, by: User | None, mode: str, is_examined: bool = True) -> Snapshot:
    """Copy a local file in as the next snapshot; the file itself stays. Otherwise as receive_upload()."""
    with path.open("rb") as file:
        return receive_upload(dataset, by=by, file=file, original_name=path.name, mode=mode, is_examined=is_examined)


def received_with(workspace_id: int, token: str) -> Snapshot | None:
    """What a form with this token has made already."""
    found = Snapshot.objects.filter(workspace=workspace_id, upload_token=without_nul(token)).select_related("dataset")
    return found.first() if token else None


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(stores.CHUNK_BYTES):
        yield chunk


def _clean_name(name: str) -> str:
    """The last part of a path, printable; shown to people and never used as a path."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(sign for sign in last if sign.isprintable())[-_LONGEST_NAME:] or "upload.csv"


def _refuse_at_sight(spooled: Spooled) -> bool:
    """Refuse what the first bytes tell already; returns whether it is compressed with gzip."""
    if spooled.size == 0:
        raise UploadRefusedError("empty")
    with spooled.path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    foreign = magic.foreign_type(head)
    if foreign:
        raise UploadRefusedError("not_rows", foreign)
    return magic.is_gzip(head)


def _announce(dataset: Dataset, by: User | None, upload: Upload, *, is_gzip: bool) -> Snapshot:
    """Write the row before the bytes are stored: a process killed in between leaves no file that nobody knows of."""
    try:
        with transaction.atomic():
            # Two uploads to one dataset take their numbers one after the other.
            Dataset.objects.select_for_update().get(pk=dataset.pk)
            newest = Snapshot.objects.filter(dataset=dataset).aggregate(newest=Max("number"))["newest"] or 0
            return Snapshot.objects.create(
                workspace_id=dataset.workspace_id,
                dataset=dataset,
                number=newest + 1,
                mode=upload.mode,
                state=SnapshotState.RECEIVING,
                storage_name=stores.new_name(dataset.workspace_id, dataset.pk, is_gzip=is_gzip),
                original_name=upload.original_name,
                upload_token=upload.token or None,
                created_by=by,
            )
    except IntegrityError:
        first = received_with(dataset.workspace_id, upload.token or "")
        if first is None:
            raise
        raise AlreadyReceivedError(first) from None


def _store(snapshot: Snapshot, spooled: Spooled, by: User | None) -> None:
    try:
        with stores.refusing_a_full_disk():
            stores.store(spooled.path, snapshot.storage_name)
        with transaction.atomic():
            snapshot.state = SnapshotState.RECEIVED
            snapshot.size_bytes, snapshot.sha256 = spooled.size, spooled.sha256
            snapshot.save(update_fields=["state", "size_bytes", "sha256"])
            audit.record(
                "snapshot.uploaded",
                snapshot,
                workspace=snapshot.workspace,
                by=by,
                mode=snapshot.mode,
                bytes=spooled.size,
            )
    except UploadRefusedError:
        forget(snapshot)
        raise
    except Exception as error:
        logger.exception("A file could not be stored.")
        forget(snapshot)
        raise UploadRefusedError("storage_failed") from error


def forget(snapshot: Snapshot) -> bool:
    """Remove a snapshot whose bytes never arrived in full; False when its file could not be removed yet."""
    if not stores.remove([snapshot.storage_name]):
        return False
    Snapshot.objects.filter(pk=snapshot.pk, state=SnapshotState.RECEIVING).delete()
    return True


def have_examined(snapshot: Snapshot) -> None:
    """Small ones now, others by a worker."""
    if snapshot.size_bytes <= EXAMINED_AT_ONCE_BYTES:
        examine(snapshot)
    else:
        hints.enqueue(EXAMINE_TASK, snapshot.pk, cluster="prepare")
