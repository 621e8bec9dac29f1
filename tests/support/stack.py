"""Everything that `make run` starts, as real processes on free ports, for browser and kill tests."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.support import processes
from tests.support.installation import ROOT, Installation


def free_port() -> int:
    """A port of this machine that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Stack:
    """One installation with its ports. command is what starts it: `manage.py up`, or `make run`."""

    data_dir: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = (sys.executable, "manage.py", "up")
    port: int = field(default_factory=free_port)
    simulator_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def simulator_url(self) -> str:
        return f"http://localhost:{self.simulator_port}"

    @property
    def installation(self) -> Installation:
        """For management commands and hints on the same data and settings."""
        ports = {"PORT": str(self.port), "SIMULATOR_PORT": str(self.simulator_port)}
        return Installation(self.data_dir, {**ports, **self.settings})

    @property
    def log(self) -> str:
        """All that was printed so far, over all starts."""
        path = self.data_dir / "up.log"
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def email(self) -> str:
        """The demo user."""
        return self._printed("Sign in as")

    @property
    def password(self) -> str:
        return self._printed("Password")

    def start(self, within_s: float = 120.0) -> None:
        """Start it in a process group of its own and wait until it says that it is ready."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        said = self.log.count("PinConnect is running:")
        with (self.data_dir / "up.log").open("a") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=self.installation.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        running = self.process
        processes.wait_until(
            lambda: self.log.count("PinConnect is running:") > said or running.poll() is not None, within_s
        )
        assert running.poll() is None, f"It ended while it started:\n{self.log}"
        assert self.log.count("PinConnect is running:") > said, f"It did not get ready:\n{self.log}"

    def stop(self, number: int = signal.SIGTERM, within_s: float = 12.0) -> int:
        """A signal to the whole process group, as Ctrl-C is; returns the exit status."""
        assert self.process
        os.killpg(self.process.pid, number)
        return self.process.wait(within_s)

    def worker_processes(self) -> list[processes.Process]:
        """The worker command and everything below it."""
        parts = ("manage.py worker", "manage.py queue_cluster")
        return [
            process for process in processes.all_of(self.data_dir) if any(part in process.command for part in parts)
        ]

    def kill_worker(self) -> None:
        """SIGKILL to the groups of the worker and its clusters; returns when the next worker runs tasks."""
        lines = self.log.count("cluster runs tasks")
        doomed = self.worker_processes()
        for group in {process.group for process in doomed}:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        pids = {process.pid for process in doomed}
        assert processes.wait_until(lambda: not pids & {process.pid for process in self.worker_processes()}, 10)
        assert processes.wait_until(lambda: self.log.count("cluster runs tasks") >= lines + 2, 60), self.log

    def _printed(self, label: str) -> str:
        found = re.findall(rf"^{label} +(\S+)$", self.log, re.MULTILINE)
        assert found, f"No line with {label!r}:\n{self.log}"
        return str(found[-1])


@contextmanager
def running_stack(
    data_dir: Path, settings: Mapping[str, str] | None = None, *, is_fresh: bool = False
) -> Iterator[Stack]:
    """A demo with everything started; all of it is killed at the end if the test did not stop it.

    is_fresh: it has to make its tables itself, as on a new machine.
    """
    stack = Stack(data_dir, settings or {})
    if not is_fresh and "DATABASE_URL" not in stack.settings:
        stack.installation.make_database()
    try:
        stack.start()
        yield stack
    finally:
        end(stack)


def end(stack: Stack) -> None:
    """Stop what still runs, kindly first."""
    if stack.process and stack.process.poll() is None:
        with suppress(subprocess.TimeoutExpired, ProcessLookupError):
            stack.stop()
    processes.kill_all(stack.data_dir)
    if stack.process:
        stack.process.wait()
