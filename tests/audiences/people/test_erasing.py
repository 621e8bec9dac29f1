"""Erasing people: nothing is sent again, every list is cleared, and it is tried until each has acknowledged it."""

from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.utils import timezone

from audiences import tasks
from audiences.models import Erasure, Mode, RemovalState, Run, Trigger
from audiences.people import erasing, lookup, receipt
from audiences.people.members import Wanted
from audiences.people.reasons import story_of
from audiences.services import deliveries, runs
from audiences.states import RunState
from pinconnect.alerts.models import Alert
from pinconnect.profiles.models import Profile
from pinconnect.workspaces.models import AuditEvent
from tests.audiences.people.helpers import ask, carry_out, deliver_second, delivered, digests, email
from tests.factories import make_workspace
from tests.factories_audiences import ALL_KINDS, drive, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db


def test_member_is_removed_and_the_ledger_knows(simulator: SimulatorInTest) -> None:
    shop = delivered(simulator)

    erasure = ask(shop)
    carry_out(erasure)

    removal = erasure.removals.get()
    assert email(7).digest.hex() not in digests(shop)
    assert len(shop.members) == 299
    assert erasure.completed_at is not None
    assert (removal.state, removal.run.trigger) == (RemovalState.REMOVED, Trigger.ERASURE)
    assert shop.delivery.audience.member_count == 299


def test_next_run_holds_the_row_back(simulator: SimulatorInTest) -> None:
    shop = delivered(simulator)
    carry_out(ask(shop))

    run = drive(shop.start())

    assert run.state == RunState.DONE
    assert run.counts["final"]["rows"]["held_back"] == 1
    assert email(7).digest.hex() not in digests(shop)


def test_list_that_does_not_hold_it_is_acknowledged_without_a_run(simulator: SimulatorInTest) -> None:
    shop = delivered(simulator)

    erasure = ask(shop, email(999))
    carry_out(erasure)

    assert erasure.removals.get().state == RemovalState.ABSENT
    assert not Run.objects.filter(trigger=Trigger.ERASURE).exists()


def test_every_list_of_the_workspace_is_cleared(simulator: SimulatorInTest) -> None:
    shop = delivered(simulator)
    deliver_second(shop)

    erasure = ask(shop)
    carry_out(erasure)

    assert [removal.state for removal in erasure.removals.all()] == [RemovalState.REMOVED] * 2
    assert not any(place.is_member for place in lookup.look_up(shop.workspace, [email(7)]))


@pytest.mark.parametrize("prepared", [False, True])
def test_run_that_was_under_way_does_not_bring_the_person_back(simulator: SimulatorInTest, prepared: bool) -> None:
    """It was asked for before the erasure, or has even prepared its batches by then."""
    shop = make_shop(simulator, people(range(300)))
    run = Run.objects.get()
    if prepared:
        tasks.prepare_run(run.pk)
    erasure = ask(shop)

    assert erasing.work(erasure.pk) == 1
    drive(run)
    carry_out(erasure)

    assert email(7).digest.hex() not in digests(shop)
    assert len(shop.members) == 299
    assert erasure.removals.get().state == (RemovalState.REMOVED if prepared else RemovalState.ABSENT)


def test_held_run_makes_way_and_is_prepared_anew(simulator: SimulatorInTest) -> None:
    shop = delivered(simulator)
    shop.change(people(range(100)))
    held = drive(shop.start())
    assert held.state == RunState.HELD

    carry_out(ask(shop))

    held.refresh_from_db()
    again = Run.objects.active().get()
    assert (held.state, held.reason) == (RunState.CANCELLED, "erasure_first")
    assert len(shop.members) == 299
    assert again.delivery == shop.delivery
    assert drive(again).state == RunState.HELD


def test_several_kinds_on_one_list_are_removed_together(simulator: SimulatorInTest) -> None:
    shop = delivered(simulator, columns=ALL_KINDS, mode=Mode.ADD)
    phone = Wanted("phone", sha256(b"14155550007").digest())

    carry_out(ask(shop, email(7), phone, email(8)))

    assert len(shop.members) == 897
    assert not {email(7).digest.hex(), email(8).digest.hex(), phone.digest.hex()} & digests(shop)


def test_erasing_half_of_a_small_list_needs_no_approval(simulator: SimulatorInTest) -> None:
    shop = delivered(simulator, range(10))

    carry_out(ask(shop, *[email(number) for number in range(10)]))

    assert shop.members == set()


@pytest.mark.parametrize("end", [deliveries.pause, deliveries.archive])
def test_lists_of_paused_and_archived_deliveries_are_cleared_too(simulator: SimulatorInTest, end: Any) -> None:
    shop = delivered(simulator)
    end(shop.delivery, by=None)

    erasure = ask(shop)
    carry_out(erasure)

    assert erasure.completed_at is not None
    assert len(shop.members) == 299


def test_it_is_tried_again_until_it_is_acknowledged(simulator: SimulatorInTest) -> None:
    shop = delivered(simulator)
    erasure = ask(shop)
    erasing.work(erasure.pk)
    run = Run.objects.get(trigger=Trigger.ERASURE)
    runs.cancel(run, by=None)

    assert erasing.work(erasure.pk) == 1, "a cancelled removal counts as an acknowledgement"
    carry_out(erasure)

    assert erasure.removals.get().attempts == 2
    assert len(shop.members) == 299


def test_next_attempt_waits_a_little(simulator: SimulatorInTest) -> None:
    shop = delivered(simulator)
    erasure = ask(shop)
    erasing.work(erasure.pk)
    runs.cancel(Run.objects.get(trigger=Trigger.ERASURE), by=None)

    erasing.work(erasure.pk)

    assert Run.objects.filter(trigger=Trigger.ERASURE).count() == 1


def test_second_task_at_the_same_time_starts_no_second_run(simulator: SimulatorInTest) -> None:
    shop = delivered(simulator)
    erasure = ask(shop)

    erasing.work(erasure.pk)
    erasing.work(erasure.pk)

    assert Run.objects.filter(trigger=Trigger.ERASURE).count() == 1


def test_lost_profile_leaves_it_waiting_and_somebody_is_told(simulator: SimulatorInTest) -> None:
    shop = delivered(simulator)
    Profile.objects.update(access_token="nonsense", refresh_token="nonsense")
    erasure = ask(shop)
    Erasure.objects.update(requested_at=timezone.now() - timedelta(hours=2))

    erasing.work(erasure.pk)
    drive(Run.objects.get(trigger=Trigger.ERASURE))

    assert erasing.work(erasure.pk) == 1
    assert len(shop.members) == 300
    assert Alert.objects.filter(kind="audiences.erasure_waiting", resolved_at=None).count() == 1
    assert receipt.of(erasure).lines[0].note


def test_alert_is_resolved_when_it_is_acknowledged(simulator: SimulatorInTest) -> None:
    shop = delivered(simulator)
    erasure = ask(shop)
    Erasure.objects.update(requested_at=timezone.now() - timedelta(hours=2))
    erasing.work(erasure.pk)
    assert Alert.objects.filter(kind="audiences.erasure_waiting", resolved_at=None).exists()

    carry_out(erasure)

    assert not Alert.objects.filter(kind="audiences.erasure_waiting", resolved_at=None).exists()


def test_list_that_is_gone_from_pinterest_holds_nobody(simulator: SimulatorInTest) -> None:
    shop = delivered(simulator)
    shop.delivery.audience.__class__.objects.update(customer_list_id="999999999")
    erasure = ask(shop)

    carry_out(erasure)

    assert erasure.removals.get().state == RemovalState.GONE


def test_workspace_without_lists_is_done_at_once_and_remembers(simulator: SimulatorInTest) -> None:
    shop = make_shop(simulator, people(range(300)))
    runs.cancel(Run.objects.get(), by=None)
    carry_out(ask(shop))

    drive(shop.start())

    assert len(shop.members) == 299


def test_other_workspaces_keep_the_person(simulator: SimulatorInTest) -> None:
    shop = delivered(simulator)
    carry_out(erasing.request(make_workspace("Elsewhere"), by=None, wanted=[email(7)]))

    assert drive(shop.start()).counts["final"]["rows"]["held_back"] == 0
    assert len(shop.members) == 300


def test_neither_audit_log_nor_receipt_holds_the_identifier(simulator: SimulatorInTest) -> None:
    shop = delivered(simulator)
    erasure = ask(shop)
    carry_out(erasure)

    found = receipt.of(erasure)
    kept = (
        str([vars(event) for event in AuditEvent.objects.all()]) + str(receipt.as_json(found)) + receipt.as_csv(found)
    )

    assert AuditEvent.objects.filter(verb__in=("erasure.requested", "erasure.completed")).count() == 2
    assert email(7).digest.hex() not in kept
    assert receipt.as_json(found)["lists"][0]["outcome"] == "Removed"
    assert receipt.as_json(found)["lists"][0]["acknowledged_at"].endswith("Z")


def test_look_up_says_that_an_erasure_removed_it(simulator: SimulatorInTest) -> None:
    shop = delivered(simulator)
    carry_out(ask(shop))

    (place,) = lookup.look_up(shop.workspace, [email(7)])

    assert "had it erased" in story_of(place).body
