"""A run that is cancelled or fails while calls are under way ends, whatever Pinterest answers to them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audiences import reconcile, tasks
from audiences.models import Batch, Run
from audiences.pipeline import upload
from audiences.services import completion, endings, outcomes, runs
from audiences.states import BatchState, RunState
from pinconnect.alerts.models import Alert
from pinconnect.pinterest import customer_lists
from pinconnect.pinterest.errors import (
    NotPermitted,
    NotSent,
    PinterestError,
    RateLimited,
    Rejected,
    TokenRefused,
    TooLarge,
)
from tests.factories_audiences import Shop, drive, drive_through, expected_members, make_due, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
ROWS = people(range(120))


@pytest.fixture
def shop(simulator: SimulatorInTest, settings: Any) -> Shop:
    """Four batches of thirty, the first of them sent."""
    settings.BATCH_RECORDS = 30
    made = make_shop(simulator, ROWS)
    tasks.prepare_run(Run.objects.get().pk)
    upload.pump(Run.objects.get().pk, budget_s=0)
    return made


def run() -> Run:
    return Run.objects.select_related("delivery", "audience").get()


def states() -> list[str]:
    return list(Batch.objects.order_by("pk").values_list("state", flat=True))


def cancelled_meanwhile(error: PinterestError) -> Callable[..., None]:
    """A call during which somebody cancels, and which then fails."""

    def add(*args: Any, **kwargs: Any) -> None:
        runs.cancel(run(), by=None)
        raise error

    return add


REFUSALS = [
    RateLimited(retry_after_s=3_600),
    NotSent("No connection"),
    TokenRefused(status=401),
    NotPermitted(status=403),
    Rejected(status=400),
    TooLarge(status=413),
]


@pytest.mark.parametrize("error", REFUSALS, ids=lambda error: type(error).__name__)
def test_a_call_refused_after_the_cancelling_is_not_repeated_and_the_run_ends(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, error: PinterestError
) -> None:
    monkeypatch.setattr(customer_lists, "add", cancelled_meanwhile(error))

    drive(run())

    assert (run().state, run().reason) == (RunState.CANCELLED, "cancelled")
    assert set(states()) <= {BatchState.SENT, BatchState.SKIPPED, BatchState.SPLIT}
    assert run().counts["final"]["rows"]["sent"] == len(shop.members) == 30


def test_a_worker_killed_before_it_could_skip_leaves_that_to_the_reconciler(shop: Shop) -> None:
    runs.cancel(run(), by=None)
    later = timezone.now() + timedelta(hours=1)
    Batch.objects.filter(state=BatchState.SKIPPED).update(state=BatchState.PENDING, next_attempt_at=later)
    Run.objects.update(next_attempt_at=later)

    reconcile.hint_runs()

    assert run().state == RunState.SETTLING
    assert drive(run()).state == RunState.CANCELLED


def test_a_run_cancelled_at_its_very_last_batch_ends_cancelled(shop: Shop) -> None:
    stale = run()
    assert not stale.ending
    runs.cancel(run(), by=None)

    completion.finish_uploading(stale)

    assert (run().state, run().ending, run().reason) == (RunState.SETTLING, "cancelled", "cancelled")


def outage_while_clearing_up(shop: Shop, rounds: int) -> None:
    """A call without an answer, then nobody answers any more, and somebody cancels."""
    shop.simulator.fault("unavailable", operation="customer_lists/update", when="after", times=None)
    drive(run())
    runs.cancel(run(), by=None)
    for _ in range(rounds):
        make_due(run())
        drive(run())


def test_an_outage_while_clearing_up_keeps_asking_for_the_whole_batch_and_says_so(shop: Shop) -> None:
    outage_while_clearing_up(shop, outcomes.MAX_ATTEMPTS + 10)

    assert (run().state, run().ending) == (RunState.UPLOADING, "cancelled")
    assert states().count(BatchState.UNKNOWN) == 1
    assert Batch.objects.count() == 4, "halves would take longer still, and tell no more"
    assert Alert.objects.filter(kind="audiences.pinterest_trouble", resolved_at=None).exists()


def test_an_outage_while_clearing_up_ends_with_the_first_answer(shop: Shop) -> None:
    outage_while_clearing_up(shop, outcomes.MAX_ATTEMPTS + 10)
    shop.simulator.clear_faults()

    drive_through(run())

    assert run().state == RunState.CANCELLED
    assert run().counts["final"]["rows"]["sent"] == len(shop.members) == 60
    assert shop.members <= expected_members(ROWS)
    assert not Alert.objects.filter(kind="audiences.pinterest_trouble", resolved_at=None).exists()


def test_a_batch_that_kills_its_workers_is_still_halved_while_clearing_up(shop: Shop) -> None:
    killer = Batch.objects.filter(state=BatchState.PENDING).order_by("pk")[0]
    Batch.objects.filter(pk=killer.pk).update(state=BatchState.SENDING, attempts=outcomes.MAX_ATTEMPTS)
    endings.stop_sending(run(), ending="cancelled", code="cancelled")

    drive(run())

    killer.refresh_from_db()
    assert killer.state == BatchState.SPLIT


def test_the_trouble_is_told_even_if_two_workers_count_at_once(shop: Shop) -> None:
    Run.objects.update(trouble=outcomes.ALERT_AT_TROUBLE)

    outcomes.slow_down(run())

    assert Alert.objects.filter(kind="audiences.pinterest_trouble", resolved_at=None).exists()
