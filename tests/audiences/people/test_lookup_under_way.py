"""Looking somebody up while a run is being sent: neither ledger nor history knows yet whom Pinterest has accepted."""

from hashlib import sha256
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audiences import tasks
from audiences.models import Run
from audiences.people import lookup
from audiences.people.lookup import Place, Wanted
from audiences.people.reasons import story_of
from audiences.pipeline import upload
from audiences.services import deliveries
from audiences.states import RunState
from pinconnect.workspaces.roles import Role
from tests.factories import make_member, make_user
from tests.factories_audiences import Shop, drive, drive_through, make_dataset, make_draft, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
ROWS = people(range(300))
NOTE = "may have accepted"


def wanted(address: str) -> list[Wanted]:
    return [Wanted("email", sha256(address.encode()).digest())]


@pytest.fixture
def shop(simulator: SimulatorInTest, settings: Any) -> Shop:
    settings.BATCH_RECORDS = 100
    return make_shop(simulator, ROWS)


def run() -> Run:
    return Run.objects.latest("pk")


def send_one_batch() -> None:
    tasks.prepare_run(run().pk)
    upload.pump(run().pk, budget_s=0)
    assert (run().state, run().batches.filter(state="sent").count()) == (RunState.UPLOADING, 1)


def accepted(shop: Shop) -> str:
    """Somebody whom Pinterest has from the batch that was sent."""
    digests = {member[1] for member in shop.members}
    return next(row["email"] for row in ROWS if sha256(row["email"].encode()).hexdigest() in digests)


def found(shop: Shop, address: str) -> list[Place]:
    return lookup.look_up(shop.workspace, wanted(address))


def answer(shop: Shop, page: str, address: str) -> str:
    web = Client()
    web.force_login(make_member(shop.workspace, Role.VIEWER, user=make_user("Vera")).user)
    data = {"kind": "email", "value": address, "default_country": "none"}
    return str(web.post(f"/w/{shop.workspace.slug}/{page}/", data).content.decode())


@pytest.mark.parametrize(("page", "known"), [("people", "On the list"), ("lab", "Delivered</")])
def test_page_names_the_run_while_it_is_sent_and_the_list_once_it_is_settled(shop: Shop, page: str, known: str) -> None:
    send_one_batch()
    address = accepted(shop)

    text = answer(shop, page, address)

    assert NOTE in text
    assert f"/runs/{run().pk}/" in text
    assert "Run 1 of “Newsletter”" in text
    assert "On no list" not in text
    assert known not in text

    drive_through(run())
    text = answer(shop, page, address)

    assert known in text
    assert NOTE not in text


@pytest.mark.parametrize("page", ["people", "lab"])
def test_stranger_is_on_no_list_when_no_run_is_under_way(shop: Shop, page: str) -> None:
    drive_through(run())

    text = answer(shop, page, "nobody@example.com")

    assert "On no list" in text
    assert NOTE not in text


@pytest.mark.parametrize("page", ["people", "lab"])
def test_page_names_the_run_beside_a_list_that_is_known(shop: Shop, page: str) -> None:
    drive_through(run())
    shop.change(people(range(1, 300)))
    shop.start()
    tasks.prepare_run(run().pk)

    text = answer(shop, page, ROWS[7]["email"])

    assert run().state == RunState.UPLOADING
    assert "Run 2 of “Newsletter”" in text
    assert "is under way" in text
    assert NOTE not in text, "what is known is not said to be unknown"


def test_hash_lab_tells_lists_that_were_left_from_lists_that_are_being_sent_to(shop: Shop) -> None:
    drive_through(run())
    shop.change(people(range(1, 300)))
    drive_through(shop.start())
    second(shop, "Archive")
    send_one_batch()

    text = answer(shop, "lab", ROWS[0]["email"])

    assert "It has left Newsletter" in text
    assert "Archive" not in text.partition("It has left")[2].partition("</p>")[0]
    assert "Run 1 of “Archive”" in text


@pytest.mark.parametrize("page", ["people", "lab"])
def test_page_names_the_run_beside_a_list_that_was_left(shop: Shop, page: str) -> None:
    drive_through(run())
    shop.change(people(range(1, 300)))
    drive_through(shop.start())
    shop.change(ROWS)
    tasks.prepare_and_send(shop.start().pk)
    assert run().state == RunState.SETTLING, "Pinterest has accepted the person again"

    text = answer(shop, page, ROWS[0]["email"])

    assert "Run 3 of “Newsletter”" in text
    assert "Not on the list any more" in text or "It has left Newsletter" in text
    assert "On no list" not in text


def second(shop: Shop, name: str) -> None:
    dataset = make_dataset(shop.workspace, people(range(1000, 1300)), name=name)
    deliveries.publish(make_draft(shop.profile, shop.ad_account, dataset, name=name), by=None)


def test_paused_half_way_is_still_under_way(shop: Shop) -> None:
    send_one_batch()
    deliveries.pause(shop.delivery, by=None)

    (place,) = found(shop, accepted(shop))

    assert (place.run, place.is_known, place.is_member) == (run(), False, False)
    assert place.deliveries == (shop.delivery,)
    assert story_of(place).headline == "Not known yet"


def test_runs_that_have_sent_nothing_are_not_named(shop: Shop) -> None:
    assert found(shop, ROWS[7]["email"]) == []

    drive_through(run())
    shop.change(people(range(290, 300)))
    held = drive(shop.start())

    assert held.state == RunState.HELD
    assert found(shop, "nobody@example.com") == []


def test_settling_is_not_settled(shop: Shop) -> None:
    tasks.prepare_and_send(run().pk)
    assert run().state == RunState.SETTLING

    (place,) = found(shop, ROWS[7]["email"])

    assert (place.is_known, place.run) == (False, run())


def test_more_runs_cost_no_more_queries(shop: Shop) -> None:
    send_one_batch()
    with CaptureQueriesContext(connection) as one:
        assert len(found(shop, "nobody@example.com")) == 1
    for name in ("Second", "Third"):
        second(shop, name)
        send_one_batch()

    with CaptureQueriesContext(connection) as three:
        places = found(shop, "nobody@example.com")
        assert [str(place.audience) for place in places] == ["Newsletter", "Second", "Third"]
        assert all(place.audience.ad_account and place.run and place.run.delivery for place in places)

    assert len(three) == len(one)


def test_run_that_settles_during_the_look_up_is_found(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    send_one_batch()
    address, asked = accepted(shop), lookup._under_way

    def settled_meanwhile(workspace: Any) -> Any:
        monkeypatch.setattr(lookup, "_under_way", asked)
        before = asked(workspace)
        drive_through(run())
        return before

    monkeypatch.setattr(lookup, "_under_way", settled_meanwhile)

    (place,) = found(shop, address)

    assert place.is_member
