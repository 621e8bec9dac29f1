"""A host's clock that can be set while its processes run: all that follow one file see it jump at once.

What only goes forward (time.monotonic, sleeping) is left alone, as the kernel leaves it; so are other programs, and
with them the database server and Pinterest.
"""

import mmap
import os
import random
import struct
from datetime import timedelta
from pathlib import Path

FILE = "CHAOS_CLOCK"
_FORMAT = "<q"
# Where it may stand after a step, in seconds from the real time: far enough each way for anything to be overdue, and
# for nothing to be due any more.
STEPS_S = (0, 90, -90, 3_600, -3_600, 90_000, -90_000)


class Clock:
    """The end at which it is set. path: a file that the processes find under CHAOS_CLOCK in their environment."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_bytes(struct.pack(_FORMAT, 0))

    @property
    def ahead(self) -> timedelta:
        """How far it is ahead of the real time."""
        return timedelta(microseconds=_read(self.path.read_bytes()) // 1_000)

    def set_ahead(self, by: timedelta) -> None:
        """Set it so far ahead of the real time, or behind it."""
        with self.path.open("r+b") as file:
            file.write(struct.pack(_FORMAT, int(by.total_seconds() * 1_000_000_000)))

    def step(self, luck: random.Random) -> None:
        """To another of STEPS_S."""
        self.set_ahead(timedelta(seconds=luck.choice([one for one in STEPS_S if one != self.ahead.total_seconds()])))


class _Follower:
    """What time_machine asks for the time."""

    def __init__(self, path: str) -> None:
        with Path(path).open("rb") as file:
            # Stays shared with whatever this process forks.
            self._ahead = mmap.mmap(file.fileno(), 8, access=mmap.ACCESS_READ)

    def time_ns(self) -> int:
        return _real_ns() + _read(self._ahead[:])


def follow() -> None:
    """Have this process and its children live by the clock that their environment names, if it names one."""
    if path := os.environ.get(FILE):
        # Imported here, since it brings pytest along, which takes each process of an installation a while.
        import time_machine

        time_machine.travel(timedelta()).start()
        time_machine.traveller_stack[-1] = _Follower(path)


def _real_ns() -> int:
    # time_machine itself has no other way to the real time while it stands in for it.
    import _time_machine

    return int(_time_machine.original_time_ns())


def _read(raw: bytes) -> int:
    return int(struct.unpack(_FORMAT, raw)[0])
