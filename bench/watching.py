"""What the processes of a running installation use: processor time and memory, noted ten times a second (Linux)."""

from __future__ import annotations

import os
import threading
import time
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support import processes
from tests.support.stack import Stack

EVERY_S = 0.1
_LOOK_AROUND_EVERY = 20
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass
class Used:
    """Processor seconds of a stretch of time."""

    worker: float = 0.0
    simulator: float = 0.0


class Watch(threading.Thread):
    """Notes what the worker and the simulator use. peak_mib: the highest peak of any process of the worker."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(daemon=True)
        self.stack, self.peak_mib = stack, 0.0
        self._pids: dict[str, list[int]] = {"worker": [], "simulator": []}
        self._seen: dict[tuple[str, int], float] = {}
        self._notes: list[tuple[float, float, float]] = []
        self._look_around()
        self.start()

    def run(self) -> None:
        number = 0
        while True:
            time.sleep(EVERY_S)
            number += 1
            if number % _LOOK_AROUND_EVERY == 0:
                self._look_around()
            self._notes.append((time.time(), *self._totals()))

    def between(self, began: float, ended: float) -> tuple[float, float]:
        """Processor seconds of the worker and of the simulator between two moments of the clock."""
        time.sleep(2 * EVERY_S)
        first, last = self._at(began), self._at(ended)
        return last[0] - first[0], last[1] - first[1]

    @contextmanager
    def counting(self) -> Iterator[Used]:
        """What is used while the body runs, known at its end."""
        before, used = self._totals(), Used()
        yield used
        after = self._totals()
        used.worker, used.simulator = after[0] - before[0], after[1] - before[1]

    def _at(self, moment: float) -> tuple[float, float]:
        """The totals at a moment, drawn straight between two notes."""
        notes = list(self._notes)
        place = min(max(1, bisect_right([note[0] for note in notes], moment)), len(notes) - 1)
        (begins, *low), (ends, *high) = notes[place - 1], notes[place]
        share = min(1.0, max(0.0, (moment - begins) / (ends - begins)))
        return low[0] + share * (high[0] - low[0]), low[1] + share * (high[1] - low[1])

    def _look_around(self) -> None:
        worker = self.stack.worker_processes()
        simulator = [one for one in processes.all_of(self.stack.data_dir) if "pinconnect.simulator" in one.command]
        self._pids = {"worker": [one.pid for one in worker], "simulator": [one.pid for one in simulator]}
        for process in worker:
            self.peak_mib = max(self.peak_mib, _peak_mib(process.pid))

    def _totals(self) -> tuple[float, float]:
        for name, pids in self._pids.items():
            for pid in pids:
                used = _processor_s(pid)
                if used is not None:
                    self._seen[name, pid] = used
        sums = {name: sum(used for (of, _), used in self._seen.items() if of == name) for name in self._pids}
        return sums["worker"], sums["simulator"]


def _processor_s(pid: int) -> float | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def _peak_mib(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    peak = next((line.split()[1] for line in text.splitlines() if line.startswith("VmHWM")), "0")
    return int(peak) / 1024
