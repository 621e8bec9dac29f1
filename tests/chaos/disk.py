"""A disk of its own for an installation, which can be made full and roomy again while everything runs."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOMY = "8g"


@dataclass(frozen=True)
class Disk:
    """A file system in memory, mounted at folder. Its size is a promise, and costs nothing before it is used."""

    folder: Path

    def fill(self) -> None:
        """Leave no room. What is written meanwhile can be in the way of one try, so there are many."""
        for _ in range(200):
            found = os.statvfs(self.folder)
            if _sized(self.folder, f"{(found.f_blocks - found.f_bfree) * found.f_frsize // 1024}k"):
                return
            time.sleep(0.01)
        raise AssertionError("the disk cannot be made full")

    def empty(self) -> None:
        """Make room again."""
        assert _sized(self.folder, ROOMY), "the disk cannot be made larger"

    def be_full(self, seconds: float) -> None:
        self.fill()
        try:
            time.sleep(seconds)
        finally:
            self.empty()


@contextmanager
def own_disk() -> Iterator[Disk | None]:
    """None where nobody may mount one: that takes root on Linux, and a container that allows it."""
    folder = Path(tempfile.mkdtemp(prefix="pinconnect-disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={ROOMY}", "tmpfs", str(folder)]
    is_mounted = bool(
        os.geteuid() == 0
        and shutil.which("mount")
        and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    )
    try:
        yield Disk(folder) if is_mounted else None
    finally:
        if is_mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()


def keep_elsewhere(data_dir: Path, elsewhere: Path, *names: str) -> None:
    """Have these files or folders of a data folder lie on another disk; a name that ends with / is a folder."""
    data_dir.mkdir(parents=True, exist_ok=True)
    for name in names:
        target = elsewhere / name.rstrip("/")
        if name.endswith("/"):
            target.mkdir()
        (data_dir / name.rstrip("/")).symlink_to(target)


def _sized(folder: Path, size: str) -> bool:
    remount = ["mount", "-o", f"remount,size={size}", str(folder)]
    return subprocess.run(remount, capture_output=True, check=False).returncode == 0
