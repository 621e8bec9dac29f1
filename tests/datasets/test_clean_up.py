"""Cleaning up: by a worker, within its time, and never what somebody reads."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from pinconnect.datasets import pins, reconcile, tasks
from pinconnect.datasets.models import Snapshot
from pinconnect.datasets.services import deleting
from pinconnect.queue.budget import TimeBudget
from tests.factories_datasets import make_dataset, make_snapshot

pytestmark = pytest.mark.django_db


@pytest.fixture
def replaced() -> list[Snapshot]:
    """Three snapshots that a fourth one replaced."""
    dataset = make_dataset()
    made = [make_snapshot(dataset, "email\nann@example.com\n", mode="overwrite") for _ in range(4)]
    return made[:3]


def far_later(settings: Any) -> Any:
    return timezone.now() + timedelta(days=settings.SNAPSHOT_KEEP_DAYS + 1)


def test_what_somebody_reads_is_not_deleted(
    replaced: list[Snapshot], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(pins._readers, "a reader", lambda: {replaced[1].pk})

    assert deleting.delete_outdated(far_later(settings)) == 2

    assert list(Snapshot.objects.order_by("pk").values_list("state", flat=True)) == [
        *("deleted", "ready", "deleted", "ready")
    ]


def test_only_a_few_go_at_once(replaced: list[Snapshot], settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deleting, "AT_ONCE", 2)

    assert [deleting.delete_outdated(far_later(settings)) for _ in range(3)] == [2, 1, 0]


def test_nothing_is_deleted_once_the_time_is_up(replaced: list[Snapshot], settings: Any) -> None:
    Snapshot.objects.update(ready_at=timezone.now() - timedelta(days=settings.SNAPSHOT_KEEP_DAYS + 1))

    assert reconcile.clean_up(TimeBudget(0)) == 0
    assert tasks.clean_up(0) == 3


def test_the_reconciler_only_asks_a_worker(replaced: list[Snapshot], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(reconcile.hints, "enqueue", lambda path, pk: asked.append(path))
    registered = {one.name: one.function for one in reconcile.reconciler.registered()}

    registered["datasets.clean_up"]()

    assert asked == ["pinconnect.datasets.tasks.clean_up"]


def test_a_person_who_deletes_what_a_run_reads_is_told(
    replaced: list[Snapshot], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(pins._readers, "a reader", lambda: {replaced[1].pk})

    told = [deleting.consequences_of_deleting(snapshot)[0].startswith("A run is reading it") for snapshot in replaced]

    assert told == [False, True, False]
