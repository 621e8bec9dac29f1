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


def three_rows() -> list[Reconciler]:
    return [Reconciler.objects.create(name=f"row {number}", due_at=timezone.now()) for number in range(3)]


def claim_many(rows: list[Reconciler], **changes: Any) -> tuple[str, list[int]]:
    return leases.claim_many(Reconciler.objects.filter(error=""), pks=[row.pk for row in rows], lease_s=60, **changes)


def test_many_rows_are_claimed_under_one_token_but_for_those_that_are_taken() -> None:
    rows = three_rows()
    claim(rows[1])

    token, taken = claim_many(rows, ran_at=rows[0].due_at)

    assert taken == [rows[0].pk, rows[2].pk]
    assert set(Reconciler.objects.filter(lease_token=token).values_list("pk", "ran_at")) == {
        (row.pk, rows[0].due_at) for row in (rows[0], rows[2])
    }
    assert claim_many(rows)[1] == [], "all are taken now"


def test_rows_that_are_not_as_expected_are_not_claimed() -> None:
    rows = three_rows()
    Reconciler.objects.filter(pk=rows[0].pk).update(error="changed")

    assert claim_many(rows)[1] == [rows[1].pk, rows[2].pk]


def test_many_leases_are_given_back_with_one_change_for_those_still_ours() -> None:
    rows = three_rows()
    token, taken = claim_many(rows)
    Reconciler.objects.filter(pk=taken[0]).update(lease_token="another")

    assert leases.release_many(Reconciler.objects.all(), pks=taken, token=token, error="done") == 2

    found = Reconciler.objects.order_by("pk").values_list("error", "lease_token")
    assert list(found) == [("", "another"), ("done", ""), ("done", "")]


def test_each_lease_is_given_back_with_changes_of_its_own_if_it_is_still_ours() -> None:
    rows = three_rows()
    token, taken = claim_many(rows)
    Reconciler.objects.filter(pk=taken[0]).update(lease_token="another")
    Reconciler.objects.filter(pk=taken[1]).update(error="elsewhere")
    at = timezone.now()
    changes = {pk: {"name": f"new {number}", "ran_at": at} for number, pk in enumerate(taken)}

    assert leases.release_each(Reconciler, token=token, changes=changes, only={"error": ""}) == 1
    assert leases.release_each(Reconciler, token=token, changes={}, only={}) == 0

    found = Reconciler.objects.order_by("pk").values_list("name", "ran_at", "lease_token", "lease_until")
    assert [name for name, *_ in found] == ["row 0", "row 1", "new 2"]
    assert found[2][1:] == (at, "", None)


def test_of_four_processes_each_row_goes_to_one(race: Callable[..., list[list[int]]]) -> None:
    claimed = [pk for mine in race("claim") for pk in mine]

    assert len(claimed) == 60
    assert len(set(claimed)) == 60
