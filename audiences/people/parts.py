"""Single files out of stored folders: where storage is remote, a look-up brings only what it reads."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from types import TracebackType

from django.conf import settings
from django.core.files.storage import default_storage

from audiences import files
from pinconnect.lib import leftovers, storage

_PREFIX = "parts-"


def sweep() -> int:
    """Remove the parts that killed processes have left on this host for more than a day; returns how many folders."""
    return leftovers.sweep(Path(settings.WORK_DIR).glob(f"{_PREFIX}*"))


class Parts:
    """Local folders with parts of stored ones, for as long as the context lasts."""

    def __init__(self) -> None:
        self._scratch: Path | None = None

    def __enter__(self) -> Parts:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def with_file(self, name: str, file: str) -> Path:
        """The local form of a stored folder with one of its files, if that is stored."""
        folder = self._folder(name)
        if not files.is_local() and not (folder / file).exists() and default_storage.exists(f"{name}/{file}"):
            self._copy(f"{name}/{file}", folder / file)
        return folder

    def with_folder(self, name: str, inner: str) -> Path:
        """The local form of a stored folder with all files of one of its folders."""
        folder = self._folder(name)
        if not files.is_local() and not (folder / inner).exists():
            for file in _listed(f"{name}/{inner}")[1]:
                self._copy(f"{name}/{inner}/{file}", folder / inner / file)
        return folder

    def whole(self, name: str) -> Path:
        """The local form of a stored folder with all its folders."""
        folder = self._folder(name)
        if not files.is_local():
            for inner in _listed(name)[0]:
                self.with_folder(name, inner)
        return folder

    def _folder(self, name: str) -> Path:
        if files.is_local():
            return Path(default_storage.path(name))
        if self._scratch is None:
            Path(settings.WORK_DIR).mkdir(parents=True, exist_ok=True)
            self._scratch = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=settings.WORK_DIR))
        folder = self._scratch / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @staticmethod
    def _copy(name: str, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        storage.copy_to(name, target)


def _listed(name: str) -> tuple[list[str], list[str]]:
    """Folders and files directly in a stored folder; none when it is not there."""
    try:
        folders, found = default_storage.listdir(name)
    except FileNotFoundError:
        return [], []
    return list(folders), list(found)
