"""Many deliveries due in the same minute, in several workspaces, beside a running stack."""

import csv
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support import scripted
from tests.support.installation import ROOT
from tests.support.reference import Column, Member, expect
from tests.support.stack import Stack

ROWS = 10
DATASETS = 10


@dataclass(frozen=True)
class Crowd:
    """members: who must be on the list of each small delivery, by the delivery's id; due_at: in Unix seconds."""

    due_at: float
    members: dict[int, frozenset[Member]]


def make_crowd(stack: Stack, folder: Path, numbers: Sequence[int], large_rows: int = 0) -> Crowd:
    """One workspace for each number, with so many deliveries of ten rows; the first one has a large one as well.

    They are due some seconds after this returns. A workspace's deliveries share ten datasets and each has its own list.
    """
    small = [folder / f"small-{number}.csv" for number in range(DATASETS)]
    for number, path in enumerate(small):
        _write(path, number * ROWS, ROWS)
    large = folder / "large.csv"
    if large_rows:
        _write(large, 1_000_000, large_rows)
    tokens = [scripted.control(stack, "grants", {"user": "bob"}) for _ in numbers]
    asked = {
        "numbers": list(numbers),
        "tokens": tokens,
        "small": [str(path) for path in small],
        "large": str(large) if large_rows else "",
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.crowd_maker"],
        cwd=ROOT,
        env=stack.installation.environment,
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    made = json.loads(done.stdout)
    expected = [_members(path) for path in small]
    return Crowd(made["due_at"], {int(pk): expected[number] for pk, number in made["deliveries"].items()})


def _write(path: Path, first: int, rows: int) -> None:
    with path.open("w", encoding="utf-8") as text:
        text.write("email\n")
        text.writelines(f"person{number}@crowd.example.com\n" for number in range(first, first + rows))


def _members(path: Path) -> frozenset[Member]:
    with path.open(encoding="utf-8", newline="") as text:
        return frozenset(expect(list(csv.DictReader(text)), [Column("email", "email")]).members)
