"""Every call of a run is recorded, masked, at almost no cost; no failure to record ever reaches the delivery."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audiences import tasks
from audiences.models import Batch, Call, CallKind, Run
from audiences.services import calls
from audiences.states import BatchState, RunState
from pinconnect.pinterest.client import Exchange
from tests.factories_audiences import Shop, drive, drive_through, expected_members, make_shop, people
from tests.lib import nasty
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
ROWS = people(range(120))


@pytest.fixture
def shop(simulator: SimulatorInTest, settings: Any) -> Shop:
    """Four batches of thirty, prepared and not sent."""
    settings.BATCH_RECORDS = 30
    made = make_shop(simulator, ROWS)
    tasks.prepare_run(Run.objects.get().pk)
    return made


def exchange(**changes: Any) -> Exchange:
    found = {
        "method": "PATCH",
        "path": "/ad_accounts/1/customer_lists/2",
        "status": 200,
        "duration_s": 0.1,
        "request_id": "77",
        "rate": None,
        "error_class": None,
        "started_at": timezone.now(),
    }
    return Exchange(**{**found, **changes})


def make_calls(run: Run, number: int, **changes: Any) -> None:
    """So many calls, a second apart, the last one now."""
    recorder, now = calls.Recorder(run.pk), timezone.now()
    for ago in reversed(range(number)):
        recorder.note(exchange(started_at=now - timedelta(seconds=ago), **changes))
    recorder.save()


def test_each_call_of_a_run_is_recorded_with_its_batch_and_its_answer(shop: Shop) -> None:
    run = drive(Run.objects.get())

    made = list(Call.objects.filter(run=run).order_by("pk"))
    sent = [one for one in made if one.batch_id]
    assert run.state == RunState.DONE
    assert [one.kind for one in sent[:2]] == [CallKind.FIND_LIST, CallKind.CREATE_LIST]
    assert [one.kind for one in sent if one.kind == CallKind.ADD] == [CallKind.ADD] * 3
    assert {one.batch_id for one in sent} == set(run.batches.values_list("pk", flat=True))
    assert len(made) == len(shop.simulator.calls())
    add = next(one for one in made if one.kind == CallKind.ADD)
    assert (add.method, add.records, add.status, add.attempt, add.error) == ("PATCH", 30, 200, 1, "")
    assert (add.profile_id, len(add.starts_with), add.is_error) == (shop.profile.pk, 4, False)
    assert add.request_id == Batch.objects.get(pk=add.batch_id).request_id
    assert '"num_batches"' in add.answer
    assert add.host


def test_observing_belongs_to_the_run_that_wrote_last(shop: Shop) -> None:
    run = drive(Run.objects.get())

    tasks.observe_audience(run.audience_id)

    assert set(Call.objects.filter(run=run, batch=None).values_list("kind", flat=True)) >= {CallKind.READ_LIST}


@pytest.mark.parametrize("kind", ["drop_after", "server_error", "truncated", "rate_limited"])
def test_a_call_that_went_wrong_is_recorded_as_an_error(shop: Shop, kind: str) -> None:
    shop.simulator.fault(kind, operation="customer_lists/update", reset=7)

    run = drive_through(Run.objects.get())

    (wrong,) = Call.objects.filter(run=run).errors()
    assert wrong.batch_id
    assert wrong.error in {"UnknownOutcome", "ServerTrouble", "RateLimited"}
    assert (wrong.status is None) == (kind in {"drop_after", "truncated"})
    assert Call.objects.filter(run=run, batch=wrong.batch_id, is_error=False).exists(), "and sent again"


def test_a_renewal_on_the_way_is_recorded_without_tokens(shop: Shop) -> None:
    shop.simulator.fault("expired_token", operation="customer_lists/update")

    drive_through(Run.objects.get())

    renewal = Call.objects.get(kind=CallKind.RENEW)
    assert (renewal.status, renewal.answer, renewal.is_error) == (200, "[tokens, not kept]", False)


def test_nothing_nasty_that_pinterest_says_is_stored(shop: Shop) -> None:
    digests = {digest for _, digest in expected_members(ROWS)}
    said = [*(text for text, _ in nasty.TEXTS), sorted(digests)[3], ROWS[3]["email"], shop.profile.access_token]
    for text in said:
        shop.simulator.fault("error", operation="customer_lists/update", status=503, message=text)

    run = drive_through(Run.objects.get())

    rows = "\n".join(str(row) for table in (Call, Batch) for row in table.objects.values_list())
    assert run.state in {RunState.DONE, RunState.FAILED}
    assert Call.objects.errors().count() >= 15
    assert not nasty.leaks(rows)
    assert not [digest for digest in digests if digest[:8] in rows]
    assert shop.profile.access_token not in rows
    assert "member00003" not in rows


def test_a_database_that_takes_no_records_does_not_disturb_the_run(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*args: Any, **how: Any) -> None:
        raise DatabaseError("disk full")

    monkeypatch.setattr(type(Call.objects), "bulk_create", full)

    run = drive(Run.objects.get())

    assert run.state == RunState.DONE
    assert shop.members == expected_members(ROWS)
    assert Call.objects.count() == 0
    assert "were not recorded (DatabaseError)" in caplog.text


def test_calls_before_a_crash_are_written(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from audiences.services import outcomes

    def crash(*args: Any, **how: Any) -> bool:
        raise DatabaseError("gone")

    monkeypatch.setattr(outcomes, "sent", crash)
    with pytest.raises(DatabaseError):
        tasks.pump_run(Run.objects.get().pk)

    assert Batch.objects.filter(state=BatchState.SENDING).count() == 1
    assert Call.objects.filter(kind=CallKind.CREATE_LIST).count() == 1


def test_many_calls_cost_one_statement(shop: Shop) -> None:
    recorder = calls.Recorder(Run.objects.get().pk)
    with CaptureQueriesContext(connection) as context:
        for _ in range(30):
            recorder.note(exchange())
            recorder.save_if_due()
        recorder.save()

    inserts = [query for query in context if query["sql"].startswith("INSERT")]
    assert len(inserts) == 1
    assert Call.objects.count() == 30


def test_no_days_means_no_records(shop: Shop, settings: Any) -> None:
    settings.CALL_KEEP_DAYS = 0

    drive(Run.objects.get())

    assert Call.objects.count() == 0


def test_old_calls_are_forgotten(shop: Shop, settings: Any) -> None:
    run = Run.objects.get()
    make_calls(run, 10)
    Call.objects.filter(pk__in=list(Call.objects.order_by("pk").values_list("pk", flat=True)[:4])).update(
        started_at=timezone.now() - timedelta(days=settings.CALL_KEEP_DAYS, seconds=1)
    )

    assert calls.prune() == 4
    assert Call.objects.count() == 6
    assert calls.prune() == 0


def test_of_very_many_the_first_the_last_and_the_errors_stay(
    shop: Shop, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CALLS_PER_RUN = 10
    monkeypatch.setattr(calls, "AT_ONCE", 7)
    run = Run.objects.get()
    make_calls(run, 50)
    make_calls(run, 8, status=503, error_class="ServerTrouble")
    ordered = list(Call.objects.filter(is_error=False).order_by("started_at", "pk").values_list("pk", flat=True))

    assert calls.prune() == 40

    run.refresh_from_db()
    left = Call.objects.filter(is_error=False).order_by("started_at", "pk")
    assert list(left.values_list("pk", flat=True)) == ordered[:5] + ordered[-5:]
    assert Call.objects.errors().count() == 8
    assert run.calls_left_out == 40


def test_deleting_a_run_takes_its_calls_along(shop: Shop) -> None:
    run = drive(Run.objects.get())
    assert Call.objects.filter(run=run).exists()

    run.delete()

    assert not Call.objects.exists()
