"""A cluster that runs nowhere is noticed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from pinconnect.queue import health
from pinconnect.queue.models import WorkerBeat

pytestmark = pytest.mark.django_db


def beat(host: str, cluster: str, minutes_ago: int = 0) -> None:
    WorkerBeat.objects.create(host=host, cluster=cluster, seen_at=timezone.now() - timedelta(minutes=minutes_ago))


def test_without_any_worker_all_clusters_are_silent() -> None:
    assert health.silent_clusters() == ["short", "prepare"]


def test_one_host_with_each_cluster_is_enough() -> None:
    beat("one", "short")
    beat("one", "prepare", minutes_ago=5)
    beat("two", "prepare")

    assert health.silent_clusters() == []


def test_a_cluster_whose_last_beat_is_old_is_silent() -> None:
    beat("one", "short")
    beat("one", "prepare", minutes_ago=3)

    assert health.silent_clusters() == ["prepare"]
