"""The calls of a bulk upload are recorded under names of their own."""

from typing import Any

import pytest

from audiences.models import Call, CallKind, Run
from audiences.services import file_uploads
from audiences.states import RunState
from pinconnect.workspaces.roles import Role
from tests.factories import make_member, make_user
from tests.factories_audiences import drive_through, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(simulator: SimulatorInTest, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Run:
    """One call makes the list, then two files of some three parts go up, and one call takes the rest."""
    settings.BATCH_RECORDS = 30
    monkeypatch.setattr(file_uploads, "LEAST", 100)
    monkeypatch.setattr(file_uploads, "MOST", 120)
    monkeypatch.setattr(file_uploads, "PART_BYTES", 3_000)
    simulator.settings(bulk_upload=True, min_part_bytes=2_000, upload_delay_s=0)
    make_shop(simulator, people(range(300)))
    return drive_through(Run.objects.get())


def test_each_step_of_a_file_has_its_name(run: Run) -> None:
    assert run.state == RunState.DONE
    names = {(call.method, call.get_kind_display()) for call in Call.objects.filter(run=run, batch__is_file=True)}

    assert names == {
        ("POST", "Create a bulk upload"),
        ("PUT", "Send the file"),
        ("POST", "Start the bulk upload"),
        ("GET", "Read the state of the bulk upload"),
    }
    assert not Call.objects.filter(kind=CallKind.OTHER).exists()


def test_lists_own_calls_keep_their_names(run: Run) -> None:
    ordinary = set(Call.objects.filter(run=run, batch__is_file=False).values_list("kind", flat=True))

    assert ordinary >= {CallKind.FIND_LIST, CallKind.CREATE_LIST, CallKind.ADD}
    assert not ordinary & {CallKind.CREATE_UPLOAD, CallKind.SEND_FILE, CallKind.START_UPLOAD, CallKind.READ_UPLOAD}
    assert not Call.objects.filter(kind=CallKind.READ_LIST, path__contains="/uploads").exists()


@pytest.mark.parametrize("query", ["kind=send_file", "method=PUT"])
def test_the_page_filters_by_them(run: Run, client: Any, query: str) -> None:
    client.force_login(make_member(run.workspace, Role.VIEWER, user=make_user("Vera")).user)

    text = client.get(f"/w/{run.workspace.slug}/runs/{run.pk}/calls/?{query}").content.decode()

    rows = text.split("<tbody>")[1]
    assert rows.count("Send the file") == Call.objects.filter(run=run, method="PUT").count() > 1
    assert "Start the bulk upload" not in rows
    assert '<option value="start_upload">Start the bulk upload</option>' in text


def test_admin_names_them_too(run: Run, admin_client: Any) -> None:
    text = admin_client.get("/admin/audiences/call/").content.decode()

    assert "Read the state of the bulk upload" in text
