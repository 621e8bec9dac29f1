"""Each way in which Pinterest may answer a batch, and what becomes of the batch, the run and the list."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audiences import tasks
from audiences.models import Audience, Batch, Run
from audiences.pipeline import upload
from audiences.states import BatchState, DeliveryState, RunState
from pinconnect.alerts.models import Alert
from tests.factories_audiences import Shop, drive, drive_through, expected_members, make_due, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
ROWS = people(range(120))


@pytest.fixture(autouse=True)
def small_batches(settings: Any) -> None:
    settings.BATCH_RECORDS = 30


@pytest.fixture
def shop(simulator: SimulatorInTest) -> Shop:
    """Four batches of thirty, prepared and not sent."""
    made = make_shop(simulator, ROWS)
    tasks.prepare_run(Run.objects.get().pk)
    assert Batch.objects.count() == 4
    return made


def run_of(shop: Shop) -> Run:
    return Run.objects.select_related("delivery", "audience").get(delivery=shop.delivery, number=1)


def states(shop: Shop) -> list[str]:
    return list(Batch.objects.filter(run=run_of(shop)).order_by("pk").values_list("state", flat=True))


FAULTS = [
    *(("rate_limited", "before"), ("server_error", "before"), ("server_error", "after"), ("unavailable", "after")),
    *(("error", "before"), ("drop_before", "before"), ("drop_after", "after"), ("slow", "after")),
    *(("truncated", "after"), ("cut_json", "after"), ("not_json", "after"), ("expired_token", "before")),
]


@pytest.mark.parametrize("operation", ["customer_lists/create", "customer_lists/update"])
@pytest.mark.parametrize(("kind", "when"), FAULTS)
def test_any_fault_at_any_call_delays_and_never_changes_the_end(
    shop: Shop, operation: str, kind: str, when: str
) -> None:
    shop.simulator.fault(kind, operation=operation, when=when, times=2, reset=7, seconds=100)

    run = drive_through(run_of(shop))

    assert (run.state, run.reason) == (RunState.DONE, "")
    assert shop.members == expected_members(ROWS)
    assert len(shop.simulator.control("state")["customer_lists"]) == 1, "only one list was made"
    assert run.counts["final"]["rows"]["sent"] == 120


def test_a_rate_limit_makes_the_run_wait_as_long_as_pinterest_says(shop: Shop) -> None:
    shop.simulator.fault("rate_limited", operation="customer_lists/create", reset=90)

    drive(run_of(shop))

    run = run_of(shop)
    assert (run.state, run.reason) == (RunState.UPLOADING, "rate_limited")
    assert states(shop) == [BatchState.PENDING] * 4, "nothing was carried out"
    assert Batch.objects.order_by("pk")[0].attempts == 0, "waiting is not an attempt"
    assert not shop.simulator.calls("customer_lists/update")


def test_a_server_error_leaves_the_batch_unsure_until_it_is_answered(shop: Shop) -> None:
    shop.simulator.fault("server_error", operation="customer_lists/update", when="after")

    drive(run_of(shop))

    assert states(shop).count(BatchState.UNKNOWN) == 1
    assert run_of(shop).reason == "pinterest_trouble"


def test_a_call_that_was_never_made_leaves_the_batch_as_it_was(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from pinconnect.pinterest import customer_lists
    from pinconnect.pinterest.errors import NotSent

    def unreachable(*args: Any, **kwargs: Any) -> None:
        raise NotSent("No connection")

    monkeypatch.setattr(customer_lists, "add", unreachable)
    drive(run_of(shop))

    assert states(shop) == [BatchState.SENT, BatchState.PENDING, BatchState.PENDING, BatchState.PENDING]


def test_one_bad_record_is_found_by_halving_and_the_rest_goes_through(shop: Shop) -> None:
    _, bad = sorted(expected_members(ROWS))[47]
    shop.simulator.fault("bad_records", digests=[bad])

    run = drive_through(run_of(shop))

    assert (run.state, run.reason) == (RunState.DONE, "some_refused")
    assert shop.members == expected_members(ROWS) - {("email", bad)}
    rows = run.counts["final"]["rows"]
    assert (rows["read"], rows["sent"], rows["failed"]) == (120, 119, 1)
    refused = Batch.objects.get(state=BatchState.FAILED)
    assert (refused.count, refused.http_status) == (1, 400)
    assert refused.example == f"record {bad[:6]}…"
    assert Batch.objects.filter(root__isnull=False).count() <= 2 * 5, "at most 2·log2(30) more calls"
    assert Alert.objects.get(kind="audiences.records_refused").context["refused"] == 1


def test_a_batch_that_is_too_large_is_halved(shop: Shop) -> None:
    shop.simulator.fault("too_large", bytes=1_200)

    run = drive_through(run_of(shop))

    assert run.state == RunState.DONE
    assert shop.members == expected_members(ROWS)
    assert run.counts["final"]["rows"]["failed"] == 0


def test_pinterest_that_refuses_everything_stops_the_run_early(simulator: SimulatorInTest, settings: Any) -> None:
    settings.BATCH_RECORDS = 2_000
    rows = people(range(6_000))
    shop = make_shop(simulator, rows)
    simulator.fault("error", operation="customer_lists/create", status=400, code=1, message="No.", times=None)

    run = drive_through(run_of(shop))

    assert (run.state, run.reason) == (RunState.FAILED, "everything_refused")
    assert run.counts["final"]["rows"]["failed"] == 6_000
    assert len(simulator.calls("customer_lists/create")) <= 40
    assert Alert.objects.filter(kind="audiences.run_failed").exists()


def unknown(shop: Shop, *, times: int | None) -> None:
    """Pinterest answers so often that there is no such list."""
    answer = {"status": 404, "code": 404, "message": "Customer list not found."}
    shop.simulator.fault("error", operation="customer_lists/update", times=times, **answer)


def test_a_list_that_is_not_found_once_is_asked_for_again_before_it_counts_as_gone(shop: Shop) -> None:
    unknown(shop, times=1)

    run = drive(run_of(shop))
    assert (run.state, run.reason) == (RunState.UPLOADING, "list_unknown")
    assert run.next_attempt_at - timezone.now() > timedelta(seconds=50)
    run = drive_through(run)

    assert (run.state, run.reason) == (RunState.DONE, "")
    assert shop.members == expected_members(ROWS)
    assert Audience.objects.get().list_missing_at is None
    assert not Alert.objects.exists()


def test_two_answers_in_one_minute_are_no_confirmation(shop: Shop) -> None:
    unknown(shop, times=2)
    run = drive(run_of(shop))
    Run.objects.update(next_attempt_at=None)
    Batch.objects.update(next_attempt_at=None)

    drive(run)

    assert len(shop.simulator.calls("customer_lists/update")) == 2
    assert drive_through(run).state == RunState.DONE


def test_a_list_that_is_gone_ends_the_run_and_says_so(shop: Shop) -> None:
    unknown(shop, times=None)

    run = drive_through(run_of(shop))

    assert (run.state, run.reason) == (RunState.FAILED, "list_gone")
    assert run.counts["final"]["rows"]["sent"] == 30
    assert Alert.objects.get().kind == "audiences.list_gone"


def test_a_revoked_profile_pauses_the_delivery_and_the_run_goes_on_once_it_is_back(shop: Shop) -> None:
    shop.simulator.fault("revoked_token", operation="customer_lists/update")

    run = drive(run_of(shop))
    shop.delivery.refresh_from_db()

    assert (run.state, run.reason) == (RunState.UPLOADING, "profile_expired")
    assert (shop.delivery.state, shop.delivery.pause_reason) == (DeliveryState.PAUSED, "profile_expired")
    assert Alert.objects.filter(kind="audiences.delivery_paused", resolved_at=None).count() == 1
    assert states(shop).count(BatchState.PENDING) == 3, "what was refused was not carried out"


def test_calls_called_spam_pause_the_delivery(shop: Shop) -> None:
    shop.simulator.fault("spam", operation="customer_lists/update")

    run = drive(run_of(shop))

    assert run.reason == "flagged_as_spam"
    assert len(shop.simulator.calls("customer_lists/update")) == 1, "going on would make it worse"


def test_two_senders_at_once_send_each_batch_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of(shop)
    upload.pump(run.pk, budget_s=0)
    sending = upload.Pump._send

    def while_another_sends(self: upload.Pump, run: Run, *batch: Any) -> None:
        monkeypatch.setattr(upload.Pump, "_send", sending)
        tasks.pump_run(run.pk)
        sending(self, run, *batch)

    monkeypatch.setattr(upload.Pump, "_send", while_another_sends)
    drive_through(run)

    assert shop.members == expected_members(ROWS)
    calls = shop.simulator.calls("customer_lists/create") + shop.simulator.calls("customer_lists/update")
    assert sorted(call["records"] for call in calls) == [30, 30, 30, 30]


def test_an_outage_of_hours_ends_the_run_with_what_was_sent(shop: Shop) -> None:
    upload.pump(run_of(shop).pk, budget_s=0)
    shop.simulator.fault("unavailable", operation="customer_lists/update", when="before", times=None)

    for _ in range(25):
        drive(run_of(shop))
        make_due(run_of(shop))
    run = run_of(shop)
    assert (run.state, run.ending) == (RunState.UPLOADING, "failed"), "what is unsure is cleared up first"
    assert Alert.objects.filter(kind="audiences.pinterest_trouble", resolved_at=None).exists()
    shop.simulator.clear_faults()
    run = drive_through(run)

    assert (run.state, run.reason) == (RunState.FAILED, "pinterest_unavailable")
    final = run.counts["final"]["rows"]
    assert final["sent"] + final["failed"] == 120
    assert len(shop.members) == final["sent"]
    assert not Alert.objects.filter(kind="audiences.pinterest_trouble", resolved_at=None).exists()


def test_the_run_after_a_failed_one_sends_only_what_is_missing(shop: Shop) -> None:
    shop.simulator.fault("bad_records", digests=[digest for _, digest in sorted(expected_members(ROWS))[60:75]])
    drive_through(run_of(shop))
    shop.simulator.clear_faults()

    run = drive_through(shop.start())

    assert (run.state, run.counts["final"]["rows"]["sent"]) == (RunState.DONE, 15)
    assert shop.members == expected_members(ROWS)
