"""The pages of deliveries: list, one delivery, and the decisions about it."""

import re

import pytest
from django.test import Client

from audiences.models import Audience, Delivery, Run
from audiences.states import DeliveryState
from pinconnect.datasets.services import archive
from pinconnect.workspaces.roles import Role
from tests.audiences.views.conftest import Pages, queries
from tests.factories_audiences import drive, make_draft


def detail(pages: Pages, end: str = "") -> str:
    return f"deliveries/{pages.shop.delivery.pk}/{end}"


def test_list_shows_the_delivery_with_its_audience_and_last_run(pages: Pages) -> None:
    drive(Run.objects.get())

    answer = pages.get("deliveries/")

    text = answer.content.decode()
    assert "Newsletter" in text
    assert "from Customers" in text
    assert "300" in text
    assert "Done" in text


def test_list_links_drafts_only_for_whoever_may_set_them_up(pages: Pages) -> None:
    shop = pages.shop
    draft = make_draft(shop.profile, shop.ad_account, shop.dataset, name="Second")
    link, published = (f'href="{pages.url(f"deliveries/{one.pk}/")}"' for one in (draft, shop.delivery))

    marketer, viewer = (one.get("deliveries/").content.decode() for one in (pages, pages.as_role(Role.VIEWER)))

    assert link in marketer
    assert link not in viewer
    assert "Second" in viewer
    assert published in viewer


def test_search_finds_by_dataset_and_says_so_when_nothing_fits(pages: Pages) -> None:
    found = pages.get("deliveries/?q=custom").content.decode()
    nothing = pages.get("deliveries/?q=zebra").content.decode()

    assert "Newsletter" in found
    assert "Nothing matches" in nothing


def test_archived_deliveries_are_shown_only_when_asked_for(pages: Pages) -> None:
    Delivery.objects.update(state=DeliveryState.ARCHIVED)

    assert "Newsletter" not in pages.get("deliveries/").content.decode()
    assert "Newsletter" in pages.get("deliveries/?state=archived").content.decode()


def test_archived_delivery_says_what_that_means_and_how_to_go_on(pages: Pages) -> None:
    drive(Run.objects.get())
    pages.post(detail(pages, "archive/"))

    text = pages.get(detail(pages)).content.decode()
    viewed = pages.as_role(Role.VIEWER).get(detail(pages)).content.decode()

    assert "It never runs again." in text
    assert "the list “Customer List-Newsletter” among those on Pinterest" in text
    assert f"/deliveries/new/?dataset={pages.shop.dataset.pk}" in text
    assert "It never runs again." in viewed
    assert "/deliveries/new/" not in viewed


def test_archived_delivery_promises_no_list_that_is_gone(pages: Pages) -> None:
    drive(Run.objects.get())
    Audience.objects.update(list_state="GONE")
    asked = pages.get(detail(pages, "archive/")).content.decode()
    pages.post(detail(pages, "archive/"))

    text = pages.get(detail(pages)).content.decode()

    assert "Its list is gone from Pinterest, so nothing changes there." in asked
    assert "set up a new delivery instead, which makes a new list" in text
    for one in (asked, text):
        assert "among those on Pinterest" not in one
        assert "ads that use them go on" not in one
        assert "on the same list" not in one
        assert "Expect about" not in one


def test_discarded_draft_says_that_nothing_exists(pages: Pages) -> None:
    shop = pages.shop
    draft = make_draft(shop.profile, shop.ad_account, shop.dataset, name="Second")
    pages.post(f"deliveries/{draft.pk}/archive/")

    assert (
        "It was never published, so nothing exists on Pinterest."
        in pages.get(f"deliveries/{draft.pk}/").content.decode()
    )
    assert "with the first run" not in pages.get(f"deliveries/{draft.pk}/").content.decode()


def test_list_of_many_deliveries_asks_the_database_as_often_as_one_of_few(pages: Pages) -> None:
    shop = pages.shop
    few = queries(pages, "deliveries/")
    for number in range(12):
        make_draft(shop.profile, shop.ad_account, shop.dataset, name=f"Delivery {number}")

    many = queries(pages, "deliveries/")

    assert many == few


def test_page_of_a_draft_leads_to_its_set_up(pages: Pages) -> None:
    shop = pages.shop
    draft = make_draft(shop.profile, shop.ad_account, shop.dataset, name="Second")

    answer = pages.get(f"deliveries/{draft.pk}/")

    assert answer.status_code == 302
    assert answer["Location"].endswith(f"/deliveries/{draft.pk}/setup/basics/")


def test_page_shows_pinterests_ids_once_the_list_exists(pages: Pages) -> None:
    drive(Run.objects.get())
    pages.shop.delivery.refresh_from_db()

    text = pages.get(detail(pages)).content.decode()

    assert f"ID {pages.shop.delivery.audience.customer_list_id}" in text
    assert "300 distinct identifiers" in text


def test_run_now_starts_a_run_and_a_second_click_leads_to_the_same(pages: Pages) -> None:
    drive(Run.objects.get())

    first = pages.post(detail(pages, "run/"))
    second = pages.post(detail(pages, "run/"))

    assert first["Location"] == second["Location"]
    assert Run.objects.filter(is_dry_run=False).count() == 2


def test_dry_run_sends_nothing(pages: Pages) -> None:
    drive(Run.objects.get())
    before = len(pages.shop.simulator.calls())

    pages.post(detail(pages, "run/"), dry_run="1")
    run = drive(Run.objects.filter(is_dry_run=True).get())

    assert run.state == "done"
    assert len(pages.shop.simulator.calls()) == before


def test_pause_asks_first_then_pauses_and_resume_brings_it_back(pages: Pages) -> None:
    assert "Pause “Newsletter”?" in pages.get(detail(pages, "pause/")).content.decode()
    assert Delivery.objects.get().state == DeliveryState.ACTIVE

    pages.post(detail(pages, "pause/"))
    assert Delivery.objects.get().state == DeliveryState.PAUSED

    pages.post(detail(pages, "resume/"))
    assert Delivery.objects.get().state == DeliveryState.ACTIVE


def test_running_a_paused_delivery_is_refused_in_words(pages: Pages) -> None:
    drive(Run.objects.get())
    pages.post(detail(pages, "pause/"))

    answer = pages.web.post(pages.url(detail(pages, "run/")), follow=True)

    assert "Resume it first" in answer.content.decode()
    assert Run.objects.count() == 1


def test_archive_asks_first_then_archives(pages: Pages) -> None:
    question = pages.get(detail(pages, "archive/")).content.decode()

    pages.post(detail(pages, "archive/"))

    assert "Archive “Newsletter”?" in question
    assert Delivery.objects.get().state == DeliveryState.ARCHIVED


@pytest.mark.parametrize("end", ["run/", "resume/"])
def test_a_look_changes_nothing(pages: Pages, end: str) -> None:
    assert pages.get(detail(pages, end)).status_code == 405


@pytest.mark.parametrize("end", ["run/", "pause/", "resume/", "archive/"])
def test_viewer_may_look_but_not_act(pages: Pages, end: str) -> None:
    vera = pages.as_role(Role.VIEWER)

    assert vera.get(detail(pages)).status_code == 200
    assert vera.post(detail(pages, end)).status_code == 403


def test_stranger_gets_404_and_a_visitor_is_asked_to_sign_in(pages: Pages) -> None:
    assert pages.as_outsider().get(detail(pages)).status_code == 404
    assert "login" in Client().get(pages.url(detail(pages)))["Location"]
    assert pages.get("deliveries/999999/").status_code == 404


def test_a_dataset_that_is_archived_is_named_so(pages: Pages) -> None:
    page = f"deliveries/{pages.shop.delivery.pk}/"
    before = pages.get(page).content.decode()
    archive(pages.shop.dataset, by=None)

    found = re.compile(r"<dt>Dataset</dt><dd>(?:(?!</dd>).)*Archived", re.DOTALL)
    assert found.search(pages.get(page).content.decode())
    assert not found.search(before)
