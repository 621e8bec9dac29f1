"""What changes at Pinterest without us is noticed once, said in words, and ends when it is over or known."""

from datetime import timedelta

from django.utils import timezone

from audiences.models import Audience, Drift, DriftEnding, DriftKind, Observation
from audiences.services import deliveries
from audiences.watching import drift
from pinconnect.alerts.models import Alert
from pinconnect.alerts.services import open_alerts
from tests.audiences.watching.helpers import AUDIENCES, Watched


def alert(kind: str) -> Alert | None:
    return Alert.objects.filter(kind=f"audiences.{kind}", resolved_at=None).first()


def told(seen: Watched) -> str:
    return " ".join(found.body for found in open_alerts(seen.shop.workspace))


def test_another_tool_that_writes_is_noticed_with_what_it_means_for_a_mirror(seen: Watched) -> None:
    seen.write_as_another("ADD", range(1_000, 1_040))
    seen.write_as_another("REMOVE", range(5))

    seen.look(hours=12)

    found = seen.drift(DriftKind.WRITTEN)
    assert found is not None
    assert found.facts == {"calls": 2, "added": 40, "removed": 5}
    assert "at least 2 more calls" in told(seen)
    assert "40 records added and 5 records removed" in told(seen)
    assert "A mirror takes off the list only people whom it has put there" in told(seen)


def test_writes_go_on_being_added_up_in_one_finding(seen: Watched) -> None:
    for _ in range(3):
        seen.write_as_another("ADD", range(10))
        seen.look(hours=24)

    assert [found.facts["calls"] for found in Drift.objects.filter(kind=DriftKind.WRITTEN)] == [3]
    assert Alert.objects.filter(kind="audiences.list_written").count() == 1


def test_writes_are_found_beside_a_run_of_ours(seen: Watched) -> None:
    seen.write_as_another("ADD", range(10))
    seen.deliver(range(310))

    seen.look()

    found = seen.drift(DriftKind.WRITTEN)
    assert found is not None
    assert found.facts["calls"] == 1


def test_a_week_without_foreign_writes_ends_it(seen: Watched) -> None:
    seen.write_as_another("ADD", range(10))
    seen.look(hours=24)

    seen.look(days=6)
    assert alert("list_written") is not None
    seen.look(days=1, hours=1)

    assert alert("list_written") is None
    assert Drift.objects.get().ending == DriftEnding.OVER


def test_who_knows_is_told_again_only_about_new_writes(seen: Watched) -> None:
    seen.write_as_another("ADD", range(10))
    seen.look(hours=24)
    assert drift.acknowledge(Drift.objects.get(), by=None)
    assert not drift.acknowledge(Drift.objects.get(), by=None), "a second click changes nothing"

    seen.look(hours=24)
    assert alert("list_written") is None
    seen.write_as_another("ADD", range(10))
    seen.look(hours=24)

    assert alert("list_written") is not None


def test_where_others_may_write_nobody_is_told_until_that_is_taken_back(seen: Watched) -> None:
    seen.write_as_another("ADD", range(10))
    seen.look(hours=24)
    drift.acknowledge(Drift.objects.get(), by=None, is_shared=True)

    seen.write_as_another("ADD", range(10))
    seen.look(hours=24)
    assert alert("list_written") is None
    assert drift.watch_writes_again(seen.audience, by=None)
    seen.write_as_another("ADD", range(10))
    seen.look(hours=24)

    assert alert("list_written") is not None


def test_a_renamed_list_is_noticed_and_its_old_name_ends_it(seen: Watched) -> None:
    seen.rename_list("Do not touch")
    seen.look(hours=12)
    assert "“Customer List-Newsletter” is called “Do not touch” now" in told(seen)

    seen.rename_list("Customer List-Newsletter")
    seen.look(hours=12)

    assert alert("list_renamed") is None


def test_a_new_name_that_is_known_becomes_the_name(seen: Watched) -> None:
    audience_id = seen.audience.audience_id
    seen.somebody_else("PATCH", f"{AUDIENCES}/{audience_id}", {"name": "Winter"})
    seen.look(hours=12)
    assert alert("audience_renamed") is not None

    drift.acknowledge(Drift.objects.get(), by=None)
    seen.look(hours=12)

    assert alert("audience_renamed") is None
    assert seen.audience.audience_name == "Winter"
    assert Drift.objects.count() == 1


def test_a_name_that_we_have_given_ourselves_is_no_drift(seen: Watched) -> None:
    seen.somebody_else("PATCH", f"{AUDIENCES}/{seen.audience.audience_id}", {"name": "Spring"})
    Audience.objects.update(audience_name="Spring")

    seen.look(hours=12)

    assert not Drift.objects.exists()


def test_an_audience_that_was_removed_can_be_made_anew(seen: Watched) -> None:
    old = seen.audience.audience_id
    seen.somebody_else("PATCH", f"{AUDIENCES}/{old}", {"operation_type": "REMOVE"})
    seen.look(hours=12)
    seen.look(minutes=1)
    assert alert("audience_gone") is not None
    assert alert("list_gone") is None

    assert drift.make_anew(seen.audience, by=None)
    assert not drift.make_anew(seen.audience, by=None), "a second click makes no second one"
    seen.look()
    seen.look()

    assert seen.audience.audience_id not in ("", old)
    assert seen.audience.audience_state == "READY"
    assert alert("audience_gone") is None


def test_a_list_that_is_gone_is_not_told_again_once_it_is_known(seen: Watched) -> None:
    gone = {"operation": "customer_lists/get", "status": 404, "code": 404, "message": "Customer list not found."}
    seen.simulator.fault("error", times=None, **gone)
    seen.look(hours=12)
    seen.look(minutes=1)
    assert alert("list_gone") is not None

    drift.acknowledge(Drift.objects.get(), by=None)
    seen.look(hours=12)
    assert alert("list_gone") is None
    seen.simulator.clear_faults()
    seen.look(hours=12)

    assert seen.audience.list_state == "READY"
    assert not Drift.objects.open().exists()


def test_a_size_that_falls_without_our_doing_is_noticed(seen: Watched) -> None:
    seen.look(days=4)
    seen.write_as_another("REMOVE", range(150))
    seen.look(hours=1)

    found = seen.drift(DriftKind.SIZE_FELL)

    assert found is not None
    assert found.facts == {"before": 300, "after": 150}
    assert alert("size_fell") is not None


def test_a_size_that_falls_because_we_removed_people_is_no_drift(seen: Watched) -> None:
    seen.look(days=4)
    seen.shop.delivery.hold_share = 100
    seen.shop.delivery.save()
    seen.deliver(range(120))

    seen.look(hours=60)

    assert seen.audience.size == 120
    assert not Drift.objects.exists()


def test_an_audience_that_becomes_too_small_is_noticed_and_ends_when_it_is_ready_again(seen: Watched) -> None:
    seen.look(days=4)
    seen.write_as_another("REMOVE", range(250))
    seen.look(hours=1)
    assert alert("became_too_small") is not None
    assert alert("size_fell") is None

    seen.write_as_another("ADD", range(250))
    seen.look(hours=1)

    assert alert("became_too_small") is None


def test_drifts_of_archived_deliveries_end(seen: Watched) -> None:
    seen.write_as_another("ADD", range(10))
    seen.look(hours=24)

    deliveries.archive(seen.shop.delivery, by=None)

    assert drift.close_abandoned() == 1
    assert alert("list_written") is None


def test_a_finding_is_open_only_once(seen: Watched) -> None:
    now = timezone.now()
    look = drift.Look(seen.audience, None, Observation(audience=seen.audience, asked_at=now), {})
    look.start(DriftKind.LIST_GONE)
    again = drift.Look(seen.audience, None, Observation(audience=seen.audience, asked_at=now + timedelta(1)), {})
    again.start(DriftKind.LIST_GONE)

    assert Drift.objects.count() == 1
    assert Audience.objects.get().drifts.open().count() == 1
