"""Databases in files, for tests in which several processes compete."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.installation import Installation

ROOT = Path(__file__).resolve().parents[2]
Race = Callable[..., list[Any]]


def compete(action: str, url: str, processes: int) -> list[Any]:
    """Run an action in several processes that begin at the same time; returns what each achieved."""
    command = [sys.executable, "-m", "tests.queue.contender", action, url]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    running = [subprocess.Popen(command, cwd=ROOT, **pipes) for _ in range(processes)]
    assert [process.stdout.readline() for process in running] == ["ready\n"] * processes
    begin = f"{time.time() + 0.2}\n"
    for process in running:
        process.stdin.write(begin)
        process.stdin.flush()
    answers = [process.communicate(timeout=60)[0] for process in running]
    assert [process.returncode for process in running] == [0] * processes
    return [json.loads(answer) for answer in answers]


@pytest.fixture
def race(tmp_path: Path) -> Race:
    """race(action, processes=4) on a fresh SQLite file."""
    url = f"sqlite:///{tmp_path / 'race.sqlite3'}"
    compete("tables", url, 1)
    return lambda action, processes=4: compete(action, url, processes)


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    made = Installation(tmp_path / "data")
    made.make_database()
    return made
