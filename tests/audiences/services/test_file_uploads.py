"""Files of records instead of calls: the same list in the end, whatever Pinterest makes of them."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audiences import files, tasks
from audiences.models import Batch, Run
from audiences.services import file_uploads, restoring, runs
from audiences.states import BatchState, RunState
from pinconnect.pinterest.errors import UnknownOutcome
from tests.factories_audiences import (
    BOBS_ACCOUNT,
    Shop,
    drive,
    drive_through,
    expected_members,
    make_due,
    make_shop,
    people,
)
from tests.simulator.helpers import sha256
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
ROWS = people(range(300))


@pytest.fixture(autouse=True)
def small(settings: Any, monkeypatch: pytest.MonkeyPatch, simulator: SimulatorInTest) -> None:
    """Batches of 30, files from 100 records up to 120, in parts of some 3,000 bytes."""
    settings.BATCH_RECORDS = 30
    monkeypatch.setattr(file_uploads, "LEAST", 100)
    monkeypatch.setattr(file_uploads, "MOST", 120)
    monkeypatch.setattr(file_uploads, "PART_BYTES", 3_000)
    simulator.settings(bulk_upload=True, min_part_bytes=2_000, upload_delay_s=0)


@pytest.fixture
def shop(simulator: SimulatorInTest) -> Shop:
    made = make_shop(simulator, ROWS)
    tasks.prepare_run(Run.objects.get().pk)
    return made


def first_run() -> Run:
    return Run.objects.select_related("delivery", "audience").get(number=1)


def is_right(shop: Shop, rows: Any = ROWS) -> bool:
    return shop.members == expected_members(rows)


def test_large_runs_go_up_as_files_after_the_call_that_makes_the_list(shop: Shop) -> None:
    run = drive_through(first_run())

    assert (run.state, is_right(shop)) == (RunState.DONE, True)
    batches = list(Batch.objects.order_by("first").values_list("first", "count", "is_file", "state"))
    assert batches == [
        (0, 30, False, BatchState.SENT), (30, 120, True, BatchState.SENT), (150, 120, True, BatchState.SENT),
        (270, 30, False, BatchState.SENT),
    ]  # fmt: skip
    assert len(shop.simulator.calls("customer_list_uploads/run")) == 2
    assert len(shop.simulator.calls("customer_lists/update")) == 1
    assert run.counts["final"]["rows"]["sent"] == 300


def test_removals_go_up_as_files_too(shop: Shop) -> None:
    drive_through(first_run())
    shop.delivery.hold_share = 100
    shop.delivery.save()
    shop.change(people(range(150)))

    run = drive_through(shop.start())

    assert (run.state, is_right(shop, people(range(150)))) == (RunState.DONE, True)
    assert Batch.objects.filter(run=run, operation="REMOVE", is_file=True, state=BatchState.SENT).exists()


def test_small_runs_never_try(simulator: SimulatorInTest) -> None:
    shop = make_shop(simulator, people(range(100)))

    drive_through(first_run())

    assert not Batch.objects.filter(is_file=True).exists()
    assert is_right(shop, people(range(100)))


def test_switched_off_no_run_tries(simulator: SimulatorInTest, settings: Any) -> None:
    settings.PINTEREST_FILE_UPLOADS = False
    make_shop(simulator, ROWS)

    drive_through(first_run())

    assert not simulator.calls("customer_list_uploads/create")


def test_an_account_without_the_feature_is_asked_once(shop: Shop) -> None:
    shop.simulator.settings(bulk_upload=False)
    run = drive_through(first_run())
    shop.change(people(range(600)))
    again = drive_through(shop.start())

    assert (run.state, again.state, is_right(shop, people(range(600)))) == (RunState.DONE, RunState.DONE, True)
    # Neither the second file of the first run nor the second run asks again.
    assert len(shop.simulator.calls("customer_list_uploads/create")) == 1
    shop.ad_account.refresh_from_db()
    assert shop.ad_account.files_refused_at is not None


def test_a_bad_record_in_a_file_is_found_the_ordinary_way(shop: Shop) -> None:
    bad = sha256(ROWS[7]["email"])
    shop.simulator.fault("bad_records", digests=[bad])

    run = drive_through(first_run())

    assert run.state == RunState.DONE
    assert shop.members == {member for member in expected_members(ROWS) if member[1] != bad}
    assert Batch.objects.filter(state=BatchState.FAILED).values_list("count", flat=True).get() == 1
    assert run.counts["final"]["rows"]["failed"] == 1


def test_a_file_that_pinterest_fails_on_goes_the_ordinary_way(shop: Shop) -> None:
    shop.simulator.settings(min_part_bytes=1_000_000)

    run = drive_through(first_run())

    assert (run.state, is_right(shop)) == (RunState.DONE, True)
    assert Batch.objects.filter(is_file=True).values_list("state", flat=True).distinct().get() == BatchState.SPLIT
    pieces = Batch.objects.filter(split_from__is_file=True)
    assert len(pieces) == 8
    assert {piece.root_id for piece in pieces} == {None}, "sent together like any others"


@pytest.mark.parametrize("operation", ["create", "run", "get"])
@pytest.mark.parametrize(
    ("kind", "when"),
    [
        ("rate_limited", "before"), ("server_error", "before"), ("server_error", "after"), ("drop_before", "before"),
        ("drop_after", "after"), ("not_json", "after"), ("error", "before"), ("expired_token", "before"),
    ],
)  # fmt: skip
def test_any_fault_at_any_step_of_a_file_ends_right(shop: Shop, operation: str, kind: str, when: str) -> None:
    shop.simulator.fault(kind, operation=f"customer_list_uploads/{operation}", when=when, times=2, reset=7)

    run = drive_through(first_run())

    assert (run.state, run.reason, is_right(shop)) == (RunState.DONE, "", True)
    assert run.counts["final"]["rows"]["sent"] == 300


class KilledError(BaseException):
    """Nothing of ours catches it."""


@pytest.mark.parametrize("where", ["create", "put", "run", "get"])
@pytest.mark.parametrize("is_after", [False, True])
def test_killed_at_any_step_of_a_file_the_run_ends_right(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, where: str, is_after: bool
) -> None:
    drive_one = getattr(file_uploads.uploads, where)
    killed = []

    def dying(*args: Any, **options: Any) -> Any:
        if killed:
            return drive_one(*args, **options)
        killed.append(where)
        if is_after:
            drive_one(*args, **options)
        raise KilledError

    monkeypatch.setattr(file_uploads.uploads, where, dying)
    run = first_run()
    while not killed:
        try:
            drive(run)
        except KilledError:
            break
        drive_through(run, rounds=1) if not killed and run.next_attempt_at else None

    run = drive_through(first_run())

    assert (run.state, is_right(shop), len(killed)) == (RunState.DONE, True, 1)


def test_cancelling_waits_for_what_pinterest_makes_of_the_file(shop: Shop) -> None:
    shop.simulator.settings(upload_delay_s=60)
    drive(first_run())
    assert Batch.objects.filter(is_file=True, state=BatchState.UNKNOWN).exists()
    runs.cancel(first_run(), by=None)
    shop.simulator.advance(100)

    run = drive_through(first_run())

    run.audience.refresh_from_db()
    assert run.state == RunState.CANCELLED
    assert run.audience.member_count == len(shop.members)


def test_looking_is_no_attempt(shop: Shop) -> None:
    shop.simulator.settings(upload_delay_s=100_000)

    with pytest.raises(AssertionError, match="still uploading"):
        drive_through(first_run(), rounds=20)

    assert set(Batch.objects.filter(is_file=True).values_list("state", "attempts")) == {(BatchState.UNKNOWN, 1)}


def test_lost_files_of_a_run_are_prepared_again(shop: Shop) -> None:
    run = first_run()
    files.remove(files.run_name(run, run.files_attempt))
    drive(run)

    assert restoring.restore(run.pk) == "restored"

    run = drive_through(run)

    assert (run.state, is_right(shop)) == (RunState.DONE, True)


def test_the_page_says_which_batches_are_files(shop: Shop, client: Any) -> None:
    run = drive_through(first_run())
    client.force_login(shop.workspace.memberships.first().user)

    text = client.get(f"/w/{shop.workspace.slug}/runs/{run.pk}/").content.decode()

    assert text.count("uploaded as a file") == 2


def test_only_the_account_that_is_refused_is_remembered(shop: Shop) -> None:
    assert shop.ad_account.pinterest_id == BOBS_ACCOUNT
    drive_through(first_run())

    shop.ad_account.refresh_from_db()
    assert shop.ad_account.files_refused_at is None


def test_a_file_whose_start_went_unanswered_is_started_again_and_never_made_anew(shop: Shop) -> None:
    shop.simulator.fault("drop_before", operation="customer_list_uploads/run", when="before", times=1)

    run = drive_through(first_run())

    assert (run.state, is_right(shop)) == (RunState.DONE, True)
    assert len(shop.simulator.calls("customer_list_uploads/create")) == 2, "two files, each announced once"


def test_a_start_that_arrives_late_starts_nothing_twice(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    start, look, calls = file_uploads.uploads.run, file_uploads.uploads.get, []

    def lost(*place: Any) -> Any:
        calls.append(place)
        if len(calls) == 1:
            raise UnknownOutcome
        return start(*place)

    def late(client: Any, *place: Any) -> Any:
        found = look(client, *place)
        if len(calls) == 1 and found.state == "NOT_STARTED":
            # Seen as not started, and started before anybody can do so again.
            start(client, *place)
        return found

    monkeypatch.setattr(file_uploads.uploads, "run", lost)
    monkeypatch.setattr(file_uploads.uploads, "get", late)
    run = drive_through(first_run())

    assert (run.state, is_right(shop)) == (RunState.DONE, True)
    assert len(shop.simulator.calls("customer_list_uploads/create")) == 2
    assert not Batch.objects.filter(state=BatchState.SPLIT).exists()


def test_cancelling_leaves_no_file_that_may_start_later(shop: Shop) -> None:
    shop.simulator.fault("drop_before", operation="customer_list_uploads/run", when="before", times=1)
    drive(first_run())
    assert Batch.objects.filter(is_file=True, state=BatchState.UNKNOWN).exists()
    runs.cancel(first_run(), by=None)

    run = drive_through(first_run())

    run.audience.refresh_from_db()
    assert run.state == RunState.CANCELLED
    states = shop.simulator.control("state")
    assert run.audience.member_count == len(shop.members), states.get("uploads")
    assert len(shop.simulator.calls("customer_list_uploads/run")) == 2


def test_a_file_of_a_run_that_waited_for_days_has_its_own_time(shop: Shop) -> None:
    shop.simulator.settings(upload_delay_s=60)
    Run.objects.update(upload_started_at=timezone.now() - timedelta(days=3))
    drive(first_run())

    make_due(first_run())
    drive(first_run())

    assert not Batch.objects.filter(state=BatchState.SPLIT).exists()
