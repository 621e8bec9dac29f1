"""What Pinterest may be at with a file is waited for, and a refusal elsewhere is none of the feature."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from audiences import tasks
from audiences.models import Batch, Run
from audiences.services import file_uploads
from audiences.states import BatchState, RunState
from tests.factories_audiences import Shop, drive, drive_through, expected_members, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
ROWS = people(range(300))


@pytest.fixture(autouse=True)
def small(settings: Any, monkeypatch: pytest.MonkeyPatch, simulator: SimulatorInTest) -> None:
    """Batches of 30, files from 100 records up to 120, in parts of some 3,000 bytes."""
    settings.BATCH_RECORDS = 30
    monkeypatch.setattr(file_uploads, "LEAST", 100)
    monkeypatch.setattr(file_uploads, "MOST", 120)
    monkeypatch.setattr(file_uploads, "PART_BYTES", 3_000)
    simulator.settings(bulk_upload=True, min_part_bytes=2_000, upload_delay_s=0)


@pytest.fixture
def shop(simulator: SimulatorInTest) -> Shop:
    made = make_shop(simulator, ROWS)
    tasks.prepare_run(Run.objects.get().pk)
    return made


def first_run() -> Run:
    return Run.objects.select_related("delivery", "audience").get(number=1)


def is_right(shop: Shop, rows: Any = ROWS) -> bool:
    return shop.members == expected_members(rows)


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
