"""The data doctor as a step of the set-up: what looks wrong is seen before the review, and holds nobody up."""

import re
from hashlib import sha256

import pytest

from audiences.models import Delivery, Run, Trigger
from audiences.services import deliveries, runs
from audiences.states import RunState
from pinconnect.workspaces.roles import Role
from tests.audiences.views.conftest import Pages, queries
from tests.audiences.views.test_setup import begin, columns, states, step, walk_to_review
from tests.factories_audiences import add_snapshot, drive, make_draft, people

EMPTY_HASH = {"email": sha256(b"").hexdigest(), "phone": "", "gaid": ""}
DEFAULT = {"email": "default@shop.com", "phone": "", "gaid": ""}
ROLE = {"email": "info@shop.com", "phone": "", "gaid": ""}
BROKEN = {"email": "nobody at shop.com", "phone": "", "gaid": ""}


def counting(pages: Pages, *odd: dict[str, str]) -> Delivery:
    """A complete draft of 300 people and some odd rows, whose dry run is queued."""
    if odd:
        add_snapshot(pages.shop.dataset, [*people(range(300)), *odd])
    draft = make_draft(pages.shop.profile, pages.shop.ad_account, pages.shop.dataset, name="Spring")
    runs.start(draft, by=None, trigger=Trigger.DRY_RUN, is_dry_run=True)
    return draft


def examined(pages: Pages, *odd: dict[str, str]) -> Delivery:
    draft = counting(pages, *odd)
    assert drive(draft.runs.get()).state == RunState.DONE
    return draft


def page(pages: Pages, draft: Delivery, slug: str = "doctor") -> str:
    return pages.get(step(draft, slug)).content.decode()


def test_columns_lead_to_the_doctor_who_has_begun(pages: Pages) -> None:
    draft = walk_to_review(pages)

    text = page(pages, draft)
    part = pages.get(step(draft, "doctor"), **{"HX-Request": "true"}).content.decode()

    assert draft.runs.get().is_dry_run
    assert "Examining the data" in text
    for one in (text, part):
        assert 'hx-trigger="every 1s"' in one
        assert '<noscript><p><a href="">Look again</a></p></noscript>' in one
    assert "<html" not in part


def test_links_keep_the_focus_while_it_is_examined(pages: Pages) -> None:
    """What is replaced every second finds the focus again by ids."""
    draft = counting(pages)

    part = pages.get(step(draft, "doctor"), **{"HX-Request": "true"}).content.decode()

    links = re.findall(r"<(?:a|button)\b[^>]*>", re.sub(r"<noscript>.*?</noscript>", "", part))
    assert len(links) == 2
    assert all(" id=" in link for link in links)

    drive(draft.runs.get())
    after = pages.get(step(draft, "doctor"), **{"HX-Request": "true"}).content.decode()
    assert 'id="step-next"' in after
    assert 'id="step-back"' in after


def test_findings_are_shown_masked_with_what_to_do_and_where(pages: Pages) -> None:
    draft = examined(pages, EMPTY_HASH, ROLE, *[DEFAULT] * 120)

    text = page(pages, draft)

    assert "Better fixed first" in text
    assert f'href="{pages.url(step(draft, "columns"))}">Change the columns' in text
    assert f'href="{pages.url(f"datasets/{draft.dataset_id}/")}">Open the dataset' in text
    assert "Hash of an empty value" in text
    assert "Role mailboxes" in text
    assert "120 times, first in row 303" in text
    for raw in (EMPTY_HASH["email"], "info@shop.com", "default@shop.com"):
        assert raw not in text
    assert f'href="{pages.url(step(draft, "review"))}">Continue' in text
    assert "hx-trigger" not in text


def test_odd_data_stops_nobody_from_publishing(pages: Pages) -> None:
    draft = examined(pages, EMPTY_HASH)

    assert "1 finding" in page(pages, draft)
    pages.post(f"deliveries/{draft.pk}/publish/")

    assert drive(Run.objects.get(delivery=draft, is_dry_run=False)).state == RunState.DONE


def test_a_draft_that_lost_its_profile_says_so_while_it_is_looked_at(pages: Pages) -> None:
    draft = counting(pages)
    Delivery.objects.filter(pk=draft.pk).update(profile=None)

    for slug in ("doctor", "review"):
        part = pages.get(step(draft, slug), **{"HX-Request": "true"}).content.decode()
        assert "Something is still missing" in part
        assert "hx-trigger" not in part


def test_nothing_suspicious_is_said(pages: Pages) -> None:
    draft = examined(pages)

    assert "Nothing suspicious" in page(pages, draft)
    assert "Other values that are not sent" not in page(pages, draft)


def test_refused_values_that_are_no_finding_have_their_reasons_and_no_other_is_told_twice(pages: Pages) -> None:
    draft = examined(pages, EMPTY_HASH, BROKEN)

    text = page(pages, draft)

    assert text.count("Hash of an empty value") == 1
    assert "Space inside the address" in text.partition("Other values that are not sent")[2]
    assert "nobody at shop.com" not in text


def test_changed_choice_makes_the_findings_out_of_date_until_examined_again(pages: Pages) -> None:
    draft = examined(pages, ROLE)
    draft.columns.update(kind="phone")

    stale = page(pages, draft)
    answer = pages.post(step(draft, "doctor"))

    assert "Out of date" in stale
    assert "Examine again" in stale
    assert "Role mailboxes" not in stale
    assert answer["Location"] == pages.url(step(draft, "doctor"))
    assert draft.runs.filter(is_dry_run=True).count() == 2
    assert "Examining the data" in page(pages, draft)


def test_draft_that_was_never_counted_offers_to_examine(pages: Pages) -> None:
    draft = make_draft(pages.shop.profile, pages.shop.ad_account, pages.shop.dataset, name="Spring")

    text = page(pages, draft)

    assert "Not examined yet" in text
    assert "Examine again" not in text
    assert not draft.runs.exists()


def test_count_from_before_there_was_a_doctor_can_be_examined_again(pages: Pages) -> None:
    draft = examined(pages)
    run = draft.runs.get()
    del run.counts["doctor"]
    run.save()

    text = page(pages, draft)

    assert "Only half examined" in text
    assert "Examine again" in text
    assert "safe to go on" not in text


@pytest.mark.parametrize(
    ("state", "reason", "words"),
    [
        (RunState.FAILED, "disk_full", ("The disk is full", "Make room")),
        (RunState.CANCELLED, "cancelled", ("Cancelled",)),
    ],
)
def test_dry_run_that_did_not_end_well_says_why_and_may_be_tried_again(
    pages: Pages, state: str, reason: str, words: tuple[str, ...]
) -> None:
    draft = counting(pages)
    draft.runs.update(state=state, reason=reason)

    text = page(pages, draft)

    assert all(word in text for word in words)
    assert "It could not be examined." in text
    assert "Examine again" in text
    assert pages.url(step(draft, "review")) in text


def test_missing_steps_are_named_and_linked(pages: Pages) -> None:
    draft = begin(pages)
    pages.post(step(draft, "columns"), **columns(email="email"))

    text = page(pages, draft)

    assert "Something is still missing" in text
    assert f'<li><a href="{pages.url(step(draft, "profile"))}">Profile</a></li>' in text
    assert "action-bar" not in text
    assert not draft.runs.exists()


def test_refusal_to_examine_is_said_in_words(pages: Pages) -> None:
    draft = begin(pages)

    assert "Choose at least one column" in pages.post(step(draft, "doctor")).content.decode()


def test_review_says_in_one_line_what_the_doctor_found_and_links_back(pages: Pages) -> None:
    draft = examined(pages, EMPTY_HASH, ROLE)

    text = page(pages, draft, "review")

    line = text.partition('id="doctor"')[2].partition("</p>")[0]
    assert "2 findings" in line
    assert f'href="{pages.url(step(draft, "doctor"))}"' in line
    assert "Role mailboxes" not in text
    assert "Publish" in text
    assert f'id="step-back" href="{pages.url(step(draft, "doctor"))}"' in text


def test_review_of_healthy_data_says_so_and_of_uncounted_data_nothing(pages: Pages) -> None:
    draft = counting(pages)
    before = page(pages, draft, "review")
    drive(draft.runs.get())

    assert "Data doctor:" not in before
    assert "Nothing suspicious" in page(pages, draft, "review")


def test_doctor_is_ticked_while_a_current_dry_run_is_done(pages: Pages) -> None:
    draft = counting(pages)
    early = states(page(pages, draft, "review"))
    drive(draft.runs.get())

    done = states(page(pages, draft, "review"))
    draft.columns.update(kind="phone")
    stale = states(page(pages, draft, "review"))

    assert (early["Data doctor"], done["Data doctor"], stale["Data doctor"]) == ("todo", "done", "todo")
    assert deliveries.missing_steps(draft) == []


def test_doctor_is_not_ticked_while_another_step_lacks_something(pages: Pages) -> None:
    draft = examined(pages)
    Delivery.objects.filter(pk=draft.pk).update(profile=None)

    assert states(page(pages, draft, "basics"))["Data doctor"] == "todo"


def test_review_is_reached_without_waiting_for_the_doctor(pages: Pages) -> None:
    draft = counting(pages)

    assert f'class="steps__link" href="{pages.url(step(draft, "review"))}"' in page(pages, draft)


def test_first_step_says_how_many_there_are(pages: Pages) -> None:
    assert "Eight short steps" in pages.get("deliveries/new/").content.decode()


def test_viewer_may_not_examine(pages: Pages) -> None:
    draft = counting(pages)

    assert pages.as_role(Role.VIEWER).post(step(draft, "doctor")).status_code == 403
    assert pages.as_outsider().post(step(draft, "doctor")).status_code == 404
    assert draft.runs.count() == 1


def test_page_asks_the_database_a_fixed_number_of_times(pages: Pages) -> None:
    draft = examined(pages)
    few = queries(pages, step(draft, "doctor"))
    add_snapshot(pages.shop.dataset, [*people(range(300)), EMPTY_HASH, ROLE, BROKEN, *[DEFAULT] * 120])
    drive(runs.start(draft, by=None, trigger=Trigger.DRY_RUN, is_dry_run=True))

    assert queries(pages, step(draft, "doctor")) == few
