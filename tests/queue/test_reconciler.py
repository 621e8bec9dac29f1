"""Reconcilers run once per interval, over all hosts, and one that fails stops no other."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from pinconnect.queue import reconciler
from pinconnect.queue.models import Reconciler

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> dict[str, reconciler.Registration]:
    monkeypatch.setattr(reconciler, "_registered", {})
    return reconciler._registered


def test_a_new_reconciler_runs_at_once_and_then_after_its_interval() -> None:
    calls: list[int] = []
    reconciler.register("count", lambda: calls.append(1), every_s=60)
    start = timezone.now()

    ran = [reconciler.run_due(now=start + timedelta(seconds=later)) for later in (0, 1, 59, 61)]

    assert ran == [["count"], [], [], ["count"]]
    assert len(calls) == 2


def test_a_failure_is_noted_and_the_others_run(caplog: pytest.LogCaptureFixture) -> None:
    calls: list[int] = []

    def fail() -> None:
        raise LookupError("nothing there")

    reconciler.register("broken", fail, every_s=60)
    reconciler.register("count", lambda: calls.append(1), every_s=60)

    assert reconciler.run_due() == ["broken", "count"]

    assert calls == [1]
    assert Reconciler.objects.get(name="broken").error == "LookupError"
    assert Reconciler.objects.get(name="count").error == ""
    assert "The reconciler broken failed" in caplog.text


def test_one_that_runs_elsewhere_is_left_alone() -> None:
    reconciler.register("count", lambda: None, every_s=60)
    soon = timezone.now() + timedelta(seconds=30)
    Reconciler.objects.create(name="count", due_at=timezone.now(), lease_token="other host", lease_until=soon)

    assert reconciler.run_due() == []


def test_one_whose_host_died_runs_again_when_the_lease_is_over() -> None:
    reconciler.register("count", lambda: None, every_s=60)
    past = timezone.now() - timedelta(seconds=1)
    Reconciler.objects.create(name="count", due_at=past, lease_token="dead host", lease_until=past)

    assert reconciler.run_due() == ["count"]


def test_it_may_run_from_inside_another_reconciler_without_doing_anything_twice() -> None:
    calls: list[list[str]] = []
    reconciler.register("nested", lambda: calls.append(reconciler.run_due()), every_s=60)

    reconciler.run_due()

    assert calls == [[]]


def test_two_reconcilers_may_not_share_a_name() -> None:
    reconciler.register("count", lambda: None, every_s=60)

    with pytest.raises(ValueError, match="Two reconcilers are called count"):
        reconciler.register("count", lambda: None, every_s=60)


def test_four_processes_run_it_once_per_interval(race: Callable[..., list[int]]) -> None:
    runs = sum(race("reconcile"))

    # Two and a half seconds with an interval of one: at the start, and after each second that has passed.
    assert 2 <= runs <= 3
