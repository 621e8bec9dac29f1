"""Finding and ending the processes of one installation, without touching any other."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    pid: int
    parent: int
    group: int
    command: str


def all_of(data_dir: Path) -> list[Process]:
    """Every process that was started with this DATA_DIR in its environment (Linux only); zombies do not count."""
    wanted = f"DATA_DIR={data_dir}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, ValueError, IndexError):
                if wanted in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(_read(entry))
    return [process for process in found if process.command]


def _read(entry: Path) -> Process:
    fields = (entry / "stat").read_text().rpartition(")")[2].split()
    command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    return Process(int(entry.name), int(fields[1]), int(fields[2]), command)


def children_of(pid: int, data_dir: Path) -> list[Process]:
    return sorted((process for process in all_of(data_dir) if process.parent == pid), key=lambda found: found.pid)


def the_one(part: str, data_dir: Path) -> Process:
    """The process whose command holds a part and whose parent's does not: the main one of its program."""
    found = [process for process in all_of(data_dir) if part in process.command]
    pids = {process.pid for process in found}
    mains = [process for process in found if process.parent not in pids]
    assert len(mains) == 1, f"{len(mains)} programs with {part!r} instead of one"
    return mains[0]


def none_left(data_dir: Path, within_s: float = 5.0) -> bool:
    return wait_until(lambda: not all_of(data_dir), within_s)


def kill_all(data_dir: Path) -> None:
    """The end of a test that failed half-way."""
    while left := all_of(data_dir):
        for process in left:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        time.sleep(0.05)


def wait_until(condition: Callable[[], object], within_s: float = 30.0, every_s: float = 0.05) -> bool:
    """True as soon as the condition holds; False when it did not in time."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(every_s)
    return bool(condition())
