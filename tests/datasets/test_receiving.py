"""Taking in files: nothing half-stored, nothing twice, nothing in memory."""

import errno
import hashlib
import io
import stat

import pytest
from django.core.files.storage import default_storage

from pinconnect.datasets import services
from pinconnect.datasets.models import Dataset, Snapshot
from pinconnect.datasets.services import receiving, stores
from pinconnect.workspaces.models import AuditEvent
from tests.factories import make_workspace
from tests.factories_datasets import PEOPLE, make_dataset, make_snapshot

pytestmark = pytest.mark.django_db


def files_in(tmp_path, folder: str) -> list[str]:
    return [path.name for path in (tmp_path / folder).rglob("*") if path.is_file()]


def test_an_upload_is_stored_as_it_came(tmp_path):
    snapshot = make_snapshot(content=PEOPLE)

    assert default_storage.open(snapshot.storage_name).read() == PEOPLE.encode()
    assert snapshot.sha256 == hashlib.sha256(PEOPLE.encode()).hexdigest()
    assert (snapshot.size_bytes, snapshot.number, snapshot.state) == (len(PEOPLE), 1, "ready")
    assert files_in(tmp_path, "work") == []


def test_it_is_stored_under_its_workspace_and_for_this_user_only():
    snapshot = make_snapshot()

    assert snapshot.storage_name.startswith(f"workspaces/{snapshot.workspace_id}/datasets/{snapshot.dataset_id}/")


def test_a_spooled_file_is_private(tmp_path):
    spooled = stores.spool([b"ann@example.com"])

    assert stat.S_IMODE(spooled.path.stat().st_mode) == 0o600


def test_the_demo_and_production_settings_store_files_privately():
    from pinconnect import settings

    assert settings.STORAGES["default"]["OPTIONS"]["file_permissions_mode"] == 0o600


def test_bytes_are_taken_in_pieces():
    class Endless(io.RawIOBase):
        largest = left = 3 * stores.CHUNK_BYTES

        def read(self, size=-1):
            assert 0 < size <= stores.CHUNK_BYTES
            taken, self.left = min(size, self.left), self.left - min(size, self.left)
            return (b"ann@example.com\n" * (taken // 16))[:taken]

    snapshot = services.receive_upload(make_dataset(), by=None, file=Endless(), original_name="a.csv", mode="append")

    assert snapshot.size_bytes == 3 * stores.CHUNK_BYTES


def test_too_large_a_file_leaves_nothing(settings, tmp_path):
    settings.UPLOAD_MAX_BYTES = 20

    with pytest.raises(services.UploadRefusedError, match="too_large"):
        make_snapshot()

    assert Snapshot.objects.count() == 0
    assert files_in(tmp_path, "") == []


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 anything"])
def test_what_is_refused_at_sight_leaves_nothing(tmp_path, content):
    with pytest.raises(services.UploadRefusedError):
        make_snapshot(content=content)

    assert Snapshot.objects.count() == 0
    assert files_in(tmp_path, "") == []


@pytest.mark.parametrize(
    ("error", "code"), [(OSError(errno.ENOSPC, "full"), "disk_full"), (OSError(errno.EIO, "broken"), "storage_failed")]
)
def test_a_storage_that_fails_leaves_nothing(monkeypatch, tmp_path, error, code):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr("django.core.files.storage.FileSystemStorage._save", fail)

    with pytest.raises(services.UploadRefusedError) as refused:
        make_snapshot()

    assert refused.value.code == code
    assert Snapshot.objects.count() == 0
    assert files_in(tmp_path, "") == []


def test_a_full_disk_while_the_bytes_come_leaves_nothing(monkeypatch, tmp_path):
    class Full(io.BytesIO):
        def read(self, size=-1):
            raise OSError(errno.ENOSPC, "full")

    spool = stores.Spool()
    monkeypatch.setattr(spool, "_file", type("Disk", (), {"write": Full().read, "close": lambda self: None})())

    with pytest.raises(services.UploadRefusedError, match="disk_full"):
        spool.write(b"ann@example.com")
    spool.discard()

    assert files_in(tmp_path, "") == []


def test_a_connection_that_breaks_leaves_nothing(tmp_path):
    class Broken(io.RawIOBase):
        def read(self, size=-1):
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        services.receive_upload(make_dataset(), by=None, file=Broken(), original_name="a.csv", mode="append")

    assert Snapshot.objects.count() == 0
    assert files_in(tmp_path, "") == []


def test_the_row_stands_before_the_bytes_do(monkeypatch):
    """A process killed while it stores leaves a row that names the file, and the clean-up finds both."""

    def killed(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(stores, "store", killed)
    with pytest.raises(KeyboardInterrupt):
        make_snapshot()

    snapshot = Snapshot.objects.get()
    assert snapshot.state == "receiving"
    assert snapshot.storage_name


def test_the_same_form_makes_one_snapshot():
    dataset = make_dataset()
    first = make_snapshot(dataset, token="form-1")

    with pytest.raises(services.AlreadyReceivedError) as again:
        make_snapshot(dataset, token="form-1")

    assert again.value.snapshot == first
    assert Snapshot.objects.count() == 1


def test_forms_of_two_workspaces_do_not_meet():
    make_snapshot(make_dataset(make_workspace("One")), token="form-1")
    make_snapshot(make_dataset(make_workspace("Two")), token="form-1")

    assert Snapshot.objects.filter(state="ready").count() == 2


def test_two_tabs_make_two_snapshots():
    dataset = make_dataset()
    make_snapshot(dataset, token="tab-1")
    make_snapshot(dataset, token="tab-2")

    assert sorted(dataset.snapshots.values_list("number", flat=True)) == [1, 2]


def create(workspace, token="form", name="Customers"):
    return services.create_with_upload(
        workspace,
        by=None,
        name=name,
        description="",
        file=stores.spool([PEOPLE.encode()]),
        original_name="people.csv",
        token=token,
    )


def test_the_same_form_makes_one_dataset():
    workspace = make_workspace()
    first = create(workspace)

    with pytest.raises(services.AlreadyReceivedError) as again:
        create(workspace)

    assert again.value.snapshot == first
    assert Dataset.objects.count() == 1


def test_a_name_that_is_taken_is_refused_before_anything_is_stored(tmp_path):
    workspace = make_workspace()
    make_dataset(workspace, "Customers")

    with pytest.raises(services.NameTakenError):
        create(workspace)

    assert Snapshot.objects.count() == 0
    assert files_in(tmp_path, "") == []


def test_a_dataset_whose_first_file_cannot_be_stored_is_taken_back(monkeypatch):
    def full(*args):
        raise services.UploadRefusedError("disk_full")

    monkeypatch.setattr(stores, "store", full)

    with pytest.raises(services.UploadRefusedError):
        create(make_workspace())

    assert Dataset.objects.count() == 0


def test_a_local_file_is_copied_and_stays(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE)

    snapshot = services.receive_file(make_dataset(), path, by=None, mode="overwrite")

    assert (snapshot.state, snapshot.rows, snapshot.original_name) == ("ready", 3, "people.csv")
    assert path.read_text() == PEOPLE


def test_large_files_are_left_to_a_worker(monkeypatch, django_capture_on_commit_callbacks):
    sent = []
    monkeypatch.setattr(receiving, "EXAMINED_AT_ONCE_BYTES", 10)
    monkeypatch.setattr("pinconnect.queue.hints._send", lambda *hint: sent.append(hint))

    with django_capture_on_commit_callbacks(execute=True):
        snapshot = make_snapshot()

    assert snapshot.state == "received"
    assert sent == [("pinconnect.datasets.tasks.examine_snapshot", snapshot.pk, "prepare")]


def test_the_caller_may_examine_it_himself():
    snapshot = make_snapshot(is_examined=False)
    assert snapshot.state == "received"

    assert services.examine(snapshot)

    assert snapshot.state == "ready"


@pytest.mark.parametrize(
    ("name", "shown"), [("../../etc/passwd", "passwd"), ("C:\\data\\my\x00file.csv", "myfile.csv"), ("", "upload.csv")]
)
def test_the_name_of_a_file_is_never_a_path(name, shown):
    assert make_snapshot(name=name).original_name == shown


def test_uploads_are_in_the_audit_log(acme):
    make_snapshot(make_dataset(acme.workspace, by=acme.bob), by=acme.bob)

    verbs = list(AuditEvent.objects.filter(workspace=acme.workspace).order_by("pk").values_list("verb", "actor_label"))

    assert verbs == [
        ("dataset.created", "bob@example.org"),
        ("snapshot.uploaded", "bob@example.org"),
        ("snapshot.ready", "system"),
    ]


def test_a_token_with_a_nul_is_the_token_without_it():
    snapshot = make_snapshot()
    Snapshot.objects.update(upload_token="abc")

    assert receiving.received_with(snapshot.workspace_id, "a\0bc") == snapshot
