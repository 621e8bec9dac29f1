"""Every fault that may happen is in the table of docs/operations.md, and names tests that exist."""

import re
from pathlib import Path

from pinconnect.simulator import faults

ROOT = Path(__file__).resolve().parents[2]
FEWEST = 28


def rows() -> list[str]:
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    chapter = text.partition("\n## When something fails\n")[2].partition("\n## ")[0]
    return [line for line in chapter.splitlines() if line.startswith("|")][2:]


def test_every_fault_names_a_test_that_exists() -> None:
    missing = []
    for row in rows():
        named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", row)
        if not named:
            missing.append(row[:60])
        for path, name in named:
            file = ROOT / path
            if not file.exists() or f"def {name}(" not in file.read_text(encoding="utf-8"):
                missing.append(f"{path}::{name}")

    assert len(rows()) >= FEWEST, f"only {len(rows())} were checked"
    assert not missing


def test_every_fault_of_the_simulator_is_in_the_table() -> None:
    named = {word for row in rows() for word in re.findall(r"`(\w+)`", row.split("|")[1])}

    assert len(faults.KINDS) >= 14
    assert named == set(faults.KINDS)
