"""Amazon's bucket, which takes the parts of a file: what it does says nothing about Pinterest, and calls need none."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audiences.models import Batch
from audiences.services import file_uploads, outcomes
from audiences.states import BatchState, RunState
from pinconnect.pinterest import uploads
from pinconnect.pinterest.errors import NotPermitted, NotSent, PinterestError, UnknownOutcome
from tests.audiences.services import test_file_uploads
from tests.audiences.services.test_file_uploads import first_run, is_right
from tests.factories_audiences import Shop, drive, drive_through, make_due

pytestmark = pytest.mark.django_db
# The same small batches and files, and the same prepared run.
small, shop = test_file_uploads.small, test_file_uploads.shop


@pytest.mark.parametrize("error", [NotPermitted(status=403), NotSent("No way there"), UnknownOutcome("Gone silent")])
def test_where_the_bucket_fails_calls_are_made_at_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, error: PinterestError
) -> None:
    def put(*args: Any) -> None:
        raise error

    monkeypatch.setattr(uploads, "put", put)

    run = drive_through(first_run(), rounds=1)

    assert (run.state, run.trouble, is_right(shop)) == (RunState.DONE, 0, True)
    assert len(shop.simulator.calls("customer_list_uploads/create")) == 1, "the second file did not try again"
    shop.ad_account.refresh_from_db()
    again = shop.ad_account.files_refused_at + file_uploads.ASK_AGAIN - timezone.now()
    assert timedelta(hours=23) < again <= timedelta(days=1)


def test_a_file_that_pinterest_works_on_outlasts_hours_of_silence(shop: Shop) -> None:
    shop.simulator.settings(upload_delay_s=10 * 86_400)
    drive(first_run())
    shop.simulator.fault("unavailable", operation="customer_list_uploads/get", times=None)

    for _ in range(outcomes.MAX_ATTEMPTS + 4):
        make_due(first_run())
        drive(first_run())

    at_work = Batch.objects.filter(is_file=True).exclude(upload_id="")
    assert set(at_work.values_list("state", flat=True)) == {BatchState.UNKNOWN}
    assert not Batch.objects.filter(state=BatchState.SPLIT).exists()


def test_pieces_of_a_file_that_ended_at_once_are_as_unsure_as_the_file(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(client: Any, ad_account_id: str, list_id: str, upload_id: str) -> uploads.Upload:
        return uploads.Upload(upload_id, "FAILED", None, None, None, None)

    monkeypatch.setattr(uploads, "run", run)
    states: list[str] = []
    split = outcomes.split

    def noted(*args: Any, **kwargs: Any) -> bool:
        done = split(*args, **kwargs)
        states.extend(Batch.objects.filter(split_from__is_file=True).values_list("state", flat=True))
        return done

    monkeypatch.setattr(outcomes, "split", noted)

    drive(first_run())

    assert set(states) == {BatchState.UNKNOWN}
