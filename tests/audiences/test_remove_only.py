"""Remove only, on a list that was there before: everybody in the dataset is taken out, once, known or not."""

from hashlib import sha256

import pytest
from django.test import Client as Web

from audiences import files, ledger
from audiences.models import Audience, Delivery, Mode, Removal, RemovalState, Run, Trigger
from audiences.people import erasing
from audiences.people.lookup import Wanted
from audiences.reports import budget
from audiences.reports import run as run_report
from audiences.services import editing, runs
from audiences.states import DeliveryState
from pinconnect.pinterest import customer_lists
from pinconnect.pinterest.client import Client
from pinconnect.pinterest.types import Payload
from tests.factories_audiences import Rows, Shop, drive, drive_through, expected_members, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(simulator: SimulatorInTest) -> Shop:
    """Takes numbers 0 to 29 out of a list that somebody else filled with 0 to 59."""
    shop = make_shop(simulator, people(range(30)))
    emails = ",".join(row["email"] for row in people(range(60)))
    made = customer_lists.create(
        Client(shop.profile.access_token),
        shop.ad_account.pinterest_id,
        name="Theirs",
        list_type="EMAIL",
        payload=Payload(records=emails, rows_json=None, count=60),
    )
    Audience.objects.update(customer_list_id=made.id, customer_list_name="Theirs", is_existing=True, list_type="")
    shop.delivery.runs.all().delete()
    Delivery.objects.update(mode=Mode.REMOVE)
    return shop


def change(shop: Shop, rows: Rows) -> dict[str, int]:
    """The rows of the next run by what became of them."""
    shop.change(rows)
    run = drive(shop.start())
    assert run.state == "done", run.reason
    found: dict[str, int] = run.counts["final"]["rows"]
    return found


def switch(shop: Shop, mode: str) -> None:
    editing.change(shop.delivery, editing.Wish(mode=mode), by=None)


def test_people_whom_we_never_added_are_taken_out(shop: Shop) -> None:
    run = drive(shop.start())

    assert shop.members == expected_members(people(range(30, 60)))
    report = run_report.of(run)
    assert (report.sent_label, report.sent, report.removed) == ("Taken out", 30, 30)
    assert [(line.label, line.count) for line in report.lines][:2] == [("Taken out", 30), ("Already gone", 0)]


def test_no_call_for_an_audience_is_announced(shop: Shop) -> None:
    assert not Audience.objects.get().audience_id
    run = drive(shop.start(is_dry_run=True))
    switch(shop, Mode.ADD)
    adding = drive(shop.start(is_dry_run=True))

    announced = [budget.of_run(run), budget.of_run(adding)]

    assert [found and found.calls for found in announced] == [1, 2], "only who adds makes an audience of the list"


def test_pages_do_not_call_a_list_empty_whose_people_others_have_put_there(shop: Shop) -> None:
    web = Web()
    web.force_login(shop.workspace.members.get())
    drive(shop.start())
    paths = ("deliveries/", f"deliveries/{shop.delivery.pk}/", f"audiences/{shop.delivery.audience_id}/")

    texts = [web.get(f"/w/{shop.workspace.slug}/{path}").content.decode() for path in paths]

    assert "from PinConnect" in texts[0]
    assert "Put there by PinConnect. How many others are on it" in texts[1]
    assert "from PinConnect; others are not known" in texts[2]
    assert all("Expect about" not in text for text in texts)


def test_what_would_take_many_out_of_a_list_of_others_waits_and_the_pages_say_from_when_on(shop: Shop) -> None:
    Audience.objects.update(size=200)
    web = Web()
    web.force_login(shop.workspace.members.get())
    shop.change(people(range(61)))
    before = shop.members

    run = drive(shop.start())

    assert (run.state, run.reason, shop.members) == ("held", "may_remove_many", before)
    pages = [f"runs/{run.pk}/", f"deliveries/{shop.delivery.pk}/", ""]
    of_run, of_delivery, dashboard = [web.get(f"/w/{shop.workspace.slug}/{page}").content.decode() for page in pages]
    assert "30.5% of Pinterest’s size" in of_run
    assert "Pinterest counts 200 people in its audience" in of_run
    assert "Not known" in of_run
    assert "names more than 30% of the 200 people whom Pinterest counts" in of_delivery
    assert "take 61 identifiers out of a list that others have filled" in dashboard
    runs.approve(run, by=None)
    assert drive(run).state == "done"
    assert not shop.members & expected_members(people(range(61)))


def test_without_a_size_the_page_names_how_many_wait(shop: Shop) -> None:
    web = Web()
    web.force_login(shop.workspace.members.get())

    text = web.get(f"/w/{shop.workspace.slug}/deliveries/{shop.delivery.pk}/").content.decode()

    assert "names more than 1,000 identifiers waits for approval" in text
    assert "% of the list" not in text


def test_a_second_run_sends_only_who_is_not_gone_yet(shop: Shop) -> None:
    drive(shop.start())
    calls = len(shop.simulator.calls("customer_lists/update"))

    again = change(shop, people(range(30)))
    more = change(shop, people(range(35)))

    assert (again["already_there"], again["sent"]) == (30, 0)
    assert (more["already_there"], more["sent"]) == (30, 5)
    assert len(shop.simulator.calls("customer_lists/update")) == calls + 1
    assert shop.members == expected_members(people(range(35, 60)))


def test_who_was_added_again_is_taken_out_again(shop: Shop) -> None:
    drive(shop.start())
    switch(shop, Mode.ADD)
    change(shop, people(range(10)))
    assert shop.members >= expected_members(people(range(10)))
    switch(shop, Mode.REMOVE)

    found = change(shop, people(range(30)))

    assert (found["sent"], found["already_there"]) == (10, 20)
    assert shop.members == expected_members(people(range(30, 60)))


def test_who_is_gone_is_kept_through_a_run_that_takes_out_nobody(shop: Shop) -> None:
    drive(shop.start())
    switch(shop, Mode.ADD)
    change(shop, people(range(200, 210)))

    audience = Audience.objects.get()
    kept = files.fetch(files.ledger_name(audience, audience.ledger_version))
    assert ledger.count(ledger.gone(kept)) == 30
    assert audience.ledger_members == {"email": 10}


def test_an_unanswered_removal_is_sent_again_and_counted_once(shop: Shop) -> None:
    shop.simulator.fault("drop_after", operation="customer_lists/update", times=1)
    run = drive_through(shop.start())

    assert run.counts["final"]["removals"] == {"sent": 30, "failed": 0, "not_sent": 0}
    assert shop.members == expected_members(people(range(30, 60)))


def erase(shop: Shop, number: int) -> set[str]:
    """Carry an erasure out; returns what became of it on each list."""
    wanted = Wanted("email", sha256(f"member{number:05d}@example.com".encode()).digest())
    erasure = erasing.request(shop.workspace, by=None, wanted=[wanted])
    for _ in range(5):
        Removal.objects.update(next_attempt_at=None)
        if erasing.work(erasure.pk) == 0:
            break
        for run in Run.objects.active():
            drive_through(run)
    return set(erasure.removals.values_list("state", flat=True))


@pytest.mark.parametrize("mode", [Mode.REMOVE, Mode.ADD])
def test_an_erasure_reaches_people_whom_somebody_else_put_there(shop: Shop, mode: Mode) -> None:
    Delivery.objects.update(mode=mode)
    before = shop.members
    erased = expected_members(people(range(45, 46)))

    assert erase(shop, 45) == {RemovalState.REMOVED}

    assert shop.members == before - erased
    assert shop.start().plan["mode"] == mode


def test_an_erasure_asks_once_for_whom_we_removed_before_since_others_may_have_put_them_back(shop: Shop) -> None:
    drive(shop.start())
    theirs = Payload(records=people([20])[0]["email"], rows_json=None, count=1)
    client, account = Client(shop.profile.access_token), shop.ad_account.pinterest_id
    customer_lists.add(client, account, Audience.objects.get().customer_list_id, theirs)
    assert len(shop.members) == 31

    assert erase(shop, 20) == {RemovalState.REMOVED}
    assert shop.members == expected_members(people(range(30, 60)))
    assert Run.objects.filter(trigger=Trigger.ERASURE).count() == 1


def test_an_erasure_leaves_a_list_alone_that_only_a_draft_has_chosen(shop: Shop) -> None:
    Delivery.objects.update(state=DeliveryState.DRAFT, published_at=None)

    assert erase(shop, 45) == {RemovalState.ABSENT}
    assert len(shop.members) == 60
