"""What the page of a profile says about the deliveries that depend on it."""

import pytest

from audiences.models import Delivery, Run
from audiences.profile_usage import deliveries_of
from audiences.services import standby
from pinconnect.profiles import usage
from tests.factories_audiences import Shop, drive, make_ad_account, make_draft, make_profile, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(simulator: SimulatorInTest) -> Shop:
    return make_shop(simulator, people(range(5)))


def test_a_delivery_is_listed_with_when_it_was_last_sent_in_the_profiles_name(shop: Shop) -> None:
    assert usage.of(shop.profile)[0].last_written_at is None

    drive(Run.objects.get())

    (used,) = usage.of(shop.profile)
    assert (used.label, used.audience, used.ad_account, used.state) == (
        "Newsletter",
        "Newsletter",
        "Bob's shop",
        "Active",
    )
    assert used.last_written_at is not None
    assert used.url == f"/w/acme/deliveries/{shop.delivery.pk}/"
    assert used.on_loss == "stops until a profile works again"


def test_archived_deliveries_depend_on_nothing(shop: Shop) -> None:
    Delivery.objects.update(state="archived")

    assert usage.of(shop.profile) == []


def test_a_standby_is_listed_for_both_profiles(shop: Shop, simulator: SimulatorInTest) -> None:
    alice = make_profile(shop.workspace, simulator, user="alice")
    make_ad_account(alice)
    Delivery.objects.update(standby=alice)

    (of_bob,), (of_alice,) = deliveries_of(shop.profile), deliveries_of(alice)
    assert (of_bob.state, of_bob.on_loss) == ("Active", "goes on through alice_garden")
    assert (of_alice.state, of_alice.on_loss) == ("Active; as standby", "goes on, without a standby")

    assert standby.take_over(Delivery.objects.get(), "profile_expired")

    (of_bob,), (of_alice,) = deliveries_of(shop.profile), deliveries_of(alice)
    assert (of_bob.state, of_alice.state) == ("Active; the standby sends now", "Active; sends now, as standby")


def test_a_draft_says_that_it_needs_another_profile(shop: Shop) -> None:
    make_draft(shop.profile, shop.ad_account, shop.dataset, name="A draft")

    said = {used.label: used.on_loss for used in deliveries_of(shop.profile)}
    assert said["A draft"] == "cannot be published until it has another profile"
