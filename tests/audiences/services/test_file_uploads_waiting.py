"""What Pinterest may be at with a file is waited for, and a refusal elsewhere is none of the feature."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from audiences.models import Audience, Batch
from audiences.services import outcomes, runs
from audiences.states import BatchState, RunState
from tests.audiences.services import test_file_uploads as uploads
from tests.audiences.services.test_file_uploads import first_run, is_right
from tests.factories_audiences import Shop, drive, drive_through, make_due

pytestmark = pytest.mark.django_db
# The same small batches and files, and the same prepared run.
small, shop = uploads.small, uploads.shop


def test_a_refused_part_or_look_does_not_call_the_account_unable(shop: Shop) -> None:
    shop.simulator.fault("error", operation="customer_list_uploads/get", status=403, code=403, times=1)

    with pytest.raises(AssertionError, match="not_permitted"):
        drive_through(first_run(), rounds=5)

    shop.ad_account.refresh_from_db()
    assert shop.ad_account.files_refused_at is None
    assert not Batch.objects.filter(state=BatchState.SPLIT).exists()


def test_a_file_is_waited_for_however_long_it_takes(shop: Shop) -> None:
    shop.simulator.settings(upload_delay_s=10 * 86_400)
    drive(first_run())

    with time_machine.travel(timezone.now() + timedelta(days=3)), pytest.raises(AssertionError, match="still upload"):
        drive_through(first_run(), rounds=5)

    assert first_run().reason == "file_at_pinterest"
    assert not Batch.objects.filter(state=BatchState.SPLIT).exists()


def test_an_upload_that_cannot_be_found_is_looked_for_again(shop: Shop) -> None:
    shop.simulator.fault("error", operation="customer_list_uploads/get", status=404, code=404, times=3)

    run = drive_through(first_run())

    assert (run.state, is_right(shop)) == (RunState.DONE, True)
    assert not Batch.objects.filter(state=BatchState.SPLIT).exists()


def test_a_list_that_is_deleted_under_a_file_ends_the_run_and_says_so(shop: Shop) -> None:
    shop.simulator.settings(upload_delay_s=86_400)
    drive(first_run())
    assert Batch.objects.filter(state=BatchState.UNKNOWN, is_file=True).exists()
    list_id = Audience.objects.get().customer_list_id

    assert shop.simulator.call("DELETE", f"/_simulator/customer_lists/{list_id}").status == 200
    run = drive_through(first_run())

    assert (run.state, run.reason) == (RunState.FAILED, "list_gone")
    assert not Batch.objects.open().exists()


def test_a_cancelled_run_does_not_wait_for_an_upload_that_pinterest_does_not_find(shop: Shop) -> None:
    drive(first_run())
    shop.simulator.fault("error", operation="customer_list_uploads/get", status=404, code=404, times=None)
    assert runs.cancel(first_run(), by=None)

    run = drive_through(first_run())

    assert run.state == RunState.CANCELLED
    assert not Batch.objects.open().exists()


def test_two_odd_answers_with_a_good_one_between_them_make_no_list_gone(shop: Shop) -> None:
    shop.simulator.settings(upload_delay_s=86_400)
    drive(first_run())

    for _ in range(2):
        # The look after the refused ones finds the file at work, and its list with it.
        for operation in ("customer_list_uploads/get", "customer_lists/get"):
            shop.simulator.fault("error", operation=operation, status=404, code=404, times=2)
        make_due(first_run())
        drive(first_run())
        assert Audience.objects.get().list_missing_at is not None
        shop.simulator.control("faults", method="DELETE")
        make_due(first_run())
        drive(first_run())
        assert Audience.objects.get().list_missing_at is None

    assert not first_run().is_finished


def test_an_answer_after_long_silence_is_the_first_one(shop: Shop) -> None:
    shop.simulator.settings(upload_delay_s=86_400)
    drive(first_run())
    assert runs.cancel(first_run(), by=None)
    Batch.objects.filter(is_file=True).update(attempts=outcomes.MAX_ATTEMPTS + 5, error="UnknownOutcome")
    shop.simulator.fault("error", operation="customer_list_uploads/get", status=404, code=404, times=4)

    with pytest.raises(AssertionError, match="still upload"):
        drive_through(first_run(), rounds=6)

    assert not Batch.objects.filter(state=BatchState.SPLIT).exists()
