"""The pages of a run's calls: live, filtered, page by page, one call in full, and the report for support."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audiences import tasks
from audiences.models import Batch, Call, CallKind, Delivery, Run
from audiences.reports.calls import PER_PAGE
from audiences.services import calls, endings
from audiences.states import BatchState, RunState
from pinconnect.alerts.services import raise_alert
from pinconnect.pinterest.client import Exchange, RateHeaders
from pinconnect.workspaces.roles import Role
from tests.audiences.views.conftest import Pages, queries
from tests.factories_audiences import add_snapshot, drive, drive_through, people
from tests.lib import nasty

LIST = "/ad_accounts/1/customer_lists/2"


def record(run: Run, *found: dict[str, Any]) -> None:
    """Calls of these properties, a second apart, the last one now."""
    recorder, now = calls.Recorder(run.pk), timezone.now()
    for ago, changes in zip(reversed(range(len(found))), found, strict=True):
        usual = {"method": "PATCH", "path": LIST, "status": 200, "duration_s": 0.25, "request_id": "4711"}
        usual |= {"rate": RateHeaders(400, 399, 60), "error_class": None, "started_at": now - timedelta(seconds=ago)}
        recorder.note(Exchange(**{**usual, **changes}))
    recorder.save()


def text_of(pages: Pages, path: str, **headers: Any) -> str:
    answer = pages.get(path, **headers)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_run_leads_to_its_calls_and_they_to_each_call(pages: Pages) -> None:
    run = drive(Run.objects.get())
    call = Call.objects.filter(kind=CallKind.CREATE_LIST).get()

    assert f"/runs/{run.pk}/calls/" in text_of(pages, f"runs/{run.pk}/")
    listed, one = text_of(pages, f"runs/{run.pk}/calls/"), text_of(pages, f"runs/{run.pk}/calls/{call.pk}/")

    assert f"calls/{call.pk}/" in listed
    assert "Create the customer list" in listed
    assert "hx-get" not in listed, "the run has ended"
    assert f"{call.starts_with}…" in one
    assert "Look through customer lists" in listed
    assert "300" in one
    assert "PROCESSING" in one or "READY" in one
    assert "E-mail" in one


def test_while_the_run_goes_on_the_first_page_looks_again_by_itself(pages: Pages) -> None:
    run = Run.objects.get()
    record(run, *[{}] * (PER_PAGE + 1))

    first = text_of(pages, f"runs/{run.pk}/calls/?show=")
    fragment = text_of(pages, f"runs/{run.pk}/calls/?kind=add", **{"HX-Request": "true"})
    older = first.split('rel="next" href="')[1].split('"')[0]

    assert "hx-trigger" in first
    assert "<html" not in fragment
    assert "calls/?kind=add" in fragment, "the filter stays"
    assert "hx-trigger" not in text_of(pages, f"runs/{run.pk}/calls/{older}")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", 5),
        ("show=errors", 3),
        ("show=unanswered", 1),
        ("kind=remove", 0),
        ("kind=find_list", 1),
        ("method=GET", 1),
        ("status=2xx", 2),
        ("status=429", 1),
        ("status=5xx", 1),
        ("status=4xx&show=errors", 1),
        ("q=BUSY%2C+later", 1),
        ("q=88-77", 1),
        ("q=customer_lists", 5),
        ("q=nothing+like+it", 0),
        ("q=%00", 5),
        ("show=odd&kind=odd&method=DELETE&status=odd&batch=x&before=x-y", 5),
        ("before=99999999999999999-1", 5),
        ("batch=12345", 0),
        ("batch=99999999999999999999999", 5),
    ],
)
def test_filters_find_what_they_say(pages: Pages, query: str, expected: int) -> None:
    run = Run.objects.get()
    record(
        run,
        {},
        {"status": 429, "error_class": "RateLimited", "message": "Too busy, later"},
        {"status": 503, "error_class": "ServerTrouble", "request_id": "88-77"},
        {"status": None, "error_class": "UnknownOutcome", "request_id": None, "rate": None},
        {"method": "GET", "path": "/ad_accounts/1/customer_lists"},
    )

    assert text_of(pages, f"runs/{run.pk}/calls/?{query}").count('<th scope="row">') == expected


def test_calls_of_one_batch_are_found_from_the_run(pages: Pages) -> None:
    pages.shop.simulator.fault("server_error", operation="customer_lists/create", when="before", times=1)
    run = drive(Run.objects.get())
    batch = run.batches.get()
    assert batch.state in {BatchState.UNKNOWN, BatchState.PENDING}

    link = f"calls/?batch={batch.pk}"
    text = text_of(pages, f"runs/{run.pk}/{link}")

    assert link in text_of(pages, f"runs/{run.pk}/")
    assert "Only calls for" in text
    assert text.count('<th scope="row">') == Call.objects.filter(batch=batch).count() >= 1
    assert text_of(pages, f"runs/{run.pk}/calls/?q=%23{batch.pk}").count('<th scope="row">') >= 1


def test_pages_lead_from_the_newest_to_the_oldest_without_a_gap(pages: Pages) -> None:
    run = Run.objects.get()
    record(run, *[{"request_id": f"rid-{number}"} for number in range(2 * PER_PAGE + 7)])
    # Written at the same moment, so the time alone does not tell them apart.
    Call.objects.filter(request_id__endswith="5").update(started_at=timezone.now())

    seen: list[int] = []
    query = ""
    while True:
        page = pages.get(f"runs/{run.pk}/calls/?{query}").context["page"]
        seen += [call.pk for call in page.calls]
        query = page.older
        if not query:
            break

    assert len(seen) == len(set(seen)) == 2 * PER_PAGE + 7


def test_a_batch_whose_worker_was_killed_is_shown_without_an_answer(pages: Pages) -> None:
    run = Run.objects.get()
    tasks.prepare_run(run.pk)
    Batch.objects.update(state=BatchState.SENDING, attempts=1, lease_until=timezone.now() - timedelta(seconds=5))

    text = text_of(pages, f"runs/{run.pk}/calls/")

    assert "Without an answer so far" in text
    assert "was not heard of again" in text
    Batch.objects.update(lease_until=timezone.now() + timedelta(seconds=50))
    assert "being sent now" in text_of(pages, f"runs/{run.pk}/calls/")


def test_what_was_left_out_is_said(pages: Pages, settings: Any) -> None:
    settings.CALLS_PER_RUN = 4
    run = Run.objects.get()
    record(run, *[{}] * 9)
    calls.prune()

    assert "5 calls from the middle of this run are not kept" in text_of(pages, f"runs/{run.pk}/calls/")


def test_a_run_that_ended_without_a_call_does_not_say_that_one_may_come(pages: Pages) -> None:
    run = Run.objects.get()
    Run.objects.update(state=RunState.DONE)

    text = text_of(pages, f"runs/{run.pk}/calls/")

    assert "This run asked nothing of Pinterest." in text
    assert "No calls yet" not in text


def test_deleted_and_missing_calls_are_explained(pages: Pages) -> None:
    run = Run.objects.get()
    assert "No calls yet" in text_of(pages, f"runs/{run.pk}/calls/")

    Run.objects.update(created_at=timezone.now() - timedelta(days=30))

    assert "No calls kept" in text_of(pages, f"runs/{run.pk}/calls/")


def test_delivery_shows_the_newest_errors(pages: Pages) -> None:
    run = Run.objects.get()
    here = f"deliveries/{pages.shop.delivery.pk}/"
    assert "Newest errors" not in text_of(pages, here)

    record(run, {}, {"status": 503, "error_class": "ServerTrouble", "message": "Out of order"})

    assert "Newest errors" in text_of(pages, here)
    assert "Out of order" in text_of(pages, here)


def test_many_calls_take_as_many_queries_as_few(pages: Pages) -> None:
    run = Run.objects.get()
    record(run, *[{"status": 503, "error_class": "ServerTrouble"}] * 3)
    few = [queries(pages, path) for path in (f"runs/{run.pk}/calls/", f"deliveries/{pages.shop.delivery.pk}/")]
    record(run, *[{"status": 503, "error_class": "ServerTrouble"}] * 300)

    many = [queries(pages, path) for path in (f"runs/{run.pk}/calls/", f"deliveries/{pages.shop.delivery.pk}/")]

    assert many == few


def test_viewers_may_look_and_strangers_find_nothing(pages: Pages) -> None:
    run = drive(Run.objects.get())
    call = Call.objects.first()
    paths = ("calls/", f"calls/{call.pk}/", "report.json", "report.txt")

    for path in paths:
        assert pages.as_role(Role.VIEWER).get(f"runs/{run.pk}/{path}").status_code == 200
        assert pages.as_outsider().get(f"runs/{run.pk}/{path}").status_code == 404
        assert pages.post(f"runs/{run.pk}/{path}").status_code == 405
    other = pages.shop.start(is_dry_run=True)
    assert pages.get(f"runs/{other.pk}/calls/{call.pk}/").status_code == 404, "a call of another run"


def test_report_says_what_support_asks_first(pages: Pages) -> None:
    pages.shop.simulator.fault("server_error", operation="customer_lists/create", when="before", times=2)
    run = drive_through(Run.objects.get())
    raise_alert(run.workspace, "audiences.pinterest_trouble", f"run:{run.pk}", **endings.context(run))

    answer = pages.get(f"runs/{run.pk}/report.json")
    report = json.loads(answer.content)
    text = text_of(pages, f"runs/{run.pk}/report.txt")

    assert answer["Content-Disposition"] == f'attachment; filename="run-{run.pk}-report.json"'
    assert report["run"]["state"] == "done"
    assert report["accounting"]["final"]["rows"]["sent"] == 300
    assert report["plan"]["columns"] == [{"kind": "email", "treatment": "auto", "country": ""}]
    assert report["audience"]["customer_list_id"] == run.audience.customer_list_id
    assert report["batches"]["sums"][0]["records"] == 300
    assert report["alerts"][0]["kind"] == "audiences.pinterest_trouble"
    assert len(report["calls"]["list"]) == Call.objects.count() == report["calls"]["kept"]
    created = [call for call in report["calls"]["list"] if call["kind"] == "create_list"]
    assert [call["status"] for call in created][-1] in {200, 201}
    assert created[-1]["answer"]["id"] == run.audience.customer_list_id
    assert {"pinconnect", "python", "database"} <= set(report["versions"])
    assert "CALLS" in text
    assert run.audience.customer_list_id in text


def test_report_says_how_rows_are_chosen_and_not_by_what(pages: Pages) -> None:
    drive(Run.objects.get())
    conditions = [
        {"column": "Miller Inc revenue", "operator": "last_days", "values": ["30"]},
        {"column": "tier", "operator": "is", "values": ["platinum"]},
    ]
    found = {"match": "any", "is_day_first": False, "groups": [{"match": "all", "conditions": conditions}]}
    Delivery.objects.update(row_filter=found)
    run = drive(pages.shop.start())

    text = text_of(pages, f"runs/{run.pk}/report.json")

    report = json.loads(text)
    assert report["plan"]["filter"]["groups"] == [{"match": "all", "operators": ["last_days", "is"]}]
    assert report["plan"]["filter"]["today"] == str(run.created_at.date())
    assert "Miller" not in text
    assert "platinum" not in text


def test_report_holds_nothing_secret_wherever_it_was_put(pages: Pages) -> None:
    """The nasty texts are written straight into the rows, past every mask on the way there."""
    run = drive(Run.objects.get())
    texts = [text for text, _ in nasty.TEXTS]
    record(run, *[{"message": text, "answer": text, "path": text[:200], "query": text} for text in texts])
    record(run, *[{"answer": json.dumps({"details": [{"deep": text}], "message": text})} for text in texts])
    Batch.objects.update(pinterest_message=nasty.ADDRESS, example=nasty.DIGEST[:60], error="Rejected")
    run.refresh_from_db()
    run.counts["rows"][nasty.ADDRESS] = 4
    run.counts["examples"] = texts
    run.plan["columns"] = [{"column": nasty.ADDRESS, "kind": "email", "treatment": "auto", "default_country": ""}]
    run.save()
    pages.shop.delivery.name = nasty.ADDRESS
    pages.shop.delivery.save()
    raise_alert(
        run.workspace,
        "audiences.pinterest_trouble",
        f"run:{run.pk}",
        **{**endings.context(run), "delivery": nasty.ADDRESS},
    )

    for path in ("report.json", "report.txt"):
        found = text_of(pages, f"runs/{run.pk}/{path}")
        assert not nasty.leaks(found)
        assert pages.shop.profile.access_token not in found
        assert "@" not in found
        assert len(found) > 10_000


def test_report_of_a_run_that_has_done_nothing_yet(pages: Pages) -> None:
    run = Run.objects.get()

    assert json.loads(pages.get(f"runs/{run.pk}/report.json").content)["calls"]["list"] == []
    assert "none" in text_of(pages, f"runs/{run.pk}/report.txt")
    add_snapshot(pages.shop.dataset, people(range(3)))
    dry = drive(pages.shop.start(is_dry_run=True))
    assert "A dry run asks nothing" in text_of(pages, f"runs/{dry.pk}/calls/")
