"""Every kind of alert has a section in docs/operations.md, and no section speaks of a kind that is gone."""

import re
from pathlib import Path

from pinconnect.alerts import registry

FEWEST = 16
FEWEST_WORDS = 15


def sections() -> dict[str, str]:
    """The text below each heading of the chapter on alerts."""
    text = (Path(__file__).resolve().parents[2] / "docs" / "operations.md").read_text()
    chapter = text.partition("\n## Alerts\n")[2].partition("\n## ")[0]
    parts = re.split(r"^### (\S+)$", chapter, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_every_alert_kind_has_a_section_and_every_section_a_kind() -> None:
    kinds = {kind.id for kind in registry.all_kinds()}

    assert len(kinds) >= FEWEST
    assert set(sections()) == kinds


def test_no_section_is_empty() -> None:
    short = [kind for kind, text in sections().items() if len(text.split()) < FEWEST_WORDS]

    assert short == []
