"""Datasets: names, archiving, which rows are in use, deleting, and what the clean-up does."""

from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from pinconnect.datasets import reconcile, services
from pinconnect.datasets.models import Snapshot
from pinconnect.datasets.services import deleting, stores
from pinconnect.queue import reconciler
from tests.factories import make_workspace
from tests.factories_datasets import make_dataset, make_snapshot

pytestmark = pytest.mark.django_db
LONG_AGO = timedelta(days=60)


def numbers(dataset) -> list[int]:
    return [snapshot.number for snapshot in services.current_snapshots(dataset)]


def test_names_are_used_once_per_workspace():
    workspace = make_workspace()
    make_dataset(workspace, "Customers")

    with pytest.raises(services.NameTakenError):
        make_dataset(workspace, " Customers ")

    assert make_dataset(make_workspace(), "Customers").name == "Customers"


def test_an_archived_dataset_gives_its_name_free():
    workspace = make_workspace()
    first = make_dataset(workspace, "Customers")
    assert services.archive(first, by=None)
    assert not services.archive(first, by=None)

    make_dataset(workspace, "Customers")

    with pytest.raises(services.NameTakenError):
        services.restore(first, by=None)


def test_restoring_undoes_archiving():
    dataset = make_dataset()
    services.archive(dataset, by=None)

    assert services.restore(dataset, by=None)

    dataset.refresh_from_db()
    assert dataset.archived_at is None


def test_renaming_to_a_name_that_is_taken_changes_nothing():
    dataset = make_dataset(name="Old")
    make_dataset(dataset.workspace, "New")

    with pytest.raises(services.NameTakenError):
        services.change_dataset(dataset, by=None, name="New", description="")

    dataset.refresh_from_db()
    assert dataset.name == "Old"


def test_appended_snapshots_are_used_together():
    dataset = make_dataset()
    make_snapshot(dataset)
    make_snapshot(dataset)

    assert numbers(dataset) == [1, 2]


def test_an_overwriting_snapshot_replaces_those_before_it():
    dataset = make_dataset()
    for mode in ("append", "overwrite", "append"):
        make_snapshot(dataset, mode=mode)

    assert numbers(dataset) == [2, 3]


def test_an_overwriting_snapshot_that_was_refused_replaces_nothing():
    dataset = make_dataset()
    make_snapshot(dataset)
    make_snapshot(dataset, "city\nRome\n", mode="overwrite")

    assert numbers(dataset) == [1]


def test_only_what_became_ready_since():
    dataset = make_dataset()
    first, second = make_snapshot(dataset), make_snapshot(dataset)
    Snapshot.objects.filter(pk=first.pk).update(ready_at=timezone.now() - LONG_AGO)

    assert services.current_snapshots(dataset, since=timezone.now() - timedelta(days=1)) == [second]


def test_deleting_takes_rows_out_of_use_and_out_of_the_storage(django_capture_on_commit_callbacks, tmp_path):
    snapshot = make_snapshot(content="email;city\nann@example.com;Köln\n".encode("cp1252"))
    names = snapshot.stored_names
    assert len(names) == 2

    with django_capture_on_commit_callbacks(execute=True):
        assert services.delete_snapshot(snapshot, by=None)

    assert not any(default_storage.exists(name) for name in names)
    assert numbers(snapshot.dataset) == []
    assert (snapshot.rows, snapshot.preview) == (1, [])
    with pytest.raises(services.SnapshotGoneError):
        services.local_copy(snapshot, tmp_path)


def test_deleting_twice_is_said():
    snapshot = make_snapshot()

    assert services.delete_snapshot(snapshot, by=None)
    assert not services.delete_snapshot(snapshot, by=None)


def test_deleting_an_overwriting_snapshot_brings_back_what_it_replaced():
    dataset = make_dataset()
    make_snapshot(dataset)
    wrong = make_snapshot(dataset, mode="overwrite")

    assert [snapshot.number for snapshot in services.rows_without(wrong)] == [1]
    assert services.consequences_of_deleting(wrong)[0] == "The dataset then holds 3 rows, of snapshot 1."
    services.delete_snapshot(wrong, by=None)

    assert numbers(dataset) == [1]


def test_files_that_could_not_be_deleted_are_deleted_later(monkeypatch, django_capture_on_commit_callbacks):
    snapshot = make_snapshot()
    name = snapshot.storage_name
    monkeypatch.setattr(stores, "remove", lambda names: False)
    with django_capture_on_commit_callbacks(execute=True):
        services.delete_snapshot(snapshot, by=None)
    assert default_storage.exists(name)
    monkeypatch.undo()

    reconcile.clean_up()

    assert not default_storage.exists(name)
    assert reconcile.clean_up() == 0


def test_a_copy_in_use_survives_deleting(tmp_path, django_capture_on_commit_callbacks):
    snapshot = make_snapshot()
    path = services.local_copy(snapshot, tmp_path / "run")

    with django_capture_on_commit_callbacks(execute=True):
        services.delete_snapshot(snapshot, by=None)

    assert path.read_text().startswith("email,")


def test_half_received_uploads_are_removed_after_a_while():
    snapshot = make_snapshot()
    Snapshot.objects.update(state="receiving")
    assert reconcile.clean_up() == 0

    Snapshot.objects.update(created_at=timezone.now() - timedelta(hours=13))
    assert reconcile.clean_up() == 1

    assert not default_storage.exists(snapshot.storage_name)
    assert Snapshot.objects.count() == 0


def test_rows_out_of_use_are_deleted_after_their_time(settings):
    dataset = make_dataset()
    for mode, content in (
        ("append", "email\nann@example.com\n"),
        ("append", "no"),
        ("overwrite", "email\nbob@example.com\n"),
    ):
        make_snapshot(dataset, content, mode=mode)
    assert deleting.delete_outdated() == 0

    later = timezone.now() + timedelta(days=settings.SNAPSHOT_KEEP_DAYS + 1)
    assert deleting.delete_outdated(later) == 2

    assert list(dataset.snapshots.order_by("number").values_list("state", flat=True)) == ["deleted", "deleted", "ready"]


def test_rows_of_archived_datasets_are_deleted_after_their_time(settings):
    snapshot = make_snapshot()
    services.archive(snapshot.dataset, by=None)

    assert deleting.delete_outdated(timezone.now() + timedelta(days=settings.SNAPSHOT_KEEP_DAYS - 1)) == 0
    assert deleting.delete_outdated(timezone.now() + timedelta(days=settings.SNAPSHOT_KEEP_DAYS + 1)) == 1


def test_zero_days_keep_everything(settings):
    settings.SNAPSHOT_KEEP_DAYS = 0
    services.archive(make_snapshot().dataset, by=None)

    assert deleting.delete_outdated(timezone.now() + LONG_AGO) == 0


def test_leftovers_in_the_work_folder_are_swept_after_a_day():
    (stores.uploads_folder() / "killed.part").write_bytes(b"ann@example.com")
    now = timezone.now().timestamp()

    assert stores.sweep(now + 3600) == 0
    assert stores.sweep(now + 25 * 3600) == 1

    assert list(stores.uploads_folder().iterdir()) == []


def test_the_reconciler_knows_both_jobs():
    names = {registration.name for registration in reconciler.registered()}

    assert {"datasets.examine", "datasets.clean_up"} <= names
