"""Pages of splits: choose a column, tick values, review with the cost, publish; later add what is new."""

import re

import pytest

from audiences.models import Delivery, Split
from pinconnect.workspaces.roles import Role
from tests.audiences.views.conftest import Pages
from tests.factories_audiences import add_snapshot, make_draft, people


@pytest.fixture
def split_pages(pages: Pages) -> Pages:
    pages.shop.change([row | {"tier": ("Gold", "Silver", "")[n % 3]} for n, row in enumerate(people(range(300)))])
    return pages


def path(pages: Pages) -> str:
    return f"deliveries/{pages.shop.delivery.pk}/split/"


def form(*values: str, do: str, **more: str) -> dict[str, object]:
    return {"column": "tier", "pattern": "{name} – {value}", "key": "k" * 32, "value": list(values), "do": do, **more}


def test_values_are_shown_with_their_rows_and_blanks_unticked(split_pages: Pages) -> None:
    text = split_pages.get(path(split_pages) + "?column=tier").content.decode()

    assert "Gold" in text
    assert "100 rows without a value" in text
    assert "checked" not in text
    assert '<option value="email"' not in text
    assert not Split.objects.exists()


def test_review_says_names_rows_and_calls_and_publishes_nothing(split_pages: Pages) -> None:
    text = split_pages.post(path(split_pages), **form("Gold", "Silver", do="review")).content.decode()

    assert "Newsletter – Gold" in text
    assert "2 deliveries, 2 audiences" in text
    assert "take about 6 calls" in text
    assert not Split.objects.exists()


def test_split_of_a_filtered_delivery_counts_and_names_the_rows_that_it_takes(split_pages: Pages) -> None:
    condition = {"column": "email", "operator": "starts", "values": ["member0000"]}
    found = {"match": "any", "is_day_first": False, "groups": [{"match": "all", "conditions": [condition]}]}
    Delivery.objects.filter(pk=split_pages.shop.delivery.pk).update(row_filter=found)

    text = split_pages.post(path(split_pages), **form("Gold", do="review")).content.decode()

    assert "Counted are the 10 rows that “Newsletter” takes: email starts with “member0000”." in text
    assert "(email starts with “member0000”) and (tier is “Gold”)" in text
    assert re.search(r'data-label="Rows now" class="number">4<', text), "of 100 rows with this value, 4 match"
    split_pages.post(path(split_pages), **form("Gold", do="publish"))
    detail = split_pages.get(f"splits/{Split.objects.get().pk}/").content.decode()
    assert "Counted are the 10 rows that match the rest of the conditions." in detail


def test_rows_without_a_value_get_their_delivery_later(split_pages: Pages) -> None:
    split_pages.post(path(split_pages), **form("Gold", "Silver", do="publish"))
    split = Split.objects.get()
    before = split_pages.get(f"splits/{split.pk}/").content.decode()

    split_pages.post(f"splits/{split.pk}/add/", blank="1")
    split_pages.post(f"splits/{split.pk}/add/", blank="1")

    assert "100 rows without a value" in before
    assert "Every value that was found has its delivery" not in before
    assert split.deliveries.filter(split_value="").count() == 1
    assert "Every value that was found has its delivery." in split_pages.get(f"splits/{split.pk}/").content.decode()


def test_publishing_twice_makes_one_split(split_pages: Pages) -> None:
    answers = [split_pages.post(path(split_pages), **form("Gold", "Silver", do="publish", blank="1")) for _ in range(2)]

    split = Split.objects.get()
    assert {answer["Location"] for answer in answers} == {split_pages.url(f"splits/{split.pk}/")}
    assert Delivery.objects.filter(split=split).count() == 3
    listed = split_pages.get("deliveries/").content.decode()
    assert f"splits/{split.pk}/" in listed


def test_page_of_the_split_offers_new_values_and_says_which_are_gone(split_pages: Pages) -> None:
    split_pages.post(path(split_pages), **form("Gold", "Silver", do="publish"))
    split = Split.objects.get()
    rows = [row | {"tier": ("Gold", "Bronze")[n % 2]} for n, row in enumerate(people(range(300)))]
    add_snapshot(split_pages.shop.dataset, rows)

    text = split_pages.get(f"splits/{split.pk}/").content.decode()
    assert "Bronze" in text
    assert text.count("No row has this value now") == 1

    split_pages.post(f"splits/{split.pk}/add/", value=["Bronze"])
    split_pages.post(f"splits/{split.pk}/add/", value=["bronze"])
    assert Delivery.objects.filter(split=split).count() == 3
    assert "Every value that was found has its delivery" in split_pages.get(f"splits/{split.pk}/").content.decode()


def test_refusals_are_shown_and_keep_what_was_ticked(split_pages: Pages) -> None:
    text = split_pages.post(path(split_pages), **form("Gold", do="publish", pattern="Same")).content.decode()

    assert "{value}" in text
    assert "This split is not possible" in text
    assert "checked" in text
    assert not Split.objects.exists()


def test_identifier_column_is_refused_in_words(split_pages: Pages) -> None:
    text = split_pages.get(path(split_pages) + "?column=email").content.decode()

    assert "sent as an identifier" in text


def test_roles_and_outsiders(split_pages: Pages) -> None:
    split_pages.post(path(split_pages), **form("Gold", do="publish"))
    detail = f"splits/{Split.objects.get().pk}/"
    viewer, outsider = split_pages.as_role(Role.VIEWER), split_pages.as_outsider()

    assert viewer.get(path(split_pages)).status_code == 403
    assert viewer.get(detail).status_code == 200
    assert "Add and publish" not in viewer.get(detail).content.decode()
    assert viewer.post(f"{detail}add/", value="x").status_code == 403
    assert outsider.get(detail).status_code == 404
    assert outsider.get(path(split_pages)).status_code == 404


def test_values_stay_out_of_addresses_and_logs(split_pages: Pages, caplog: pytest.LogCaptureFixture) -> None:
    answer = split_pages.post(path(split_pages), **form("Gold", do="publish"))

    assert "Gold" not in answer["Location"]
    assert "Gold" not in caplog.text


def test_column_of_identifiers_is_neither_offered_nor_shown(split_pages: Pages) -> None:
    offered = split_pages.get(path(split_pages)).content.decode()
    text = split_pages.get(path(split_pages) + "?column=phone").content.decode()

    assert '<option value="tier"' in offered
    assert not re.search(r'<option value="(phone|gaid|email)"', offered)
    assert "so it names people and makes no groups" in text
    assert "+1415555" not in text


@pytest.fixture
def team(pages: Pages) -> Pages:
    """A column of groups among which somebody wrote two people."""
    teams = ("Sales", "Sales", "Front desk", "jane@example.com", "Front desk", "0170 1234567")
    pages.shop.change([row | {"team": teams[n % 6]} for n, row in enumerate(people(range(300)))])
    return pages


def test_values_that_name_people_are_counted_and_not_shown(team: Pages) -> None:
    chosen = {"column": "team", "pattern": "{name} – {value}", "key": "t" * 32, "value": ["Sales"]}

    text = team.get(path(team) + "?column=team").content.decode()
    team.post(path(team), **chosen, do="publish")
    detail = team.get(f"splits/{Split.objects.get().pk}/").content.decode()

    assert 'value="Front desk"' in text
    for page in (text, detail):
        assert "2 values look like personal data and cannot be used" in page
        assert "jane@" not in page
        assert "0170" not in page
    assert "Not all values are listed" not in text


def test_column_that_holds_people_by_now_shows_none_on_the_page_of_its_split(split_pages: Pages) -> None:
    split_pages.post(path(split_pages), **form("Gold", do="publish"))
    add_snapshot(split_pages.shop.dataset, [row | {"tier": row["gaid"]} for row in people(range(30))])

    text = split_pages.get(f"splits/{Split.objects.get().pk}/").content.decode()

    assert "30 values look like personal data" in text
    assert "-0000-4000-8000-" not in text


def test_form_sent_again_with_other_values_publishes_nothing_and_says_so(split_pages: Pages) -> None:
    split_pages.post(path(split_pages), **form("Gold", do="publish"))
    split = Split.objects.get()

    answer = split_pages.web.post(split_pages.url(path(split_pages)), form("Silver", "Gold", do="publish"), follow=True)

    assert answer.redirect_chain == [(split_pages.url(f"splits/{split.pk}/"), 302)]
    text = answer.content.decode()
    assert "before, with other choices, so nothing was published now" in text
    assert text.count("Published: ") == 1, "what was said of the first one"
    assert 'value="Silver"' in text, "it can be added there"
    assert Delivery.objects.filter(split=split).count() == 1


@pytest.mark.parametrize("do", ["publish", "review"])
def test_form_of_a_draft_sent_again_leads_to_its_split(split_pages: Pages, do: str) -> None:
    shop = split_pages.shop
    draft = make_draft(shop.profile, shop.ad_account, shop.dataset, name="Spring")
    first = split_pages.post(f"deliveries/{draft.pk}/split/", **form("Gold", do="publish"))

    again = split_pages.post(f"deliveries/{draft.pk}/split/", **form("Gold", do=do))

    assert (again.status_code, again["Location"]) == (302, first["Location"])
    assert Split.objects.count() == 1
    assert split_pages.get(f"deliveries/{draft.pk}/split/").status_code == 404


def test_a_nul_in_the_form_never_reaches_the_database(split_pages: Pages) -> None:
    forged = {"key": "k\0" * 20, "pattern": "{name}\0 {value}", "more": "Pla\0tinum"}

    split_pages.post(path(split_pages), **form("Go\0ld", do="publish") | forged)

    split = Split.objects.get()
    assert (split.request_key, split.pattern) == ("k" * 20, "{name} {value}")
    assert set(split.deliveries.values_list("split_value", flat=True)) == {"gold", "platinum"}
