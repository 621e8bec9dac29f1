"""Deciding about a held run by the link in an e-mail, and what the pages say about the change."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from audiences import decision_links
from audiences.models import Delivery, Run, Trigger
from audiences.services import deliveries, runs
from audiences.states import RunState
from pinconnect.lib.redact import redact
from pinconnect.workspaces.mail import send
from pinconnect.workspaces.models import AuditEvent, Membership, OutgoingEmail
from pinconnect.workspaces.roles import Role
from tests.audiences.views.conftest import Pages
from tests.factories_audiences import add_snapshot, drive, people


@pytest.fixture
def held(pages: Pages) -> Run:
    drive(Run.objects.get())
    add_snapshot(pages.shop.dataset, people(range(150)))
    run = drive(pages.shop.start())
    assert run.state == RunState.HELD
    return run


def link(pages: Pages, run: Run) -> str:
    return decision_links.address(run.pk, pages.user.pk)


def test_the_link_shows_the_change_and_decides_nothing_by_itself(pages: Pages, held: Run) -> None:
    answer = Client().get(link(pages, held))

    text = answer.content.decode()
    assert "Held: it would remove many people" in text
    assert "150" in text
    assert "50% of the list" in text
    assert "The data has 150 rows; in run 1 it had 300. Perhaps the file is not complete." in text
    assert answer["Cache-Control"] == "no-store"
    held.refresh_from_db()
    assert held.state == RunState.HELD


def test_other_conditions_are_told_and_other_days_as_days(pages: Pages) -> None:
    shop = pages.shop
    condition = {"column": "joined", "operator": "last_days", "values": ["30"]}
    found = {"match": "any", "is_day_first": False, "groups": [{"match": "all", "conditions": [condition]}]}
    today = timezone.now().date()
    rows = [row | {"joined": str(today - timedelta(days=n // 10))} for n, row in enumerate(people(range(300)))]
    add_snapshot(shop.dataset, rows)
    drive(Run.objects.get())
    Delivery.objects.update(row_filter=found, hold_share=1)
    with time_machine.travel(timezone.now() + timedelta(days=5)):
        first = drive(shop.start())
        changed = pages.get(f"runs/{first.pk}/").content.decode()
        assert first.state == RunState.HELD
        runs.approve(first, by=None)
        drive(first)
    with time_machine.travel(timezone.now() + timedelta(days=9)):
        second = drive(shop.start())
        same = pages.get(f"runs/{second.pk}/").content.decode()

    assert second.state == RunState.HELD
    assert "The choice of rows is not that of run 1. It is now: joined is in the last 30 days (" in changed
    assert "The choice of rows" not in same
    days = [f"{day.day} {day:%b %Y}" for day in (today + timedelta(days=9), today + timedelta(days=5))]
    told = f"Days are counted from {days[0]}; in run {first.number} they were counted from {days[1]}."
    assert f"{told} The data is the same." in same
    assert "other people" not in same


def test_other_people_are_told_only_of_other_data(pages: Pages, held: Run) -> None:
    """The list itself has changed when the same data makes a difference, as after a delivery that takes people out."""
    runs.reject(held, by=None)
    add_snapshot(pages.shop.dataset, people(range(150, 450)))
    fresh = drive(pages.shop.start())
    other = pages.get(f"runs/{fresh.pk}/").content.decode()
    Run.objects.filter(number=1).update(plan=fresh.plan)

    same = pages.get(f"runs/{fresh.pk}/").content.decode()

    assert fresh.state == RunState.HELD
    assert "it is other people that it holds" in other
    assert "The data is the same as in run 1." in same
    assert "other people" not in same


def test_a_held_run_is_not_compared_with_an_erasure(pages: Pages) -> None:
    erasure = drive(Run.objects.get())
    erasure.pk, erasure.number, erasure.trigger = None, 2, Trigger.ERASURE
    erasure.counts = {"rows": {"read": 1, "invalid": 0}}
    erasure.save(force_insert=True)
    add_snapshot(pages.shop.dataset, people(range(150)))

    text = pages.get(f"runs/{drive(pages.shop.start()).pk}/").content.decode()

    assert "in run 1 it had 300" in text
    assert "of run 2" not in text


def test_approving_by_link_sends_the_run_on_in_the_name_of_whose_link_it_is(pages: Pages, held: Run) -> None:
    answer = Client().post(link(pages, held), {"decision": "approve"})

    assert "goes on now" in answer.content.decode()
    held.refresh_from_db()
    assert (held.state, held.approved_by) == (RunState.UPLOADING, pages.user)
    assert AuditEvent.objects.get(verb="run.approved").actor == pages.user
    assert drive(held).state == RunState.DONE
    assert len(pages.shop.members) == 150


def test_the_link_says_that_a_run_of_a_paused_delivery_goes_on_once_that_is_resumed(pages: Pages, held: Run) -> None:
    deliveries.pause(pages.shop.delivery, by=None)

    asked = Client().get(link(pages, held)).content.decode()
    answered = Client().post(link(pages, held), {"decision": "approve"}).content.decode()

    assert "if you approve, the run goes on once it is resumed" in asked
    assert "goes on once the delivery is resumed: it is paused" in answered
    assert "goes on now" not in answered


def test_rejecting_by_link_sends_nothing(pages: Pages, held: Run) -> None:
    Client().post(link(pages, held), {"decision": "reject"})

    held.refresh_from_db()
    assert (held.state, held.reason) == (RunState.CANCELLED, "rejected")
    assert len(pages.shop.members) == 300


def test_second_click_says_that_it_is_decided(pages: Pages, held: Run) -> None:
    Client().post(link(pages, held), {"decision": "reject"})

    answer = Client().post(link(pages, held), {"decision": "approve"})

    assert "Already decided" in answer.content.decode()
    held.refresh_from_db()
    assert held.state == RunState.CANCELLED


def test_forged_links_decide_nothing(pages: Pages, held: Run) -> None:
    run, user, until, seal = link(pages, held).strip("/").split("/")[1:]
    forged = [
        f"/decide/{run}/{user}/{int(until) + 1}/{seal}/",
        f"/decide/{int(run) + 1}/{user}/{until}/{seal}/",
        f"/decide/{run}/{int(user) + 1}/{until}/{seal}/",
        f"/decide/{run}/{user}/{until}/{'A' * 43}/",
    ]

    answers = [Client().post(url, {"decision": "approve"}).status_code for url in forged]

    assert answers == [404] * 4
    held.refresh_from_db()
    assert held.state == RunState.HELD


@pytest.mark.parametrize("change", ["left", "became a viewer", "is switched off"])
def test_who_may_not_decide_any_more_cannot_by_link(pages: Pages, held: Run, change: str) -> None:
    url = link(pages, held)
    membership = Membership.objects.get(user=pages.user, workspace=pages.workspace)
    if change == "left":
        membership.delete()
    elif change == "became a viewer":
        membership.role = Role.VIEWER
        membership.save()
    else:
        pages.user.is_active = False
        pages.user.save()

    assert Client().post(url, {"decision": "approve"}).status_code == 404


def test_old_link_asks_to_sign_in(pages: Pages, held: Run) -> None:
    url = link(pages, held)

    with time_machine.travel(timezone.now() + timedelta(days=decision_links.DAYS + 1)):
        answer = Client().post(url, {"decision": "approve"})

    assert answer.status_code == 410
    held.refresh_from_db()
    assert held.state == RunState.HELD


def test_the_mail_holds_a_link_of_its_own_for_each_reader(pages: Pages, held: Run) -> None:
    OutgoingEmail.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    mail.outbox.clear()

    for row in OutgoingEmail.objects.filter(due_at__isnull=False):
        send(row.pk)

    mine = next(sent for sent in mail.outbox if sent.to == [pages.user.email] and "approval" in sent.subject)
    assert link(pages, held) in mine.body


def test_logs_mask_the_seal_of_a_link(pages: Pages, held: Run) -> None:
    assert redact(f"GET {link(pages, held)}").endswith("/[link]/")


def test_run_page_says_what_would_change_and_what_calls_it_takes(pages: Pages, held: Run) -> None:
    text = pages.get(f"runs/{held.pk}/").content.decode()

    assert "What would change" in text
    assert "API budget" in text
    assert "1 call is to be made, which fits into what is left" in text
    assert "of 400 a minute used" in text
