"""`manage.py deliver`: one file, one command, and an exit status that can be trusted."""

import csv
import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from audiences import tasks
from audiences.management import driving
from audiences.models import Delivery, Run
from audiences.services import deliveries
from audiences.states import DeliveryState, RunState
from pinconnect.profiles.models import Profile
from pinconnect.workspaces.models import Workspace
from tests.factories_audiences import (
    ALL_KINDS,
    BOBS_ACCOUNT,
    EMAIL,
    expected_members,
    make_ad_account,
    make_due,
    people,
)
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
MAP_ALL = ("--map", "email=email", "--map", "phone=phone", "--map", "gaid=gaid")
Deliver = Callable[..., dict[str, Any]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path / "customers.csv", people(range(120)))


def write(path: Path, rows: Sequence[dict[str, str]]) -> Path:
    with path.open("w", newline="") as opened:
        writer = csv.DictWriter(opened, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def deliver(file: Path, *options: str, columns: Sequence[str] = MAP_ALL) -> dict[str, Any]:
    out = StringIO()
    call_command("deliver", str(file), "--audience", "News", *columns, *options, "--wait", "--json", stdout=out)
    lines = out.getvalue().splitlines()
    assert len(lines) == 1, "one JSON object and nothing else"
    return dict(json.loads(lines[0]))


def refusal_of(file: Path, *options: str, columns: Sequence[str] = MAP_ALL) -> str:
    with pytest.raises(CommandError) as refused:
        deliver(file, *options, columns=columns)
    return str(refused.value)


def test_a_file_becomes_an_audience(profile: Profile, simulator: SimulatorInTest, file: Path) -> None:
    found = deliver(file)

    assert found | {"customer_list_id": "", "audience_id": "", "run_id": 0} == {
        "state": "done",
        "reason": "",
        "read": 120,
        "sent": 120,
        "already_there": 0,
        "duplicate": 0,
        "invalid": 0,
        "held_back": 0,
        "left_out": 0,
        "failed": 0,
        "removed": 0,
        "members": 360,
        "customer_list_id": "",
        "audience_id": "",
        "run_id": 0,
    }
    assert simulator.members(found["customer_list_id"]) == expected_members(people(range(120)), ALL_KINDS)
    assert found["audience_id"] == Run.objects.get(pk=found["run_id"]).audience.audience_id != ""


def test_the_same_command_again_sends_nothing(profile: Profile, simulator: SimulatorInTest, file: Path) -> None:
    first = deliver(file)
    calls = len(simulator.calls())

    again = deliver(file)

    assert (again["sent"], again["already_there"], again["reason"]) == (0, 120, "up_to_date")
    assert (again["customer_list_id"], Delivery.objects.count()) == (first["customer_list_id"], 1)
    assert len(simulator.calls()) == calls


def test_mirror_follows_the_file_and_add_only_grows(
    profile: Profile, simulator: SimulatorInTest, file: Path, tmp_path: Path
) -> None:
    deliver(file)
    churned = write(tmp_path / "churned.csv", people(range(10, 130)))

    found = deliver(churned)
    assert (found["sent"], found["removed"]) == (10, 30)
    assert simulator.members(found["customer_list_id"]) == expected_members(people(range(10, 130)), ALL_KINDS)
    found = deliver(file, "--mode", "add")

    assert simulator.members(found["customer_list_id"]) == expected_members(people(range(130)), ALL_KINDS)


def test_a_file_may_be_appended(profile: Profile, simulator: SimulatorInTest, file: Path, tmp_path: Path) -> None:
    deliver(file)

    found = deliver(write(tmp_path / "more.csv", people(range(200, 210))), "--append")

    assert found["read"] == 130
    assert len(simulator.members(found["customer_list_id"])) == 390


def test_progress_goes_to_standard_error(profile: Profile, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    deliver(file)

    assert "Run 1: done" in capsys.readouterr().err


def test_refused_records_make_it_fail_and_are_counted(
    profile: Profile, simulator: SimulatorInTest, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, digest = sorted(expected_members(people([7]), EMAIL))[0]
    simulator.fault("bad_records", digests=[digest])

    sentence = refusal_of(file, columns=("--map", "email=email"))

    assert "not right yet" in sentence
    assert "refused" in sentence


def test_a_held_run_ends_the_waiting_with_a_sentence(profile: Profile, file: Path, tmp_path: Path) -> None:
    deliver(file)

    sentence = refusal_of(write(tmp_path / "few.csv", people(range(3))))

    assert "Held" in sentence
    assert Run.objects.get(number=2).state == RunState.HELD


def test_a_paused_delivery_is_said(profile: Profile, file: Path) -> None:
    deliver(file)
    deliveries.pause(Delivery.objects.get(), by=None)

    assert "is paused" in refusal_of(file)


def test_a_run_that_was_interrupted_is_finished_before_the_new_file(
    profile: Profile, simulator: SimulatorInTest, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*args: Any, **kwargs: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(driving, "drive", interrupt)
        with pytest.raises(KeyboardInterrupt):
            deliver(file)
    assert Run.objects.get().state == RunState.QUEUED

    found = deliver(write(tmp_path / "next.csv", people(range(5, 125))))

    assert (found["run_id"], found["removed"]) == (Run.objects.get(number=2).pk, 15)
    assert simulator.members(found["customer_list_id"]) == expected_members(people(range(5, 125)), ALL_KINDS)


def test_a_run_left_over_of_an_archived_delivery_ends_the_waiting(
    profile: Profile, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nap(seconds: float) -> None:
        raise AssertionError("There is nothing to wait for.")

    with monkeypatch.context() as patched:
        patched.setattr(driving, "drive", lambda run, say: run)
        refusal_of(file)
    tasks.prepare_run(Run.objects.get().pk)
    Delivery.objects.update(state=DeliveryState.ARCHIVED)

    run = driving.drive(Run.objects.get(), str, sleep=nap)

    assert (run.state, run.reason) == (RunState.CANCELLED, "archived")


def test_waiting_for_pinterest_is_part_of_waiting(
    profile: Profile, simulator: SimulatorInTest, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        make_due(Run.objects.select_related("audience").get())

    monkeypatch.setattr(driving.time, "sleep", nap)
    monkeypatch.setattr(driving.drive, "__kwdefaults__", {"sleep": nap})
    simulator.fault("server_error", operation="customer_lists/create", when="after")

    assert deliver(file)["sent"] == 120
    assert naps


@pytest.mark.parametrize(
    ("options", "columns", "words"),
    [
        ((), ("--map", "email"), "COLUMN=KIND"),
        ((), ("--map", "email=postcard"), "no kind of identifier"),
        ((), ("--map", "nowhere=email"), "no column"),
        (("--workspace", "elsewhere"), MAP_ALL, "Workspaces: acme"),
        (("--profile", "charlie"), MAP_ALL, "bob_garden"),
        (("--ad-account", "1"), MAP_ALL, BOBS_ACCOUNT),
        (("--country", "ZZ"), MAP_ALL, "not a country"),
    ],
)
def test_what_is_wrong_with_the_command_is_said_with_the_choices(
    profile: Profile, file: Path, options: tuple[str, ...], columns: tuple[str, ...], words: str
) -> None:
    assert words in refusal_of(file, *options, columns=columns)


def test_without_a_profile_the_command_says_how_to_connect_one(file: Path) -> None:
    assert "no workspace yet" in refusal_of(file)
    Workspace.objects.create(name="Acme", slug="acme")

    assert "Connect one" in refusal_of(file)


def test_a_file_that_is_none_is_explained(profile: Profile, tmp_path: Path) -> None:
    empty, picture = tmp_path / "empty.csv", tmp_path / "picture.csv"
    empty.touch()
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))

    assert "There is no file" in refusal_of(tmp_path / "missing.csv")
    assert "empty" in refusal_of(empty)
    assert "not a CSV" in refusal_of(picture)


def test_a_name_that_belongs_to_something_else_is_refused(profile: Profile, file: Path) -> None:
    deliver(file)
    other = make_ad_account(profile, pinterest_id="549700000102")

    assert "--name" in refusal_of(file, "--ad-account", other.pinterest_id)
    assert deliver(file, "--ad-account", other.pinterest_id, "--name", "Second")["sent"] == 120


def test_treatment_and_country_are_passed_on(profile: Profile, file: Path) -> None:
    deliver(file, "--country", "us", columns=("--map", "email=email:plain", "--map", "phone=phone"))

    stored = Delivery.objects.get().columns.values_list("column", "treatment", "default_country")
    assert list(stored) == [("email", "plain", ""), ("phone", "auto", "US")]


def test_conditions_take_some_rows_and_stay_until_all_are_asked_for(
    profile: Profile, simulator: SimulatorInTest, file: Path
) -> None:
    first = deliver(file, "--where", "email starts with MEMBER0000", "--where", "phone is not empty")
    assert (first["read"], first["sent"], first["left_out"]) == (120, 10, 110)
    assert simulator.members(first["customer_list_id"]) == expected_members(people(range(10)), ALL_KINDS)

    again = deliver(file)
    assert (again["already_there"], again["left_out"]) == (10, 110)

    last = deliver(file, "--all-rows")
    assert (last["sent"], last["left_out"]) == (110, 0)


def test_days_are_counted_on_the_command_line(profile: Profile, tmp_path: Path) -> None:
    path, today = tmp_path / "joined.csv", timezone.now().date()
    dates = [today - timedelta(days=10 if number < 20 else 100) for number in range(120)]
    lines = [f"{row['email']},{day}" for row, day in zip(people(range(120)), dates, strict=True)]
    path.write_text("\n".join(["email,joined", *lines]))

    found = deliver(path, "--where", "joined is in the last 30 days", columns=("--map", "email=email"))

    assert (found["read"], found["sent"], found["left_out"]) == (120, 20, 100)
    assert Run.objects.get().plan["filter"]["today"] == str(today)
    assert "30 days ago" in refusal_of(path, "--where", "joined is more than 30", columns=("--map", "email=email"))


def test_conditions_that_make_no_sense_are_refused(profile: Profile, file: Path) -> None:
    assert "Columns: email, phone, gaid" in refusal_of(file, "--where", "town is Ulm")
    assert "not a number" in refusal_of(file, "--where", "phone is at least ten")
