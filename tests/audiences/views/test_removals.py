"""A delivery that takes people out speaks of that on every page and in every message, and never of adding anybody."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from audiences import decision_links
from audiences.models import Audience, Delivery, Mode, Run, Trigger
from audiences.reports import audience as audience_report
from audiences.reports import shortfall
from audiences.services import deliveries, editing, observing, runs
from audiences.states import RunState
from pinconnect.workspaces.mail import send
from pinconnect.workspaces.models import OutgoingEmail
from tests.audiences.views.conftest import Pages
from tests.factories_audiences import drive, make_draft, people

FEW = {
    "match": "any",
    "is_day_first": False,
    "groups": [
        {"match": "all", "conditions": [{"column": "email", "operator": "starts", "values": ["member0000"]}]},
    ],
}


@pytest.fixture
def removing(pages: Pages) -> Pages:
    """300 people are on the list; days later the delivery takes the 20 in the dataset out, which it has done once."""
    drive(Run.objects.get())
    Run.objects.update(finished_at=timezone.now() - timedelta(days=3))
    shop = pages.shop
    shop.delivery.refresh_from_db()
    editing.change(shop.delivery, editing.Wish(mode=Mode.REMOVE), by=None)
    shop.change(people(range(20)))
    assert drive(shop.start()).state == RunState.DONE
    observing.observe(Audience.objects.get().pk)
    return pages


def held(pages: Pages) -> Run:
    pages.shop.change(people(range(250)))
    run = drive(pages.shop.start())
    assert (run.state, run.reason) == (RunState.HELD, "removes_many")
    return run


def words(pages: Pages, path: str) -> str:
    """The text of a page between its tags."""
    text = re.sub(r"<[^>]+>", " ", pages.get(path).content.decode().partition("<main")[2])
    return " ".join(text.split())


def test_finished_run_says_how_many_were_taken_out_and_expects_no_growth(removing: Pages) -> None:
    run = Run.objects.order_by("pk").last()
    assert run is not None

    text = words(removing, f"runs/{run.pk}/")

    assert "Customers out of Newsletter" in text
    assert "Taken out 20 rows" in text
    assert "Pinterest is taking people out" in text
    assert "Expect the smaller audience to be ready" in text
    assert "Expect about" not in text
    assert "Everything has arrived" not in text


def test_delivery_and_dashboard_count_no_removal_as_sent(removing: Pages) -> None:
    delivery, dashboard = words(removing, f"deliveries/{removing.shop.delivery.pk}/"), words(removing, "")

    assert "Takes who is in Customers out of Newsletter" in delivery
    assert re.search(r"Run 2 Done 20 – 20 ", delivery), delivery
    assert "or adds more than" not in delivery
    assert "Run 2 out of Newsletter Done – 20" in dashboard
    assert "Run 1 into Newsletter Done 300 0" in dashboard
    assert "takes out who is in Customers" in words(removing, "deliveries/")


def test_held_run_says_whom_it_would_take_out_everywhere(removing: Pages) -> None:
    run = held(removing)
    page = words(removing, f"runs/{run.pk}/")
    decision = Client().get(decision_links.address(run.pk, removing.user.pk)).content.decode()

    for text in (page, decision):
        assert "Held: it would take many people out" in text
        assert "names more people on the list than this delivery may take out" in text
        assert "Approve and take them out" in text
        assert "would leave the list" not in text
    assert "To take out 230 rows" in page
    assert "Run 3 would remove 230 identifiers of the 280 that are on the list." in words(removing, "")
    OutgoingEmail.objects.update(due_at=timezone.now())
    for row in OutgoingEmail.objects.filter(due_at__isnull=False):
        send(row.pk)
    bodies = [str(one.body) for one in mail.outbox if "approval" in one.subject]
    assert bodies
    assert all("would remove 230 identifiers of the 280" in " ".join(body.split()) for body in bodies)


def test_audience_page_accounts_for_who_was_taken_out(removing: Pages) -> None:
    audience = Audience.objects.get()

    lines = [(line.label, line.count) for line in shortfall.of(audience, None).lines]

    assert lines[:4] == [
        ("Rows read", "300"),
        ("Rows on the list", "= 300 rows, with 300 identifiers"),
        ("Taken out", "−20"),
        ("On the list", "280"),
    ]
    assert "Taken out" in words(removing, f"audiences/{audience.pk}/")


def test_run_that_had_nothing_to_take_out_leaves_the_forecast_of_the_last_change(removing: Pages) -> None:
    shop = removing.shop
    shop.delivery.refresh_from_db()
    editing.change(shop.delivery, editing.Wish(mode=Mode.ADD), by=None)
    shop.change(people(range(500, 800)))
    drive(shop.start())
    editing.change(shop.delivery, editing.Wish(mode=Mode.REMOVE), by=None)
    shop.change(people(range(900, 905)))
    run = drive(shop.start())
    assert (run.state, run.counts["final"]["calls"]) == (RunState.DONE, 0)

    assert "Expect about" in audience_report.of(Audience.objects.get()).outlook


def test_few_who_are_taken_out_after_many_were_added_are_not_what_pinterest_is_busy_with(removing: Pages) -> None:
    Run.objects.filter(number=1).update(finished_at=timezone.now() - timedelta(hours=47))

    report = audience_report.of(Audience.objects.get())

    assert report.headline == "Pinterest is matching"
    assert "Expect about" in report.outlook


def test_an_erasure_of_one_person_is_not_what_pinterest_is_busy_with(pages: Pages) -> None:
    run = drive(Run.objects.get())
    observing.observe(Audience.objects.get().pk)
    run.pk, run.number, run.trigger, run.plan = None, 2, Trigger.ERASURE, {**run.plan, "mode": "remove"}
    run.save(force_insert=True)

    report = audience_report.of(Audience.objects.get())

    assert report.headline == "Pinterest is matching"
    assert "Expect about" in report.outlook


@pytest.mark.parametrize(("list_state", "audience_state"), [("READY", "TOO_SMALL"), ("PROCESSING", "READY")])
def test_states_of_pinterest_are_told_for_removals(removing: Pages, list_state: str, audience_state: str) -> None:
    Audience.objects.update(list_state=list_state, audience_state=audience_state)

    body = audience_report.of(Audience.objects.get()).body

    assert "left" in body or "leaving" in body
    assert "larger dataset" not in body


def review_of_taking_out(removing: Pages, who: range) -> str:
    """The words of the review of a draft that takes these people off the shop's list, after its dry run."""
    shop = removing.shop
    draft = make_draft(shop.profile, shop.ad_account, shop.dataset, name="Opted out", mode=Mode.REMOVE)
    Delivery.objects.filter(pk=draft.pk).update(audience=shop.delivery.audience)
    shop.change(people(who))
    draft.refresh_from_db()
    drive(runs.start(draft, by=None, trigger=Trigger.DRY_RUN, is_dry_run=True))

    return words(removing, f"deliveries/{draft.pk}/setup/review/")


def test_review_speaks_of_taking_out(removing: Pages) -> None:
    text = review_of_taking_out(removing, range(100))

    assert "Who would be taken out" in text
    assert "80 rows to take out. Nothing was sent so far." in text
    assert "What would be sent" not in text
    assert "Expect about" not in text


def test_review_says_that_so_large_a_removal_waits_after_publishing(removing: Pages) -> None:
    text = review_of_taking_out(removing, range(300))

    assert "a change as large as this waits for approval after you publish." in text


def test_people_whom_another_delivery_puts_back_are_warned_about(pages: Pages) -> None:
    """As the warning says: taken out by one delivery, they are on the list again after a run of the other."""
    shop = pages.shop
    drive(Run.objects.get())
    shop.delivery.refresh_from_db()
    draft = make_draft(shop.profile, shop.ad_account, shop.dataset, name="Opted out", mode=Mode.REMOVE)
    Delivery.objects.filter(pk=draft.pk).update(audience=shop.delivery.audience, hold_share=100, row_filter=FEW)
    draft.refresh_from_db()
    drive(runs.start(draft, by=None, trigger=Trigger.DRY_RUN, is_dry_run=True))
    review = words(pages, f"deliveries/{draft.pk}/setup/review/")
    run = drive(deliveries.publish(draft, by=None))
    assert (run.state, len(shop.members)) == (RunState.DONE, 290)

    drive(shop.start())

    assert len(shop.members) == 300
    for text in (review, words(pages, f"deliveries/{draft.pk}/")):
        assert "People may come back" in text
        assert "also filled by Newsletter ." in text
    assert "People may come back" not in words(pages, f"deliveries/{shop.delivery.pk}/")


def test_cancel_page_says_that_who_is_out_stays_out(removing: Pages) -> None:
    removing.shop.change(people(range(30)))
    run = removing.shop.start()

    assert "Whoever Pinterest has already taken out stays out" in words(removing, f"runs/{run.pk}/cancel/")


def test_gone_list_offers_nothing_that_only_a_filling_delivery_can_do(removing: Pages) -> None:
    Audience.objects.update(list_state="GONE")

    text = words(removing, f"deliveries/{removing.shop.delivery.pk}/")

    assert "only takes people out" in text
    assert "Make a new list" not in text


def test_archived_delivery_put_nobody_there_and_does_not_say_so(removing: Pages) -> None:
    path = f"deliveries/{removing.shop.delivery.pk}/"
    asked = words(removing, f"{path}archive/")
    removing.post(f"{path}archive/")

    text = words(removing, path)

    assert "PinConnect keeps knowing who was taken out." in asked
    assert "PinConnect still knows who was taken out, so nobody is taken out twice." in text
    for one in (asked, text):
        assert "has put" not in one


def test_links_keep_the_focus_while_the_review_counts(removing: Pages) -> None:
    """What is replaced every second finds the focus again by ids."""
    shop = removing.shop
    draft = make_draft(shop.profile, shop.ad_account, shop.dataset, name="Opted out", mode=Mode.REMOVE)
    Delivery.objects.filter(pk=draft.pk).update(audience=shop.delivery.audience)
    Delivery.objects.filter(pk=shop.delivery.pk).update(mode=Mode.ADD)
    draft.refresh_from_db()
    runs.start(draft, by=None, trigger=Trigger.DRY_RUN, is_dry_run=True)

    live = removing.get(f"deliveries/{draft.pk}/setup/review/").content.decode().partition('hx-trigger="every 1s"')[2]

    live = re.sub(r"<noscript>.*?</noscript>", "", live.partition('id="step-back"')[0] + 'id="step-back">')
    links = re.findall(r"<(?:a|button)\b[^>]*>", live)
    assert any(f"/deliveries/{shop.delivery.pk}/" in link for link in links)
    assert [link for link in links if " id=" not in link] == []
