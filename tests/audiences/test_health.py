"""How long work has been waiting is told to whoever watches."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audiences import health, tasks
from audiences.models import Batch, Run
from audiences.states import BatchState
from pinconnect.queue import leases
from tests.factories_audiences import Shop, drive, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
LATER = timedelta(minutes=10)


@pytest.fixture
def shop(simulator: SimulatorInTest, settings: Any) -> Shop:
    settings.BATCH_RECORDS = 20
    return make_shop(simulator, people(range(60)))


def wait_s() -> int:
    return health.oldest_wait_s(timezone.now() + LATER)


def test_a_queued_run_waits_for_a_worker(shop: Shop) -> None:
    assert 590 <= wait_s() <= 660


def test_a_run_that_is_worked_on_does_not_wait(shop: Shop) -> None:
    run = Run.objects.get()
    in_ten_minutes = timezone.now() + LATER
    leases.claim(Run.objects.all(), pk=run.pk, lease_s=60, now=in_ten_minutes, state="preparing")

    assert wait_s() == 0


def test_batches_wait_from_when_the_last_one_was_sent(shop: Shop) -> None:
    tasks.prepare_run(Run.objects.get().pk)
    Run.objects.update(created_at=timezone.now() - timedelta(hours=5), started_at=None)
    Run.objects.update(upload_started_at=timezone.now() - timedelta(hours=5))
    first = Batch.objects.order_by("pk")[0]
    Batch.objects.filter(pk=first.pk).update(state=BatchState.SENT, sent_at=timezone.now())

    assert 590 <= wait_s() <= 660


def test_what_waits_for_pinterest_or_has_ended_is_not_waiting_for_a_worker(shop: Shop) -> None:
    tasks.prepare_run(Run.objects.get().pk)
    Run.objects.update(next_attempt_at=timezone.now() + timedelta(hours=1))
    assert wait_s() == 0

    Run.objects.update(next_attempt_at=None)
    drive(Run.objects.select_related("audience").get())
    assert wait_s() == 0


def test_the_health_page_tells_it_and_stays_ready(shop: Shop, client: Client) -> None:
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json()["facts"]["silent_clusters"] == ["short", "prepare"]
    assert answer.json()["facts"]["oldest_wait_s"] >= 0
