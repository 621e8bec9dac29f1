"""Calls that time out, with and without effect, and a rate limit that lasts for most of a day."""

from datetime import timedelta
from typing import Any

import pytest
import requests
from django.utils import timezone

from audiences import tasks
from audiences.messages import reason
from audiences.models import Batch, Run
from audiences.states import BatchState, RunState
from pinconnect.pinterest import transport
from pinconnect.queue.models import RateLimit
from tests.factories_audiences import Shop, drive, drive_through, expected_members, make_due, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
ROWS = people(range(60))


@pytest.fixture
def shop(simulator: SimulatorInTest, settings: Any) -> Shop:
    settings.BATCH_RECORDS = 20
    made = make_shop(simulator, ROWS)
    tasks.prepare_run(Run.objects.get().pk)
    return made


def only_run() -> Run:
    return Run.objects.select_related("delivery", "audience").get()


@pytest.mark.parametrize("is_carried_out", [False, True], ids=["before the effect", "after the effect"])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_call_that_times_out_is_made_again_and_the_end_is_the_same(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, number: int, is_carried_out: bool
) -> None:
    send, writes = transport.send, 0

    def silent(call: transport.Call) -> transport.Answer:
        nonlocal writes
        writes += call.method in ("POST", "PATCH")
        if call.method in ("POST", "PATCH") and writes == number:
            if is_carried_out:
                send(call)
            raise requests.ReadTimeout("Read timed out.")
        return send(call)

    monkeypatch.setattr(transport, "send", silent)
    drive(only_run())
    assert not only_run().is_finished
    # The second call makes the audience, and no batch depends on it.
    assert Batch.objects.filter(state=BatchState.UNKNOWN).count() == (number != 2), "nobody knows what became of it"

    run = drive_through(only_run())

    assert (run.state, run.reason) == (RunState.DONE, "")
    assert shop.members == expected_members(ROWS)
    assert len(shop.simulator.control("state")["customer_lists"]) == 1
    assert run.counts["final"]["rows"]["sent"] == 60


def test_a_limit_for_the_day_pauses_the_run_in_words_and_costs_no_more_calls(shop: Shop) -> None:
    shop.simulator.fault("rate_limited", operation="customer_lists/update", reset=70_000, times=None)

    drive(only_run())

    run, calls = only_run(), len(shop.simulator.calls("customer_lists/update"))
    assert (run.state, run.reason) == (RunState.UPLOADING, "rate_limited")
    assert run.next_attempt_at
    assert run.next_attempt_at > timezone.now() + timedelta(hours=18)
    assert "goes on by itself" in reason("rate_limited").body
    for _ in range(5):
        tasks.pump_run(run.pk)
    assert len(shop.simulator.calls("customer_lists/update")) == calls
    assert RateLimit.objects.filter(blocked_until__gt=timezone.now().timestamp() + 60_000).exists()

    shop.simulator.clear_faults()
    make_due(run)
    assert drive_through(only_run()).state == RunState.DONE
    assert shop.members == expected_members(ROWS)
