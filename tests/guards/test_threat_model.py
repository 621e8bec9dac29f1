"""Each line of the threat model names a test that exists."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
AT_LEAST = 40


def named_tests() -> list[tuple[str, str]]:
    text = (ROOT / "docs/threat-model.md").read_text(encoding="utf-8")
    return re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", text)


def statements() -> list[str]:
    text = (ROOT / "docs/threat-model.md").read_text(encoding="utf-8")
    after = text.split("## Between workspaces and roles")[1].split("## Known limits")[0]
    rows = [line for line in after.splitlines() if line.startswith("|")]
    return [row for row in rows if not row.startswith(("| statement", "|---"))]


def test_every_named_test_exists() -> None:
    missing = []
    for path, name in named_tests():
        file = ROOT / path
        if not file.exists() or f"def {name}(" not in file.read_text(encoding="utf-8"):
            missing.append(f"{path}::{name}")

    assert len(named_tests()) >= AT_LEAST, f"only {len(named_tests())} were checked"
    assert not missing


def test_every_statement_names_a_test() -> None:
    bare = [row for row in statements() if "`tests/" not in row]

    assert len(statements()) >= AT_LEAST, f"only {len(statements())} were checked"
    assert not bare
