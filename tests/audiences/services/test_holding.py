"""When a run waits for a person."""

import pytest

from audiences.models import Delivery, Run, Trigger
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


def test_erasure_never_waits() -> None:
    assert hold_reason(run(trigger=Trigger.ERASURE), counts(ledger=10, removals=10)) == ""


def test_approved_run_does_not_wait_again() -> None:
    assert hold_reason(run(approved_by_id=1), counts(ledger=10, removals=10)) == ""
