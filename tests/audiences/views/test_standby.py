"""Choosing a standby, and where pages say who sends."""

from typing import Any

import pytest
from django.test import Client

from audiences.models import Delivery, Run
from audiences.services import standby
from pinconnect.profiles.models import Profile
from tests.factories import make_member, make_user
from tests.factories_audiences import Shop, drive, make_ad_account, make_profile, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(simulator: SimulatorInTest, client: Client) -> Shop:
    made = make_shop(simulator, people(range(5)))
    client.force_login(make_member(made.workspace, "marketer", user=make_user("Mark")).user)
    return made


@pytest.fixture
def alice(shop: Shop) -> Profile:
    profile = make_profile(shop.workspace, shop.simulator, user="alice")
    make_ad_account(profile)
    return profile


def url(shop: Shop) -> str:
    return f"/w/{shop.workspace.slug}/deliveries/{shop.delivery.pk}/"


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_a_standby_is_chosen_and_taken_away_again(client: Client, shop: Shop, alice: Profile) -> None:
    assert "alice_garden" in text(client.get(f"{url(shop)}standby/"))

    chosen = client.post(f"{url(shop)}standby/", {"standby": alice.pk}, follow=True)
    assert "alice_garden stands by" in text(chosen)
    assert Delivery.objects.get().standby == alice

    assert "has no standby profile now" in text(client.post(f"{url(shop)}standby/", {"standby": ""}, follow=True))
    assert Delivery.objects.get().standby is None


def test_a_profile_that_is_not_offered_is_refused_at_its_field(client: Client, shop: Shop, alice: Profile) -> None:
    answer = client.post(f"{url(shop)}standby/", {"standby": shop.profile.pk})

    assert "Select a valid choice" in text(answer)
    assert Delivery.objects.get().standby is None


def test_without_another_profile_the_page_says_what_to_do(client: Client, shop: Shop) -> None:
    assert "No other profile reaches this ad account" in text(client.get(f"{url(shop)}standby/"))


def test_a_draft_has_no_standby_page(client: Client, shop: Shop) -> None:
    Delivery.objects.update(state="draft")

    assert client.get(f"{url(shop)}standby/").status_code == 404


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_archived_delivery_leads_back_to_its_page(client: Client, shop: Shop, alice: Profile, method: str) -> None:
    Delivery.objects.update(state="archived")

    answer = getattr(client, method)(f"{url(shop)}standby/", {"standby": alice.pk}, follow=True)

    assert answer.redirect_chain == [(url(shop), 302)]
    assert "is archived, so it stays as it is" in text(answer)
    assert Delivery.objects.get().standby is None


def test_viewers_may_not_choose(client: Client, shop: Shop, alice: Profile) -> None:
    client.force_login(make_member(shop.workspace, "viewer", user=make_user("Vera")).user)

    assert client.post(f"{url(shop)}standby/", {"standby": alice.pk}).status_code == 403
    assert "Choose one" not in text(client.get(url(shop)))


def test_the_delivery_says_that_the_standby_sends(client: Client, shop: Shop, alice: Profile) -> None:
    Delivery.objects.update(standby=alice)
    assert "The standby profile sends" not in text(client.get(url(shop)))

    standby.take_over(Delivery.objects.get(), "profile_expired")

    page = text(client.get(url(shop)))
    assert "The standby profile sends" in page
    assert "Pinterest needs a new sign-in" in page


def test_the_run_says_in_whose_name_it_was_sent(client: Client, shop: Shop, alice: Profile) -> None:
    run = drive(Run.objects.get())
    page = f"/w/{shop.workspace.slug}/runs/{run.pk}/"
    assert f'Sent in the name of <a href="/w/acme/profiles/{shop.profile.pk}/">bob_garden</a>.' in text(
        client.get(page)
    )

    batch = run.batches.get()
    batch.pk, batch.profile = None, alice
    batch.save()

    assert "bob_garden</a> (1 call), " in text(client.get(page))
