"""A lease belongs to one worker at a time, and a dead worker's lease runs out."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.db.models import F
from django.utils import timezone

from pinconnect.queue import leases
from pinconnect.queue.models import Reconciler

pytestmark = pytest.mark.django_db


@pytest.fixture
def row() -> Reconciler:
    return Reconciler.objects.create(name="row", due_at=timezone.now())


def claim(row: Reconciler, **changes: Any) -> str | None:
    return leases.claim(Reconciler.objects.all(), pk=row.pk, lease_s=60, **changes)


def test_a_free_row_is_claimed_once(row: Reconciler) -> None:
    first, second = claim(row), claim(row)

    assert first
    assert second is None


def test_a_lease_that_ran_out_goes_to_the_next(row: Reconciler) -> None:
    first = claim(row)

    second = claim(row, now=timezone.now() + timedelta(seconds=61))

    assert second
    assert second != first


def test_changes_are_written_with_the_claim(row: Reconciler) -> None:
    later = timezone.now() + timedelta(days=1)

    claim(row, due_at=later, error="tried")

    row.refresh_from_db()
    assert (row.due_at, row.error) == (later, "tried")


def test_changes_may_be_computed_by_the_database(row: Reconciler) -> None:
    before = row.due_at

    claim(row, due_at=F("due_at") + timedelta(hours=1))

    row.refresh_from_db()
    assert row.due_at == before + timedelta(hours=1)


def test_a_row_outside_of_the_queryset_is_not_claimed(row: Reconciler) -> None:
    others = Reconciler.objects.filter(name="another")

    assert leases.claim(others, pk=row.pk, lease_s=60) is None
    row.refresh_from_db()
    assert row.lease_token == ""


def test_a_queryset_in_order_and_with_joins_can_be_claimed() -> None:
    from django.contrib.auth.models import Permission

    permissions = Permission.objects.filter(content_type__app_label="auth").order_by("content_type__model")
    wanted = leases._one(permissions, permissions[0].pk)

    assert "content_type" in str(wanted.query)
    assert wanted.get().pk == permissions[0].pk
    # The row itself is named outside of the subquery, so that its own columns can be compared there.
    assert len({alias for alias, uses in wanted.query.alias_refcount.items() if uses}) == 1


def test_only_the_holder_renews(row: Reconciler) -> None:
    token = claim(row)
    assert token

    assert leases.renew(Reconciler.objects.all(), pk=row.pk, token=token, lease_s=600)
    assert not leases.renew(Reconciler.objects.all(), pk=row.pk, token="somebody-else", lease_s=600)
    row.refresh_from_db()
    assert row.lease_until
    assert row.lease_until > timezone.now() + timedelta(seconds=500)


def test_release_frees_the_row_and_writes_the_outcome(row: Reconciler) -> None:
    token = claim(row)
    assert token

    assert leases.release(Reconciler.objects.all(), pk=row.pk, token=token, error="none")

    row.refresh_from_db()
    assert (row.lease_token, row.lease_until, row.error) == ("", None, "none")


def test_who_lost_the_lease_cannot_write_an_outcome(row: Reconciler) -> None:
    late = claim(row)
    assert late
    claim(row, now=timezone.now() + timedelta(seconds=61))

    assert not leases.release(Reconciler.objects.all(), pk=row.pk, token=late, error="from the late one")

    row.refresh_from_db()
    assert row.error == ""
    assert row.lease_token


def until(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + 5
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    return condition()


def test_heartbeat_renews_until_the_body_ends(row: Reconciler, monkeypatch: pytest.MonkeyPatch) -> None:
    renewals: list[str] = []
    monkeypatch.setattr(leases, "renew", lambda *_, token, **__: renewals.append(token) or True)

    with leases.Heartbeat(Reconciler.objects.all(), row.pk, "mine", 0.06) as beat:
        assert until(lambda: len(renewals) >= 3)
        assert not beat.lost

    ended_with = len(renewals)
    time.sleep(0.1)
    assert len(renewals) == ended_with


def test_heartbeat_says_when_the_lease_went_to_another(row: Reconciler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "renew", lambda *_, **__: False)

    with leases.Heartbeat(Reconciler.objects.all(), row.pk, "mine", 0.06) as beat:
        assert until(lambda: beat.lost)
        with pytest.raises(leases.LeaseLostError):
            beat.check()


def test_heartbeat_bears_a_short_outage_but_not_one_longer_than_the_lease(
    row: Reconciler, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[int] = []

    def outage(*_: Any, **__: Any) -> bool:
        tries.append(1)
        raise DatabaseError("gone")

    monkeypatch.setattr(leases, "renew", outage)
    with leases.Heartbeat(Reconciler.objects.all(), row.pk, "mine", 0.3) as beat:
        assert until(lambda: len(tries) == 1)
        assert not beat.lost
        assert until(lambda: beat.lost)


def test_of_four_processes_each_row_goes_to_one(race: Callable[..., list[list[int]]]) -> None:
    claimed = [pk for mine in race("claim") for pk in mine]

    assert len(claimed) == 60
    assert len(set(claimed)) == 60
