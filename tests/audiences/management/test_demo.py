"""The demo's data: made once, found again, and large enough to become an audience."""

from io import StringIO
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command

from audiences.management import sample
from audiences.management.simulator_visit import Page, Visit, VisitFailedError, _open
from pinconnect.datasets.models import Dataset, Snapshot, SnapshotState
from pinconnect.profiles.models import AdAccount, Profile
from pinconnect.workspaces.models import Membership, User, Workspace
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(simulator: SimulatorInTest, settings: Any) -> Visit:
    settings.USE_SIMULATOR = True

    def open_page(address: str, headers: dict[str, str], body: bytes | None) -> Page:
        parts = urlsplit(address)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        method = "GET" if body is None else "POST"
        answer = simulator.call(method, path, body=body, headers={k.lower(): v for k, v in headers.items()})
        found = answer.headers
        return Page(answer.status, answer.body.decode(), found.get("location", ""), found.get("set-cookie", ""))

    return Visit(open_page)


def test_the_demo_is_made_once_however_often_it_starts(settings: Any) -> None:
    call_command("demo")
    call_command("demo")

    user = User.objects.get()
    assert user.is_demo
    assert user.check_password(settings.DEMO_PASSWORD)
    assert Membership.objects.get().workspace == Workspace.objects.get(is_demo=True)
    snapshot = Snapshot.objects.get()
    assert (snapshot.state, snapshot.rows) == (SnapshotState.READY, sample.ROWS)
    proposed = dict(Dataset.objects.get().columns.values_list("name", "proposed_kind"))
    assert (proposed["email"], proposed["mobile"], proposed["country"]) == ("email", "phone", "")


def test_a_new_secret_becomes_the_demo_password(settings: Any) -> None:
    call_command("demo")
    settings.DEMO_PASSWORD = "demo-another"

    call_command("demo")

    assert User.objects.get().check_password("demo-another")


def test_a_snapshot_that_an_interrupted_start_left_is_examined(settings: Any) -> None:
    call_command("demo")
    Snapshot.objects.update(state=SnapshotState.RECEIVED, attempts=0)

    call_command("demo")

    assert Snapshot.objects.get().state == SnapshotState.READY


def test_there_is_no_demo_in_production(settings: Any) -> None:
    settings.DEMO = False

    with pytest.raises(CommandError, match="DEMO=true only"):
        call_command("demo")
    assert not User.objects.exists()


def test_a_script_may_connect_a_profile_of_the_simulator(visit: Visit) -> None:
    out = StringIO()

    call_command("demo", connect="bob", visit=visit, stdout=out)
    call_command("demo", connect="bob", visit=visit, stdout=out)

    assert Profile.objects.get().username == "bobs_garden"
    assert AdAccount.objects.filter(is_chosen=True).count() == 1
    assert AdAccount.objects.count() > 3
    assert "bobs_garden" in out.getvalue()


def test_a_user_that_the_simulator_does_not_have_is_said(visit: Visit) -> None:
    with pytest.raises(CommandError, match="no user “nobody”"):
        call_command("demo", connect="nobody", visit=visit)


def test_with_a_real_app_profiles_are_connected_in_the_browser(settings: Any) -> None:
    settings.USE_SIMULATOR = False

    with pytest.raises(CommandError, match="in the browser"):
        call_command("demo", connect="bob")


def test_nothing_but_the_simulator_is_visited(settings: Any) -> None:
    with pytest.raises(VisitFailedError, match="not the simulator"):
        _open("http://example.com/oauth/", {}, None)


def test_the_sample_is_the_same_every_time_and_holds_what_needs_care() -> None:
    text = sample.content().decode()

    assert sample.content().decode() == text
    assert text.count("\n") == sample.ROWS + 1
    for odd in ("MEMBER", "not an address", "unknown", "+1 (415) 555-"):
        assert odd in text
