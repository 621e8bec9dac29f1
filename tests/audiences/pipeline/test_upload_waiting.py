"""Hours without an answer, storage that is away, and what a run says meanwhile: nothing unsure is given up."""

import errno
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from audiences import files, messages, tasks
from audiences.models import Batch, Run
from audiences.pipeline import upload
from audiences.services import deliveries, outcomes, runs
from audiences.states import BatchState, RunState
from pinconnect.pinterest import customer_lists
from pinconnect.pinterest.errors import NotSent, ServerTrouble
from tests.factories_audiences import Shop, drive, drive_through, expected_members, make_due, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
ROWS = people(range(120))
MORE = people(range(121))


@pytest.fixture
def shop(simulator: SimulatorInTest) -> Shop:
    """A list that is there, and a run that adds one person."""
    made = make_shop(simulator, ROWS)
    drive_through(Run.objects.get())
    made.change(MORE)
    tasks.prepare_run(made.start().pk)
    return made


def run() -> Run:
    return Run.objects.select_related("delivery", "audience").latest("pk")


def said() -> str:
    words = messages.of_run(run())
    assert words is not None
    return f"{words.title} {words.body} {words.next_step}"


def wait_long(rounds: int = outcomes.MAX_TROUBLE + 5) -> None:
    for _ in range(rounds):
        drive(run())
        make_due(run())


def test_a_single_record_without_an_answer_for_hours_is_not_given_up(shop: Shop) -> None:
    shop.simulator.fault("unavailable", operation="customer_lists/update", when="after", times=None)

    wait_long()

    assert (run().state, run().ending, run().reason) == (RunState.UPLOADING, "failed", "pinterest_unavailable")
    assert Batch.objects.get(run=run()).state == BatchState.UNKNOWN
    shop.simulator.clear_faults()
    ended = drive_through(run())
    assert (ended.state, ended.counts["final"]["rows"]["sent"]) == (RunState.FAILED, 1)
    shop.change(ROWS)
    drive_through(shop.start())
    assert shop.members == expected_members(ROWS), "the ledger knew of the record that came last"


def test_a_single_record_alone_without_an_answer_is_given_up(shop: Shop) -> None:
    Batch.objects.filter(run=run()).update(attempts=outcomes.MAX_ATTEMPTS, error="ServerTrouble")
    # Others of its run were answered a moment ago.
    assert run().trouble == 0

    drive(run())

    assert Batch.objects.get(run=run()).error == "GaveUp"


def test_nothing_reached_pinterest_for_hours_and_the_run_says_that_and_nothing_else(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: Any, **kwargs: Any) -> None:
        raise NotSent("No connection")

    monkeypatch.setattr(customer_lists, "add", away)

    wait_long()

    assert (run().state, run().reason) == (RunState.FAILED, "pinterest_unavailable")
    assert Batch.objects.get(run=run()).state == BatchState.SKIPPED


def test_a_run_that_is_stopped_and_waits_for_an_answer_does_not_say_that_it_is_over(shop: Shop) -> None:
    shop.simulator.fault("unavailable", operation="customer_lists/update", when="after", times=None)
    drive(run())

    runs.cancel(run(), by=None)
    make_due(run())
    drive(run())

    assert said().startswith("Stopping: an answer is missing Somebody cancelled the run. Nothing new is sent.")
    assert "Start the delivery again" not in said()
    deliveries.pause_for_profile(run().delivery, "profile_expired", refused=shop.profile)
    assert "Connect the profile again" in said()


@pytest.mark.parametrize(
    ("error", "code"),
    [(OSError(errno.ENOSPC, "No space left on device"), "disk_full"), (ConnectionError("no bucket"), "storage_away")],
)
def test_files_that_cannot_be_fetched_are_neither_pinterests_fault_nor_sent(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, error: Exception, code: str
) -> None:
    def fetch(name: str) -> Path:
        raise error

    with monkeypatch.context() as away:
        away.setattr(files, "fetch", fetch)
        wait_long(outcomes.MAX_TROUBLE + 1)

        assert (run().state, run().ending, run().reason, run().trouble) == (RunState.UPLOADING, "", code, 0)
        assert Batch.objects.filter(run=run()).values_list("state", "attempts").get() == (BatchState.PENDING, 0)

    done = drive_through(run())
    assert (done.state, done.reason) == (RunState.DONE, "")
    assert shop.members == expected_members(MORE)


@pytest.mark.parametrize("wait", ["wait", "slow_down"])
def test_what_a_person_is_asked_for_stays_on_the_page_while_a_last_call_is_answered(shop: Shop, wait: str) -> None:
    waiting = run()
    deliveries.pause(waiting.delivery, by=None)
    assert run().reason == "paused"

    if wait == "wait":
        outcomes.wait(waiting, 3_600, "rate_limited")
    else:
        outcomes.slow_down(waiting)

    assert run().reason == "paused"


def test_a_file_of_records_waits_until_the_list_is_made(
    simulator: SimulatorInTest, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.BATCH_RECORDS = 30
    made = make_shop(simulator, ROWS)
    tasks.prepare_run(Run.objects.get().pk)
    last = Batch.objects.order_by("-pk")[0]
    Batch.objects.filter(pk=last.pk).update(is_file=True)
    # The first call failed, so its batch was tried more often than the file, and comes back a moment later.
    soon = timezone.now() + timedelta(seconds=3)
    Batch.objects.filter(first=0).update(attempts=1, next_attempt_at=soon, error=ServerTrouble.__name__)

    assert upload.pump(Run.objects.get().pk, budget_s=0) == 1

    last.refresh_from_db()
    assert (last.state, last.attempts) == (BatchState.PENDING, 0)
    assert made.members
