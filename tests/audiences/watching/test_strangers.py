"""No call of our own is taken for a stranger's, whatever became of it."""

from datetime import timedelta
from hashlib import sha256

import pytest
from django.utils import timezone

from audiences import tasks
from audiences.models import Batch, Drift, DriftKind, Erasure, Observation, Removal, Run, Trigger
from audiences.people import erasing
from audiences.people.lookup import Wanted
from audiences.services import deliveries, runs
from audiences.states import BatchState, RunState
from tests.audiences.watching.helpers import Watched
from tests.factories import make_user, make_workspace
from tests.factories_audiences import (
    drive,
    drive_through,
    make_ad_account,
    make_dataset,
    make_draft,
    make_due,
    make_profile,
    people,
)


def one_stranger(seen: Watched) -> None:
    """One call of somebody else was found."""
    found = seen.drift(DriftKind.WRITTEN)
    assert found is not None
    assert found.facts["calls"] == 1


def no_stranger(seen: Watched) -> None:
    assert not Drift.objects.filter(kind=DriftKind.WRITTEN).exists()
    assert not Observation.objects.filter(foreign_calls__gt=0).exists()
    # And the watch is not blind: what somebody else writes later is found.
    for _ in range(2):
        seen.look(hours=1)
    seen.write_as_another("ADD", range(3))
    seen.look(hours=1)
    one_stranger(seen)


def test_runs_of_ours_are_known_whenever_pinterest_is_asked(seen: Watched) -> None:
    for size in (320, 340, 360):
        seen.deliver(range(size))
        seen.look(minutes=1)
        seen.look(hours=30)

    no_stranger(seen)


@pytest.mark.parametrize("fault", ["drop", "truncated", "server_error"])
def test_a_call_that_was_counted_twice_because_no_answer_came_is_ours(seen: Watched, fault: str) -> None:
    before = seen.look(hours=1).num_batches
    seen.simulator.fault(fault, operation="customer_lists/update", when="after")
    seen.shop.change(people(range(320)))
    run = seen.shop.start()
    drive(run)
    seen.look()
    make_due(run)
    assert drive_through(run).state == RunState.DONE

    after = seen.look().num_batches

    assert before is not None
    assert after == before + 2, "the fault has not let the call be counted twice"
    no_stranger(seen)


def test_a_call_under_way_is_ours(seen: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    seen.shop.change(people(range(320)))
    run = seen.shop.start()
    monkeypatch.setattr("audiences.services.outcomes.sent", lambda *_, **__: seen.look(seconds=1) and True)
    tasks.prepare_run(run.pk)
    tasks.pump_run(run.pk)
    monkeypatch.undo()

    assert Batch.objects.get(run=run).state == BatchState.SENDING, "it was looked at before the answer was recorded"
    seen.wait(minutes=5)
    make_due(run)
    assert drive_through(run).state == RunState.DONE
    seen.look()
    no_stranger(seen)


def test_a_call_that_takes_effect_after_it_was_given_up_is_ours(seen: Watched) -> None:
    seen.simulator.fault("drop", operation="customer_lists/update", when="before")
    seen.shop.change(people(range(320)))
    run = seen.shop.start()
    drive(run)
    runs.cancel(run, by=None)
    seen.look()
    seen.write_as_another("ADD", range(300, 320))  # what was given up, carried out late
    seen.look(minutes=2)

    assert not Drift.objects.exists()


def late_and_repeated(seen: Watched) -> Run:
    """A call that was given up and then repeated with success. The run has sent everything and is not settled yet."""
    seen.simulator.fault("drop", operation="customer_lists/update", when="before")
    seen.shop.change(people(range(320)))
    run = seen.shop.start()
    tasks.prepare_run(run.pk)
    for _ in range(2):
        make_due(run)
        tasks.pump_run(run.pk)
    run.refresh_from_db()
    assert (run.state, Batch.objects.get(run=run).attempts) == (RunState.SETTLING, 2)
    return run


def test_a_call_given_up_minutes_ago_may_still_take_effect_although_it_was_repeated_since(seen: Watched) -> None:
    run = late_and_repeated(seen)
    assert drive(run).state == RunState.DONE
    seen.look(minutes=2)

    seen.write_as_another("ADD", range(300, 320))  # what was given up, carried out late
    seen.look(minutes=2)

    no_stranger(seen)


def test_calls_answered_minutes_ago_hide_no_stranger(seen: Watched) -> None:
    seen.deliver(range(320))
    seen.look(minutes=2)

    seen.write_as_another("ADD", range(3))
    seen.look(minutes=1)

    one_stranger(seen)


def test_calls_given_up_long_ago_hide_no_stranger_however_long_the_run_takes(seen: Watched) -> None:
    late_and_repeated(seen)
    seen.look(minutes=20)

    seen.write_as_another("ADD", range(3))
    seen.look(minutes=1)

    one_stranger(seen)


def test_calls_of_a_run_that_was_given_up_long_ago_hide_no_stranger(seen: Watched) -> None:
    seen.simulator.fault("drop", operation="customer_lists/update", when="before", times=None)
    seen.shop.change(people(range(320)))
    run = seen.shop.start()
    drive(run)
    Batch.objects.filter(run=run).update(state=BatchState.FAILED)
    seen.simulator.clear_faults()
    drive_through(run)
    assert run.finished_at is not None
    seen.look(hours=2)

    seen.write_as_another("ADD", range(3))
    seen.look(minutes=1)

    one_stranger(seen)


def test_an_erasure_is_ours(seen: Watched) -> None:
    digest = sha256(b"member00007@example.com").digest()
    erasure = erasing.request(seen.shop.workspace, by=None, wanted=[Wanted("email", digest)])
    for _ in range(5):
        Removal.objects.update(next_attempt_at=None)
        erasing.work(erasure.pk)
        for run in Run.objects.active().filter(trigger=Trigger.ERASURE):
            drive_through(run)

    assert Erasure.objects.get().completed_at is not None
    seen.look()
    no_stranger(seen)


def test_another_workspace_of_this_installation_is_no_stranger(seen: Watched) -> None:
    workspace = make_workspace("Agency", owner=make_user("Zoe"))
    profile = make_profile(workspace, seen.simulator)
    delivery = make_draft(profile, make_ad_account(profile), make_dataset(workspace, people(range(40))))
    theirs = delivery.audience
    theirs.customer_list_id, theirs.audience_id = seen.audience.customer_list_id, seen.audience.audience_id
    theirs.is_existing = True
    theirs.save()

    run = deliveries.publish(delivery, by=None)
    assert drive(run).state == RunState.DONE

    seen.look()
    no_stranger(seen)


def test_the_first_observation_of_an_existing_list_is_where_counting_begins(seen: Watched) -> None:
    Observation.objects.all().delete()
    seen.write_as_another("ADD", range(10))

    seen.look()

    no_stranger(seen)


def test_clocks_that_differ_by_seconds_raise_no_alarm(seen: Watched) -> None:
    seen.deliver(range(320))
    Batch.objects.update(sent_at=timezone.now() - timedelta(seconds=20))

    Observation.objects.update(num_batches=1)
    seen.look(seconds=5)

    assert not Drift.objects.exists()
