"""Where the files of runs and ledgers are: in storage for good, and in a local folder for whoever works with them.

With local storage both are one and the same. With remote storage the local folder is a cache under WORK_DIR: filled by
whoever prepares or first needs the files, pruned by the reconciler.
"""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import IO, Any

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, default_storage, storages

from audiences.models import Audience, Run
from pinconnect.lib import storage

REJECTS = "rejects.csv"
# A folder of an attempt, or one that was put aside to be deleted.
_GONE = ".gone"
_ATTEMPT = re.compile(r"\.?(\d+)(?:\.|$)")


class FilesLostError(Exception):
    """Files that the database knows of are not in storage any more."""


def is_local() -> bool:
    """Whether storage is a folder of this machine."""
    return isinstance(storages["default"], FileSystemStorage)


def run_name(run: Run, attempt: int) -> str:
    """The folder in storage of one attempt to prepare; every attempt has its own, so that two never mix."""
    return f"workspaces/{run.workspace_id}/runs/{run.pk}/{attempt}"


def ledger_name(audience: Audience, version: int) -> str:
    return f"workspaces/{audience.workspace_id}/ledgers/{audience.pk}/{version}"


def rejects_name(run: Run) -> str:
    """The masked list of refused values is kept when the run's other files are gone."""
    return f"workspaces/{run.workspace_id}/runs/{run.pk}/{REJECTS}"


def new_folder(name: str) -> Path:
    """An empty local folder for files that will be stored under this name."""
    folder = _local(name)
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder


def store(name: str, *, but: str = "") -> None:
    """Bring a folder that was filled here into storage; nothing to do when storage is local.

    but: a folder inside it that others can do without.
    """
    if is_local():
        return
    folder = _local(name)
    for path in _files(folder):
        if but and path.is_relative_to(folder / but):
            continue
        _replace(f"{name}/{path.relative_to(folder).as_posix()}", path)


def fetch(name: str) -> Path:
    """The local folder with the files stored under a name. Raises FilesLostError when there are none."""
    folder = _local(name)
    if folder.is_dir():
        if not is_local():
            # Its age says how long nobody has needed it.
            os.utime(folder)
        return folder
    if is_local():
        raise FilesLostError(name)
    # Filled aside and renamed: a folder that is there is complete, whoever was killed meanwhile.
    aside = folder.with_name(f".{folder.name}.{token_hex(4)}")
    try:
        if not _download(name, aside):
            raise FilesLostError(name)
        try:
            aside.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return folder


def fetch_again(name: str) -> Path:
    """Fetch anew where the copy here cannot be read; what storage itself holds is as good as it gets."""
    if not is_local():
        delete_folder(_local(name))
    return fetch(name)


def holds(name: str, file: str) -> bool:
    """Whether storage itself, not a copy here, has this file in a folder."""
    return bool(default_storage.exists(f"{name}/{file}"))


def remove(name: str) -> None:
    """Delete a folder here and in storage; also when it is gone already, or half of it."""
    folder = _local(name)
    for left in folder.parent.glob(f".{folder.name}.*{_GONE}"):
        shutil.rmtree(left, ignore_errors=True)
    delete_folder(folder)
    if not is_local():
        for stored in _stored(name):
            default_storage.delete(stored)


def delete_folder(folder: Path) -> None:
    """Delete a local folder, renamed first: a folder under its own name is whole, whoever is killed or still reads."""
    aside = folder.with_name(f".{folder.name}.{token_hex(4)}{_GONE}")
    with suppress(FileNotFoundError):
        folder.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)


def ledger(audience: Audience, version: int) -> Path | None:
    """The local folder of a ledger version; None for the empty ledger."""
    return fetch(ledger_name(audience, version)) if version else None


def ledger_versions(audience: Audience) -> list[int]:
    """The versions of a ledger that storage holds, finished or not."""
    try:
        folders, _ = default_storage.listdir(f"workspaces/{audience.workspace_id}/ledgers/{audience.pk}")
    except FileNotFoundError:
        return []
    return sorted(int(folder) for folder in folders if folder.isdigit())


def keep_rejects(run: Run, path: Path) -> None:
    """Store the masked list of refused values, or nothing when there is none."""
    if path.exists():
        _replace(rejects_name(run), path)


def open_rejects(run: Run) -> IO[Any] | None:
    """The masked list of refused values, ready to be read in bytes; None when the run kept none."""
    name = rejects_name(run)
    return default_storage.open(name, "rb") if default_storage.exists(name) else None


def attempts(run: Run) -> list[int]:
    """The attempts of which anything is left in storage or here, half-deleted folders included."""
    parent = run_name(run, 0).rpartition("/")[0]
    names = {path.name for path in _local(parent).glob("*")}
    with suppress(FileNotFoundError):
        names |= set(default_storage.listdir(parent)[0])
    return sorted({int(found[1]) for name in names if (found := _ATTEMPT.match(name))})


@contextmanager
def scratch(run: Run, attempt: int) -> Iterator[Path]:
    """A local folder outside of storage for what only this attempt needs, raw values too; gone afterwards."""
    folder = scratch_folder() / f"run-{run.pk}-{attempt}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def scratch_folder() -> Path:
    """Where the scratch folders of all runs are; what killed processes leave there, pruning.sweep removes."""
    return Path(settings.WORK_DIR) / "scratch"


def _local(name: str) -> Path:
    return Path(default_storage.path(name)) if is_local() else Path(settings.WORK_DIR) / "cache" / name


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _replace(name: str, path: Path) -> None:
    if default_storage.exists(name):
        default_storage.delete(name)
    with path.open("rb") as opened:
        default_storage.save(name, File(opened))


def _download(name: str, folder: Path) -> bool:
    found = list(_stored(name))
    for stored in found:
        target = folder / stored[len(name) + 1 :]
        target.parent.mkdir(parents=True, exist_ok=True)
        storage.copy_to(stored, target)
    return bool(found)


def _stored(name: str) -> Iterator[str]:
    try:
        folders, files = default_storage.listdir(name)
    except FileNotFoundError:
        return
    for file in files:
        yield f"{name}/{file}"
    for folder in folders:
        yield from _stored(f"{name}/{folder}")
