"""What goes wrong: processes that die or freeze, a database and a broker that restart, whatever Pinterest answers."""

import os
import random
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.support import processes, scripted
from tests.support.stack import Stack

UPDATE = "customer_lists/update"
FILE = "customer_list_uploads"
# None: whatever call comes.
CALLS = (
    *(None, None, None, None, None, UPDATE, UPDATE, "customer_lists/create", "audiences/create", "customer_lists/list"),
    *(f"{FILE}/create", f"{FILE}/run", f"{FILE}/get"),
)
# Every storm begins with these: long enough that the client's own tries do not get over them.
FIRST: tuple[dict[str, Any], ...] = (
    {"kind": "unavailable", "operation": UPDATE, "times": 8},
    {"kind": "drop_before", "operation": UPDATE, "times": 8},
    {"kind": "drop_after", "operation": UPDATE, "times": 4},
)
FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "rate_limited", "reset": 1},
    {"kind": "rate_limited", "reset": 70_000, "operation": UPDATE, "times": 1},
    {"kind": "server_error"},
    {"kind": "server_error", "when": "after"},
    {"kind": "unavailable"},
    {"kind": "drop_before"},
    {"kind": "drop_after"},
    {"kind": "slow", "seconds": 1.5},
    {"kind": "slow", "seconds": 4.0, "times": 1},
    {"kind": "truncated"},
    {"kind": "cut_json"},
    {"kind": "not_json"},
    {"kind": "too_large", "bytes": 1_000, "times": 2, "operation": UPDATE},
    {"kind": "expired_token"},
    {"kind": "revoked_token"},
    {"kind": "spam"},
    {"kind": "error", "status": 403, "code": 29, "message": "not permitted"},
    {"kind": "error", "status": 400, "code": 1, "message": "invalid"},
    {"kind": "rate_limited", "reset": 1, "operation": "oauth/token"},
    {"kind": "drop_after", "operation": "oauth/token"},
)


def _kind(fault: Mapping[str, Any]) -> str:
    """As the simulator calls it."""
    return str(fault["kind"]).removesuffix("_before").removesuffix("_after")


KINDS = {_kind(fault) for fault in (*FIRST, *FAULTS)} | {"bad_records"}

PROGRAMS = (
    ("cluster", "queue_cluster"),
    ("worker", "manage.py worker"),
    ("simulator", "pinconnect.simulator"),
    ("web", "gunicorn"),
)


@dataclass
class Disasters:
    """Strikes a running stack at random. outages: what it depends on, by the name of what happens to that."""

    stack: Stack
    luck: random.Random
    outages: Mapping[str, Callable[[], None]] = field(default_factory=dict)
    struck: dict[str, int] = field(default_factory=dict)
    _spared_until: dict[str, float] = field(default_factory=dict)
    _first: list[dict[str, Any]] = field(default_factory=lambda: list(FIRST))
    _next: list[dict[str, Any]] = field(default_factory=list)
    _met: set[str] = field(default_factory=set)
    _asked_at: float = float("-inf")
    _began: float = field(default_factory=time.monotonic)

    @property
    def is_enough(self) -> bool:
        """A deleted list, erased people, all outages, several kinds of killed processes, a third of all wrong answers.

        All are thrown in turn; which of them a call has met by then is chance.
        """
        killed = sum(1 for name in self.struck if name.startswith("kill"))
        has_all = set(self.struck) >= {"delete list", "erase", *self.outages}
        return killed >= 2 and has_all and 3 * len(self.met()) >= len(KINDS)

    def met(self) -> set[str]:
        """The kinds of wrong answers that a call has really got."""
        if time.monotonic() > self._asked_at + 2.0:
            self._asked_at = time.monotonic()
            with suppress(requests.RequestException):
                self._met |= {str(call["fault"]) for call in scripted.calls(self.stack) if call["fault"]}
        return self._met

    def strike(self) -> str:
        """One disaster; returns its name."""
        name = self._one()
        self.note(name)
        return name

    def spoil(self, digests: list[str]) -> None:
        """Have Pinterest refuse these records for as long as the storm lasts."""
        with suppress(requests.RequestException):
            scripted.control(self.stack, "faults", {"kind": "bad_records", "digests": digests})
            self.note("bad_records")

    def delete_list(self, list_id: str) -> bool:
        """As somebody would in Ads Manager: for good. Whether it is gone for certain."""
        try:
            scripted.control(self.stack, f"customer_lists/{list_id}", method="DELETE")
        except requests.HTTPError as error:
            # An earlier order to delete it went through, and its answer was lost.
            is_gone = error.response.status_code == 404
        except requests.RequestException:
            is_gone = False
        else:
            is_gone = True
        if is_gone:
            self.note("delete list")
        return is_gone

    def kill_workers(self) -> None:
        """All of them; the installation starts the next ones by itself."""
        self._kill("worker", self._all("manage.py worker"))

    def note(self, name: str) -> None:
        """It has happened once more."""
        self.struck[name] = self.struck.get(name, 0) + 1

    def _one(self) -> str:
        for name, happen in self.outages.items():
            # Once early, so that every storm has them, then now and then.
            if time.monotonic() > self._spared_until.get(name, self._began + 4.0):
                happen()
                # Counted from when it is over: on a crowded machine there would be time for nothing else.
                self._spared_until[name] = time.monotonic() + self.luck.uniform(8.0, 20.0)
                return name
        dice = self.luck.random()
        if dice < 0.68:
            return self._fault()
        if dice < 0.82:
            return self._kill("task", self._tasks()[:1])
        if dice < 0.86:
            return self._freeze()
        # Each start takes seconds, and what fails at once is started later and later; so not all the time.
        for name, part in PROGRAMS:
            if self.luck.random() < 0.4 and time.monotonic() > self._spared_until.get(name, 0.0):
                self._spared_until[name] = time.monotonic() + 15.0
                doomed = self._all(part)
                # There are two workers: now and then one of them is left.
                return self._kill(name, doomed[: self.luck.choice((1, len(doomed)))])
        return self._fault()

    def _fault(self) -> str:
        # Each of them once before any comes again; those first that nobody has met.
        if not self._next:
            self._next = self.luck.sample(FAULTS, len(FAULTS))
            self._next.sort(key=lambda fault: _kind(fault) in self._met)
        left = self._first or self._next
        fault = dict(left[0])
        fault.setdefault("operation", self.luck.choice(CALLS))
        # The client tries again up to twice, and what it bears without a word must not be all that is tested.
        fault.setdefault("times", self.luck.choice((1, 2, 3, 5)))
        fault["skip"] = self.luck.randint(0, 2)
        try:
            scripted.control(self.stack, "faults", fault)
        except requests.RequestException:
            return "fault refused"
        left.pop(0)
        return str(fault["kind"])

    def _kill(self, name: str, doomed: list[processes.Process]) -> str:
        """SIGKILL; clusters are tied to their worker and tasks to their cluster, so all of those die with it."""
        workers = self._below({process.pid for process in doomed})
        for process in doomed:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        if name in ("cluster", "worker"):
            # None survives it by more than a moment.
            gone = processes.wait_until(lambda: not workers & {one.pid for one in self._all("queue_cluster")}, 15)
            assert gone, f"after kill {name} tasks of the killed still run"
        return f"kill {name}"

    def _below(self, pids: set[int]) -> set[int]:
        """These and all that descend from them, of workers."""
        found = self.stack.worker_processes()
        while more := {process.pid for process in found if process.parent in pids} - pids:
            pids = pids | more
        return pids

    def _freeze(self) -> str:
        """A task process that stands still for a moment, as on a machine that swaps."""
        for process in self._tasks()[:1]:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGSTOP)
                time.sleep(1.0)
                os.kill(process.pid, signal.SIGCONT)
        return "freeze task"

    def _tasks(self) -> list[processes.Process]:
        """Leaves of the worker's tree, in random order: they run tasks, or feed those that do."""
        found = self.stack.worker_processes()
        parents = {process.parent for process in found}
        leaves = [process for process in found if process.pid not in parents]
        self.luck.shuffle(leaves)
        return leaves

    def _all(self, part: str) -> list[processes.Process]:
        return [
            process
            for process in processes.all_of(self.stack.data_dir)
            if part in process.command and "manage.py up" not in process.command
        ]
