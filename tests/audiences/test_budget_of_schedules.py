"""What a schedule costs against the limit: with all others that share it, before the first run, and with files."""

from typing import Any

import pytest

from audiences import tasks
from audiences.models import Batch, Delivery, Run, Schedule, Trigger
from audiences.reports import budget
from audiences.reports import run as run_report
from audiences.services import deliveries, file_uploads, runs, schedules
from audiences.services.schedules import Wish
from tests.factories_audiences import Shop, drive, drive_through, make_draft, make_profile, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
DAILY = Schedule(rhythm="interval", every_minutes=1440)
HOURLY = Wish("interval", every_minutes=60)


@pytest.fixture
def shop(simulator: SimulatorInTest, settings: Any) -> Shop:
    """A Trial app, and a delivery whose runs take 10 calls."""
    settings.PINTEREST_TIER = "trial"
    settings.BATCH_RECORDS = 30
    made = make_shop(simulator, people(range(300)))
    drive(Run.objects.get())
    return made


def another(shop: Shop, name: str, **fields: Any) -> Delivery:
    """It runs every hour, with 10 calls: 240 a day."""
    found = make_draft(shop.profile, shop.ad_account, shop.dataset, name=name)
    drive(deliveries.publish(found, by=None))
    Delivery.objects.filter(pk=found.pk).update(**fields)
    found.refresh_from_db()
    schedules.change(found, HOURLY, by=None)
    return found


def test_schedules_that_share_the_limit_are_added_up(shop: Shop) -> None:
    alone = budget.of(shop.delivery, Schedule(rhythm="interval", every_minutes=180))
    another(shop, "Second")

    found = budget.of(shop.delivery, Schedule(rhythm="interval", every_minutes=180))

    assert (alone.calls_per_day, alone.others_per_day, alone.is_over) == (80, 0, False)
    assert (found.calls_per_day, found.others_per_day, found.is_over) == (80, 240, True)
    assert "about 80 calls a day, the other active schedules about 240, and" in found.warning


def test_only_what_runs_by_the_clock_and_is_active_counts(shop: Shop) -> None:
    paused, by_data = another(shop, "Paused", state="paused"), another(shop, "By data")
    schedules.change(by_data, Wish("new_data"), by=None)
    schedules.change(shop.delivery, HOURLY, by=None)

    assert paused.schedule.every_minutes == 60
    assert budget.of(shop.delivery, DAILY).others_per_day == 0, "nor does its own stored schedule"


def test_standard_limit_is_shared_by_those_who_speak_for_the_same_pinterest_user(shop: Shop, settings: Any) -> None:
    settings.PINTEREST_TIER = "standard"
    alice = make_profile(shop.workspace, shop.simulator, user="alice")
    another(shop, "Alice's", profile=alice)
    another(shop, "Alice stands in", standby=alice, standby_since="2026-11-01T00:00Z")
    another(shop, "Bob's")

    found = budget.of(shop.delivery, DAILY)

    assert (found.others_per_day, found.is_over) == (240, False)


def test_number_of_queries_does_not_grow_with_the_schedules(
    shop: Shop, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    another(shop, "Second")
    with django_assert_max_num_queries(6) as few:
        budget.of(shop.delivery, DAILY)
    another(shop, "Third")
    another(shop, "Fourth")

    with django_assert_num_queries(len(few)):
        assert budget.of(shop.delivery, DAILY).others_per_day == 720


def test_before_the_first_run_a_dry_run_says_what_it_costs(shop: Shop) -> None:
    made = make_draft(shop.profile, shop.ad_account, shop.dataset, name="New")
    assert budget.of(made, DAILY).calls_per_run is None
    drive(runs.start(made, by=None, trigger=Trigger.DRY_RUN, is_dry_run=True))

    found = budget.of(made, Schedule(rhythm="interval", every_minutes=15))

    assert (found.calls_per_run, found.is_counted, found.is_over) == (10, True, True)
    Delivery.objects.filter(pk=made.pk).update(state="active")
    schedules.change(made, HOURLY, by=None)
    assert budget.of(shop.delivery, DAILY).others_per_day == 240, "and counts for others"


def test_run_that_found_nothing_new_does_not_hide_the_one_before(shop: Shop) -> None:
    newest = Run.objects.get()
    newest.pk, newest.number, newest.counts, newest.reason = None, 2, {"batches": 0}, "nothing_new"
    newest.save(force_insert=True)

    assert budget.of(shop.delivery, DAILY).calls_per_run == 10


@pytest.fixture
def files(settings: Any, monkeypatch: pytest.MonkeyPatch, simulator: SimulatorInTest) -> Shop:
    """Batches of 30, and files of 120 records: the list is made by a call, then come two files and one more call."""
    settings.BATCH_RECORDS = 30
    monkeypatch.setattr(file_uploads, "LEAST", 100)
    monkeypatch.setattr(file_uploads, "MOST", 120)
    monkeypatch.setattr(file_uploads, "PART_BYTES", 3_000)
    simulator.settings(bulk_upload=True, min_part_bytes=2_000, upload_delay_s=0)
    return make_shop(simulator, people(range(300)))


def test_files_count_as_the_calls_they_take_before_while_and_after_they_are_sent(files: Shop) -> None:
    dry_run = drive(files.start(is_dry_run=True))
    run = Run.objects.get(is_dry_run=False)
    tasks.prepare_run(run.pk)
    run.refresh_from_db()

    announced, open_ = budget.of_run(dry_run), budget.of_run(run)
    done = drive_through(run)

    made = files.simulator.calls("customer_lists/create") + files.simulator.calls("customer_lists/update")
    for what in ("create", "run"):
        made += files.simulator.calls(f"customer_list_uploads/{what}")
    assert len(made) == 6
    assert run_report.of(dry_run).calls == 6
    # The audience is one more.
    assert [found and found.calls for found in (announced, open_)] == [7, 7]
    assert done.counts["final"]["calls"] == 6
    assert budget.of(files.delivery, DAILY).calls_per_run == 6


def test_a_file_that_is_at_pinterest_takes_no_more_calls(files: Shop) -> None:
    run = Run.objects.get()
    tasks.prepare_run(run.pk)
    Batch.objects.filter(is_file=False).update(state="sent")
    Batch.objects.filter(is_file=True).update(state="unknown", upload_id="77")
    run.refresh_from_db()

    found = budget.of_run(run)

    assert found is not None
    assert found.calls == 1, "the audience's own"


def test_a_dry_run_counts_calls_where_the_ad_account_has_no_files(files: Shop, settings: Any) -> None:
    settings.PINTEREST_FILE_UPLOADS = False

    dry_run = drive(files.start(is_dry_run=True))

    assert budget.planned(dry_run) == 10
