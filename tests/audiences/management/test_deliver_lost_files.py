"""A run whose files are lost is driven to its end without a worker, or until a person has to put them back."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audiences import files, tasks
from audiences.management import driving
from audiences.models import Run
from audiences.pipeline import upload
from audiences.services import runs
from audiences.states import RunState
from pinconnect.datasets.services import delete_snapshot
from tests.audiences.services.test_restoring import (
    LATER,
    ROWS,
    lose_files,
    make_prepared,
    newest_run,
    send_first_without_an_answer,
)
from tests.factories_audiences import Shop, expected_members, make_due, make_shop
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(simulator: SimulatorInTest, settings: Any) -> Shop:
    return make_prepared(simulator, settings)


def drive() -> Run:
    """Drive the newest run; a nap would be one without an end, or one that nothing needs."""

    def nap(seconds: float) -> None:
        raise AssertionError("There is nothing to wait for.")

    return driving.drive(newest_run(), str, sleep=nap)


def test_files_lost_while_sending_are_prepared_again(shop: Shop) -> None:
    upload.pump(newest_run().pk, budget_s=0)
    lose_files()

    run = drive()

    assert (run.state, run.reason, run.files_lost_at) == (RunState.DONE, "", None)
    assert shop.members == expected_members(LATER)


def test_files_lost_before_settling_are_prepared_again(shop: Shop) -> None:
    tasks.pump_run(newest_run().pk)
    lose_files()

    assert drive().state == RunState.DONE


def test_a_run_that_sent_nothing_ends_where_its_files_cannot_be_prepared_again(simulator: SimulatorInTest) -> None:
    shop = make_shop(simulator, ROWS)
    tasks.prepare_run(newest_run().pk)
    lose_files()
    delete_snapshot(shop.dataset.snapshots.get(), by=None)

    run = drive()

    assert (run.state, run.reason) == (RunState.FAILED, "files_gone")


@pytest.mark.parametrize("is_cancelled", [False, True])
def test_files_that_cannot_be_prepared_again_end_the_waiting(shop: Shop, is_cancelled: bool) -> None:
    send_first_without_an_answer(shop, "REMOVE")
    lose_files()
    delete_snapshot(shop.dataset.snapshots.latest("number"), by=None)
    if is_cancelled:
        runs.cancel(newest_run(), by=None)
    make_due(newest_run())

    run = drive()

    assert (run.is_finished, run.reason) == (False, "cancelled" if is_cancelled else "files_lost")
    assert driving.waits_for_person(run)


def test_files_that_were_put_back_are_looked_for_when_the_next_try_is_due(shop: Shop) -> None:
    upload.pump(newest_run().pk, budget_s=0)
    folder = files.fetch(files.run_name(newest_run(), newest_run().files_attempt))
    folder.rename(folder.with_name("backup"))
    delete_snapshot(shop.dataset.snapshots.latest("number"), by=None)
    assert driving.waits_for_person(drive())
    folder.with_name("backup").rename(folder)

    assert not drive().is_finished, "the next try is not due"
    make_due(newest_run())

    assert drive().state == RunState.DONE


def test_a_storage_that_fails_for_a_moment_is_waited_for(shop: Shop) -> None:
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        assert len(naps) < 10, "the run does not end"
        patched.undo()
        make_due(newest_run())

    lose_files()
    Run.objects.filter(pk=newest_run().pk).update(files_lost_at=timezone.now() - timedelta(minutes=1))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("audiences.services.restoring.are_whole", lambda run: 1 / 0)

        assert driving.drive(newest_run(), str, sleep=nap).state == RunState.DONE
    assert naps
