"""The list, the page about a dataset, renaming, archiving and restoring."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pinconnect.datasets import services
from pinconnect.datasets.models import Snapshot
from tests.factories_datasets import PEOPLE, make_dataset, make_snapshot, page_of

pytestmark = pytest.mark.django_db
CHANGING = ("edit", "archive", "restore")


@pytest.fixture
def bob(client, acme):
    client.force_login(acme.bob)
    return client


def text(reply) -> str:
    return " ".join(reply.content.decode().split())


def test_an_empty_list_says_what_to_do(bob, acme):
    page = text(bob.get(acme.url))

    assert "No datasets yet" in page
    assert f'href="{acme.url}new/"' in page


def test_an_empty_list_offers_viewers_no_button(client, acme):
    client.force_login(acme.vera)

    assert f"{acme.url}new/" not in text(client.get(acme.url))


def test_the_list_shows_the_rows_in_use(bob, acme):
    others = make_dataset(acme.workspace, "Others")
    for _ in range(4):
        make_snapshot(others)
    dataset = make_dataset(acme.workspace, "Customers")
    for mode in ("append", "overwrite", "append"):
        make_snapshot(dataset, mode=mode)

    found = {one.name: (one.row_count, one.snapshot_count) for one in bob.get(acme.url).context["page"]}

    assert found == {"Customers": (6, 2), "Others": (12, 4)}


def test_the_list_is_searched_by_name_and_description(bob, acme):
    make_dataset(acme.workspace, "Newsletter")
    services.change_dataset(
        make_dataset(acme.workspace, "VIP"), by=None, name="VIP", description="the newsletter's best"
    )
    make_dataset(acme.workspace, "Shops")

    page = bob.get(acme.url, {"q": "newsletter"})

    assert [dataset.name for dataset in page.context["page"]] == ["Newsletter", "VIP"]
    assert "Nothing matches" in text(bob.get(acme.url, {"q": "zebra"}))


def test_archived_datasets_have_a_list_of_their_own(bob, acme):
    services.archive(make_dataset(acme.workspace, "Old"), by=None)
    make_dataset(acme.workspace, "New")

    assert [dataset.name for dataset in bob.get(acme.url).context["page"]] == ["New"]
    assert [dataset.name for dataset in bob.get(acme.url, {"state": "archived"}).context["page"]] == ["Old"]


def test_datasets_of_other_workspaces_are_not_listed(bob, acme):
    make_dataset(name="Theirs")

    assert list(bob.get(acme.url).context["page"]) == []


def queries(client, address: str) -> int:
    # The first page of a session also notes which workspace is open.
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        client.get(address)
    return len(captured)


def test_a_longer_list_costs_no_further_queries(bob, acme):
    make_snapshot(make_dataset(acme.workspace))
    few = queries(bob, acme.url)
    for _ in range(4):
        make_snapshot(make_dataset(acme.workspace))

    assert queries(bob, acme.url) == few


def test_further_snapshots_cost_no_further_queries(bob, acme):
    dataset = make_dataset(acme.workspace)
    make_snapshot(dataset)
    few = queries(bob, page_of(dataset))
    for _ in range(4):
        make_snapshot(dataset)

    assert queries(bob, page_of(dataset)) == few


def test_the_page_shows_columns_preview_and_the_next_step(bob, acme):
    dataset = make_snapshot(make_dataset(acme.workspace)).dataset

    page = text(bob.get(page_of(dataset)))

    assert "E-mail address" in page
    assert "The name says so, and 100% of the values looked at fit." in page
    assert "a•••@e•••.com" in page
    assert f"/deliveries/new/?dataset={dataset.pk}" in page


def test_the_page_shows_no_identifier(bob, acme):
    snapshot = make_snapshot(make_dataset(acme.workspace))

    pages = text(bob.get(page_of(snapshot.dataset))) + text(bob.get(page_of(snapshot)))

    for value in ("ann@example.com", "4930901820", "4930901821"):
        assert value not in pages


def test_viewers_see_it_without_buttons_that_change_something(client, acme):
    dataset = make_snapshot(make_dataset(acme.workspace)).dataset
    client.force_login(acme.vera)

    page = text(client.get(page_of(dataset)))

    assert "E-mail address" in page
    for address in (page_of(dataset, "upload"), page_of(dataset, "archive"), "/deliveries/new/"):
        assert address not in page


def test_a_dataset_without_rows_says_what_to_do(bob, acme):
    assert "Upload a file to fill this dataset." in text(bob.get(page_of(make_dataset(acme.workspace))))


def test_the_page_asks_again_while_a_snapshot_is_examined(bob, acme):
    snapshot = make_snapshot(make_dataset(acme.workspace), is_examined=False)
    address = page_of(snapshot.dataset)
    assert 'hx-trigger="every 2s"' in text(bob.get(address))

    services.examine(snapshot)
    fragment = text(bob.get(address, headers={"HX-Request": "true"}))

    assert "hx-trigger" not in fragment
    assert "<html" not in fragment
    assert "Create a delivery" in fragment


def test_the_page_says_why_the_newest_file_was_refused(bob, acme):
    dataset = make_dataset(acme.workspace)
    make_snapshot(dataset)
    make_snapshot(dataset, "email\nann@example.com\n")

    page = text(bob.get(page_of(dataset)))

    assert "Columns of this dataset are missing" in page
    assert "Earlier snapshots have phone, country, and this file does not." in page


def test_renaming(bob, acme):
    dataset = make_dataset(acme.workspace, "Old")

    assert bob.post(page_of(dataset, "edit"), {"name": "New", "description": "x"}).url == page_of(dataset)

    dataset.refresh_from_db()
    assert (dataset.name, dataset.description) == ("New", "x")


def test_renaming_to_a_taken_name_is_said_at_the_field(bob, acme):
    make_dataset(acme.workspace, "New")

    page = bob.post(page_of(make_dataset(acme.workspace, "Old"), "edit"), {"name": "New"})

    assert page.context["form"].errors["name"]
    assert "Rename Old" in text(page)


def test_archiving_asks_first_and_can_be_undone(bob, acme):
    dataset = make_dataset(acme.workspace)
    assert "Its rows are deleted 30 days from now." in text(bob.get(page_of(dataset, "archive")))
    dataset.refresh_from_db()
    assert dataset.archived_at is None

    bob.post(page_of(dataset, "archive"))
    assert "This dataset is archived" in text(bob.get(page_of(dataset)))
    bob.post(page_of(dataset, "restore"))

    dataset.refresh_from_db()
    assert dataset.archived_at is None


def test_restoring_under_a_name_that_is_taken_says_what_to_do(bob, acme):
    dataset = make_dataset(acme.workspace, "Customers")
    services.archive(dataset, by=None)
    make_dataset(acme.workspace, "Customers")

    page = bob.post(page_of(dataset, "restore"), follow=True)

    assert "Rename or archive that one first" in text(page)


def test_restoring_by_get_is_refused(bob, acme):
    assert bob.get(page_of(make_dataset(acme.workspace), "restore")).status_code == 405


def test_signed_out_visitors_are_led_to_sign_in(client, acme):
    dataset = make_dataset(acme.workspace)

    for address in (acme.url, page_of(dataset), *(page_of(dataset, name) for name in CHANGING)):
        assert client.post(address).url.startswith("/accounts/login/")


def test_viewers_may_look_and_not_change(client, acme):
    dataset = make_dataset(acme.workspace)
    client.force_login(acme.vera)

    assert client.get(acme.url).status_code == client.get(page_of(dataset)).status_code == 200
    assert [client.post(page_of(dataset, name)).status_code for name in CHANGING] == [403, 403, 403]


def test_strangers_get_404(client, acme):
    dataset = make_dataset(acme.workspace)
    client.force_login(acme.charlie)

    assert client.get(acme.url).status_code == 404
    assert {client.post(page_of(dataset, name)).status_code for name in ("detail", *CHANGING)} == {404}


def test_datasets_of_other_workspaces_and_missing_ones_are_404(bob, acme):
    theirs = make_dataset(name="Theirs")

    for pk in (theirs.pk, 999):
        assert {bob.post(f"{acme.url}{pk}/{name}/").status_code for name in CHANGING} == {404}
        assert bob.get(f"{acme.url}{pk}/").status_code == 404
    theirs.refresh_from_db()
    assert theirs.archived_at is None


def test_markup_in_names_is_shown_as_text(bob, acme):
    content = PEOPLE.replace("country", "<script>alert(1)</script>")

    snapshot = make_snapshot(make_dataset(acme.workspace, "<b>x</b>"), content, name="<i>.csv")

    assert Snapshot.objects.get().state == "ready"
    assert "<script>alert" not in text(bob.get(page_of(snapshot.dataset)))
