"""The page of an audience: state, size, match rate, why it is smaller, and what changed without us."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audiences import tasks
from audiences.models import Audience, Drift, DriftEnding, DriftKind, Observation, Run
from pinconnect.workspaces.models import AuditEvent
from pinconnect.workspaces.roles import Role
from tests.audiences.views.conftest import Pages, queries
from tests.factories_audiences import add_snapshot, drive, people
from tests.support.browser import PHONE, OpenPage, assert_accessible, assert_fits

DIRTY = [{"email": "not-an-address", "phone": "", "gaid": ""}] * 4


@pytest.fixture
def audience(pages: Pages) -> Audience:
    """1,000 identifiers of whom 300 are at Pinterest, from 1,009 rows; asked once, matching."""
    rows = [*people(range(300)), *people(range(3_000, 3_700)), *people(range(5)), *DIRTY]
    pages.shop.simulator.settings(ready_delay_s=86_400)
    pages.shop.delivery.audience.refresh_from_db()
    add_snapshot(pages.shop.dataset, rows)
    drive(Run.objects.order_by("pk").last())
    drive(pages.shop.start())
    tasks.observe_audience(pages.shop.delivery.audience_id)
    found: Audience = Audience.objects.get()
    return found


def matched(audience: Audience, **changes: Any) -> Observation:
    """As if two days had passed and Pinterest had said so."""
    now = timezone.now()
    Audience.objects.update(
        settled_at=now - timedelta(days=3), list_state="READY", audience_state="READY", size=300, observed_at=now
    )
    known = Observation.objects.latest("asked_at")
    values = {
        "list_state": "READY", "audience_state": "READY", "size": 300, "base": 1_000, "doubt": "",
        "members": {"email": 1_000}, "asked_at": now, "num_batches": known.num_batches,
        "num_uploaded": known.num_uploaded, "num_removed": known.num_removed, **changes,
    }  # fmt: skip
    found: Observation = Observation.objects.create(audience=audience, **values)
    return found


def written(audience: Audience) -> Drift:
    now, facts = timezone.now(), {"calls": 3, "added": 12, "removed": 0}
    found: Drift = Drift.objects.create(
        audience=audience, kind=DriftKind.WRITTEN, found_at=now, last_seen_at=now, facts=facts
    )
    return found


def read(pages: Pages, path: str) -> str:
    return pages.get(path).content.decode()


def test_while_pinterest_matches_the_page_says_what_to_expect_and_when(pages: Pages, audience: Audience) -> None:
    text = read(pages, f"audiences/{audience.pk}/")

    assert "Pinterest is matching" in text
    assert "Expect about 500 (300–700) people, ready between" in text
    assert "this is a guess: Narrative" in text
    assert "No match rate is shown: Much has changed within the last 48 hours" in text


def test_once_matched_it_shows_the_rate_with_charts_and_their_numbers(pages: Pages, audience: Audience) -> None:
    matched(audience)

    text = read(pages, f"audiences/{audience.pk}/")

    assert "30.0%" in text
    assert "300 people of 1,000 identifiers. An estimate" in text
    assert text.count('role="img"') == 2
    assert '<desc id="rates-desc">30.0% on' in text
    assert "Expect about" not in text


def test_it_says_why_the_list_is_smaller_with_the_numbers_of_this_audience(pages: Pages, audience: Audience) -> None:
    matched(audience)

    text = read(pages, f"audiences/{audience.pk}/")

    table = text[text.index('id="smaller"') : text.index("Every row of run")]
    for number in ("1,009", "−4", "−5", "1,000", "−700", "300"):
        assert f">{number}<" in table, number
    assert "people without a Pinterest account" in table


def test_below_a_hundred_it_tells_really_small_from_still_matching(pages: Pages, audience: Audience) -> None:
    matched(audience, audience_state="TOO_SMALL", size=40, doubt="no_size")
    Audience.objects.update(audience_state="TOO_SMALL", size=40, settled_at=timezone.now() - timedelta(hours=5))
    assert "matching is still under way: about 500 (300–700) people can be expected" in read(
        pages, f"audiences/{audience.pk}/"
    )

    Audience.objects.update(settled_at=timezone.now() - timedelta(hours=50))

    text = read(pages, f"audiences/{audience.pk}/")
    assert "more than 48 hours ago, so it is really small" in text
    assert "under 100" in text


def test_the_delivery_and_the_run_lead_to_it_and_say_the_same(pages: Pages, audience: Audience) -> None:
    run = Run.objects.order_by("pk").last()

    for path in (f"deliveries/{pages.shop.delivery.pk}/", f"runs/{run.pk}/"):
        text = read(pages, path)
        assert f"/audiences/{audience.pk}/" in text
        assert "Expect about 500 (300–700) people" in text


def test_the_review_says_what_to_expect_before_anything_is_sent(pages: Pages, audience: Audience) -> None:
    matched(audience)
    add_snapshot(pages.shop.dataset, [*people(range(300)), *people(range(3_001, 3_701))])
    run = drive(pages.shop.start(is_dry_run=True))

    text = read(pages, f"runs/{run.pk}/")

    assert "Expect about 300 (220–380) people at Pinterest" in text
    assert "From the match rate of 1 audience here with e-mail addresses" in text


def test_another_tool_is_shown_and_a_click_says_that_it_is_known(pages: Pages, audience: Audience) -> None:
    found = written(audience)
    assert "Another tool writes to the list" in read(pages, f"audiences/{audience.pk}/")
    assert "Another tool writes to the list" in read(pages, f"deliveries/{pages.shop.delivery.pk}/")

    for _ in range(2):
        assert pages.post(f"audiences/{audience.pk}/drifts/{found.pk}/known/").status_code == 302

    found.refresh_from_db()
    assert (found.ending, found.known_by) == (DriftEnding.KNOWN, pages.user)
    assert AuditEvent.objects.filter(verb="audience.drift_known").count() == 1
    assert "Another tool writes to the list" not in read(pages, f"audiences/{audience.pk}/")
    assert "At least 3 calls of another tool" in read(pages, f"audiences/{audience.pk}/")


def test_others_may_be_allowed_to_write_and_that_can_be_taken_back(pages: Pages, audience: Audience) -> None:
    pages.post(f"audiences/{audience.pk}/drifts/{written(audience).pk}/known/", others="1")
    assert Audience.objects.get().is_shared

    pages.post(f"audiences/{audience.pk}/watch/")

    assert not Audience.objects.get().is_shared


def test_an_audience_that_is_there_is_not_made_again(pages: Pages, audience: Audience) -> None:
    before = Audience.objects.get().audience_id

    pages.post(f"audiences/{audience.pk}/anew/")

    assert Audience.objects.get().audience_id == before


@pytest.mark.parametrize("path", ["", "drifts/{drift}/known/", "watch/", "anew/"])
def test_strangers_get_404_and_viewers_may_only_look(pages: Pages, audience: Audience, path: str) -> None:
    url = f"audiences/{audience.pk}/{path.format(drift=written(audience).pk)}"
    viewer, outsider = pages.as_role(Role.VIEWER), pages.as_outsider()

    assert (outsider.post(url) if path else outsider.get(url)).status_code == 404
    assert (viewer.post(url).status_code if path else viewer.get(url).status_code) == (403 if path else 200)
    if path:
        assert pages.get(url).status_code == 405
    else:
        assert "I know" not in viewer.get(url).content.decode()


def test_a_drift_of_another_audience_is_not_found(pages: Pages, audience: Audience) -> None:
    other = Audience.objects.create(workspace=pages.workspace, ad_account=audience.ad_account, name="Other")

    assert pages.post(f"audiences/{audience.pk}/drifts/{written(other).pk}/known/").status_code == 404


def test_it_costs_the_same_number_of_queries_however_long_it_is_watched(pages: Pages, audience: Audience) -> None:
    matched(audience)
    few = queries(pages, f"audiences/{audience.pk}/?days=366")
    for day in range(1, 40):
        matched(audience, asked_at=timezone.now() - timedelta(days=day))
        Drift.objects.create(
            audience=audience, kind=DriftKind.LIST_GONE, found_at=timezone.now(), last_seen_at=timezone.now(),
            ended_at=timezone.now(), ending=DriftEnding.KNOWN, known_by=pages.user,
        )  # fmt: skip

    assert queries(pages, f"audiences/{audience.pk}/?days=366") == few


def test_an_unknown_range_is_the_usual_one(pages: Pages, audience: Audience) -> None:
    assert pages.get(f"audiences/{audience.pk}/?days=junk").status_code == 200


@pytest.mark.browser
def test_it_fits_a_phone_and_axe_finds_nothing(
    transactional_db: None, pages: Pages, audience: Audience, open_page: OpenPage
) -> None:
    for day in range(12):
        matched(audience, asked_at=timezone.now() - timedelta(days=day), doubt="fresh" if day == 5 else "")
    written(audience)

    page = open_page(pages.url(f"audiences/{audience.pk}/"), user=pages.user, size=PHONE)

    assert_fits(page)
    assert_accessible(page)
