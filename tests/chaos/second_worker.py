"""A second worker on the same database beside the one that `up` looks after: two schedulers of everything."""

import subprocess
import sys

from tests.support.installation import ROOT
from tests.support.stack import Stack

# Small: what it adds is another set of reconcilers, not speed.
SETTINGS = {"SHORT_WORKERS": "1", "PREPARE_WORKERS": "1"}


class SecondWorker:
    """Started again by keep_up when it was killed; ends with its installation. What it prints goes to second.log."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._process: subprocess.Popen[bytes] | None = None
        self._log_began = 0
        self._has_worked = False

    @property
    def log(self) -> str:
        path = self._stack.data_dir / "second.log"
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def has_worked(self) -> bool:
        """Whether it ever had both of its clusters ready, so that its reconcilers took part."""
        since = self.log[self._log_began :]
        self._has_worked |= all(f"{name} cluster runs tasks" in since for name in ("short", "prepare"))
        return self._has_worked

    def keep_up(self) -> None:
        if self._process and self._process.poll() is None:
            return
        self._log_began = len(self.log)
        with (self._stack.data_dir / "second.log").open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "worker"],
                cwd=ROOT,
                env={**self._stack.installation.environment, **SETTINGS},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
