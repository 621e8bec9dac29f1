"""Erasures take up no more of the queue than they can use, and only one task at a time works on one."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audiences import tasks
from audiences.models import Erasure, Removal, RemovalState, Run, Trigger
from audiences.people import erasing, receipt, reconcile, removing
from audiences.services import runs
from pinconnect.queue import leases
from tests.audiences.people.helpers import ask, deliver_second, delivered, email
from tests.factories_audiences import Shop, drive, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(simulator: SimulatorInTest) -> Shop:
    return delivered(simulator)


@pytest.fixture
def hinted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    found: list[int] = []
    monkeypatch.setattr(erasing.hints, "enqueue", lambda path, pk, cluster="short": found.append(pk))
    return found


def removal_run() -> Run:
    return Run.objects.filter(trigger=Trigger.ERASURE).latest("pk")


def test_new_erasure_is_hinted_once_and_again_when_that_was_lost(shop: Shop, hinted: list[int]) -> None:
    erasure = ask(shop)
    assert erasing.hint_open() == 0, "it was hinted when it was asked for"

    Erasure.objects.update(hinted_at=timezone.now() - timedelta(minutes=1))

    assert erasing.hint_open() == 1
    assert erasing.hint_open() == 0
    assert hinted == [erasure.pk, erasure.pk]


def test_erasure_that_waits_for_its_time_is_not_hinted(shop: Shop, hinted: list[int]) -> None:
    erasure = ask(shop)
    erasing.work(erasure.pk)
    runs.cancel(removal_run(), by=None)
    assert erasing.hint_open() == 0

    Removal.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=1))

    assert erasing.hint_open() == 1


def test_it_is_hinted_as_soon_as_its_run_is_through(shop: Shop, hinted: list[int]) -> None:
    erasure = ask(shop)
    erasing.work(erasure.pk)
    assert erasing.hint_open() == 0

    drive(removal_run())

    assert erasing.hint_open() == 1
    assert erasing.work(erasure.pk) == 0
    assert erasing.hint_open() == 0


def test_it_is_hinted_as_soon_as_the_run_before_it_has_ended(shop: Shop, hinted: list[int]) -> None:
    shop.change(people(range(290)))
    before = shop.start()
    tasks.prepare_run(before.pk)
    erasure = ask(shop)
    erasing.work(erasure.pk)
    assert erasure.removals.get().waits_for == "run_first"
    assert erasing.hint_open() == 0

    drive(before)

    assert erasing.hint_open() == 1
    erasing.work(erasure.pk)
    assert removal_run().plan["erasure"] == erasure.pk


def test_second_task_at_the_same_time_does_nothing(shop: Shop) -> None:
    erasure = ask(shop)
    token = leases.claim(Erasure.objects.all(), pk=erasure.pk, lease_s=60)

    assert erasing.work(erasure.pk) == 0
    assert not Removal.objects.exists()

    assert leases.release(Erasure.objects.all(), pk=erasure.pk, token=str(token))
    assert erasing.work(erasure.pk) == 1


def test_task_that_fails_gives_the_erasure_back(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(erasing, "_tell", fails)
    erasure = ask(shop)
    with pytest.raises(RuntimeError):
        erasing.work(erasure.pk)

    erasure.refresh_from_db()
    assert (erasure.lease_token, erasure.lease_until, erasure.hinted_at) == ("", None, None)


def test_ledger_is_not_read_before_the_time_of_the_next_attempt(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    erasure = ask(shop)
    erasing.work(erasure.pk)
    runs.cancel(removal_run(), by=None)
    asked: list[Any] = []
    monkeypatch.setattr(removing, "members_of", lambda *args: asked.append(args))

    assert erasing.work(erasure.pk) == 1
    assert asked == []


def test_task_whose_time_is_up_leaves_the_rest_to_the_next(
    shop: Shop, hinted: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver_second(shop)
    monkeypatch.setattr(erasing, "BUDGET_S", 0.0)
    erasure = ask(shop, email(999))
    hinted.clear()

    assert erasing.work(erasure.pk) == 1
    assert hinted == [erasure.pk]
    assert erasing.work(erasure.pk) == 0
    assert hinted == [erasure.pk], "nothing was left to do"


def test_list_that_kills_its_task_is_not_the_first_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver_second(shop)
    erasure = ask(shop, email(999))

    class Killed(BaseException):
        pass

    def kill(*_: Any) -> None:
        raise Killed

    whom = removing.whom
    monkeypatch.setattr(removing, "whom", kill)
    with pytest.raises(Killed):
        erasing.work(erasure.pk)
    monkeypatch.setattr(removing, "whom", whom)
    tried = Removal.objects.get(next_attempt_at__isnull=False)

    assert erasing.work(erasure.pk) == 1
    assert Removal.objects.get(state=RemovalState.WAITING) == tried


def test_run_that_settled_while_the_ledger_was_read_is_read_first(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    read = removing.whom

    def slowly(*args: Any) -> Any:
        found = read(*args)
        shop.change(people(range(310)))
        drive(shop.start())
        monkeypatch.setattr(removing, "whom", read)
        return found

    monkeypatch.setattr(removing, "whom", slowly)
    erasure = ask(shop)
    erasing.work(erasure.pk)
    assert not Run.objects.filter(trigger=Trigger.ERASURE).exists(), "it would begin from a ledger that is not in use"

    erasing.work(erasure.pk)

    # The run that settled had taken them off, since it began to prepare after the request.
    assert Removal.objects.get().state == RemovalState.ABSENT


def test_ledger_that_was_replaced_while_it_was_read_is_read_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    whom, erasure = removing.whom, ask(shop)

    def settled_meanwhile(*args: Any) -> Any:
        monkeypatch.setattr(removing, "whom", whom)
        found = whom(*args)
        shop.change(people(range(290)))
        drive(shop.start())
        return found

    monkeypatch.setattr(removing, "whom", settled_meanwhile)
    assert erasing.work(erasure.pk) == 1
    assert not Run.objects.filter(trigger=Trigger.ERASURE).exists()

    assert erasing.work(erasure.pk) == 0, "the run held the person back, and a mirror takes out who is held back"


def test_what_pinterest_refused_is_tried_again_later_and_the_receipt_says_so(shop: Shop) -> None:
    erasure = ask(shop)
    erasing.work(erasure.pk)
    Run.objects.filter(pk=removal_run().pk).update(state="done")

    assert erasing.work(erasure.pk) == 1
    assert "did not take all of the removal" in receipt.of(erasure).lines[0].note
    assert erasing.hint_open() == 0, "looking again at once would find the same"

    Removal.objects.update(next_attempt_at=None)
    erasing.work(erasure.pk)
    assert Run.objects.filter(trigger=Trigger.ERASURE).count() == 2


def test_clock_that_is_set_back_makes_nobody_wait(shop: Shop) -> None:
    erasure = ask(shop)
    erasing.work(erasure.pk)
    ahead = timezone.now() + timedelta(hours=3)
    Removal.objects.update(next_attempt_at=ahead)

    reconcile.clock_was_set_back(timedelta(hours=3))

    assert erasure.removals.get().next_attempt_at == ahead - timedelta(hours=3)


def test_hints_of_the_dead_are_given_again(shop: Shop, hinted: list[int]) -> None:
    erasure = ask(shop)
    reconcile.hint_freed([erasure.pk])
    assert erasing.hint_open() == 1

    reconcile.hint_all_again()

    assert erasing.hint_open() == 1
