"""An own list to which others write may hold anybody: there an erasure asks for everybody."""

from hashlib import sha256

import pytest
from django.utils import timezone

from audiences.models import Audience, Delivery, Drift, DriftKind, RemovalState, Run, Trigger
from audiences.people import strangers
from audiences.people.members import Wanted
from pinconnect.pinterest import customer_lists
from pinconnect.pinterest.client import Client
from pinconnect.pinterest.types import Payload
from tests.audiences.people.helpers import ask, carry_out, delivered, digests, email
from tests.factories_audiences import Shop, drive, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
PHONE = Wanted("phone", sha256(b"14155550999").digest())


@pytest.fixture
def shop(simulator: SimulatorInTest) -> Shop:
    """Somebody else has put number 999 on the list that it delivers."""
    shop = delivered(simulator)
    client, (row,) = Client(shop.profile.access_token), people([999])
    payload = Payload(records=row["email"], rows_json=None, count=1)
    audience = Audience.objects.get()
    customer_lists.add(client, shop.ad_account.pinterest_id, audience.customer_list_id, payload)
    assert len(shop.members) == 301
    return shop


def share() -> None:
    Audience.objects.update(is_shared=True)


def see_a_write() -> None:
    """It was seen, and a person has said that they know."""
    now = timezone.now()
    Drift.objects.create(
        audience=Audience.objects.get(), kind=DriftKind.WRITTEN, found_at=now, last_seen_at=now, ended_at=now
    )


@pytest.mark.parametrize("know", [share, see_a_write])
def test_somebody_whom_another_tool_has_put_there_is_removed(shop: Shop, know: object) -> None:
    assert callable(know)
    know()

    erasure = ask(shop, email(999))
    carry_out(erasure)

    assert erasure.removals.get().state == RemovalState.REMOVED
    assert email(999).digest.hex() not in digests(shop)
    assert len(shop.members) == 300
    assert Run.objects.filter(trigger=Trigger.ERASURE).count() == 1
    assert Audience.objects.get().member_count == 300


def test_members_and_others_of_other_kinds_are_asked_for_together(shop: Shop) -> None:
    share()

    erasure = ask(shop, email(7), email(999), PHONE)
    carry_out(erasure)

    run = Run.objects.get(trigger=Trigger.ERASURE)
    assert (run.counts["removals"], run.plan["wire"]["shape"]) == (3, "records_v2")
    assert len(shop.members) == 299
    assert Audience.objects.get().member_count == 299


def test_who_was_removed_before_is_asked_for_again_by_the_next_request(shop: Shop) -> None:
    share()
    carry_out(ask(shop, email(999)))

    carry_out(ask(shop, email(999)))

    counts = [run.counts["removals"] for run in Run.objects.filter(trigger=Trigger.ERASURE)]
    assert counts == [1, 1], "somebody may have put them back meanwhile"


def test_deliveries_go_on_as_before(shop: Shop) -> None:
    share()
    carry_out(ask(shop, email(7), email(999)))
    shop.change(people(range(10, 310)))

    run = drive(shop.start())

    assert run.counts["final"]["members"] == {"email": 300}
    assert len(shop.members) == 300


def test_lists_with_strangers_are_counted(shop: Shop) -> None:
    assert strangers.count(shop.workspace) == 0

    share()
    see_a_write()
    assert strangers.count(shop.workspace) == 1

    Delivery.objects.update(published_at=None)
    assert strangers.count(shop.workspace) == 0
