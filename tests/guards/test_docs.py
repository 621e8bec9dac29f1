"""What documents list is what there is: make targets, states, kinds of identifier, decisions."""

import re
from pathlib import Path

from audiences.states import BatchState, DeliveryState, RunState
from invites.states import InviteState
from pinconnect.datasets.models import SnapshotState
from pinconnect.identifiers import kinds
from pinconnect.profiles.models.profile import ProfileState

ROOT = Path(__file__).resolve().parents[2]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_every_make_target_is_in_the_readme() -> None:
    targets = re.findall(r"^([a-z]+):.*## ", read("Makefile"), re.MULTILINE)

    missing = [target for target in targets if f"make {target}" not in read("README.md") and target != "help"]

    assert len(targets) >= 5
    assert not missing


def test_every_state_is_in_the_glossary() -> None:
    glossary = read("docs/glossary.md")
    states = [
        f"`{state.value}`"
        for states in (DeliveryState, RunState, BatchState, SnapshotState, ProfileState, InviteState)
        for state in states
    ]

    assert len(states) >= 30
    assert not [state for state in states if state not in glossary]


def test_every_kind_of_identifier_is_in_the_glossary() -> None:
    assert len(kinds.KINDS) >= 8
    assert not [code for code in kinds.KINDS if f"`{code}`" not in read("docs/glossary.md")]


def test_decisions_are_numbered_once_and_complete() -> None:
    files = sorted((ROOT / "docs/decisions").glob("*.md"))
    numbers = [path.name[:4] for path in files]

    assert len(files) >= 10
    assert len(set(numbers)) == len(numbers)
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert "Status" in text, path.name
        assert "Decision" in text, path.name


def test_every_local_link_of_the_documents_leads_somewhere() -> None:
    checked, broken = 0, []
    for path in [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", path.read_text(encoding="utf-8")):
            checked += 1
            if not (path.parent / target).exists():
                broken.append(f"{path.relative_to(ROOT)}: {target}")

    assert checked >= 15
    assert not broken
