"""Where an identifier is, since when, and where it was."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages

from audiences import files, tasks
from audiences.ledger import writing
from audiences.models import Audience, Changes, Mode, Run
from audiences.people import history, lookup
from audiences.people.lookup import Place, Wanted
from audiences.people.reasons import story_of
from audiences.services import runs
from audiences.services.deliveries import ColumnChoice
from tests.factories import make_workspace
from tests.factories_audiences import ALL_KINDS, Shop, drive, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db


def email(number: int) -> Wanted:
    return Wanted("email", sha256(f"member{number:05d}@example.com".encode()).digest())


def first_run(shop: Shop) -> Run:
    return drive(Run.objects.get(delivery=shop.delivery))


def delivered(simulator: SimulatorInTest, numbers: range = range(300), **draft: Any) -> Shop:
    shop = make_shop(simulator, people(numbers), **draft)
    assert first_run(shop).state == "done"
    return shop


def deliver(shop: Shop, numbers: range) -> Run:
    shop.change(people(numbers))
    run = drive(shop.start())
    assert run.state == "done"
    return run


def only(shop: Shop, *wanted: Wanted) -> Place:
    (place,) = lookup.look_up(shop.workspace, wanted)
    return place


def test_member_is_found_with_its_run_and_snapshot(simulator: SimulatorInTest) -> None:
    shop = delivered(simulator)

    place = only(shop, email(7))

    (event,) = place.events
    assert place.is_member
    assert (event.run, event.is_removal) == (Run.objects.get(), False)
    assert [snapshot.original_name for snapshot in event.snapshots] == ["customers.csv"]
    assert event.at == event.run.finished_at


def test_who_was_never_delivered_is_nowhere(simulator: SimulatorInTest) -> None:
    shop = delivered(simulator)

    assert lookup.look_up(shop.workspace, [email(999)]) == []


def test_who_left_is_found_with_when_and_why(simulator: SimulatorInTest) -> None:
    shop = delivered(simulator)
    second = deliver(shop, range(1, 300))

    place = only(shop, email(0))

    assert not place.is_member
    assert [(event.run, event.is_removal) for event in place.events] == [
        (second, True), (Run.objects.get(number=1), False)
    ]  # fmt: skip
    assert "did not carry it any more" in story_of(place).body


@pytest.fixture
def remote_storage(settings: Any) -> Iterator[None]:
    backend = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = {**settings.STORAGES, "default": backend}
    yield
    storages._storages.clear()


@pytest.mark.usefixtures("remote_storage")
def test_who_came_and_left_is_found_in_the_notes_of_a_large_ledger(
    simulator: SimulatorInTest, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    monkeypatch.setattr(writing, "LARGE", 100)
    shop = delivered(simulator)
    deliver(shop, range(3, 305))
    settings.WORK_DIR = tmp_path / "another host"

    assert not only(shop, email(0)).is_member
    assert only(shop, email(3)).is_member
    assert only(shop, email(304)).is_member
    name = files.ledger_name(shop.delivery.audience, Run.objects.get(number=2).settled_version or 0)
    assert files.holds(name, "delta-all.parquet")


def test_who_left_and_came_back_has_three_events(simulator: SimulatorInTest) -> None:
    shop = delivered(simulator)
    deliver(shop, range(1, 300))
    third = deliver(shop, range(300))

    place = only(shop, email(0))

    assert place.is_member
    assert [event.is_removal for event in place.events] == [False, True, False]
    assert place.events[0].run == third


def test_adding_again_what_is_there_is_no_event(simulator: SimulatorInTest) -> None:
    """A row of several identifiers is sent whole when one of them is new."""
    shop = delivered(simulator, columns=ALL_KINDS, mode=Mode.ADD)
    rows = people(range(300))
    rows[0]["phone"] = "+14155559999"
    shop.change(rows)
    second = drive(shop.start())

    place = only(shop, email(0))

    assert second.counts["final"]["rows"]["sent"] == 1
    assert [event.run.number for event in place.events] == [1]


def test_run_that_was_refused_in_part_leaves_no_trace_of_what_was_not_taken(simulator: SimulatorInTest) -> None:
    shop = make_shop(simulator, people(range(300)))
    run = Run.objects.get()
    tasks.prepare_run(run.pk)
    run.refresh_from_db()
    runs.cancel(run, by=None)
    drive(run)

    assert run.state == "cancelled"
    assert lookup.look_up(shop.workspace, [email(7)]) == []


def test_list_that_is_gone_from_pinterest_holds_nobody(simulator: SimulatorInTest) -> None:
    """Its row keeps the ledger: who was on it can still be told."""
    shop = delivered(simulator)
    Audience.objects.update(list_state="GONE")

    place = only(shop, email(7))

    assert (place.is_known, place.is_member) == (True, False)
    assert story_of(place).headline == "The list is gone"


def test_other_workspaces_are_not_looked_at(simulator: SimulatorInTest) -> None:
    delivered(simulator)

    assert lookup.look_up(make_workspace("Elsewhere"), [email(7)]) == []


def test_members_from_before_changes_were_kept_are_found_all_the_same(simulator: SimulatorInTest) -> None:
    shop = delivered(simulator)
    Changes.objects.all().delete()

    place = only(shop, email(7))

    assert place.is_member
    assert place.events == ()
    assert "before PinConnect kept a history" in story_of(place).body


def test_one_kind_is_not_taken_for_another(simulator: SimulatorInTest) -> None:
    shop = delivered(simulator)

    assert lookup.look_up(shop.workspace, [Wanted("maid", email(7).digest)]) == []


def test_merged_changes_say_the_same(simulator: SimulatorInTest, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = delivered(simulator)
    deliver(shop, range(1, 300))
    deliver(shop, range(300))
    before = only(shop, email(0))
    monkeypatch.setattr(history, "MERGE_FROM", 3)
    folders = [history.name(before.audience, one.folder) for one in Changes.objects.all()]

    merged = history.merge(before.audience.pk)

    assert merged == 3
    assert Changes.objects.get().entries == 302
    assert only(shop, email(0)) == before
    assert not any(files._local(folder).exists() for folder in folders)


def test_few_changes_are_left_alone(simulator: SimulatorInTest) -> None:
    shop = delivered(simulator)

    assert history.merge(only(shop, email(7)).audience.pk) == 0
    assert history.hint_merges() == 0


@pytest.mark.parametrize(("few", "many", "width"), [(10, 10_000, 1), (10, 20, 2)])
def test_many_changes_are_spread_and_found(
    simulator: SimulatorInTest, monkeypatch: pytest.MonkeyPatch, few: int, many: int, width: int
) -> None:
    monkeypatch.setattr(history, "_FEW", few)
    monkeypatch.setattr(history, "_MANY", many)
    shop = delivered(simulator)

    assert Changes.objects.get().width == width
    assert all(only(shop, email(number)).events for number in (0, 7, 299))


def test_merging_twice_at_once_keeps_every_change_once(
    simulator: SimulatorInTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = delivered(simulator)
    deliver(shop, range(1, 300))
    monkeypatch.setattr(history, "MERGE_FROM", 2)
    write = history._write
    audience = only(shop, email(0)).audience

    def slow(*args: Any) -> history.Written:
        monkeypatch.setattr(history, "_write", write)
        history.merge(audience.pk)
        return write(*args)

    monkeypatch.setattr(history, "_write", slow)

    assert history.merge(audience.pk) == 0
    assert Changes.objects.get().entries == 301
    assert only(shop, email(0)).events[0].is_removal


def test_column_of_hashes_is_found_by_the_plain_value(simulator: SimulatorInTest) -> None:
    rows = [{"email": sha256(row["email"].encode()).hexdigest()} for row in people(range(120))]
    shop = make_shop(simulator, rows, columns=(ColumnChoice("email", "email", "hashed"),))
    first_run(shop)

    assert only(shop, email(3)).is_member
