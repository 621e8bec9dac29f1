"""What nobody needs any more is deleted, and nothing else."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ, Task

from pinconnect.queue import housekeeping
from pinconnect.queue.models import RateLimit, WorkerBeat

pytestmark = pytest.mark.django_db


def make_result(name: str, *, success: bool, days_ago: int) -> None:
    when = timezone.now() - timedelta(days=days_ago)
    Task.objects.create(id=name, name=name, func="f", started=when, stopped=when, success=success)


def test_old_results_and_stale_hints_go_and_fresh_ones_stay() -> None:
    now = timezone.now()
    make_result("old failure", success=False, days_ago=15)
    make_result("new failure", success=False, days_ago=13)
    make_result("old success", success=True, days_ago=2)
    OrmQ.objects.create(key="pinconnect", payload="x", lock=now - timedelta(days=3))
    OrmQ.objects.create(key="pinconnect", payload="y", lock=now)

    removed = housekeeping.prune()

    assert {name: removed[name] for name in ("failures", "successes", "hints")} == {
        "failures": 1,
        "successes": 1,
        "hints": 1,
    }
    assert list(Task.objects.values_list("name", flat=True)) == ["new failure"]
    assert list(OrmQ.objects.values_list("payload", flat=True)) == ["y"]


def test_rates_go_only_when_neither_used_nor_blocked() -> None:
    long_ago, soon = time.time() - 100_000, time.time() + 60
    RateLimit.objects.create(key="unused", used_until=long_ago, blocked_until=0)
    RateLimit.objects.create(key="blocked", used_until=long_ago, blocked_until=soon)
    RateLimit.objects.create(key="used", used_until=soon, blocked_until=0)

    housekeeping.prune()

    assert set(RateLimit.objects.values_list("key", flat=True)) == {"blocked", "used"}


def test_hosts_that_are_gone_are_forgotten() -> None:
    WorkerBeat.objects.create(host="gone", cluster="short", seen_at=timezone.now() - timedelta(days=8))
    WorkerBeat.objects.create(host="here", cluster="short", seen_at=timezone.now())

    housekeeping.prune()

    assert list(WorkerBeat.objects.values_list("host", flat=True)) == ["here"]
