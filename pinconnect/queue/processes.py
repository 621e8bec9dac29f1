"""Child programs: started in a session of their own, tied to us, restarted with back-off, stopped without leftovers."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import IO

from django.conf import settings

# Ran longer than this, a program counts as healthy again, and its next failure is the first.
_HEALTHY_AFTER_S = 60.0
_LONGEST_PAUSE_S = 30.0


@dataclass(frozen=True)
class Program:
    """What to run. descriptors stay open in the child; environment is added to our own."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    descriptors: tuple[int, ...] = ()


def manage(*arguments: str) -> tuple[str, ...]:
    """The command line of one of our own management commands."""
    return (sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments)


class Child:
    """One running program and the process group it leads. Start it from the main thread only (see tied.py)."""

    def __init__(self, program: Program, *, on_line: Callable[[str, str], None] | None = None) -> None:
        self.program = program
        self._on_line = on_line
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    def start(self) -> None:
        # The session of its own keeps Ctrl-C and kills of our group away from it: django-q2 cannot bear them.
        self._process = subprocess.Popen(  # noqa: S603 -- the commands are ours
            [sys.executable, "-m", "pinconnect.queue.tied", str(os.getpid()), *self.program.command],
            cwd=settings.BASE_DIR,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **self.program.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if self._on_line else None,
            stderr=subprocess.STDOUT if self._on_line else None,
            text=True,
            errors="replace",
            pass_fds=self.program.descriptors,
            start_new_session=True,
        )
        if self._on_line and self._process.stdout:
            self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
            self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    @property
    def status(self) -> int | None:
        """The exit status once it has ended; negative for a signal."""
        return self._process.poll() if self._process else None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def ask_to_stop(self) -> None:
        """SIGTERM to the program alone; what it started is its own to stop."""
        if self.is_running and self._process:
            self._process.terminate()

    def kill(self) -> None:
        """SIGKILL to all that is left of its group, and wait for it."""
        if self._process is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._reader:
            self._reader.join(1.0)

    def _read(self, stream: IO[str]) -> None:
        with suppress(ValueError, OSError):
            for line in stream:
                if self._on_line:
                    self._on_line(self.program.name, line.rstrip("\n"))


class Backoff:
    """When to start a program again: soon after its first failure, later the more often it fails soon after a start."""

    def __init__(self) -> None:
        self._started_at = 0.0
        self._failures = 0

    def started(self, now: float) -> None:
        self._started_at = now

    def pause_s(self, now: float) -> float:
        """Seconds to wait after the failure that was just noticed."""
        if now - self._started_at > _HEALTHY_AFTER_S:
            self._failures = 0
        self._failures += 1
        return float(min(_LONGEST_PAUSE_S, 2 ** (self._failures - 1)))


class StopSignals:
    """Notes SIGTERM, SIGINT and SIGHUP instead of dying of them; the same signal may come many times."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.asked = True


def stop_all(children: Sequence[Child], grace_s: float) -> list[str]:
    """Ask all to stop at once, kill what is left after grace_s seconds; returns the names of those that were killed."""
    for child in children:
        child.ask_to_stop()
    end = time.monotonic() + grace_s
    while any(child.is_running for child in children) and time.monotonic() < end:
        time.sleep(0.05)
    late = [child.program.name for child in children if child.is_running]
    for child in children:
        child.kill()
    return late
