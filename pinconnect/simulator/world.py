"""Everything that one running simulator shares: its configuration, state on disk, clock and switches."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pinconnect.simulator.calls import CallLog
from pinconnect.simulator.options import Options, changed
from pinconnect.simulator.store import Store

LOCAL_HOSTS = ("127.0.0.1", "localhost", "[::1]", "::1")


@dataclass(frozen=True)
class Config:
    """How the simulator was started. owner is the user whom the app itself belongs to (for client_credentials)."""

    data_dir: Path
    app_id: str = "1000001"
    app_secret: str = "simulated-app-secret"  # noqa: S105 - the pretend Pinterest's pretend secret
    redirect_uris: tuple[str, ...] = ("http://localhost:8000/oauth/pinterest/callback/",)
    allowed_hosts: tuple[str, ...] = ()
    owner: str = "bob"
    initial: Mapping[str, Any] = field(default_factory=dict)


class World:
    """The state behind all requests; its methods are safe under threads."""

    def __init__(self, config: Config) -> None:
        self.config = config
        config.data_dir.mkdir(parents=True, exist_ok=True)
        self.lists_dir = config.data_dir / "lists"
        self.lists_dir.mkdir(exist_ok=True)
        self.store = Store(config.data_dir / "state.sqlite3")
        self.calls = CallLog(config.data_dir / "calls.log")
        self._list_locks: defaultdict[int, threading.RLock] = defaultdict(threading.RLock)
        self._locks_guard = threading.Lock()
        # List id -> (num_batches, members) of the last time they were worked out.
        self.distinct_members: dict[int, tuple[int, int]] = {}

    def now(self) -> float:
        """Simulated seconds since the epoch."""
        return time.time() + float(self.store.get_meta("clock_offset", 0.0))

    def move_clock(self, offset: float) -> None:
        """Let the simulated clock differ from the real one by offset seconds."""
        self.store.set_meta("clock_offset", offset)

    @property
    def options(self) -> Options:
        """The switches; those given at the start hold until they are changed."""
        stored = self.store.get_meta("options", {})
        return changed(Options(), {**self.config.initial, **stored})

    def change_options(self, changes: Mapping[str, Any]) -> Options:
        """Change some switches for good."""
        with self.store.transaction():
            stored = self.store.get_meta("options", {})
            result = changed(self.options, changes)
            self.store.set_meta("options", {**stored, **changes})
        return result

    def list_lock(self, list_id: int) -> threading.RLock:
        """The lock under which a list's log is appended to.

        Whoever wants a transaction too takes this one first; only the one who makes the list, whom nobody else can
        meet there, may take it later.
        """
        with self._locks_guard:
            return self._list_locks[list_id]

    def list_log(self, list_id: int) -> Path:
        """The append-only file of everything that came into the list."""
        return self.lists_dir / f"{list_id}.log"

    def reset(self) -> None:
        """Forget everything that happened and every switch."""
        self.store.clear()
        self.calls.clear()
        self.distinct_members.clear()
        for path in self.lists_dir.iterdir():
            path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the files."""
        self.store.close()
        self.calls.close()
