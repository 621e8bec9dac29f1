"""A PinConnect of its own: a folder, settings that nothing leaks into, and its commands as real processes."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support import processes
from tests.support.templates import template

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "pinconnect.sqlite3"


@dataclass(frozen=True)
class Installation:
    """data_dir is its DATA_DIR; settings are added to its environment."""

    data_dir: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def notes(self) -> Path:
        """Where tests.queue.tasks leave their notes."""
        folder = self.data_dir / "notes"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def log(self) -> str:
        """What the worker printed."""
        path = self.data_dir / "worker.log"
        return path.read_text() if path.exists() else ""

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.data_dir),
            "DEMO": "true",
            "DATA_DIR": str(self.data_dir),
            "NOTES": str(self.notes),
            **self.settings,
        }

    def manage(self, *arguments: str) -> str:
        """Run a management command to its end; returns what it printed."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def make_database(self) -> None:
        """All tables, empty: in a file copied from the template, or in the database that the settings name.

        One that is there already is left alone.
        """
        if (self.data_dir / DATABASE).exists():
            return
        ready = None if "DATABASE_URL" in self.settings else template("sqlite", _make_tables)
        if ready:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            shutil.copy(ready / DATABASE, self.data_dir)
            return
        self.manage("migrate", "--run-syncdb", "--verbosity=0")
        self.manage("createcachetable")

    def hint(self, task: str, *ids: int, cluster: str = "short") -> None:
        """Send hints for a task of tests.queue.tasks."""
        each = f"[hints.enqueue('tests.queue.tasks.{task}', pk, cluster='{cluster}') for pk in {list(ids)}]"
        self.manage("shell", "--no-imports", "-c", f"from pinconnect.queue import hints; {each}")

    @contextmanager
    def worker(self, *options: str) -> "Iterator[Worker]":
        """The worker command, once both of its clusters run; it is killed at the end if the test did not stop it."""
        with (self.data_dir / "worker.log").open("a") as log:
            command = [sys.executable, "manage.py", "worker", *options]
            process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        running = Worker(self, process)
        try:
            starts = self.log.count("cluster runs tasks")
            assert processes.wait_until(lambda: self.log.count("cluster runs tasks") >= starts + 2), self.log
            yield running
        finally:
            processes.kill_all(self.data_dir)
            process.wait()


def _make_tables(folder: Path) -> None:
    made = Installation(folder, {"DATABASE_URL": f"sqlite:///{folder / DATABASE}"})
    made.make_database()


@dataclass(frozen=True)
class Worker:
    """A running worker command, which leads a process group."""

    installation: Installation
    process: subprocess.Popen[bytes]

    def cluster(self, position: int = 0) -> processes.Process:
        """The main process of a cluster: 0 is the short one, 1 the prepare one."""
        return processes.children_of(self.process.pid, self.installation.data_dir)[position]

    def sentinel(self, position: int = 0) -> processes.Process:
        """django-q2's guard of a cluster."""
        return processes.children_of(self.cluster(position).pid, self.installation.data_dir)[0]

    def task_processes(self, position: int = 0) -> list[processes.Process]:
        """The processes of a cluster that run tasks; its monitor and pusher, started last, are left out."""
        return processes.children_of(self.sentinel(position).pid, self.installation.data_dir)[:-2]

    def stop(self, number: int = signal.SIGTERM, within_s: float = 12.0) -> int:
        """A signal to the whole group; returns the exit status."""
        os.killpg(self.process.pid, number)
        return self.process.wait(within_s)
