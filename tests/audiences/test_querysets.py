"""Whose turn it is among the batches of a run."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from audiences import tasks
from audiences.models import Batch, Run
from audiences.services import groups, refused
from audiences.states import BATCH_OPEN, BATCH_UNSURE, BatchState
from tests.factories_audiences import make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(simulator: SimulatorInTest) -> Run:
    make_shop(simulator, people(range(10)))
    tasks.prepare_run(Run.objects.get().pk)
    Batch.objects.all().delete()
    return Run.objects.get()


def make_batch(run: Run, state: str = BatchState.PENDING, **fields: Any) -> Batch:
    return Batch.objects.create(run=run, **{"operation": "ADD", "first": 0, "count": 1, "state": state, **fields})


def turns(run: Run, **how: Any) -> list[Batch]:
    found: list[Batch] = Batch.objects.filter(run=run).next_in_turn(timezone.now(), 5, **how)
    return found


def test_halves_come_first_then_additions_then_what_was_tried_least(run: Run) -> None:
    removal = make_batch(run, operation="REMOVE")
    tired, fresh = make_batch(run, attempts=3), make_batch(run)
    unsure = make_batch(run, BatchState.UNKNOWN, attempts=1)
    half = make_batch(run, attempts=4, operation="REMOVE", root=make_batch(run, BatchState.SPLIT))

    assert turns(run) == [half, fresh, unsure, tired, removal]
    assert turns(run, states=BATCH_UNSURE) == [unsure]


def test_what_waits_or_is_held_by_somebody_is_left_out(run: Run) -> None:
    past, future = timezone.now() - timedelta(minutes=1), timezone.now() + timedelta(minutes=1)
    make_batch(run, BatchState.PENDING, next_attempt_at=future)
    make_batch(run, BatchState.UNKNOWN, next_attempt_at=future)
    make_batch(run, BatchState.SENDING, lease_until=future)
    make_batch(run, BatchState.SENT)
    due, abandoned = make_batch(run, next_attempt_at=past), make_batch(run, BatchState.SENDING, lease_until=past)

    assert turns(run) == [due, abandoned]
    assert Batch.objects.pending_in_turn(run.pk, timezone.now(), 5) == [due]
    assert set(Batch.objects.filter(run=run).claimable(timezone.now())) == {due, abandoned}


def test_a_second_half_waits_while_somebody_sends_the_first(run: Run) -> None:
    soon = timezone.now() + timedelta(minutes=1)
    whole = make_batch(run, BatchState.SPLIT, count=4, error="Rejected")
    first = make_batch(run, BatchState.SENDING, root=whole, split_from=whole, count=2, lease_until=soon)
    second = make_batch(run, root=whole, split_from=whole, first=2, count=2)
    fresh = [make_batch(run, first=number) for number in (10, 11)]

    assert groups.portion([second, *fresh], 8) == fresh

    Batch.objects.filter(pk=first.pk).update(lease_until=timezone.now() - timedelta(minutes=1))
    assert groups.portion([second, *fresh], 8) == [second], "whoever sent it is gone"


@pytest.mark.parametrize(
    ("error", "first", "is_known"),
    [
        ("Rejected", BatchState.SENT, True),
        ("Rejected", BatchState.FAILED, False),
        ("Rejected", BatchState.PENDING, False),
        ("TooLarge", BatchState.SENT, False),
        ("ServerTrouble", BatchState.SENT, False),
    ],
)
def test_a_half_is_found_out_when_only_the_other_one_was_accepted(
    run: Run, error: str, first: str, is_known: bool
) -> None:
    whole = make_batch(run, BatchState.SPLIT, count=5, error=error)
    make_batch(run, first, root=whole, split_from=whole, count=2)
    second = make_batch(run, root=whole, split_from=whole, first=2, count=3)

    assert refused.is_found_out(second) == is_known
    second.count = 1
    assert not refused.is_found_out(second), "a single record is only set apart when Pinterest refused it by itself"


def test_the_quick_way_finds_the_same_in_the_same_order(run: Run) -> None:
    """Also when the clock was set back, which leaves times that are further ahead than any wait."""
    parts = make_batch(run, BatchState.SPLIT)
    for number in range(24):
        make_batch(
            run,
            operation="REMOVE" if number % 2 else "ADD",
            attempts=number % 3,
            root=parts if number % 5 == 0 else None,
            next_attempt_at=timezone.now() + timedelta(days=9) if number % 7 == 0 else None,
            is_file=number % 4 == 0,
        )
    now = timezone.now()
    slow: list[Batch] = Batch.objects.filter(run=run).next_in_turn(now, 20, states=(BatchState.PENDING,))

    found: list[Batch] = Batch.objects.pending_in_turn(run.pk, now, 20)

    assert found == slow
    assert len(found) == 20
    for one, other in zip(found, slow, strict=True):
        # What was read is read no more, and what was not is left to be read.
        names = one.__dict__.keys() - {"_state"}
        assert names == other.__dict__.keys() - {"_state"}
        assert {name: getattr(one, name) for name in names} == {name: getattr(other, name) for name in names}
    assert {type(batch.is_file) for batch in found} == {bool}


def test_choosing_among_many_costs_no_query_for_each(run: Run, django_assert_num_queries: Any) -> None:
    for _ in range(12):
        make_batch(run)
    with django_assert_num_queries(1):
        found = Batch.objects.pending_in_turn(run.pk, timezone.now(), 12)
        assert len(groups.portion(found, 5)) == 4
    with django_assert_num_queries(1):
        assert len(groups.portion(turns(run, states=(BatchState.PENDING,)), 5)) == 4


@pytest.mark.skipif(connection.vendor != "sqlite", reason="reads SQLite's own account of a query")
@pytest.mark.parametrize("state", sorted(BATCH_OPEN))
def test_no_batch_is_sorted_to_find_the_next(run: Run, state: str) -> None:
    now: datetime = timezone.now()

    plan = Batch.objects.filter(run=run).first_in_turn(state, now, 5).explain()

    assert "batch_turn" in plan
    assert "TEMP B-TREE" not in plan
