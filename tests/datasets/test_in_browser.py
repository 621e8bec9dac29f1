"""Uploading in a real browser, with and without scripts, and what the pages look like."""

import re

import pytest

from pinconnect.datasets.models import Dataset, Snapshot
from tests.factories_datasets import PEOPLE, make_dataset, make_snapshot, page_of
from tests.support.browser import PHONE, assert_accessible, assert_fits

A_DATASET = re.compile(r"/datasets/\d+/$")
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def people(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE)
    return path


def test_a_file_is_uploaded_with_progress(open_page, acme, people):
    page = open_page(f"{acme.url}new/", user=acme.bob)
    wishes = []
    page.on("request", lambda request: wishes.append(request.headers.get("x-upload")))

    page.get_by_label("Name").fill("Newsletter")
    page.get_by_label("File").set_input_files(people)
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url(A_DATASET)

    assert [wish for wish in wishes if wish] == ["check", "send"]
    assert page.get_by_text("people.csv was read: 3 rows.").is_visible()
    assert page.get_by_role("link", name="Create a delivery").is_visible()


def test_without_scripts_it_works_the_same(open_page, acme, people):
    page = open_page(f"{acme.url}new/", user=acme.bob, java_script_enabled=False)

    page.get_by_label("Name").fill("Newsletter")
    page.get_by_label("File").set_input_files(people)
    page.get_by_role("button", name="Upload").click()

    assert page.get_by_text("people.csv was read: 3 rows.").is_visible()


def test_a_double_click_makes_one_dataset(open_page, acme, people):
    page = open_page(f"{acme.url}new/", user=acme.bob)

    page.get_by_label("Name").fill("Newsletter")
    page.get_by_label("File").set_input_files(people)
    page.get_by_role("button", name="Upload").dblclick()
    page.wait_for_url(A_DATASET)

    assert (Dataset.objects.count(), Snapshot.objects.count()) == (1, 1)


def test_an_error_keeps_the_chosen_file(open_page, acme, people):
    make_dataset(acme.workspace, "Taken")
    page = open_page(f"{acme.url}new/", user=acme.bob)
    page.get_by_label("Name").fill("Taken")
    page.get_by_label("File").set_input_files(people)

    page.get_by_role("button", name="Upload").click()
    page.get_by_role("heading", name="One thing has to be put right").wait_for()
    page.get_by_label("Name").fill("Free")
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url(A_DATASET)

    assert Snapshot.objects.get().dataset.name == "Free"


def test_a_refused_file_is_said_at_its_field(open_page, acme, tmp_path):
    path = tmp_path / "people.csv"
    path.write_bytes(b"%PDF-1.7")
    page = open_page(f"{acme.url}new/", user=acme.bob)
    page.get_by_label("Name").fill("Newsletter")
    page.get_by_label("File").set_input_files(path)

    page.get_by_role("button", name="Upload").click()

    page.get_by_text("It is a PDF, whatever its name says.").first.wait_for()
    assert page.get_by_role("button", name="Upload").is_enabled()


def test_a_file_over_the_limit_is_not_even_sent(open_page, acme, people, settings):
    settings.UPLOAD_MAX_BYTES = 50
    page = open_page(f"{acme.url}new/", user=acme.bob)
    page.on("request", lambda request: pytest.fail("It was sent.") if request.method == "POST" else None)
    page.get_by_label("Name").fill("Newsletter")
    page.get_by_label("File").set_input_files(people)

    page.get_by_role("button", name="Upload").click()

    assert page.get_by_role("alert").get_by_text("The file is too large.").is_visible()


def test_an_upload_can_be_stopped(open_page, acme, people):
    page = open_page(f"{acme.url}new/", user=acme.bob)
    page.route("**/datasets/new/", lambda route: None if route.request.method == "POST" else route.continue_())
    page.get_by_label("Name").fill("Newsletter")
    page.get_by_label("File").set_input_files(people)

    page.get_by_role("button", name="Upload").click()
    page.get_by_role("button", name="Stop the upload").click()

    assert page.get_by_text("You stopped the upload; nothing of the file was kept.").is_visible()
    assert page.get_by_role("button", name="Upload", exact=True).is_enabled()


def test_a_page_follows_the_examination(open_page, acme):
    from pinconnect.datasets import services

    snapshot = make_snapshot(make_dataset(acme.workspace), is_examined=False)
    page = open_page(page_of(snapshot.dataset), user=acme.bob)
    assert page.get_by_text("Examining the new snapshot").is_visible()

    services.examine(snapshot)

    page.get_by_role("link", name="Create a delivery").wait_for()


def looks(acme) -> list[str]:
    """One page of each kind, with something to show."""
    full = make_dataset(acme.workspace, "Newsletter subscribers")
    rows = "".join(f"person{at}@example.com,+49301234{at:04},DE\n" for at in range(30))
    make_snapshot(full, f"email,phone,country\n{rows}bob@example.com\n", by=acme.bob)
    refused = make_snapshot(full, "email\nann@example.com\n", by=acme.bob)
    ready = make_snapshot(make_dataset(acme.workspace, "Loyalty"), f"email,phone,country\n{rows}x\n", by=acme.bob)
    empty = make_dataset(acme.workspace, "Without rows")
    return [
        acme.url,
        f"{acme.url}?q=nothing",
        f"{acme.url}new/",
        page_of(full),
        page_of(ready.dataset),
        page_of(empty),
        page_of(ready.dataset, "upload"),
        page_of(ready.dataset, "edit"),
        page_of(ready.dataset, "archive"),
        page_of(ready),
        page_of(refused),
        page_of(ready, "snapshot-format"),
        page_of(ready, "snapshot-delete"),
    ]


def test_pages_are_accessible_and_fit_a_phone(open_page, acme):
    addresses = looks(acme)
    page = open_page(acme.url, user=acme.bob)

    for address in addresses:
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto(address)
        assert_accessible(page)
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        assert_fits(page)
