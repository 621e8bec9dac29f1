"""The page of a delivery's schedule."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audiences.models import Delivery, Run, Schedule
from audiences.services import deliveries, schedules
from audiences.services.schedules import Wish
from pinconnect.workspaces.roles import Role
from tests.audiences.views.conftest import Pages
from tests.factories_audiences import add_snapshot, drive, make_draft, people


def url(pages: Pages) -> str:
    return f"deliveries/{pages.shop.delivery.pk}/schedule/"


def test_cron_is_saved_with_its_zone_and_shown_on_the_deliverys_page(pages: Pages) -> None:
    answer = pages.post(url(pages), rhythm="cron", cron="30 6 * * 1-5", time_zone="Europe/Berlin")

    made = Schedule.objects.get()
    assert answer.status_code == 302
    assert (made.cron, made.time_zone) == ("30 6 * * 1-5", "Europe/Berlin")
    assert "30 6 * * 1-5" in pages.get(f"deliveries/{pages.shop.delivery.pk}/").content.decode()


def test_interval_and_by_hand_are_saved(pages: Pages) -> None:
    pages.post(url(pages), rhythm="interval", every_minutes="60")
    assert Schedule.objects.get().every_minutes == 60

    pages.post(url(pages), rhythm="by_hand")
    assert not Schedule.objects.exists()


def test_wrong_cron_is_shown_at_its_field_and_nothing_is_saved(pages: Pages) -> None:
    answer = pages.post(url(pages), rhythm="cron", cron="often", time_zone="UTC")

    assert "Give five fields" in answer.content.decode()
    assert not Schedule.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"cron": "0 6 * * " + "1," * 60},
        {"cron": "0 6 * *\0 1"},
        {"time_zone": "Mars/Olympus"},
        {"rhythm": "interval", "every_minutes": "7"},
    ],
)
def test_one_wrong_field_is_one_thing_to_put_right(pages: Pages, wrong: dict[str, str]) -> None:
    answer = pages.post(url(pages), **{"rhythm": "cron", "cron": "30 6 * * 1-5", "time_zone": "UTC", **wrong})

    summary = answer.content.decode().split("One thing has to be put right")[1].split("</ul>")[0]
    assert summary.count("<li>") == 1
    assert "Give five fields" not in summary, "it was given, and what is wrong with it is something else"
    assert "Choose how often" not in summary
    assert not Schedule.objects.exists()


def test_two_wrong_fields_are_two_things(pages: Pages) -> None:
    answer = pages.post(url(pages), rhythm="cron", cron="often", time_zone="Mars/Olympus")

    assert "2 things have to be put right" in answer.content.decode()


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_archived_delivery_leads_back_to_its_page(pages: Pages, method: str) -> None:
    Delivery.objects.update(state="archived")

    answer = getattr(pages.web, method)(
        pages.url(url(pages)), {"rhythm": "interval", "every_minutes": "60"}, follow=True
    )

    assert answer.redirect_chain == [(pages.url(f"deliveries/{pages.shop.delivery.pk}/"), 302)]
    assert "is archived, so it stays as it is" in answer.content.decode()
    assert not Schedule.objects.exists()


def test_page_shows_the_next_times_and_what_they_cost(pages: Pages) -> None:
    drive(Run.objects.get())
    pages.post(url(pages), rhythm="interval", every_minutes="60")

    text = pages.get(url(pages)).content.decode()

    assert "Next times" in text
    assert "about 24 a day" in text


@pytest.fixture
def trial(settings: Any) -> None:
    """Before the first run is planned: small batches, and an app that may change lists 300 times a day."""
    settings.PINTEREST_TIER = "trial"
    settings.BATCH_RECORDS = 30


@pytest.fixture
def large(trial: None, pages: Pages) -> Pages:
    """A delivery whose last run took 10 calls."""
    drive(Run.objects.get())
    return pages


OFTEN = {"rhythm": "interval", "every_minutes": "15"}


def test_schedule_over_the_limit_is_not_saved_before_it_is_confirmed(large: Pages) -> None:
    answer = large.post(url(large), **OFTEN)

    text = answer.content.decode()
    assert (answer.status_code, Schedule.objects.exists()) == (200, False)
    assert "Not saved yet" in text
    assert "about 960 calls a day" in text
    assert "300 that change lists" in text
    assert "Save it all the same" in text
    assert '<option value="15" selected>' in text

    answer = large.post(url(large), **OFTEN, confirm="interval 15")

    assert 'name="confirm" value="interval 15"' in text
    assert (answer.status_code, Schedule.objects.get().every_minutes) == (302, 15)


def test_times_over_the_limit_are_confirmed_in_the_same_way(large: Pages) -> None:
    often = {"rhythm": "cron", "cron": "*/15 * * * *", "time_zone": "Europe/Berlin"}
    confirm = "cron */15 * * * * Europe/Berlin"

    assert f'value="{confirm}"' in large.post(url(large), **often).content.decode()
    assert not Schedule.objects.exists()
    assert large.post(url(large), **often, confirm=confirm).status_code == 302


def test_confirmation_counts_for_no_other_values(large: Pages) -> None:
    answer = large.post(url(large), rhythm="interval", every_minutes="30", confirm="interval 15")

    assert "about 480 calls a day" in answer.content.decode()
    assert not Schedule.objects.exists()


def test_what_is_stored_stays_until_the_new_one_is_confirmed(large: Pages) -> None:
    large.post(url(large), rhythm="interval", every_minutes="60")

    text = large.post(url(large), **OFTEN).content.decode()

    assert Schedule.objects.get().every_minutes == 60
    assert "Next times" not in text


@pytest.mark.parametrize("wanted", [{"every_minutes": "60"}, {"rhythm": "new_data"}, {"rhythm": "by_hand"}])
def test_schedule_within_the_limit_is_saved_at_once(large: Pages, wanted: dict[str, str]) -> None:
    assert large.post(url(large), **{**OFTEN, **wanted}).status_code == 302
    assert Schedule.objects.exists() == (wanted != {"rhythm": "by_hand"})


def test_limit_by_the_minute_asks_for_no_confirmation(large: Pages, settings: Any) -> None:
    settings.PINTEREST_TIER = "standard"

    assert large.post(url(large), **OFTEN).status_code == 302
    assert Schedule.objects.get().every_minutes == 15


def test_looking_saves_nothing(pages: Pages) -> None:
    assert pages.get(url(pages)).status_code == 200
    assert not Schedule.objects.exists()


@pytest.mark.parametrize("method", ["get", "post"])
def test_viewer_gets_403_and_a_stranger_404(pages: Pages, method: str) -> None:
    assert getattr(pages.as_role(Role.VIEWER), method)(url(pages)).status_code == 403
    assert getattr(pages.as_outsider(), method)(url(pages)).status_code == 404


def test_other_schedules_make_one_over_the_limit_that_alone_fits(large: Pages) -> None:
    shop = large.shop
    other = make_draft(shop.profile, shop.ad_account, shop.dataset, name="Second")
    drive(deliveries.publish(other, by=None))
    schedules.change(other, Wish("interval", every_minutes=60), by=None)

    text = large.post(url(large), rhythm="interval", every_minutes="60").content.decode()

    assert "Not saved yet" in text
    assert "about 240 calls a day, the other active schedules about 240" in text
    assert "The other active schedules of this app take about 240 a day." in large.get(url(large)).content.decode()
    assert not Schedule.objects.filter(delivery=shop.delivery).exists()


def test_before_the_first_run_the_dry_run_says_what_it_costs(trial: None, pages: Pages) -> None:
    drive(pages.shop.start(is_dry_run=True))

    text = pages.get(url(pages)).content.decode()

    assert "By the newest dry run, a run takes 10 calls" in text
    assert "Not saved yet" in pages.post(url(pages), **OFTEN).content.decode()


def test_held_run_keeps_the_next_one_waiting_and_the_page_says_so(pages: Pages) -> None:
    drive(Run.objects.get())
    add_snapshot(pages.shop.dataset, people(range(100)))
    assert drive(pages.shop.start()).state == "held"
    pages.post(url(pages), rhythm="interval", every_minutes="60")
    Schedule.objects.update(due_at=timezone.now() - timedelta(minutes=1))

    assert schedules.start_due() == 0

    assert "One that is held for approval is at work too" in pages.get(url(pages)).content.decode()
