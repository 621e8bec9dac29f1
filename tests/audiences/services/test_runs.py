"""Starting, cancelling, holding and repeating runs."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from audiences import tasks
from audiences.models import Batch, Mode, Run, Scope
from audiences.pipeline import upload
from audiences.services import deliveries, editing, runs
from audiences.services.refusals import ServiceRefusal
from audiences.states import BatchState, RunState
from pinconnect.alerts.models import Alert
from pinconnect.datasets.examination.results import Asked
from pinconnect.datasets.services import correct_format, examine
from tests.factories import make_user, make_workspace
from tests.factories_audiences import (
    Shop,
    add_snapshot,
    drive,
    drive_through,
    expected_members,
    make_ad_account,
    make_dataset,
    make_draft,
    make_profile,
    make_shop,
    people,
)
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
ROWS = people(range(30))


@pytest.fixture
def shop(simulator: SimulatorInTest, settings: Any) -> Shop:
    settings.BATCH_RECORDS = 10
    return make_shop(simulator, ROWS)


def first_run() -> Run:
    return Run.objects.select_related("audience").get(number=1, is_dry_run=False)


def test_a_second_click_gets_the_run_that_is_under_way(shop: Shop) -> None:
    assert shop.start() == first_run()
    assert Run.objects.count() == 1


def test_the_database_itself_refuses_a_second_active_run(shop: Shop) -> None:
    run = first_run()

    with pytest.raises(IntegrityError), transaction.atomic():
        Run.objects.create(
            workspace=run.workspace, delivery=run.delivery, audience=run.audience, number=2, trigger="by_hand"
        )


def test_starting_loses_a_race_gracefully(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = runs._active
    answers = iter([None])
    monkeypatch.setattr(runs, "_active", lambda *args, **kwargs: next(answers, seen(*args, **kwargs)))

    assert shop.start() == first_run()


def test_a_dry_run_counts_and_sends_nothing_and_blocks_nobody(shop: Shop) -> None:
    dry = shop.start(is_dry_run=True)
    assert drive(dry).state == RunState.DONE
    assert (dry.counts["rows"]["to_send"], dry.counts["batches"], dry.number) == (30, 3, 2)
    assert not shop.simulator.calls()
    assert not Batch.objects.filter(run=dry).exists()

    assert drive(first_run()).state == RunState.DONE


def test_a_dry_run_needs_no_list_and_no_published_delivery(simulator: SimulatorInTest) -> None:
    profile = make_profile(make_workspace(), simulator)
    draft = make_draft(profile, make_ad_account(profile), make_dataset(profile.workspace, ROWS))

    dry = runs.start(draft, by=None, trigger="dry_run", is_dry_run=True)

    assert drive(dry).counts["rows"]["to_send"] == 30
    assert runs.is_current(dry)
    with pytest.raises(ServiceRefusal, match="still_a_draft"):
        runs.start(draft, by=None, trigger="by_hand")


def test_a_dry_run_is_out_of_date_once_the_data_has_changed(shop: Shop) -> None:
    dry = drive(shop.start(is_dry_run=True))
    assert runs.is_current(dry)

    shop.change(people(range(5)))

    assert not runs.is_current(dry)


def test_a_dry_run_is_out_of_date_once_its_data_is_read_in_another_way(shop: Shop) -> None:
    dry = drive(shop.start(is_dry_run=True))
    snapshot = shop.dataset.snapshots.get()
    correct_format(snapshot, by=None, asked=Asked(has_header=True))
    assert runs.is_current(dry)

    assert examine(snapshot)

    assert not runs.is_current(dry)


def test_only_new_data_is_delivered_when_so_chosen(simulator: SimulatorInTest) -> None:
    shop = make_shop(simulator, ROWS, scope=Scope.NEW)
    run = drive(first_run())
    assert (run.state, run.reason) == (RunState.DONE, "nothing_new")

    later = people(range(200, 210))
    add_snapshot(shop.dataset, later, mode="append")
    run = drive(shop.start())

    assert run.counts["final"]["rows"]["read"] == 10
    assert shop.members == expected_members(later)


def test_cancelling_a_queued_run_ends_it_at_once(shop: Shop) -> None:
    assert runs.cancel(first_run(), by=make_user("Bob"))

    run = drive(first_run())
    assert (run.state, run.reason) == (RunState.CANCELLED, "cancelled")
    assert not runs.cancel(run, by=None), "there is nothing to cancel any more"


def test_cancelling_while_it_is_prepared_is_noticed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from audiences.services import inputs

    monkeypatch.setattr("audiences.services.reporting.EVERY_S", 0.0)
    copy = inputs.local_copy

    def cancelled_meanwhile(*args: Any) -> Any:
        runs.cancel(first_run(), by=None)
        assert first_run().state == RunState.PREPARING, "whoever prepares it has to notice"
        return copy(*args)

    monkeypatch.setattr(inputs, "local_copy", cancelled_meanwhile)
    run = drive(first_run())

    assert (run.state, run.reason) == (RunState.CANCELLED, "cancelled")
    assert not Batch.objects.exists()


def test_cancelling_while_it_sends_keeps_the_ledger_true(shop: Shop) -> None:
    tasks.prepare_run(first_run().pk)
    upload.pump(first_run().pk, budget_s=0)
    assert runs.cancel(first_run(), by=None)

    run = drive(first_run())

    assert (run.state, run.reason) == (RunState.CANCELLED, "cancelled")
    assert run.counts["final"]["rows"]["sent"] == len(shop.members) == 10
    assert run.counts["final"]["additions"] == {"sent": 10, "failed": 0, "not_sent": 20}
    assert drive(shop.start()).counts["final"]["rows"] | {"read": 0} == {
        "read": 0, "sent": 20, "already_there": 10, "duplicate": 0, "invalid": 0, "held_back": 0, "failed": 0,
        "left_out": 0,
    }  # fmt: skip


def test_cancelling_with_an_unanswered_call_waits_for_the_answer(shop: Shop) -> None:
    tasks.prepare_run(first_run().pk)
    shop.simulator.fault("drop_after", operation="customer_lists/update", times=2)
    drive(first_run())
    assert Batch.objects.filter(state=BatchState.UNKNOWN).count() == 1

    runs.cancel(first_run(), by=None)
    assert first_run().state == RunState.UPLOADING
    run = drive_through(first_run())

    assert run.state == RunState.CANCELLED
    assert len(shop.members) == run.counts["final"]["rows"]["sent"] == 20, "what was unsure is on the list and known"


def test_cancelling_an_unanswered_creation_finds_out_whether_the_list_exists(shop: Shop) -> None:
    tasks.prepare_run(first_run().pk)
    shop.simulator.fault("drop_after", operation="customer_lists/create")
    drive(first_run())

    runs.cancel(first_run(), by=None)
    run = drive_through(first_run())

    assert run.state == RunState.CANCELLED
    assert run.audience.customer_list_id
    assert len(shop.members) == run.counts["final"]["rows"]["sent"] == 10


def test_cancelling_a_creation_that_never_happened_creates_nothing(shop: Shop) -> None:
    tasks.prepare_run(first_run().pk)
    shop.simulator.fault("drop_before", operation="customer_lists/create")
    drive(first_run())

    runs.cancel(first_run(), by=None)
    run = drive_through(first_run())

    assert (run.state, run.counts["final"]["rows"]["sent"]) == (RunState.CANCELLED, 0)
    assert len(shop.simulator.calls("customer_lists/create")) == 1


def test_a_large_removal_is_held_until_somebody_approves(shop: Shop) -> None:
    drive(first_run())
    shop.change(people(range(15)))
    run = drive(shop.start())

    assert (run.state, run.reason) == (RunState.HELD, "removes_many")
    change = Alert.objects.get(kind="audiences.run_held", resolved_at=None).context["change"]
    assert change.startswith("remove 15 identifiers of the ")
    assert runs.approve(run, by=None)
    assert not runs.approve(run, by=None)
    assert drive(run).state == RunState.DONE
    assert shop.members == expected_members(people(range(15)))
    assert not Alert.objects.filter(kind="audiences.run_held", resolved_at=None).exists()


@pytest.mark.parametrize("why", ["", "not_permitted"])
def test_a_run_that_is_approved_while_its_delivery_is_paused_says_why_it_waits(shop: Shop, why: str) -> None:
    drive(first_run())
    shop.change(people(range(15)))
    run = drive(shop.start())
    shop.delivery.refresh_from_db()
    if why:
        deliveries.pause_for_profile(shop.delivery, why)
    else:
        deliveries.pause(shop.delivery, by=None)

    assert runs.approve(run, by=None)

    assert (drive(run).state, run.reason) == (RunState.UPLOADING, why or "paused")
    deliveries.resume(shop.delivery, by=None)
    assert (drive(run).state, run.reason) == (RunState.DONE, "")
    assert shop.members == expected_members(people(range(15)))


def test_a_rejected_run_sends_nothing(shop: Shop) -> None:
    drive(first_run())
    shop.change(people(range(100, 102)))
    run = drive(shop.start())
    before = len(shop.simulator.calls())

    assert runs.reject(run, by=None)

    run.refresh_from_db()
    assert (run.state, run.reason) == (RunState.CANCELLED, "rejected")
    assert len(shop.simulator.calls()) == before
    assert set(run.batches.values_list("state", flat=True)) == {BatchState.SKIPPED}


def test_emptying_a_list_is_held_even_if_every_removal_is_allowed(shop: Shop) -> None:
    drive(first_run())
    type(shop.delivery).objects.update(hold_share=100)
    shop.change([{**people([1])[0], "email": "nobody"}])

    run = drive(shop.start())

    assert (run.state, run.reason) == (RunState.HELD, "empties_list")


def test_a_failed_run_is_repeated_as_a_new_one(shop: Shop) -> None:
    run = first_run()
    with pytest.raises(ServiceRefusal, match="run_not_finished"):
        runs.retry(run, by=None)
    Run.objects.update(state=RunState.FAILED)
    run.refresh_from_db()

    again = runs.retry(run, by=None)

    assert (again.number, again.state) == (2, RunState.QUEUED)


def test_add_only_removes_nobody_and_remove_only_takes_out(shop: Shop) -> None:
    drive(first_run())
    editing.change(shop.delivery, editing.Wish(mode=Mode.ADD), by=None)
    shop.change(people(range(30, 40)))
    assert drive(shop.start()).state == RunState.DONE
    assert shop.members == expected_members(people(range(40)))

    editing.change(shop.delivery, editing.Wish(mode=Mode.REMOVE), by=None)
    shop.change(people([*range(35, 40), 900]))
    run = drive(shop.start())

    assert shop.members == expected_members(people(range(35)))
    assert run.counts["final"]["rows"]["sent"] == 5
    assert run.counts["final"]["rows"]["already_there"] == 1, "who is not on the list changes nothing"
