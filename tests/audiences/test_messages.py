"""Every code that a run, a delivery, an alert or a refusal can carry has words."""

import ast
import re
from pathlib import Path

import pytest

from audiences import alert_kinds, messages
from audiences.models import Delivery, Mode, Run, Trigger
from audiences.services import refusals
from pinconnect.alerts import registry
from pinconnect.identifiers import reasons

ROOT = Path(__file__).resolve().parents[2] / "audiences"


def sources() -> list[tuple[Path, ast.Module]]:
    return [(path, ast.parse(path.read_text())) for path in ROOT.rglob("*.py")]


def codes_in_the_code() -> set[str]:
    """Texts passed as code= or reason=, and first texts of calls that end a run or let it wait."""
    found: set[str] = set()
    for _, tree in sources():
        for node in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            values = [keyword.value for keyword in node.keywords if keyword.arg in ("code", "reason")]
            values += {
                "fail": node.args[:1],
                "end": node.args[1:2],
                "wait": node.args[2:3],
                "pause": node.args[1:2],
            }.get(name, [])
            found |= {v.value for v in values if isinstance(v, ast.Constant) and isinstance(v.value, str)}
    return found - {""}


def test_every_reason_in_the_code_has_words() -> None:
    used = codes_in_the_code()

    assert len(used) >= 14, f"only {len(used)} codes were found"
    assert used <= messages.REASONS.keys()


def test_every_refusal_in_the_code_has_a_sentence() -> None:
    used: set[str] = set()
    for _, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "ServiceRefusal" and node.args:
                first = node.args[0]
                used |= {c.value for c in ast.walk(first) if isinstance(c, ast.Constant) and isinstance(c.value, str)}

    assert len(used) >= 20, f"only {len(used)} refusals were found"
    assert used <= refusals.codes()


def test_every_alert_in_the_code_is_registered() -> None:
    text = "\n".join(path.read_text() for path in ROOT.rglob("*.py"))
    raised = set(re.findall(r'"(audiences\.[a-z_]+)"', text)) & {kind.id for kind in registry.all_kinds()}

    assert {kind.id for kind in alert_kinds.ALERT_KINDS} <= {kind.id for kind in registry.all_kinds()}
    assert len(raised) >= 6


@pytest.mark.parametrize("code", sorted(messages.REASONS))
def test_words_say_what_happened_and_end_in_full_stops(code: str) -> None:
    words = messages.reason(code)

    assert words.title
    assert not words.title.endswith(".")
    assert words.body.endswith(".")
    assert words.next_step == "" or words.next_step.endswith(".")


@pytest.mark.parametrize("code", reasons.SOURCE_REASONS)
def test_what_is_wrong_with_a_source_is_said_in_the_words_of_identifiers(code: str) -> None:
    assert messages.reason(code).body == reasons.get(code).meaning


def test_an_unknown_code_is_shown_and_not_hidden() -> None:
    assert messages.reason("odd_thing").title == "odd thing"


@pytest.mark.parametrize("kind", alert_kinds.ALERT_KINDS, ids=lambda kind: kind.id)
def test_every_alert_leads_to_a_page(kind: registry.AlertKind) -> None:
    assert kind.url({"slug": "acme", "run_id": 1, "delivery_id": 2, "erasure_id": 3}).startswith("/w/acme/")


@pytest.mark.parametrize("code", ["cancelled", "up_to_date", "nothing_usable", "pinterest_unavailable"])
def test_erasure_is_not_told_in_words_of_a_dataset_that_it_does_not_read(code: str) -> None:
    run = Run(trigger=Trigger.ERASURE, reason=code, plan={"mode": "remove"}, delivery=Delivery(mode=Mode.MIRROR))

    words = messages.of_run(run)

    assert words is not None
    text = f"{words.title} {words.body} {words.next_step}"
    assert not re.search(r"dataset|\brow\b|column|Start the delivery", text)


@pytest.mark.parametrize(
    ("adds", "removals", "members", "said"),
    [
        (0, 1, 3, "remove 1 identifier of the 3 that are on the list"),
        (0, 1, 1, "remove 1 identifier of the 1 that is on the list"),
        (0, 1_200, 3_000, "remove 1,200 identifiers of the 3,000 that are on the list"),
        (1, 0, 1, "add 1 identifier to the 1 that is on the list"),
        (2_000, 0, 10, "add 2,000 identifiers to the 10 that are on the list"),
        (1, 1, 2, "add 1 identifier and remove 1 of the 2 that are on the list"),
    ],
)
def test_held_run_counts_in_plain_english(adds: int, removals: int, members: int, said: str) -> None:
    assert messages.held(adds=adds, removals=removals, members=members) == said
