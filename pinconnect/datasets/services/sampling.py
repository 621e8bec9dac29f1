"""The beginning of a snapshot, for a quick look on a page: bounded, however large the snapshot is."""

from __future__ import annotations

import contextlib
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.core.files.storage import default_storage

from pinconnect.datasets.csv_format import csv_format
from pinconnect.datasets.models import Snapshot
from pinconnect.datasets.services import stores
from pinconnect.lib import storage


@dataclass(frozen=True)
class Beginning:
    """A plain file in the snapshot's format (decompressed), ending with a whole line. is_whole: nothing is missing."""

    path: Path
    is_whole: bool


@contextlib.contextmanager
def beginning(snapshot: Snapshot, most_bytes: int) -> Iterator[Beginning]:
    """The first bytes of a ready snapshot as a private local file that is gone afterwards. Raises SnapshotGoneError."""
    name = snapshot.readable_name
    if not name or not default_storage.exists(name):
        raise stores.SnapshotGoneError(f"The rows of snapshot {snapshot.pk} are not stored any more.")
    with stores.scratch(snapshot) as folder, storage.reading(name) as stored:
        path = folder / "beginning.csv"
        is_packed = csv_format(snapshot).compression == "gzip"
        with path.open("wb") as out, _unpacked(stored, is_packed=is_packed) as raw:
            is_whole = _copy(raw, out, most_bytes)
        yield Beginning(path, is_whole)


def _unpacked(stored: Any, *, is_packed: bool) -> contextlib.AbstractContextManager[Any]:
    return gzip.open(stored, "rb") if is_packed else contextlib.nullcontext(stored)


def _copy(raw: Any, out: IO[bytes], most_bytes: int) -> bool:
    """Copy at most so many bytes, up to the last end of a line; True when that was all there is."""
    left = most_bytes
    while left > 0:
        chunk = raw.read(min(stores.CHUNK_BYTES, left))
        if not chunk:
            return True
        left -= len(chunk)
        if left <= 0 and raw.read(1):
            end = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
            out.write(chunk[: end + 1])
            return False
        out.write(chunk)
    return True
