"""Stored files, read a piece at a time, whatever storage they are in.

The S3 backend fetches a whole object, into memory unless it is told otherwise, before the first byte of it is read.
"""

import errno
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage

_CHUNK_BYTES = 1 << 20


def is_full(error: BaseException) -> bool:
    """Whether an error of the system says that a disk, or the share of it that may be used, is full."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def reading(name: str) -> Iterator[Any]:
    """A stored file as something to read from its beginning on; no more of it is fetched than is read."""
    with default_storage.open(name, "rb") as stored:
        remote = getattr(stored, "obj", None)
        if remote is None:
            yield stored
            return
        with closing(remote.get()["Body"]) as body:
            yield body


def copy_to(name: str, target: Path) -> None:
    """Write a stored file to a local path. Memory holds a few megabytes of it, however large it is."""
    with default_storage.open(name, "rb") as stored, target.open("wb") as out:
        remote = getattr(stored, "obj", None)
        if remote is None:
            shutil.copyfileobj(stored, out, _CHUNK_BYTES)
        else:
            # The S3 backend's own attribute, which the type of storages in general does not have.
            remote.download_fileobj(out, Config=default_storage.transfer_config)  # type: ignore[attr-defined]
