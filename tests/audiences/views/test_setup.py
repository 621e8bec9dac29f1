"""The guided set-up: one step a page, nothing lost, nothing sent before Publish."""

import re
from typing import Any

import pytest

from audiences.models import Delivery, Run
from audiences.states import DeliveryState
from pinconnect.workspaces.roles import Role
from tests.audiences.views.conftest import Pages
from tests.factories_audiences import drive, make_dataset, people

BASICS = {"name": "Spring", "mode": "mirror", "scope": "all"}


def begin(pages: Pages) -> Delivery:
    answer = pages.post("deliveries/new/", **BASICS, dataset=pages.shop.dataset.pk)
    assert answer.status_code == 302, answer.content.decode()
    return Delivery.objects.get(name="Spring")


def step(draft: Delivery, slug: str) -> str:
    return f"deliveries/{draft.pk}/setup/{slug}/"


def columns(**kinds: str) -> dict[str, Any]:
    """The form of the columns step: email, phone and gaid stand in this order in the dataset."""
    data = {}
    for position, name in enumerate(("email", "phone", "gaid")):
        data[f"column-{position}-kind"] = kinds.get(name, "none")
        data[f"column-{position}-treatment"] = "auto"
        data[f"column-{position}-default_country"] = "none"
    return data


def walk_to_review(pages: Pages) -> Delivery:
    draft = begin(pages)
    pages.post(step(draft, "profile"), profile=pages.shop.profile.pk)
    pages.post(step(draft, "ad-account"), ad_account=pages.shop.ad_account.pk)
    pages.post(step(draft, "audience"), name="Spring people", description="")
    answer = pages.post(step(draft, "columns"), **columns(email="email"))
    assert answer["Location"].endswith("/setup/doctor/"), answer.content.decode()
    draft.refresh_from_db()
    return draft


def test_every_step_saves_and_leads_to_the_next(pages: Pages) -> None:
    draft = walk_to_review(pages)

    assert draft.audience.customer_list_name == "Customer List-Spring people"
    assert [(column.column, column.kind) for column in draft.columns.all()] == [("email", "email")]
    assert draft.state == DeliveryState.DRAFT


def test_review_shows_the_counts_of_a_dry_run_and_sends_nothing(pages: Pages) -> None:
    draft = walk_to_review(pages)
    calls = len(pages.shop.simulator.calls())
    waiting = pages.get(step(draft, "review")).content.decode()

    drive(draft.runs.get())
    counted = pages.get(step(draft, "review")).content.decode()

    assert 'hx-trigger="every 1s"' in waiting
    assert "Publish" in counted
    assert "hx-trigger" not in counted
    assert len(pages.shop.simulator.calls()) == calls


def test_publish_starts_the_first_run_and_leads_to_it(pages: Pages) -> None:
    draft = walk_to_review(pages)

    answer = pages.post(f"deliveries/{draft.pk}/publish/")

    run = Run.objects.get(delivery=draft, is_dry_run=False)
    assert answer["Location"].endswith(f"/runs/{run.pk}/")
    assert drive(run).state == "done"


def test_publishing_twice_starts_one_run(pages: Pages) -> None:
    draft = walk_to_review(pages)

    first = pages.post(f"deliveries/{draft.pk}/publish/")
    second = pages.post(f"deliveries/{draft.pk}/publish/")

    assert Run.objects.filter(delivery=draft, is_dry_run=False).count() == 1
    assert second["Location"] == first["Location"]
    assert "is published already. This is its first run." in pages.web.get(second["Location"]).content.decode()


def test_rows_are_ticked_only_when_somebody_has_been_there(pages: Pages) -> None:
    draft = begin(pages)
    pages.post(step(draft, "profile"), profile=pages.shop.profile.pk)
    pages.post(step(draft, "ad-account"), ad_account=pages.shop.ad_account.pk)

    early = states(pages.get(step(draft, "audience")).content.decode())
    later = states(pages.get(step(draft, "columns")).content.decode())
    pages.post(step(draft, "columns"), **columns(email="email"))
    back = states(pages.get(step(draft, "basics")).content.decode())

    assert early["Rows"] == "todo"
    assert later["Rows"] == "done"
    assert back["Rows"] == back["Columns"] == "done"
    assert back["Review"] == "todo"


def states(text: str) -> dict[str, str]:
    """The state of each step by its label."""
    items = re.findall(r'<li class="steps__item--(\w+)".*?<span class="steps__label">(\w[\w ]*)', text, re.DOTALL)
    return {label: state for state, label in items}


def test_next_step_of_the_review_stays_in_sight_and_says_how_many(pages: Pages) -> None:
    draft = walk_to_review(pages)
    counting = bar(pages.get(step(draft, "review")).content.decode())
    drive(draft.runs.get())

    counted = bar(pages.get(step(draft, "review")).content.decode())

    assert "Counting. Nothing is sent by it." in counting
    assert "Publish" not in counting
    assert "<strong>300 rows</strong> to send" in counted
    assert f'action="/w/{pages.workspace.slug}/deliveries/{draft.pk}/publish/" data-once' in counted
    draft.columns.update(kind="phone")
    stale = bar(pages.get(step(draft, "review")).content.decode())
    assert "Count first" in stale
    assert "Publish" not in stale


def bar(text: str) -> str:
    return text.partition('class="action-bar"')[2].partition("</section>")[0]


def test_changed_columns_make_the_counts_out_of_date(pages: Pages) -> None:
    draft = walk_to_review(pages)
    drive(draft.runs.get())
    draft.columns.update(kind="phone")

    text = pages.get(step(draft, "review")).content.decode()

    assert "Not counted yet" in text
    assert "Publish" not in text


def test_small_dataset_is_warned_about_with_pinterests_rule(pages: Pages) -> None:
    small = make_dataset(pages.workspace, people(range(20)), name="Small")
    pages.post("deliveries/new/", **BASICS, dataset=small.pk)
    draft = Delivery.objects.get(name="Spring")
    pages.post(step(draft, "profile"), profile=pages.shop.profile.pk)
    pages.post(step(draft, "ad-account"), ad_account=pages.shop.ad_account.pk)
    pages.post(step(draft, "columns"), **columns(email="email"))
    drive(draft.runs.get())

    assert "Fewer than 100 people" in pages.get(step(draft, "review")).content.decode()


def test_name_that_is_taken_is_refused_at_its_field(pages: Pages) -> None:
    answer = pages.post("deliveries/new/", **{**BASICS, "name": "Newsletter"}, dataset=pages.shop.dataset.pk)

    assert "already has this name" in answer.content.decode()
    assert Delivery.objects.count() == 1


def test_choosing_no_column_is_refused_in_words_and_keeps_the_page(pages: Pages) -> None:
    draft = begin(pages)

    answer = pages.post(step(draft, "columns"), **columns())

    assert "Choose at least one column" in answer.content.decode()


def test_passing_on_other_hashes_is_warned_about_and_shown_in_the_review(pages: Pages) -> None:
    draft = walk_to_review(pages)
    before = pages.get(step(draft, "columns")).content.decode()
    data = columns(email="email") | {"column-0-treatment": "any_hash"}

    pages.post(step(draft, "columns"), **data)

    shown = "column-choice__warning--shown"
    assert shown not in before
    assert pages.get(step(draft, "columns")).content.decode().count(shown) == 1
    assert "MD5 and SHA-1 are passed on" in pages.get(step(draft, "review")).content.decode()
    assert draft.columns.get().treatment == "any_hash"


@pytest.mark.parametrize(("kind", "treatment"), [("email", "e164"), ("lr_id", "any_hash")])
def test_treatment_that_is_for_other_kinds_is_refused_at_its_field(pages: Pages, kind: str, treatment: str) -> None:
    draft = walk_to_review(pages)
    data = columns(email=kind) | {"column-0-treatment": treatment}

    answer = pages.post(step(draft, "columns"), **data)

    assert answer.status_code == 200
    assert "This is only for" in answer.content.decode()
    assert draft.columns.get().treatment == "auto"


def test_another_workspaces_dataset_profile_and_ad_account_cannot_be_chosen(pages: Pages) -> None:
    outsider = pages.as_outsider()
    theirs = make_dataset(outsider.user.workspaces.get(), people(range(3)), name="Theirs")

    answer = pages.post("deliveries/new/", **BASICS, dataset=theirs.pk)

    assert answer.status_code == 200
    assert "Select a valid choice" in answer.content.decode()


def test_ad_account_without_the_audience_role_cannot_be_chosen_and_says_why(pages: Pages) -> None:
    draft = begin(pages)
    pages.post(step(draft, "profile"), profile=pages.shop.profile.pk)
    pages.shop.profile.accesses.update(can_write_lists=False, permissions=["ANALYST"])

    page = pages.get(step(draft, "ad-account")).content.decode()
    pages.post(step(draft, "ad-account"), ad_account=pages.shop.ad_account.pk)

    draft.refresh_from_db()
    assert "Audience role" in page
    assert draft.audience is None


def test_looking_at_any_step_changes_nothing(pages: Pages) -> None:
    draft = begin(pages)

    for slug in ("basics", "profile", "ad-account", "audience", "columns", "doctor", "review"):
        assert pages.get(step(draft, slug)).status_code == 200

    assert not draft.runs.exists()


@pytest.mark.parametrize("slug", ["basics", "columns", "doctor", "review"])
def test_viewer_may_not_set_up(pages: Pages, slug: str) -> None:
    draft = begin(pages)

    assert pages.as_role(Role.VIEWER).get(step(draft, slug)).status_code == 403
    assert pages.as_outsider().get(step(draft, slug)).status_code == 404


def test_unknown_step_answers_404(pages: Pages) -> None:
    assert pages.get(step(begin(pages), "moon")).status_code == 404


def test_going_back_after_publishing_leads_to_the_delivery_and_says_why(pages: Pages) -> None:
    answer = pages.web.get(pages.url(step(pages.shop.delivery, "review")), follow=True)

    assert answer.redirect_chain[-1][0].endswith(f"/deliveries/{pages.shop.delivery.pk}/")
    assert "its set-up is finished" in answer.content.decode()


def test_discarding_a_draft_takes_it_out_of_the_list(pages: Pages) -> None:
    draft = begin(pages)

    pages.post(f"deliveries/{draft.pk}/archive/")

    assert "Spring" not in pages.get("deliveries/").content.decode().replace("The draft “Spring” is gone.", "")


@pytest.mark.parametrize("number", ["²", "٣", "9" * 30, "x", ""])
def test_a_dataset_that_is_no_number_is_not_chosen(pages: Pages, number: str) -> None:
    assert pages.get(f"deliveries/new/?dataset={number}").status_code == 200
