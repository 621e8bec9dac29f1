"""Whose turn it is among the batches of a run."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from audiences import tasks
from audiences.models import Batch, Run
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
    assert set(Batch.objects.filter(run=run).claimable(timezone.now())) == {due, abandoned}


@pytest.mark.skipif(connection.vendor != "sqlite", reason="reads SQLite's own account of a query")
@pytest.mark.parametrize("state", sorted(BATCH_OPEN))
def test_no_batch_is_sorted_to_find_the_next(run: Run, state: str) -> None:
    now: datetime = timezone.now()

    plan = Batch.objects.filter(run=run).first_in_turn(state, now, 5).explain()

    assert "batch_turn" in plan
    assert "TEMP B-TREE" not in plan
