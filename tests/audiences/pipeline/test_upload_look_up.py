"""Reads before the list is made are counted as reads, and what goes wrong with them is no fault of the records."""

from typing import Any

import pytest

from audiences import tasks
from audiences.models import Batch, Run
from audiences.pipeline import upload
from audiences.services import rates
from audiences.states import BatchState, RunState
from pinconnect.pinterest.client import Exchange, RateHeaders
from pinconnect.pinterest.limits import Category
from pinconnect.queue.budget import TimeBudget
from tests.factories_audiences import Shop, drive, drive_through, expected_members, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
ROWS = people(range(120))
READ, WRITE = Category.ADS_READ, Category.ADS_WRITE


@pytest.fixture
def shop(simulator: SimulatorInTest, settings: Any) -> Shop:
    """Four batches of thirty and no list yet."""
    settings.BATCH_RECORDS = 30
    made = make_shop(simulator, ROWS)
    tasks.prepare_run(Run.objects.get().pk)
    return made


def run() -> Run:
    return Run.objects.select_related("delivery", "audience").get()


@pytest.mark.parametrize(
    ("operation", "blocked", "free"),
    [("customer_lists/list", READ, WRITE), ("customer_lists/create", WRITE, READ)],
)
def test_a_rate_limit_blocks_the_kind_of_call_that_met_it(
    shop: Shop, operation: str, blocked: Category, free: Category
) -> None:
    shop.simulator.fault("rate_limited", operation=operation, reset=90)

    drive(run())

    assert rates.wait_s(shop.profile, blocked) > 80
    assert rates.wait_s(shop.profile, free) < 1
    assert set(Batch.objects.values_list("state", "attempts")) == {(BatchState.PENDING, 0)}


def test_the_list_is_not_looked_up_while_reads_are_blocked(shop: Shop) -> None:
    rates.block(shop.profile, READ, 90)

    drive(run())

    assert not shop.simulator.calls()
    assert run().reason == "rate_limited"


@pytest.mark.parametrize(("method", "category", "other"), [("GET", READ, WRITE), ("PATCH", WRITE, READ)])
def test_headers_are_learned_for_the_kind_of_call_they_came_with(
    shop: Shop, method: str, category: Category, other: Category
) -> None:
    pump = upload.Pump(run().pk, TimeBudget(1.0))
    pump.voice.client(run())

    pump._note(Exchange(method, "/lists", 200, 0.1, None, RateHeaders(limit=400, remaining=0, reset_s=30), None))

    assert rates.wait_s(shop.profile, category) > 25
    assert rates.wait_s(shop.profile, other) == 0


@pytest.mark.parametrize(("status", "kind"), [(400, "error"), (413, "error"), (500, "error")])
def test_a_look_up_that_fails_neither_halves_a_batch_nor_makes_it_unsure(shop: Shop, status: int, kind: str) -> None:
    shop.simulator.fault(kind, operation="customer_lists/list", status=status, code=1, message="No.", times=None)

    drive(run())

    assert set(Batch.objects.values_list("state", flat=True)) == {BatchState.PENDING}
    assert run().reason == "pinterest_trouble"
    shop.simulator.clear_faults()
    assert drive_through(run()).state == RunState.DONE
    assert shop.members == expected_members(ROWS)
    assert Batch.objects.count() == 4


def test_a_creation_that_is_refused_still_halves_the_batch(shop: Shop) -> None:
    shop.simulator.fault("error", operation="customer_lists/create", status=400, code=1, message="No.")

    drive_through(run())

    assert Batch.objects.filter(state=BatchState.SPLIT, root=None).count() == 1
    assert shop.members == expected_members(ROWS)
