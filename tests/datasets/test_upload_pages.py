"""The two pages that take a file."""

import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from pinconnect.datasets import services
from pinconnect.datasets.models import Dataset, Snapshot
from tests.factories_datasets import PEOPLE, make_dataset, make_snapshot, page_of

pytestmark = pytest.mark.django_db


def file(content: str | bytes = PEOPLE, name: str = "people.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)


@pytest.fixture
def bob(client, acme):
    client.force_login(acme.bob)
    return client


def create(client, acme, **fields):
    return client.post(f"{acme.url}new/", {"name": "Customers", "token": "t1", "file": file(), **fields})


def test_a_dataset_and_its_first_file_in_one_step(bob, acme):
    page = bob.post(f"{acme.url}new/", {"name": "Customers", "description": "All", "file": file()}, follow=True)

    dataset = Dataset.objects.get()
    assert (dataset.name, dataset.description, dataset.created_by) == ("Customers", "All", acme.bob)
    assert page.redirect_chain[-1][0] == page_of(dataset)
    assert b"people.csv was read: 3 rows." in page.content


def test_each_form_has_a_token_of_its_own(bob, acme):
    tokens = {bob.get(f"{acme.url}new/").context["form"].initial["token"] for _ in range(2)}

    assert len(tokens) == 2


def test_a_double_click_makes_one_dataset(bob, acme):
    first, second = create(bob, acme), create(bob, acme)

    assert first.url == second.url
    assert (Dataset.objects.count(), Snapshot.objects.count()) == (1, 1)


def test_a_name_that_is_taken_is_said_at_its_field(bob, acme):
    make_dataset(acme.workspace, "Customers")

    page = create(bob, acme)

    assert "Another dataset has this name" in page.context["form"].errors["name"][0]
    assert Snapshot.objects.count() == 0


def test_a_name_taken_between_check_and_save_is_said_too(bob, acme, monkeypatch):
    make_dataset(acme.workspace, "Customers")
    monkeypatch.setattr("pinconnect.datasets.forms.DatasetForm.clean_name", lambda self: "Customers")

    assert create(bob, acme).context["form"].errors["name"]


@pytest.mark.parametrize("missing", ["name", "file"])
def test_what_is_missing_is_said_at_its_field(bob, acme, missing):
    page = create(bob, acme, **{missing: ""})

    assert list(page.context["form"].errors) == [missing]


def test_an_empty_file_is_said_at_its_field(bob, acme):
    page = create(bob, acme, file=file(""))

    assert page.context["form"].errors["file"][0].startswith("The file is empty.")


def test_an_excel_file_by_another_name_is_said_at_its_field(bob, acme):
    workbook = io.BytesIO()
    with zipfile.ZipFile(workbook, "w") as archive:
        archive.writestr("xl/workbook.xml", "x")

    page = create(bob, acme, file=file(workbook.getvalue()))

    assert "It is an Excel workbook (.xlsx), whatever its name says." in page.context["form"].errors["file"][0]
    assert Dataset.objects.count() == 0


def test_a_file_that_is_refused_later_leads_to_a_page_that_says_why(bob, acme):
    page = create(bob, acme, file=file("city\nRome\nOslo\n"))

    told = bob.get(page.url).content.decode()

    assert "No column holds identifiers" in told
    assert "Create a delivery" not in told


def test_the_script_gets_an_address_and_no_redirect(bob, acme):
    reply = bob.post(f"{acme.url}new/", {"name": "Customers", "file": file()}, headers={"X-Upload": "send"})

    assert reply.json() == {"url": page_of(Dataset.objects.get())}


def test_the_script_can_try_the_other_fields_first(bob, acme):
    make_dataset(acme.workspace, "Taken")
    address = f"{acme.url}new/"

    good = bob.post(address, {"name": "Free"}, headers={"X-Upload": "check"})
    bad = bob.post(address, {"name": "Taken"}, headers={"X-Upload": "check"})

    assert (good.status_code, bad.status_code) == (204, 422)
    assert b"Another dataset has this name" in bad.content
    assert Dataset.objects.count() == 1


@pytest.mark.parametrize(("mode", "rows"), [("append", 6), ("overwrite", 3)])
def test_a_further_file_adds_or_replaces(bob, acme, mode, rows):
    dataset = make_dataset(acme.workspace)
    make_snapshot(dataset)

    bob.post(page_of(dataset, "upload"), {"mode": mode, "token": "t2", "file": file()})

    assert sum(snapshot.rows for snapshot in services.current_snapshots(dataset)) == rows


def test_a_double_click_makes_one_snapshot(bob, acme):
    dataset = make_dataset(acme.workspace)

    for _ in range(2):
        reply = bob.post(page_of(dataset, "upload"), {"mode": "append", "token": "t2", "file": file()})
        assert reply.url == page_of(dataset)

    assert Snapshot.objects.count() == 1


def test_an_unknown_mode_is_said_at_its_field(bob, acme):
    page = bob.post(page_of(make_dataset(acme.workspace), "upload"), {"mode": "merge", "file": file()})

    assert list(page.context["form"].errors) == ["mode"]


def test_the_page_says_which_columns_a_further_file_needs(bob, acme):
    snapshot = make_snapshot(make_dataset(acme.workspace))

    page = bob.get(page_of(snapshot.dataset, "upload")).content.decode()

    assert all(f"<li>{name}</li>" in page for name in ("email", "phone", "country"))


def test_nothing_is_added_to_an_archived_dataset(bob, acme):
    dataset = make_dataset(acme.workspace)
    services.archive(dataset, by=None)

    reply = bob.post(page_of(dataset, "upload"), {"mode": "append", "file": file()}, follow=True)

    assert b"is archived. Restore it before you add rows." in reply.content
    assert Snapshot.objects.count() == 0


def addresses(acme) -> list[str]:
    return [f"{acme.url}new/", page_of(make_dataset(acme.workspace), "upload")]


def test_signed_out_visitors_are_led_to_sign_in(client, acme):
    for address in addresses(acme):
        assert client.get(address).url.startswith("/accounts/login/")


def test_viewers_may_not_upload(client, acme):
    client.force_login(acme.vera)

    assert [client.get(address).status_code for address in addresses(acme)] == [403, 403]


def test_strangers_get_404(client, acme):
    client.force_login(acme.charlie)

    assert [client.get(address).status_code for address in addresses(acme)] == [404, 404]


def test_a_dataset_of_another_workspace_does_not_exist(bob, acme):
    other = make_dataset(name="Theirs")

    assert bob.post(f"{acme.url}{other.pk}/upload/", {"mode": "append", "file": file()}).status_code == 404
    assert Snapshot.objects.count() == 0


def test_a_missing_dataset_is_404(bob, acme):
    assert bob.get(f"{acme.url}999/upload/").status_code == 404
