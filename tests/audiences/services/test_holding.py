"""When a run waits for a person."""

import pytest

from audiences.models import Audience, Delivery, Run, Trigger
from audiences.pipeline.plan import Counts, KindCounts, RowCounts
from audiences.services.holding import hold_reason


def run(**fields: object) -> Run:
    return Run(delivery=Delivery(hold_share=30, hold_add_share=200), **fields)


def counts(*, ledger: int, adds: int = 0, removals: int = 0, is_removal: bool = False) -> Counts:
    kinds = {"email": KindCounts(new=adds)}
    return Counts(RowCounts(), kinds, (), adds=0 if is_removal else adds, removals=removals, ledger=ledger)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"ledger": 1000, "removals": 300, "adds": 10}, ""),
        ({"ledger": 1000, "removals": 301, "adds": 10}, "removes_many"),
        ({"ledger": 1000, "removals": 1000}, "empties_list"),
        ({"ledger": 1000, "removals": 1000, "adds": 900}, "removes_many"),
        ({"ledger": 120, "removals": 21}, "falls_short"),
        ({"ledger": 120, "removals": 21, "adds": 1}, ""),
        ({"ledger": 99, "removals": 10}, ""),
        ({"ledger": 1000, "adds": 2000}, ""),
        ({"ledger": 1000, "adds": 2001}, "adds_many"),
        ({"ledger": 100, "adds": 999}, ""),
        ({"ledger": 0, "adds": 5_000_000}, ""),
        ({"ledger": 1000, "adds": 2001, "removals": 50, "is_removal": True}, ""),
    ],
)
def test_large_changes_wait(change: dict[str, int], reason: str) -> None:
    assert hold_reason(run(), counts(**change)) == reason


@pytest.mark.parametrize(
    ("size", "removals", "reason"),
    [
        (None, 1_000, ""),
        (None, 1_001, "may_remove_many"),
        (0, 1_001, "may_remove_many"),
        (10_000, 3_000, ""),
        (10_000, 3_001, "may_remove_many"),
        (1_000_000, 300_000, ""),
        (120, 20, ""),
        (120, 21, "may_remove_many"),
        (120, 0, ""),
    ],
)
def test_removals_from_a_list_of_others_wait_by_pinterests_size(size: int | None, removals: int, reason: str) -> None:
    found = run(plan={"takes_strangers": True}, audience=Audience(size=size))

    assert hold_reason(found, counts(ledger=0, removals=removals, is_removal=True)) == reason


def test_erasure_never_waits() -> None:
    assert hold_reason(run(trigger=Trigger.ERASURE), counts(ledger=10, removals=10)) == ""
    strangers = run(trigger=Trigger.ERASURE, plan={"takes_strangers": True}, audience=Audience())
    assert hold_reason(strangers, counts(ledger=0, removals=5_000)) == ""


def test_approved_run_does_not_wait_again() -> None:
    assert hold_reason(run(approved_by_id=1), counts(ledger=10, removals=10)) == ""
