"""Choosing a list that is on Pinterest already, in the set-up."""

import pytest

from audiences.models import Audience, Delivery, ListedList, Listing
from audiences.services import listing
from pinconnect.workspaces.roles import Role
from tests.audiences.views.conftest import Pages, queries
from tests.audiences.views.test_setup import begin, step
from tests.factories_audiences import BOBS_ACCOUNT, drive, make_ad_account

FROM = "?from=pinterest"


@pytest.fixture
def draft(pages: Pages) -> Delivery:
    """A draft that has its ad account, in which others have 60 lists."""
    made = begin(pages)
    pages.post(step(made, "profile"), profile=pages.shop.profile.pk)
    pages.post(step(made, "ad-account"), ad_account=pages.shop.ad_account.pk)
    pages.shop.simulator.seed_lists(BOBS_ACCOUNT, 60)
    return Delivery.objects.get(pk=made.pk)


def ask(pages: Pages, draft: Delivery) -> str:
    return pages.web.post(pages.url(f"deliveries/{draft.pk}/lists/"), follow=True).content.decode()


def shown(pages: Pages, draft: Delivery, query: str = "") -> str:
    return " ".join(pages.get(step(draft, "audience") + FROM + query).content.decode().split())


def test_looking_never_asks_pinterest_and_asking_shows_all_pages(pages: Pages, draft: Delivery) -> None:
    assert "Which lists are there?" in shown(pages, draft)
    assert not Listing.objects.exists()
    assert not pages.shop.simulator.calls("customer_lists/list")

    assert "Pinterest has 60 customer lists here" in ask(pages, draft)

    first, last = shown(pages, draft), shown(pages, draft, "&page=3")
    assert "Customer List-Catalogue readers 060, Audience-Catalogue readers 060" in first
    assert "1–25 of 60 lists" in first
    assert "Newsletter 001" in last
    assert "No audience yet" in last


def test_search_finds_by_list_audience_and_number(pages: Pages, draft: Delivery) -> None:
    ask(pages, draft)
    number = ListedList.objects.get(name__endswith="Buyers 002").pinterest_id

    for text in ("buyers 002", "Audience-Buyers 002", number, "%00buyers 002"):
        found = shown(pages, draft, f"&q={text}")
        assert found.count('type="radio"') == 1
        assert "Buyers 002" in found
    assert "No list fits “moon”" in shown(pages, draft, "&q=moon")


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(("mode", "query"), [("mirror", FROM), ("remove", "")])
def test_lists_of_no_ad_account_lead_to_choosing_one(pages: Pages, mode: str, query: str, method: str) -> None:
    draft = begin(pages)
    Delivery.objects.filter(pk=draft.pk).update(mode=mode)

    answer = getattr(pages.web, method)(pages.url(step(draft, "audience")) + query, follow=True)

    assert answer.redirect_chain == [(pages.url(step(draft, "ad-account")), 302)]
    assert "Choose the ad account first" in answer.content.decode()


def test_chosen_list_is_kept_shown_and_delivered_to(pages: Pages, draft: Delivery) -> None:
    ask(pages, draft)
    wanted = ListedList.objects.get(name__endswith="Buyers 002")

    answer = pages.post(step(draft, "audience") + FROM, list_id=wanted.pinterest_id)

    assert answer["Location"].endswith("/setup/rows/"), answer.content.decode()
    draft.refresh_from_db()
    assert draft.audience.customer_list_id == wanted.pinterest_id
    assert "Chosen: <strong>Customer List-Buyers 002, Audience-Buyers 002" in shown(pages, draft)
    assert "removes only people whom PinConnect has added" in shown(pages, draft)


def test_choosing_nothing_is_refused_and_keeps_the_page(pages: Pages, draft: Delivery) -> None:
    ask(pages, draft)

    assert "Choose one of the lists" in pages.post(step(draft, "audience") + FROM).content.decode()


def test_a_list_of_another_ad_account_is_refused_in_words(pages: Pages, draft: Delivery) -> None:
    ask(pages, draft)
    other = make_ad_account(pages.shop.profile, pinterest_id="549700000102")
    (theirs,) = pages.shop.simulator.seed_lists("549700000102", 1)
    listing.read(other, pages.shop.profile)

    answer = pages.post(step(draft, "audience") + FROM, list_id=theirs)

    assert "has not listed that customer list" in answer.content.decode()
    assert not Audience.objects.filter(customer_list_id=theirs).exists()


def test_a_list_of_another_delivery_is_marked_and_protected(pages: Pages, draft: Delivery) -> None:
    drive(pages.shop.delivery.runs.get())
    ask(pages, draft)
    own = Delivery.objects.get(pk=pages.shop.delivery.pk).audience

    assert "Written to by Newsletter (mirror)" in shown(pages, draft)
    answer = pages.post(step(draft, "audience") + FROM, list_id=own.customer_list_id)
    assert "would undo each other" in answer.content.decode()


def test_refused_token_is_said_on_the_page(pages: Pages, draft: Delivery) -> None:
    pages.shop.simulator.control("tokens", {"user": "bob", "action": "revoke"})

    assert "Connect it again" in ask(pages, draft)


def test_remove_only_offers_no_new_list(pages: Pages, draft: Delivery) -> None:
    Delivery.objects.filter(pk=draft.pk).update(mode="remove")

    assert "Everybody in the dataset is taken off the list" in pages.get(step(draft, "audience")).content.decode()
    new = pages.get(step(draft, "audience") + "?from=new").content.decode()
    assert "needs a list that is on Pinterest already" in new
    assert 'name="name"' not in new


def test_reading_is_for_marketers_by_post_and_for_drafts(pages: Pages, draft: Delivery) -> None:
    path = f"deliveries/{draft.pk}/lists/"

    assert pages.get(path).status_code == 405
    assert pages.as_role(Role.VIEWER).post(path).status_code == 403
    assert pages.as_outsider().post(path).status_code == 404
    pages.post(f"deliveries/{pages.shop.delivery.pk}/lists/")
    assert not pages.shop.simulator.calls("customer_lists/list")


def test_number_of_queries_does_not_grow_with_the_lists(pages: Pages, draft: Delivery) -> None:
    ask(pages, draft)
    path = step(draft, "audience") + FROM
    many = queries(pages, path)
    ListedList.objects.filter(pk__in=ListedList.objects.values_list("pk", flat=True)[2:]).delete()

    assert queries(pages, path) == many
