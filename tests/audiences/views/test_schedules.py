"""The page of a delivery's schedule."""

import pytest

from audiences.models import Run, Schedule
from pinconnect.workspaces.roles import Role
from tests.audiences.views.conftest import Pages
from tests.factories_audiences import drive


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


def test_page_shows_the_next_times_and_what_they_cost(pages: Pages) -> None:
    drive(Run.objects.get())
    pages.post(url(pages), rhythm="interval", every_minutes="60")

    text = pages.get(url(pages)).content.decode()

    assert "Next times" in text
    assert "about 24 a day" in text


def test_looking_saves_nothing(pages: Pages) -> None:
    assert pages.get(url(pages)).status_code == 200
    assert not Schedule.objects.exists()


@pytest.mark.parametrize("method", ["get", "post"])
def test_viewer_gets_403_and_a_stranger_404(pages: Pages, method: str) -> None:
    assert getattr(pages.as_role(Role.VIEWER), method)(url(pages)).status_code == 403
    assert getattr(pages.as_outsider(), method)(url(pages)).status_code == 404
