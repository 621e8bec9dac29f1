"""Examining snapshots: one at a time, safe to repeat, and corrections that cannot make things worse."""

from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from pinconnect.datasets import reconcile, services, tasks
from pinconnect.datasets.csv_format import CsvFormat, csv_format
from pinconnect.datasets.examination.results import Asked
from pinconnect.datasets.models import Column, Snapshot
from pinconnect.datasets.services import examining
from pinconnect.datasets.signals import snapshot_ready
from pinconnect.queue import leases
from tests.factories_datasets import PEOPLE, make_dataset, make_snapshot

pytestmark = pytest.mark.django_db
LATIN = "email;city\nann@example.com;Köln\nbob@example.com;Besançon\n".encode("cp1252")


def waiting(content: str | bytes = PEOPLE) -> Snapshot:
    return make_snapshot(content=content, is_examined=False)


def test_a_ready_snapshot_says_how_it_is_read():
    snapshot = make_snapshot()

    assert csv_format(snapshot) == CsvFormat(columns=("email", "phone", "country"))
    assert (snapshot.rows, snapshot.broken_rows, snapshot.filled) == (3, 0, [3, 2, 3])


def test_columns_are_proposed_with_reasons():
    snapshot = make_snapshot()

    kinds = {column.name: (column.proposed_kind, column.reason) for column in snapshot.dataset.columns.all()}

    assert kinds["email"] == ("email", "The name says so, and 100% of the values looked at fit.")
    assert kinds["country"] == ("", "Not an identifier; it stays here and is never sent.")


def test_no_identifier_is_written_to_the_database():
    snapshot = make_snapshot()

    stored = str(snapshot.preview) + str(list(Column.objects.values_list("examples", flat=True)))

    assert "@e•••" in stored
    assert "example.com" not in stored
    assert "4930901820" not in stored


def test_a_refused_snapshot_keeps_the_reason(tmp_path):
    snapshot = make_snapshot(content=PEOPLE + 'dan@example.com,"1,DE\n' + PEOPLE)

    assert (snapshot.state, snapshot.refusal, snapshot.refusal_line) == ("refused", "unclosed_quote", 5)
    assert services.current_snapshots(snapshot.dataset) == []


def test_a_clean_copy_is_what_is_read(tmp_path):
    snapshot = make_snapshot(content=LATIN)

    path = services.local_copy(snapshot, tmp_path / "copy")

    assert (snapshot.encoding, csv_format(snapshot).encoding) == ("cp1252", "utf-8")
    assert path.read_text(encoding="utf-8").splitlines()[1] == "ann@example.com;Köln"
    assert default_storage.open(snapshot.storage_name).read() == LATIN


def test_examining_twice_changes_nothing():
    snapshot = waiting()

    assert tasks.examine_snapshot(snapshot.pk)
    assert not tasks.examine_snapshot(snapshot.pk)

    assert Column.objects.count() == 3


def test_nobody_examines_what_another_process_examines():
    snapshot = waiting()
    leases.claim(Snapshot.objects.all(), pk=snapshot.pk, lease_s=60)

    assert not services.examine(snapshot)
    assert snapshot.state == "received"


def test_an_examination_that_was_killed_is_picked_up_again(monkeypatch):
    snapshot = waiting()
    monkeypatch.setattr(examining, "_accept", lambda *args: (_ for _ in ()).throw(SystemExit))
    with pytest.raises(SystemExit):
        services.examine_by_id(snapshot.pk)
    monkeypatch.undo()
    hinted = []
    monkeypatch.setattr("pinconnect.queue.hints.enqueue", lambda task, pk, cluster: hinted.append(pk))

    assert reconcile.hint_unexamined() == 0
    Snapshot.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert reconcile.hint_unexamined() == 1

    assert hinted == [snapshot.pk]
    assert services.examine(snapshot)
    assert snapshot.state == "ready"


def test_what_a_killed_examination_has_stored_is_swept(monkeypatch, tmp_path):
    snapshot = waiting(LATIN)
    monkeypatch.setattr(examining, "_accept", lambda *args: (_ for _ in ()).throw(SystemExit))
    with pytest.raises(SystemExit):
        services.examine_by_id(snapshot.pk)
    monkeypatch.undo()
    Snapshot.objects.update(lease_until=None)

    services.examine(snapshot)

    names = sorted(path.name for path in (tmp_path / "files").rglob("*.csv"))
    assert len(names) == 2
    assert names == sorted([snapshot.storage_name.rpartition("/")[2], snapshot.clean_name.rpartition("/")[2]])


def test_an_examination_that_fails_is_repeated_a_few_times_and_then_said(monkeypatch):
    snapshot = waiting()
    monkeypatch.setattr(examining, "examine_file", lambda *args, **kwargs: 1 / 0)

    for _ in range(examining.MAX_ATTEMPTS):
        assert not services.examine(snapshot)
        Snapshot.objects.update(lease_until=None)
    services.examine(snapshot)

    assert (snapshot.state, snapshot.refusal) == ("refused", "examination_failed")


def test_a_failure_names_no_content_in_the_log(monkeypatch, caplog):
    snapshot = waiting()

    def fail(*args, **kwargs):
        raise RuntimeError("reader broke")

    monkeypatch.setattr(examining, "examine_file", fail)
    services.examine(snapshot)

    assert "reader broke" in caplog.text
    assert "example.com" not in caplog.text


def test_a_full_disk_is_said(monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    snapshot = waiting()
    monkeypatch.setattr(examining, "examine_file", full)

    services.examine(snapshot)

    assert (snapshot.state, snapshot.refusal) == ("refused", "disk_full")


def test_it_is_announced_once_it_can_be_read(django_capture_on_commit_callbacks):
    heard = []

    def listen(snapshot, **kwargs):
        heard.append((snapshot.pk, snapshot.state))

    snapshot_ready.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            snapshot = make_snapshot()
    finally:
        snapshot_ready.disconnect(listen)

    assert heard == [(snapshot.pk, "ready")]


def test_a_correction_is_tried_and_taken():
    snapshot = make_snapshot()
    assert (snapshot.has_header, snapshot.rows) == (True, 3)

    services.correct_format(snapshot, by=None, asked=Asked(has_header=False))
    assert not snapshot.is_settled
    services.examine(snapshot)

    assert (snapshot.has_header, snapshot.rows, snapshot.asked) == (False, 4, {"has_header": False})
    assert [column.name for column in snapshot.dataset.columns.all()] == ["Column 1", "Column 2", "Column 3"]


def test_a_correction_that_does_not_work_leaves_the_snapshot_as_it_was():
    snapshot = make_snapshot()

    services.correct_format(snapshot, by=None, asked=Asked(delimiter=";"))
    services.examine(snapshot)

    assert (snapshot.state, snapshot.delimiter, snapshot.rows) == ("ready", ",", 3)
    assert snapshot.refusal
    assert snapshot.is_settled


def test_while_a_correction_is_tried_the_rows_stay_in_use():
    snapshot = make_snapshot()

    services.correct_format(snapshot, by=None, asked=Asked(quote=""))

    assert services.current_snapshots(snapshot.dataset) == [snapshot]


def test_a_refused_snapshot_can_be_corrected():
    snapshot = make_snapshot(content='email,size\nann@example.com,"5\nbob@example.com,"6\n')
    assert snapshot.refusal == "unclosed_quote"

    services.correct_format(snapshot, by=None, asked=Asked(quote=""))
    services.examine(snapshot)

    assert (snapshot.state, snapshot.rows, snapshot.refusal) == ("ready", 2, "")


def test_one_correction_at_a_time():
    snapshot = make_snapshot()
    services.correct_format(snapshot, by=None, asked=Asked(quote=""))

    with pytest.raises(services.NotNowError):
        services.correct_format(snapshot, by=None, asked=Asked(quote="'"))


def test_a_later_snapshot_must_have_all_columns():
    dataset = make_dataset()
    make_snapshot(dataset)

    later = make_snapshot(dataset, "email,country\ndan@example.com,IT\n")

    assert (later.state, later.refusal, later.refusal_detail) == ("refused", "column_missing", "phone")


def test_a_later_snapshot_may_have_further_columns():
    dataset = make_dataset()
    make_snapshot(dataset)

    make_snapshot(dataset, "age,country,email,phone\n30,IT,dan@example.com,+4930901820\n")

    assert [column.name for column in dataset.columns.all()] == ["age", "country", "email", "phone"]


def test_once_the_others_are_deleted_the_columns_are_free_again():
    dataset = make_dataset()
    services.delete_snapshot(make_snapshot(dataset), by=None)

    later = make_snapshot(dataset, "mail,land\ndan@example.com,IT\n")

    assert later.state == "ready"
    assert [column.name for column in dataset.columns.all()] == ["mail", "land"]
