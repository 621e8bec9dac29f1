"""Batches that one worker has claimed together: whatever happens between two of their calls, the end is right."""

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from audiences import tasks
from audiences.models import Batch, Run
from audiences.pipeline import outlook, upload
from audiences.services import deliveries, groups, rates, runs
from audiences.states import BatchState, RunState
from pinconnect.pinterest import customer_lists
from pinconnect.pinterest.client import Exchange, RateHeaders
from pinconnect.pinterest.errors import RateLimited, ServerTrouble
from pinconnect.pinterest.limits import Category
from pinconnect.queue import stopping
from pinconnect.queue.budget import TimeBudget
from pinconnect.queue.models import RateLimit
from tests.audiences.test_killed_anywhere import Killed
from tests.factories_audiences import Shop, drive, drive_through, expected_members, make_due, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
ROWS = people(range(120))
SENT, PENDING = BatchState.SENT, BatchState.PENDING


@pytest.fixture
def shop(simulator: SimulatorInTest, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Twelve batches of ten, the first of them sent; the next group has six."""
    settings.BATCH_RECORDS, settings.PUMPS_PER_RUN = 10, 1
    monkeypatch.setattr(groups.Pace, "size", 32)
    monkeypatch.setattr(outlook, "LOOK_EVERY_S", 0.0)
    made = make_shop(simulator, ROWS)
    tasks.prepare_run(run().pk)
    upload.pump(run().pk, budget_s=0)
    assert states() == [SENT] + 11 * [PENDING]
    return made


def run() -> Run:
    return Run.objects.select_related("delivery", "audience", "workspace").latest("pk")


def states() -> list[str]:
    return list(Batch.objects.order_by("pk").values_list("state", flat=True))


@pytest.fixture
def at_call(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, Callable[[], None]], None]:
    """Have something happen in the call of this number, right after Pinterest has carried it out."""

    def arrange(number: int, happens: Callable[[], None], *, instead: bool = False) -> None:
        add, calls = customer_lists.add, iter(range(1, 1_000))

        def wrapped(*arguments: Any) -> Any:
            is_now = next(calls) == number
            answer = None if is_now and instead else add(*arguments)
            if is_now:
                happens()
            return answer

        monkeypatch.setattr(customer_lists, "add", wrapped)

    return arrange


def failing(error: Exception) -> Callable[[], None]:
    def happens() -> None:
        raise error

    return happens


@contextmanager
def mortal() -> Iterator[Callable[[], None]]:
    """Gives what kills the worker: nothing that it might still do reaches the database."""
    state = {"is_dead": False}

    def die() -> None:
        state["is_dead"] = True
        raise Killed

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if state["is_dead"]:
            raise Killed
        return execute(sql, params, many, context)

    with connection.execute_wrapper(wrapper), suppress(Killed):
        yield die
    transaction.set_rollback(False)


def test_a_group_takes_few_statements(shop: Shop) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        tasks.pump_run(run().pk)

    assert states() == 12 * [SENT]
    writes = [query["sql"] for query in queries if query["sql"].startswith('UPDATE "audiences_batch"')]
    assert len(writes) <= 16, "three groups: each is claimed once and written down once, a line for each batch"
    assert len(queries) < 75
    assert Batch.objects.filter(sent_at=None).count() == 0
    assert set(Batch.objects.values_list("http_status", "attempts", "lease_token", "profile")) <= {
        (200, 1, "", shop.profile.pk),
        (201, 1, "", shop.profile.pk),
    }


def test_a_worker_killed_within_a_group_leaves_batches_that_are_sent_again(shop: Shop, at_call: Any) -> None:
    with mortal() as die:
        at_call(4, die)
        tasks.pump_run(run().pk)

    assert states() == [SENT] + 6 * [BatchState.SENDING] + 5 * [PENDING]
    make_due(run())
    assert drive_through(run()).state == RunState.DONE
    assert shop.members == expected_members(ROWS)
    assert run().counts["final"]["rows"]["sent"] == 120
    calls = shop.simulator.calls("customer_lists/update")
    assert len(calls) == 11 + 4, "only what was not written down is sent twice"
    assert Batch.objects.filter(attempts=2).count() == 6


def test_a_worker_that_is_being_stopped_begins_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "is_asked", lambda: True)

    assert upload.pump(run().pk) == 0
    assert states() == [SENT] + 11 * [PENDING]


def test_a_run_cancelled_between_two_calls_of_a_group_sends_no_more(shop: Shop, at_call: Any) -> None:
    at_call(2, lambda: runs.cancel(run(), by=None) and None)

    drive(run())

    assert (run().state, run().counts["final"]["rows"]["sent"]) == (RunState.CANCELLED, 30)
    assert states() == 3 * [SENT] + 9 * [BatchState.SKIPPED]
    assert len(shop.simulator.calls("customer_lists/update")) == 2


def test_a_delivery_paused_between_two_calls_of_a_group_sends_no_more(shop: Shop, at_call: Any) -> None:
    at_call(2, lambda: deliveries.pause(shop.delivery, by=None) and None)

    drive(run())

    assert states() == 3 * [SENT] + 9 * [PENDING]
    assert set(Batch.objects.filter(state=PENDING).values_list("attempts", "lease_token")) == {(0, "")}


def test_nothing_is_begun_when_too_little_of_the_lease_is_left(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "STALE_AFTER_S", -1.0)

    drive(run())

    assert states() == 12 * [SENT]
    assert set(Batch.objects.values_list("attempts", flat=True)) == {1}, "what was given back was no attempt"
    assert len(shop.simulator.calls("customer_lists/update")) == 11


def test_a_worker_that_comes_back_after_its_leases_ran_out_changes_nothing(shop: Shop, at_call: Any) -> None:
    def sleep_for_long() -> None:
        Batch.objects.filter(state=BatchState.SENDING).update(lease_until=run().created_at)
        tasks.pump_run(run().pk)
        assert states() == 12 * [SENT]

    at_call(3, sleep_for_long)
    upload.pump(run().pk, budget_s=60)

    assert drive_through(run()).state == RunState.DONE
    assert shop.members == expected_members(ROWS)
    assert run().counts["final"]["rows"]["sent"] == 120
    assert set(Batch.objects.values_list("lease_token", flat=True)) == {""}


def test_a_worker_whose_leases_went_to_another_sends_nothing_more_of_its_group(
    shop: Shop, at_call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken_over() -> None:
        Batch.objects.filter(state=BatchState.SENDING).update(lease_token="another")
        monkeypatch.setattr(groups, "FLUSH_AFTER_S", -1.0)

    at_call(3, taken_over)
    pump = upload.Pump(run().pk, TimeBudget(60))

    assert pump.step()

    assert len(shop.simulator.calls("customer_lists/update")) == 3, "three more were in the group"
    assert pump.sent == 0
    assert states() == [SENT] + 6 * [BatchState.SENDING] + 5 * [PENDING], "they are for whoever holds them"
    make_due(run())
    assert drive_through(run()).state == RunState.DONE
    assert shop.members == expected_members(ROWS)


def test_a_rate_limit_within_a_group_gives_the_rest_back(shop: Shop, at_call: Any) -> None:
    RateLimit.objects.all().delete()
    at_call(3, failing(RateLimited(retry_after_s=90)), instead=True)

    drive(run())

    assert states() == 3 * [SENT] + 9 * [PENDING]
    assert set(Batch.objects.filter(state=PENDING).values_list("attempts", flat=True)) == {0}
    assert run().reason == "rate_limited"
    RateLimit.objects.update(blocked_until=0)
    assert rates.take(shop.profile, Category.ADS_WRITE, 40)[0] >= 40 - 3, "calls that were not made are given back"


def test_headers_without_calls_left_end_a_group(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    note, none_left = upload.Pump._note, RateHeaders(limit=400, remaining=0, reset_s=30)

    def noted(pump: upload.Pump, exchange: Exchange) -> None:
        note(pump, dataclasses.replace(exchange, rate=none_left))

    monkeypatch.setattr(upload.Pump, "_note", noted)
    drive(run())

    assert states() == 2 * [SENT] + 10 * [PENDING]
    assert run().next_attempt_at is not None


def test_what_went_well_is_written_before_what_did_not(shop: Shop, at_call: Any) -> None:
    Run.objects.update(trouble=2, reason="pinterest_trouble")
    at_call(3, failing(ServerTrouble(status=503)))

    drive(run())

    assert states() == 3 * [SENT] + [BatchState.UNKNOWN] + 8 * [PENDING]
    assert (run().trouble, run().reason) == (1, "pinterest_trouble"), "the old trouble ended, and new began"
    assert set(Batch.objects.filter(state=PENDING).values_list("attempts", flat=True)) == {0}
    assert drive_through(run()).state == RunState.DONE


def test_long_groups_are_written_down_as_time_passes(shop: Shop, at_call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "FLUSH_AFTER_S", -1.0)
    with mortal() as die:
        at_call(4, die)
        tasks.pump_run(run().pk)

    assert states() == 4 * [SENT] + 3 * [BatchState.SENDING] + 5 * [PENDING]


def test_the_time_of_a_task_ends_within_a_group(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    upload.pump(run().pk, budget_s=0)

    assert states() == 2 * [SENT] + 10 * [PENDING], "one call at least, and no more"


def test_what_was_tried_before_goes_alone(shop: Shop) -> None:
    first = Batch.objects.filter(state=PENDING).order_by("pk")[0]
    Batch.objects.filter(pk=first.pk).update(attempts=1, state=BatchState.UNKNOWN)
    found = Batch.objects.filter(run=run()).next_in_turn(run().created_at, 20)

    assert [batch.attempts for batch in groups.portion(found[-1:] + found[:-1], 32)] == [1]
    assert len(groups.portion(found, 32)) == 5


def test_while_the_list_is_made_others_leave_it_alone(simulator: SimulatorInTest, settings: Any) -> None:
    settings.BATCH_RECORDS = 10
    made = make_shop(simulator, ROWS)
    tasks.prepare_run(run().pk)
    sending, others = upload.Pump._send, []

    def while_another_comes(pump: upload.Pump, *batch: Any) -> None:
        if not others:
            others.append(0)
            others[0] = tasks.pump_run(run().pk)
        sending(pump, *batch)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(upload.Pump, "_send", while_another_comes)
        drive(run())

    assert others == [0]
    assert run().next_attempt_at is None
    assert len(simulator.calls("customer_lists/create")) == 1
    assert made.members == expected_members(ROWS)


def test_whoever_prepares_a_run_begins_to_send_it(simulator: SimulatorInTest) -> None:
    made = make_shop(simulator, ROWS)

    tasks.prepare_and_send(run().pk)

    assert run().state == RunState.SETTLING
    assert made.members == expected_members(ROWS)
