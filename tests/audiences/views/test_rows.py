"""The page on which the rows of a delivery are chosen: buttons change the form, nothing typed is lost, saving saves."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from audiences.models import Delivery, Run
from audiences.services import runs
from pinconnect.datasets.models import Snapshot, WriteMode
from pinconnect.workspaces.models import AuditEvent, Workspace
from pinconnect.workspaces.roles import Role
from tests.audiences.views.conftest import Pages
from tests.factories_audiences import add_snapshot, drive, people


def path(pages: Pages) -> str:
    return f"deliveries/{pages.shop.delivery.pk}/rows/"


def conditions(*found: tuple[str, str, str], do: str = "save", **more: Any) -> dict[str, Any]:
    """One group of these conditions, as the form sends them."""
    data: dict[str, Any] = {"do": do, "groups": "1" if found else "0", "g0-size": str(len(found)), **more}
    for place, (column, operator, values) in enumerate(found):
        data |= {f"g0-c{place}-column": column, f"g0-c{place}-operator": operator, f"g0-c{place}-values": values}
    return {"dates-order": "month", **data}


def seen(pages: Pages) -> str:
    text = pages.get(path(pages)).content.decode()
    return text.split('name="seen" value="')[1].split('"')[0]


def stored(pages: Pages) -> dict[str, Any]:
    found: dict[str, Any] = Delivery.objects.get(pk=pages.shop.delivery.pk).row_filter
    return found


def test_condition_is_saved_for_the_next_run_and_shown_on_the_deliverys_page(pages: Pages) -> None:
    data = conditions(("email", "starts", "Member0000"), seen=seen(pages))

    answer = pages.post(path(pages), **data)

    assert answer.status_code == 302, answer.content.decode()
    assert stored(pages)["groups"][0]["conditions"] == [
        {"column": "email", "operator": "starts", "values": ["Member0000"]}
    ]
    text = pages.get(f"deliveries/{pages.shop.delivery.pk}/").content.decode()
    assert "email starts with “Member0000”" in text
    assert AuditEvent.objects.filter(verb="delivery.changed").exists()
    runs.cancel(Run.objects.get(), by=None)
    drive(Run.objects.get())
    assert drive(pages.shop.start()).counts["final"]["rows"]["left_out"] == 290


def test_removing_the_last_condition_means_all_rows(pages: Pages) -> None:
    pages.post(path(pages), **conditions(("email", "filled", ""), seen=seen(pages)))

    answer = pages.post(path(pages), **conditions(("email", "filled", ""), do="remove:0-0"))
    assert "All rows" in answer.content.decode()
    assert stored(pages), "only saving saves"
    pages.post(path(pages), **conditions(seen=seen(pages)))

    assert stored(pages) == {}


def test_buttons_change_the_form_and_keep_what_is_typed(pages: Pages) -> None:
    answer = pages.post(path(pages), **conditions(("phone", "contains", "tüp<ed"), do="add:0"))

    text = answer.content.decode()
    assert "tüp&lt;ed" in text
    assert 'name="g0-size" value="2"' in text
    assert '<option value="phone" selected>' in text
    assert stored(pages) == {}
    text = pages.post(path(pages), **conditions(("phone", "contains", "typed"), do="group")).content.decode()
    assert 'name="groups" value="2"' in text
    assert "Group 2" in text


def test_groups_are_saved_with_how_they_are_combined(pages: Pages) -> None:
    second = {"g1-size": "1", "g1-c0-column": "gaid", "g1-c0-operator": "empty", "groups": "2", "top-match": "all"}
    first = conditions(("email", "is_not", "a"), ("phone", "lacks", "5"), seen=seen(pages))

    pages.post(path(pages), **{**first, "g0-match": "any", **second})

    assert [stored(pages)["match"], *(group["match"] for group in stored(pages)["groups"])] == ["all", "any", "all"]


@pytest.mark.parametrize(
    ("operator", "value", "words"),
    [
        ("above", "plenty", "That is not a number"),
        ("is", "", "Say what"),
        ("is", "a\nb", "takes one value"),
        ("is", "jane@example.com", "use Erase"),
        ("sideways", "x", "Select a valid choice"),
    ],
)
def test_wrong_condition_is_shown_at_its_field_and_nothing_is_saved(
    pages: Pages, operator: str, value: str, words: str
) -> None:
    answer = pages.post(path(pages), **conditions(("email", operator, value), seen=seen(pages)))

    text = answer.content.decode()
    assert answer.status_code == 200
    assert words in text
    assert "Put the marked conditions right." in text
    assert stored(pages) == {}


def test_unknown_column_is_not_taken(pages: Pages) -> None:
    answer = pages.post(path(pages), **conditions(("salary", "filled", ""), seen=seen(pages)))

    assert answer.status_code == 200
    assert stored(pages) == {}


def test_second_tab_does_not_overwrite_the_first_unseen(pages: Pages) -> None:
    old = seen(pages)
    pages.post(path(pages), **conditions(("email", "filled", ""), seen=old))

    answer = pages.post(path(pages), **conditions(("email", "empty", ""), seen=old))

    assert "Somebody has changed the rows" in answer.content.decode()
    assert stored(pages)["groups"][0]["conditions"][0]["operator"] == "filled"


def test_preview_counts_the_rows_that_match_and_masks_people(pages: Pages) -> None:
    answer = pages.post(path(pages), **conditions(("email", "starts", "member0000"), do="preview"))

    text = answer.content.decode()
    assert "10 of 300 rows match" in text
    assert "member00001@example.com" not in text
    assert "m•••@e•••.com" in text
    assert stored(pages) == {}


def test_preview_says_what_it_cannot_compare(pages: Pages) -> None:
    text = pages.post(path(pages), **conditions(("email", "after", "2025-01-01"), do="preview")).content.decode()

    assert "0 of 300 rows match" in text
    assert "300 rows have no date in “email”." in text


def test_preview_shows_no_person_whatever_is_asked_of_a_column(pages: Pages) -> None:
    found = (("email", "filled", ""), ("phone", "at_most", "99999999999"), ("email", "lacks", "x@y"))

    text = pages.post(path(pages), **conditions(*found, do="preview")).content.decode()

    assert "300 of 300 rows match" in text
    assert "member00001" not in text
    assert "14155550001" not in text


def test_preview_of_a_large_snapshot_reads_its_beginning_and_says_so(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audiences.filtering.sampling.MOST_BYTES", 5_000)

    text = pages.post(path(pages), **conditions(("email", "filled", ""), do="preview")).content.decode()

    assert re.search(
        r"From customers\.csv, \d+ \w+ \d{4}, the first \d+ rows\. The dry run and every run read all\.", text
    )
    assert "of 300 rows match" not in text


def test_preview_reads_every_file_of_the_dataset_and_names_them(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    turned = [dict(reversed(row.items())) for row in people(range(300, 340))]
    snapshot = add_snapshot(pages.shop.dataset, turned, mode=WriteMode.APPEND)
    Snapshot.objects.filter(pk=snapshot.pk).update(original_name="more.csv")
    found = conditions(("email", "starts", "member0"), do="preview")

    text = pages.post(path(pages), **found).content.decode()

    assert "340 of 340 rows match" in text
    assert re.search(r"From more\.csv, \d+ \w+ \d{4}, 40 rows; customers\.csv, \d+ \w+ \d{4}, 300 rows\.", text)
    assert "read all" not in text
    monkeypatch.setattr("audiences.filtering.sampling.MOST_SNAPSHOTS", 1)
    text = pages.post(path(pages), **found).content.decode()
    assert "40 of 40 rows match" in text
    assert "1 older file of the dataset not read. The dry run and every run read all." in text


def test_preview_counts_days_from_today_in_the_workspace(pages: Pages) -> None:
    Workspace.objects.filter(pk=pages.workspace.pk).update(time_zone="Pacific/Auckland")
    dated = [row | {"joined": f"2026-11-{20 + n % 10}"} for n, row in enumerate(people(range(100)))]
    pages.shop.change(dated)

    with time_machine.travel(datetime(2026, 11, 26, 20, 30, tzinfo=UTC)):
        text = pages.post(path(pages), **conditions(("joined", "last_days", "2"), do="preview")).content.decode()
        refused = pages.post(path(pages), **conditions(("joined", "last_days", "2w"), seen=seen(pages)))

    assert "30 of 100 rows match" in text
    assert "Days are counted from today, 27 Nov 2026." in text
    assert "2026-11-27" in text, "dates that were asked for are shown"
    assert "Write a whole number of days" in refused.content.decode()


def test_preview_of_a_delivery_of_new_data_says_that_it_counts_what_is_there(pages: Pages) -> None:
    found = conditions(("email", "filled", ""), do="preview")
    usual = pages.post(path(pages), **found).content.decode()
    Delivery.objects.update(scope="new")

    text = pages.post(path(pages), **found).content.decode()

    assert "counted is what is there now" in text
    assert "counted is what is there now" not in usual


def test_delivery_that_counts_days_says_what_that_means(pages: Pages) -> None:
    pages.post(path(pages), **conditions(("email", "days_ago", "30"), seen=seen(pages)))

    detail = f"deliveries/{pages.shop.delivery.pk}/"
    text, viewed = (one.get(detail).content.decode() for one in (pages, pages.as_role(Role.VIEWER)))
    pages.post(f"{detail}archive/")
    archived = pages.get(detail).content.decode()

    told = "Days are counted from the day of each run (UTC), and only a run moves people"
    assert "email is more than 30 days ago" in text
    assert f"{told}: let it run every day" in text
    assert f"{told}</span>" in viewed
    assert "email is more than 30 days ago" in archived
    assert "Days are counted" not in archived


def test_mirror_warns_before_saving(pages: Pages) -> None:
    assert "Rows that no longer match leave the list" in pages.get(path(pages)).content.decode()


def test_htmx_gets_only_the_form(pages: Pages) -> None:
    answer = pages.web.post(
        pages.url(path(pages)), conditions(("email", "filled", ""), do="add:0"), headers={"HX-Request": "true"}
    )

    assert answer.content.decode().lstrip().startswith('<div id="filter"')


def test_absurd_counts_are_harmless(pages: Pages) -> None:
    for data in (
        {"groups": "9999"},
        {"groups": "-1"},
        {"groups": "1", "g0-size": "99999"},
        {"groups": "x", "do": "remove:7-9"},
    ):
        assert pages.post(path(pages), **{"do": "add:0", **data}).status_code == 200


def test_viewer_may_not_and_others_do_not_see_it(pages: Pages) -> None:
    assert pages.as_role(Role.VIEWER).get(path(pages)).status_code == 403
    assert pages.as_outsider().get(path(pages)).status_code == 404


def test_set_up_has_a_step_for_rows(pages: Pages) -> None:
    pages.post("deliveries/new/", name="Spring", mode="mirror", scope="all", dataset=pages.shop.dataset.pk)
    draft = Delivery.objects.get(name="Spring")
    step = f"deliveries/{draft.pk}/setup/rows/"

    assert "Take only rows where" in pages.get(step).content.decode()
    answer = pages.post(step, **conditions(("phone", "filled", "")))

    draft.refresh_from_db()
    assert answer.status_code == 200, "the stamp is missing"
    text = pages.get(step).content.decode()
    answer = pages.post(step, **conditions(("phone", "filled", ""), seen=text.split('name="seen" value="')[1][:16]))
    assert answer["Location"].endswith("/setup/columns/")
    draft.refresh_from_db()
    assert draft.row_filter["groups"][0]["conditions"][0]["column"] == "phone"


def test_archived_delivery_keeps_its_rows(pages: Pages) -> None:
    stamp = seen(pages)
    pages.post(f"deliveries/{pages.shop.delivery.pk}/archive/")

    answer = pages.post(path(pages), **conditions(("phone", "filled", ""), seen=stamp))

    detail = pages.url(f"deliveries/{pages.shop.delivery.pk}/")
    assert (answer.status_code, answer["Location"], stored(pages)) == (302, detail, {})
    part = pages.get(path(pages), hx_request="true")
    assert part["HX-Redirect"] == detail, "the whole page does not come in the place of the conditions"
    assert "is archived, so it stays as it is" in pages.web.get(pages.url(path(pages)), follow=True).content.decode()
    assert stored(pages) == {}


@pytest.mark.parametrize("do", ["add:²", "add:0-²", "remove:" + "9" * 30])
def test_a_button_of_no_group_changes_nothing(pages: Pages, do: str) -> None:
    assert pages.post(path(pages), **conditions(("email", "filled", ""), do=do)).status_code == 200


@pytest.mark.parametrize("do", ["group", "add", "add:1"])
def test_an_empty_group_in_front_is_left_out(pages: Pages, do: str) -> None:
    later = {"g1-size": "1", "g1-c0-column": "email", "g1-c0-operator": "is", "g1-c0-values": "typed"}

    assert pages.post(path(pages), **{"groups": "2", "g0-size": "0", "do": do} | later).status_code == 200
