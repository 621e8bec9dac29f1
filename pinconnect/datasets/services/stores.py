"""Files of snapshots: how they get into the storage, out of it, and where they wait meanwhile."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import logging
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, default_storage, storages

from pinconnect.datasets.models import Snapshot
from pinconnect.lib import leftovers, storage

logger = logging.getLogger(__name__)

CHUNK_BYTES = 1 << 20


class UploadRefusedError(Exception):
    """A file that is not taken; nothing of it was kept. code and detail have words in datasets.messages."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


class SnapshotGoneError(FileNotFoundError):
    """The rows of a snapshot were deleted."""


@dataclass(frozen=True)
class Spooled:
    """A whole upload on the local disk, not yet in the storage."""

    path: Path
    size: int
    sha256: str

    def discard(self) -> None:
        self.path.unlink(missing_ok=True)


class Spool:
    """Takes the bytes of one upload as they come: to a private file, counted and hashed on the way."""

    def __init__(self) -> None:
        folder = uploads_folder()
        self.path = folder / f"{secrets.token_hex(16)}.part"
        self._limit = settings.UPLOAD_MAX_BYTES
        self._hash = hashlib.sha256()
        self._size = 0
        # Not opened by name only: nobody else on this machine may read what people upload.
        with refusing_a_full_disk():
            self._file = os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")

    def write(self, data: bytes) -> None:
        """Raises UploadRefusedError over the size limit and on a full disk."""
        self._size += len(data)
        if self._size > self._limit:
            raise UploadRefusedError("too_large", limit_in_words())
        with refusing_a_full_disk():
            self._file.write(data)
        self._hash.update(data)

    def finish(self) -> Spooled:
        with refusing_a_full_disk():
            self._file.flush()
            os.fsync(self._file.fileno())
        self._file.close()
        return Spooled(self.path, self._size, self._hash.hexdigest())

    def discard(self) -> None:
        with contextlib.suppress(OSError):
            self._file.close()
        self.path.unlink(missing_ok=True)


def spool(chunks: Iterable[bytes]) -> Spooled:
    """Take all chunks; nothing is left behind when that fails. Raises UploadRefusedError."""
    taken = Spool()
    try:
        for chunk in chunks:
            taken.write(chunk)
        return taken.finish()
    except BaseException:
        taken.discard()
        raise


def limit_in_words() -> str:
    megabytes = settings.UPLOAD_MAX_BYTES // 1_000_000
    return f"{megabytes / 1000:g} GB" if megabytes >= 1000 else f"{megabytes} MB"


@contextlib.contextmanager
def refusing_a_full_disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if storage.is_full(error):
            raise UploadRefusedError("disk_full") from error
        raise


class _Movable(File):
    """A local file that the local storage may take over by renaming it, which is atomic and copies nothing."""

    def temporary_file_path(self) -> str:
        return str(self.name)


def new_name(workspace_id: int, dataset_id: int, *, is_gzip: bool) -> str:
    """A place that nobody can guess and nobody has used."""
    ending = "csv.gz" if is_gzip else "csv"
    return f"workspaces/{workspace_id}/datasets/{dataset_id}/{secrets.token_hex(16)}.{ending}"


def beside(storage_name: str, what: str) -> str:
    """Where something made from a snapshot is kept; the same each time, so that a repeated attempt leaves no second."""
    return f"{storage_name.split('.')[0]}-{what}.csv"


def store(path: Path, name: str) -> None:
    """Move a local file into the storage under exactly this name, in place of what may be there."""
    default_storage.delete(name)
    with path.open("rb") as opened:
        saved = default_storage.save(name, _Movable(opened, name=str(path)))
    path.unlink(missing_ok=True)
    if saved != name:
        default_storage.delete(saved)
        raise OSError(errno.EEXIST, "The storage has a file of that name already.")


def remove(names: Iterable[str]) -> bool:
    """Delete files from the storage; False when that failed for any, so that it has to be tried again."""
    done = True
    for name in names:
        try:
            default_storage.delete(name)
        except Exception as error:  # noqa: BLE001 -- every storage has errors of its own, and none may stop the others
            logger.warning("A file of a snapshot could not be deleted yet: %s", type(error).__name__)
            done = False
    return done


def local_copy(snapshot: Snapshot, folder: Path) -> Path:
    """The file that csv_format(snapshot) describes, as a local file in folder. Raises SnapshotGoneError."""
    return _local(snapshot, snapshot.readable_name, folder)


def local_original(snapshot: Snapshot, folder: Path) -> Path:
    """The file as it was uploaded, as a local file in folder. Raises SnapshotGoneError."""
    return _local(snapshot, snapshot.storage_name, folder)


def _local(snapshot: Snapshot, name: str, folder: Path) -> Path:
    target = folder / f"snapshot-{snapshot.pk}-{Path(name).name}"
    folder.mkdir(parents=True, exist_ok=True)
    if not name or not default_storage.exists(name):
        raise SnapshotGoneError(f"The rows of snapshot {snapshot.pk} are not stored any more.")
    target.unlink(missing_ok=True)
    if is_local():
        try:
            # A second name for the same bytes: deleting the snapshot meanwhile does not pull them away.
            os.link(default_storage.path(name), target)
        except OSError:
            return Path(default_storage.path(name))
        return target
    storage.copy_to(name, target)
    return target


def is_local() -> bool:
    return isinstance(storages["default"], FileSystemStorage)


def uploads_folder() -> Path:
    return _private_folder("uploads")


@contextlib.contextmanager
def scratch(snapshot: Snapshot) -> Iterator[Path]:
    """A folder of one's own for examining a snapshot; gone afterwards."""
    folder = _private_folder("examinations") / f"{snapshot.pk}-{secrets.token_hex(8)}"
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(now: float | None = None) -> int:
    """Remove what killed processes have left in the work folders for more than a day; returns how many things."""
    folders = uploads_folder(), _private_folder("examinations")
    return sum(leftovers.sweep(folder.iterdir(), now=now) for folder in folders)


def _private_folder(name: str) -> Path:
    folder = Path(settings.WORK_DIR) / name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
