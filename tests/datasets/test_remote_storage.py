"""The same with a storage that has no local files: in memory, and S3 as a real server speaks it."""

from collections.abc import Iterator

import boto3
import pytest
from django.core.files.storage import default_storage

from pinconnect.datasets import services
from pinconnect.datasets.csv_format import csv_format
from pinconnect.datasets.services import sampling
from tests.factories_datasets import PEOPLE, make_snapshot
from tests.support.services import AWS_SETTINGS, aws

pytestmark = pytest.mark.django_db
LATIN = "email;city\nann@example.com;Köln\nbob@example.com;Besançon\n"


def use(settings, backend: str, **options) -> None:
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": backend, "OPTIONS": options}}


@pytest.fixture
def in_memory(settings) -> None:
    use(settings, "django.core.files.storage.InMemoryStorage")


@pytest.fixture
def s3(settings, monkeypatch) -> Iterator[None]:
    for name, value in AWS_SETTINGS.items():
        monkeypatch.setenv(name, value)
    with aws() as address:
        boto3.client("s3", endpoint_url=address).create_bucket(Bucket="files")
        use(settings, "storages.backends.s3.S3Storage", bucket_name="files", endpoint_url=address)
        yield


def go_through(tmp_path, django_capture_on_commit_callbacks) -> None:
    """Upload, examine, copy back and delete."""
    snapshot = make_snapshot(content=LATIN.encode("cp1252"))
    assert (snapshot.state, snapshot.rows) == ("ready", 2)

    path = services.local_copy(snapshot, tmp_path / "copy")
    assert path.read_text(encoding=csv_format(snapshot).encoding) == LATIN

    names = snapshot.stored_names
    with django_capture_on_commit_callbacks(execute=True):
        services.delete_snapshot(snapshot, by=None)
    assert len(names) == 2
    assert not any(default_storage.exists(name) for name in names)


def test_a_storage_without_local_files(in_memory, tmp_path, django_capture_on_commit_callbacks):
    go_through(tmp_path, django_capture_on_commit_callbacks)

    assert not [path for path in (tmp_path / "work").rglob("*") if path.is_file()]


@pytest.mark.services
def test_s3(s3, tmp_path, django_capture_on_commit_callbacks):
    go_through(tmp_path, django_capture_on_commit_callbacks)


@pytest.mark.services
def test_s3_is_never_read_into_memory_as_a_whole(s3, tmp_path, monkeypatch):
    snapshot = make_snapshot(content=PEOPLE)

    def spooled(*args, **kwargs):
        raise AssertionError("The backend fetches the whole object.")

    monkeypatch.setattr("storages.backends.s3.tempfile.SpooledTemporaryFile", spooled)

    assert services.local_copy(snapshot, tmp_path / "copy").read_bytes() == PEOPLE.encode()
    with sampling.beginning(snapshot, 20) as beginning:
        assert PEOPLE.encode().startswith(beginning.path.read_bytes())
        assert not beginning.is_whole


@pytest.mark.services
def test_s3_stores_exactly_what_was_uploaded(s3):
    snapshot = make_snapshot(content=PEOPLE)

    assert default_storage.open(snapshot.storage_name).read() == PEOPLE.encode()
