"""The run's page: the records that Pinterest refused, and the rows and values that were never sent."""

from typing import Any

import pytest

from audiences.models import Batch, Run
from audiences.reports import counts
from audiences.states import BatchState, RunState
from tests.audiences.views.conftest import Pages, queries
from tests.audiences.views.test_pages_on_a_phone import hidden_tables
from tests.factories_audiences import add_snapshot, drive, drive_through, expected_members, people
from tests.support.browser import DESKTOP, PHONE, OpenPage, assert_accessible, assert_fits

SECTION = "Refused by Pinterest</h2>"
SAID = "Invalid request: the records could not be read."
# A word and an address that cannot be one; the last two rows hold nothing in the mapped column.
BAD, BLANK = [{"email": "nobody at all"}, {"email": "nobody"}], [{"email": ""}, {"email": "  "}]


def refuse(pages: Pages, *places: int) -> tuple[Run, list[str]]:
    """The first run, in which Pinterest refuses the records at these places; and their digests."""
    members = sorted(expected_members(people(range(300))))
    digests = [members[place][1] for place in places]
    pages.shop.simulator.fault("bad_records", digests=digests)
    run = drive_through(Run.objects.get())
    assert run.counts["final"]["rows"]["failed"] == len(places)
    return run, digests


def text_of(pages: Pages, run: Run, **headers: Any) -> str:
    return pages.get(f"runs/{run.pk}/", **headers).content.decode()


def section_of(text: str) -> str:
    assert SECTION in text
    return text.partition('id="refused"')[2].partition("</section>")[0]


def test_refused_record_is_shown_masked_with_the_words_of_pinterest_and_its_calls(pages: Pages) -> None:
    run, [digest] = refuse(pages, 47)
    batch = Batch.objects.get(state=BatchState.FAILED)

    text = text_of(pages, run)

    found = section_of(text)
    assert f"record {digest[:6]}…</span>" in found
    assert (SAID in found, "One record was set apart" in found, ">Add</td>" in found) == (True, True, True)
    assert batch.request_id
    assert batch.request_id in found
    assert f"/runs/{run.pk}/calls/?batch={batch.pk}" in found
    assert digest not in text


def test_run_without_refusals_has_no_such_section(pages: Pages) -> None:
    run = drive(Run.objects.get())

    assert run.state == RunState.DONE
    assert SECTION not in text_of(pages, run)


def test_records_of_a_list_that_is_gone_are_not_called_refused(pages: Pages) -> None:
    answer = {"status": 404, "code": 404, "message": "Customer list not found."}
    drive(Run.objects.get())
    pages.shop.simulator.fault("error", operation="customer_lists/update", times=None, **answer)
    add_snapshot(pages.shop.dataset, people(range(310)))
    run = drive_through(pages.shop.start())

    assert run.reason == "list_gone"
    assert run.batches.filter(state=BatchState.FAILED).exists()
    assert SECTION not in text_of(pages, run)


def test_refused_records_appear_while_the_run_goes_on(pages: Pages) -> None:
    run, [digest] = refuse(pages, 47)
    Run.objects.update(state=RunState.UPLOADING)

    text = text_of(pages, run, **{"HX-Request": "true"})

    assert 'hx-trigger="every 2s"' in text
    assert digest[:6] in section_of(text)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"pinterest_message": "<b>No</b>"}, "&lt;b&gt;No&lt;/b&gt;"),
        ({"pinterest_message": ""}, "Pinterest gave no reason."),
        ({"pinterest_message": "", "error": "GaveUp", "example": ""}, "No usable answer, however often it was sent."),
    ],
)
def test_words_are_escaped_and_stand_there_when_pinterest_gave_none(
    pages: Pages, facts: dict[str, str], words: str
) -> None:
    run, _ = refuse(pages, 47)
    Batch.objects.filter(state=BatchState.FAILED).update(**facts)

    found = section_of(text_of(pages, run))

    assert words in found
    assert "<b>" not in found


def test_of_very_many_the_first_hundred_are_listed_with_one_more_query(pages: Pages) -> None:
    run, _ = refuse(pages, 47)
    few = queries(pages, f"runs/{run.pk}/")
    batch = Batch.objects.get(state=BatchState.FAILED)
    facts = {"run": run, "operation": "ADD", "count": 1, "state": BatchState.FAILED, "root": batch.root}
    Batch.objects.bulk_create(Batch(first=300 + n, example=f"record {n:06}…", **facts) for n in range(1_203))

    found = section_of(text_of(pages, run))

    assert found.count('<th scope="row">') == 100
    assert "1,204 records were set apart, the first 100 of which are listed." in found
    assert "record 000098…" in found
    assert "record 000099…" not in found
    assert queries(pages, f"runs/{run.pk}/") == few
    Batch.objects.filter(state=BatchState.FAILED).delete()
    assert queries(pages, f"runs/{run.pk}/") == few - 1


@pytest.mark.parametrize(
    ("dirty", "words"),
    [
        (BLANK, "No usable identifier: 2 rows have nothing in any mapped column<"),
        (BLANK[1:], "No usable identifier: 1 row has nothing in any mapped column<"),
        (
            [*BAD, *BLANK],
            "No usable identifier. 2 rows have nothing in any mapped column; the reasons of the others are below<",
        ),
        (BAD, "No usable identifier; the reasons are below<"),
    ],
)
def test_rows_with_nothing_in_them_are_named_beside_the_invalid_ones(
    pages: Pages, dirty: list[dict[str, str]], words: str
) -> None:
    drive(Run.objects.get())
    rows = people(range(300))
    blank = dict.fromkeys(rows[0], "")
    add_snapshot(pages.shop.dataset, [*rows, *(blank | row for row in dirty)])
    run = drive(pages.shop.start())

    assert run.counts["rows"]["invalid"] == len(dirty)
    assert words in text_of(pages, run)


@pytest.mark.parametrize(("most", "is_said"), [(1, True), (2, False)])
def test_download_that_does_not_hold_every_refused_value_says_so(
    pages: Pages, monkeypatch: pytest.MonkeyPatch, most: int, is_said: bool
) -> None:
    monkeypatch.setattr(counts, "MOST_LINES", most)
    drive(Run.objects.get())
    rows = people(range(300))
    add_snapshot(pages.shop.dataset, [*rows, *(dict.fromkeys(rows[0], "") | row for row in BAD)])
    run = drive(pages.shop.start())

    text = text_of(pages, run)

    assert "Download (masked)" in text
    assert ("The download of refused values holds the first 1 of 2." in text) is is_said


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_refused_records_are_read_on_a_phone_without_pushing_sideways(open_page: OpenPage, pages: Pages) -> None:
    run, _ = refuse(pages, 47, 48, 211)

    for size in (PHONE, DESKTOP):
        page = open_page(pages.url(f"runs/{run.pk}/"), user=pages.user, size=size)

        page.get_by_role("heading", name="Refused by Pinterest").scroll_into_view_if_needed()
        assert_fits(page)
        assert hidden_tables(page) == []
        assert_accessible(page)
