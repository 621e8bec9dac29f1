"""Large files go straight to the disk, and only from those who may upload."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from pinconnect.datasets.models import Dataset, Snapshot
from pinconnect.datasets.services import stores
from tests.factories_datasets import PEOPLE

pytestmark = pytest.mark.django_db
LARGE = (PEOPLE * 60_000).encode()


def form(content: bytes = LARGE, **fields):
    return {"name": "Customers", "token": "t", "file": SimpleUploadedFile("people.csv", content), **fields}


@pytest.fixture
def spools(monkeypatch):
    made = []
    before = stores.Spool.__init__

    def counting(self):
        made.append(self)
        before(self)

    monkeypatch.setattr(stores.Spool, "__init__", counting)
    return made


@pytest.mark.parametrize("who", ["nobody", "charlie", "vera"])
def test_what_strangers_and_viewers_send_never_reaches_the_disk(client, acme, spools, who):
    if who != "nobody":
        client.force_login(getattr(acme, who))

    reply = client.post(f"{acme.url}new/", form())

    assert reply.status_code == {"nobody": 302, "charlie": 404, "vera": 403}[who]
    assert spools == []


def test_a_large_file_on_a_page_without_uploads_is_dropped(client, acme, tmp_path):
    client.post("/accounts/login/", form(login="x", password="y"))

    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_large_file_is_spooled_and_moved(client, acme, spools, tmp_path):
    client.force_login(acme.bob)

    client.post(f"{acme.url}new/", form())

    assert len(spools) == 1
    assert Snapshot.objects.get().size_bytes == len(LARGE)
    assert not [path for path in (tmp_path / "work").rglob("*") if path.is_file()]


def test_a_form_without_its_csrf_token_is_refused_and_leaves_nothing(acme, tmp_path):
    client = Client(enforce_csrf_checks=True)
    client.force_login(acme.bob)

    reply = client.post(f"{acme.url}new/", form())

    assert reply.status_code == 403
    assert Dataset.objects.count() == 0
    assert not [path for path in (tmp_path / "work").rglob("*") if path.is_file()]


def test_the_csrf_token_of_the_page_is_accepted(acme):
    client = Client(enforce_csrf_checks=True)
    client.force_login(acme.bob)
    token = client.get(f"{acme.url}new/").context["csrf_token"]

    client.post(f"{acme.url}new/", form(csrfmiddlewaretoken=str(token)))

    assert Snapshot.objects.get().size_bytes == len(LARGE)


def test_other_files_of_a_form_are_dropped(client, acme, spools):
    client.force_login(acme.bob)

    client.post(f"{acme.url}new/", form(PEOPLE.encode(), other=SimpleUploadedFile("x.csv", LARGE)))

    assert len(spools) == 1
    assert Snapshot.objects.get().rows == 3


def test_a_file_over_the_limit_is_refused_at_its_field(client, acme, settings, tmp_path):
    settings.UPLOAD_MAX_BYTES = 1_000_000
    client.force_login(acme.bob)

    page = client.post(f"{acme.url}new/", form())

    assert (
        "The file is too large. This installation takes files of up to 1 MB." in page.context["form"].errors["file"][0]
    )
    assert Dataset.objects.count() == 0
    assert not [path for path in tmp_path.rglob("*.part") if path.is_file()]


def test_a_full_disk_is_said_at_the_field(client, acme, monkeypatch):
    def full(self, data):
        raise stores.UploadRefusedError("disk_full")

    monkeypatch.setattr(stores.Spool, "write", full)
    client.force_login(acme.bob)

    page = client.post(f"{acme.url}new/", form())

    assert "no room left on the server" in page.context["form"].errors["file"][0]


def test_no_spooled_file_outlives_a_form_with_errors(client, acme, tmp_path):
    client.force_login(acme.bob)

    page = client.post(f"{acme.url}new/", form(name=""))

    assert page.context["form"].errors["name"]
    assert not [path for path in (tmp_path / "work").rglob("*") if path.is_file()]
