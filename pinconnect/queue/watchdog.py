"""Tells a cluster that hangs from one that is busy, by what its processes report."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Patience:
    """Seconds of silence that are borne."""

    starting_s: float = 120.0
    # No canary although no worker is busy: something hangs.
    idle_s: float = 30.0
    # No canary although one worker is free, but others are busy: killing them costs their work, so wait longer.
    partly_busy_s: float = 600.0
    guard_s: float = 90.0
    # django-q2 itself kills a task some seconds after its timeout.
    over_timeout_s: float = 60.0


class Pulse:
    """What one cluster reported lately. Times are seconds of a clock that only goes forward."""

    def __init__(self, workers: int, now: float, patience: Patience | None = None) -> None:
        self._workers = workers
        self._patience = patience or Patience()
        self._started_at = now
        self._guard_at: float | None = None
        self._canary_at: float | None = None
        self._free_since = now
        self._busy_until: dict[int, float] = {}
        self._judged_at = now

    @property
    def has_started(self) -> bool:
        """True once a canary has come through."""
        return self._canary_at is not None

    def hear(self, line: str, now: float) -> None:
        """Take in one report of reports.py."""
        match line.split():
            case ["guard"]:
                self._guard_at = now
            case ["canary"]:
                self._canary_at = now
            case ["busy", pid, timeout_s]:
                self._busy_until[int(pid)] = now + float(timeout_s) + self._patience.over_timeout_s
            case ["idle", pid]:
                self._busy_until.pop(int(pid), None)

    def trouble(self, now: float) -> str | None:
        """Why the cluster has to be killed, or None. Call it often: a long gap means that we were asleep, not it."""
        self._forgive_sleep(now)
        patience = self._patience
        if self._guard_at is None or self._canary_at is None:
            return "it did not start" if now - self._started_at > patience.starting_s else None
        if now - self._guard_at > patience.guard_s:
            return "its guard is silent"
        busy = self._count_busy(now)
        if busy >= self._workers:
            self._free_since = now
            return None
        allowed_s = patience.partly_busy_s if busy else patience.idle_s
        silent_s = now - max(self._canary_at, self._free_since)
        return "its tasks do not come through" if silent_s > allowed_s else None

    def is_well(self, now: float) -> bool:
        """True when it ran a canary lately, or when all of its workers are busy."""
        if self._canary_at is None:
            return False
        return self._count_busy(now) >= self._workers or now - self._canary_at <= self._patience.idle_s

    def _count_busy(self, now: float) -> int:
        self._busy_until = {pid: end for pid, end in self._busy_until.items() if end > now and _is_alive(pid)}
        return len(self._busy_until)

    def _forgive_sleep(self, now: float) -> None:
        """When the whole host stood still, nobody could report: move all clocks by that time."""
        gap, self._judged_at = now - self._judged_at, now
        if gap <= self._patience.idle_s / 3:
            return
        self._started_at += gap
        self._free_since += gap
        self._guard_at = self._guard_at and self._guard_at + gap
        self._canary_at = self._canary_at and self._canary_at + gap


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
