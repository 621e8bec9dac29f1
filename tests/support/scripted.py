"""PinConnect as a script uses it: `manage.py deliver` beside a running stack, and what the simulator then says."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.support.installation import ROOT
from tests.support.stack import Stack

Member = tuple[str, str]


@dataclass(frozen=True)
class Done:
    """What the command printed, how it ended, and how long it took."""

    outcome: dict[str, Any]
    status: int
    seconds: float
    said: str


def connect(stack: Stack) -> None:
    """Connect the simulator's user Bob, with his first ad account."""
    stack.installation.manage("demo", "--connect")


@dataclass(frozen=True)
class Command:
    """`manage.py deliver` under way, in a process group of its own; it prints to files."""

    process: subprocess.Popen[bytes]
    out: Path
    err: Path
    started: float

    def kill(self) -> None:
        """SIGKILL."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def wait(self) -> Done:
        status = self.process.wait()
        printed = self.out.read_text()
        outcome = json.loads(printed) if printed.strip() else {}
        return Done(outcome, status, time.monotonic() - self.started, self.err.read_text())


def start_deliver(stack: Stack, file: Path, *arguments: str) -> Command:
    """Start the command; what it prints goes to files beside the data folder's others."""
    command = [sys.executable, "manage.py", "deliver", str(file), *arguments, "--wait", "--json"]
    number = len(list(stack.data_dir.glob("deliver-*.out")))
    out, err = stack.data_dir / f"deliver-{number}.out", stack.data_dir / f"deliver-{number}.err"
    with out.open("w") as output, err.open("w") as errors:
        environment = stack.installation.environment
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=errors, start_new_session=True
        )
    return Command(process, out, err, time.monotonic())


def deliver(stack: Stack, file: Path, *arguments: str) -> Done:
    """Run the command to its end."""
    return start_deliver(stack, file, *arguments).wait()


def query(stack: Stack, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Read from the installation's own database, without changing anything."""
    path = stack.data_dir / "pinconnect.sqlite3"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20)) as database:
        return database.execute(sql, parameters).fetchall()


def mapped(*pairs: str) -> Iterable[str]:
    """COLUMN=KIND as arguments of the command."""
    return (word for pair in pairs for word in ("--map", pair))


def members(stack: Stack, list_id: str) -> set[Member]:
    """(wire kind, hex digest) of everybody on a list, as the simulator says."""
    text = _get(stack, f"customer_lists/{list_id}/members").text
    return {(kind, digest) for kind, _, digest in (line.partition(" ") for line in text.splitlines())}


def calls(stack: Stack) -> list[dict[str, Any]]:
    """The calls under /v5 since they were last forgotten."""
    return list(_get(stack, "calls").json()["items"])


def writing_calls(stack: Stack) -> list[dict[str, Any]]:
    """Those that make or change a customer list."""
    return [call for call in calls(stack) if call["operation"] in ("customer_lists/create", "customer_lists/update")]


def forget_calls(stack: Stack) -> None:
    control(stack, "calls", method="DELETE")


def control(stack: Stack, path: str, body: Any = None, *, method: str = "POST") -> Any:
    """Work a switch of the simulator."""
    answer = requests.request(method, f"{stack.simulator_url}/_simulator/{path}", json=body, timeout=60)
    answer.raise_for_status()
    return answer.json() if answer.text else None


def _get(stack: Stack, path: str) -> requests.Response:
    answer = requests.get(f"{stack.simulator_url}/_simulator/{path}", timeout=300)
    answer.raise_for_status()
    return answer
