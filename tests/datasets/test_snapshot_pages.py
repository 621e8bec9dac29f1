"""The page about a snapshot, correcting its format, its broken rows, and deleting it."""

import csv

import pytest

from pinconnect.datasets import services
from pinconnect.datasets.models import Snapshot
from tests.factories_datasets import make_dataset, make_snapshot, page_of

pytestmark = pytest.mark.django_db
BROKEN = "email,city\nann@example.com,Rome\nbob@example.com\n=evil(cid@example.com),1,2\neve@example.com,Oslo\n"
PAGES = ("snapshot-detail", "snapshot-format", "snapshot-broken-rows", "snapshot-delete")


@pytest.fixture
def bob(client, acme):
    client.force_login(acme.bob)
    return client


@pytest.fixture
def snapshot(acme):
    return make_snapshot(make_dataset(acme.workspace, "Customers"), BROKEN)


def text(reply) -> str:
    return " ".join(reply.content.decode().split())


def test_the_page_says_how_the_file_is_read(bob, snapshot):
    page = bob.get(page_of(snapshot))

    assert dict(page.context["facts"]) == {
        "Compression": "None",
        "Encoding": "UTF-8",
        "Delimiter": "Comma ( , )",
        "Quote character": 'Double quote ( " )',
        "First line": "Names of the columns",
    }
    assert snapshot.sha256 in text(page)


def test_the_page_counts_broken_rows_by_reason(bob, snapshot):
    page = bob.get(page_of(snapshot))

    assert [(reason.title, reason.rows) for reason in page.context["broken"]] == [
        ("Row with too few fields", 1),
        ("Row with too many fields", 1),
    ]


def test_broken_rows_are_downloaded_masked_and_safe_for_spreadsheets(bob, snapshot):
    reply = bob.get(page_of(snapshot, "snapshot-broken-rows"))

    rows = list(csv.reader(b"".join(reply.streaming_content).decode().splitlines()))

    assert reply["Content-Disposition"].startswith("attachment")
    assert [row[0] for row in rows] == ["line", "3", "4"]
    assert rows[2][3] == "'=xxxx(xxx@xxxxxxx.xxx),0,0"


def test_without_broken_rows_there_is_no_list(bob, acme):
    whole = make_snapshot(make_dataset(acme.workspace))

    assert bob.get(page_of(whole, "snapshot-broken-rows")).status_code == 404


def test_a_refused_snapshot_says_what_to_do(bob, acme):
    refused = make_snapshot(make_dataset(acme.workspace), 'email,size\nann@example.com,"5\nbob@example.com,6\n')

    page = text(bob.get(page_of(refused)))

    assert "A quote is not closed" in page
    assert "in line 2 that is closed lines later" in page
    assert "Examine again" in page


def test_the_page_asks_again_while_it_is_examined(bob, acme):
    waiting = make_snapshot(make_dataset(acme.workspace), is_examined=False)

    assert 'hx-trigger="every 2s"' in text(bob.get(page_of(waiting)))
    services.examine(waiting)

    assert "hx-trigger" not in text(bob.get(page_of(waiting), headers={"HX-Request": "true"}))


def test_the_format_can_be_corrected(bob, acme):
    snapshot = make_snapshot(make_dataset(acme.workspace))
    form = bob.get(page_of(snapshot, "snapshot-format")).context["form"]
    assert form.initial == {"encoding": "utf-8", "delimiter": ",", "quote": '"', "has_header": "yes"}

    bob.post(page_of(snapshot, "snapshot-format"), form.initial | {"has_header": "no"})

    snapshot.refresh_from_db()
    assert (snapshot.state, snapshot.rows, snapshot.has_header) == ("ready", 4, False)


def test_a_correction_that_does_not_work_says_so(bob, snapshot):
    bob.post(page_of(snapshot, "snapshot-format"), {"delimiter": "|"})

    assert "The correction did not work, so the snapshot is read as before" in text(bob.get(page_of(snapshot)))
    snapshot.refresh_from_db()
    assert (snapshot.state, snapshot.delimiter) == ("ready", ",")


def test_everything_can_be_left_to_be_found_out(bob, snapshot):
    bob.post(page_of(snapshot, "snapshot-format"), {"encoding": "", "delimiter": "", "quote": "", "has_header": ""})

    snapshot.refresh_from_db()
    assert (snapshot.state, snapshot.asked) == ("ready", {})


def test_quotes_can_be_given_no_meaning(bob, acme):
    refused = make_snapshot(make_dataset(acme.workspace), 'email,size\nann@example.com,"5\nbob@example.com,"6\n')

    bob.post(page_of(refused, "snapshot-format"), {"quote": "none"})

    refused.refresh_from_db()
    assert (refused.state, refused.quote, refused.rows) == ("ready", "", 2)


def test_an_unknown_encoding_is_said_at_its_field(bob, snapshot):
    page = bob.post(page_of(snapshot, "snapshot-format"), {"encoding": "rot13"})

    assert list(page.context["form"].errors) == ["encoding"]


def test_what_is_being_examined_is_not_corrected(bob, acme):
    waiting = make_snapshot(make_dataset(acme.workspace), is_examined=False)

    page = bob.post(page_of(waiting, "snapshot-format"), {"delimiter": ";"}, follow=True)

    assert "nothing can be corrected now" in text(page)
    assert Snapshot.objects.get().correction is None


def test_deleting_asks_first_and_says_what_is_left(bob, snapshot):
    later = make_snapshot(snapshot.dataset, mode="overwrite", content=BROKEN)

    page = text(bob.get(page_of(later, "snapshot-delete")))
    assert "The dataset then holds 2 rows, of snapshot 1." in page
    bob.post(page_of(later, "snapshot-delete"))

    later.refresh_from_db()
    assert later.state == "deleted"
    assert services.current_snapshots(snapshot.dataset) == [snapshot]


def test_deleting_the_only_snapshot_warns_of_an_empty_dataset(bob, snapshot):
    assert "The dataset is then empty." in text(bob.get(page_of(snapshot, "snapshot-delete")))


def test_deleting_by_get_changes_nothing(bob, snapshot):
    bob.get(page_of(snapshot, "snapshot-delete"))

    snapshot.refresh_from_db()
    assert snapshot.state == "ready"


def test_a_deleted_snapshot_keeps_its_counts_and_loses_its_preview(bob, snapshot):
    services.delete_snapshot(snapshot, by=None)

    page = text(bob.get(page_of(snapshot)))

    assert "Its rows were deleted" in page
    assert "First rows" not in page


def test_signed_out_visitors_are_led_to_sign_in(client, snapshot):
    for name in PAGES:
        assert client.get(page_of(snapshot, name)).url.startswith("/accounts/login/")


def test_viewers_may_look_and_not_change(client, acme, snapshot):
    client.force_login(acme.vera)

    assert [client.get(page_of(snapshot, name)).status_code for name in PAGES] == [200, 403, 200, 403]
    assert "Delete these rows" not in text(client.get(page_of(snapshot)))


def test_strangers_get_404(client, acme, snapshot):
    client.force_login(acme.charlie)

    assert {client.get(page_of(snapshot, name)).status_code for name in PAGES} == {404}


def test_snapshots_of_other_workspaces_and_missing_ones_are_404(bob, acme, snapshot):
    theirs = make_snapshot(make_dataset(name="Theirs"), BROKEN)
    addresses = [page_of(theirs, name).replace(theirs.workspace.slug, acme.workspace.slug) for name in PAGES]
    addresses += [f"{acme.url}{snapshot.dataset_id}/snapshots/99/"]

    assert {bob.post(address).status_code for address in addresses} <= {404, 405}
    assert {bob.get(address).status_code for address in addresses} == {404}


def test_what_is_still_arriving_has_no_page(bob, snapshot):
    Snapshot.objects.update(state="receiving")

    assert bob.get(page_of(snapshot)).status_code == 404
