"""The page of a run: live progress, the accounting, and decisions."""

from typing import Any

from audiences.models import Delivery, Run
from audiences.services import deliveries
from audiences.states import RunState
from pinconnect.workspaces.roles import Role
from tests.audiences.views.conftest import Pages, queries
from tests.factories_audiences import add_snapshot, drive, people

DIRTY = [{"email": "not-an-address", "phone": "", "gaid": ""}, {"email": "", "phone": "", "gaid": ""}]


def finished(pages: Pages) -> Run:
    return drive(Run.objects.order_by("pk").last())


def test_queued_run_says_that_it_waits_and_looks_again_by_itself(pages: Pages) -> None:
    run = Run.objects.get()

    text = pages.get(f"runs/{run.pk}/").content.decode()

    assert "Waiting for a worker" in text
    assert 'hx-trigger="every 2s"' in text


def test_finished_run_accounts_for_every_row_and_stops_looking_again(pages: Pages) -> None:
    finished(pages)
    add_snapshot(pages.shop.dataset, [*people(range(250)), *people(range(5)), *DIRTY])
    run = drive(pages.shop.start())

    text = pages.get(f"runs/{run.pk}/").content.decode()

    assert run.counts["final"]["rows"] == {
        "read": 257, "sent": 0, "already_there": 250, "duplicate": 5, "invalid": 2, "held_back": 0, "failed": 0,
        "left_out": 0,
    }  # fmt: skip
    assert "No @ in the address" in text
    assert "hx-trigger" not in text
    assert "not-an-address" not in text, "an identifier is shown in clear"


def test_refused_values_can_be_downloaded_masked(pages: Pages) -> None:
    finished(pages)
    add_snapshot(pages.shop.dataset, [*people(range(250)), *DIRTY])
    run = drive(pages.shop.start())

    answer = pages.get(f"runs/{run.pk}/refused.csv")

    body = b"".join(answer.streaming_content).decode()
    assert "email_no_at" in body
    assert "not-an-address" not in body
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"


def test_run_without_a_list_of_refused_values_answers_404(pages: Pages) -> None:
    run = Run.objects.get()

    assert pages.get(f"runs/{run.pk}/refused.csv").status_code == 404


def test_only_the_live_part_is_sent_to_htmx(pages: Pages) -> None:
    run = Run.objects.get()

    text = pages.get(f"runs/{run.pk}/", **{"HX-Request": "true"}).content.decode()

    assert text.strip().startswith('<div id="run"') or "<html" not in text


def test_cancel_asks_first_and_stops_a_queued_run(pages: Pages) -> None:
    run = Run.objects.get()
    assert "Cancel run 1" in pages.get(f"runs/{run.pk}/cancel/").content.decode()
    assert Run.objects.get().state == RunState.QUEUED

    pages.post(f"runs/{run.pk}/cancel/")

    assert Run.objects.get().state == RunState.CANCELLED


def test_cancelling_a_finished_run_says_that_it_is_too_late(pages: Pages) -> None:
    run = finished(pages)

    answer = pages.web.post(pages.url(f"runs/{run.pk}/cancel/"), follow=True)

    assert "already finished" in answer.content.decode()
    assert Run.objects.get().state == RunState.DONE


def held(pages: Pages) -> Run:
    finished(pages)
    add_snapshot(pages.shop.dataset, people(range(100)))
    run = drive(pages.shop.start())
    assert run.state == RunState.HELD
    return run


def test_held_run_shows_the_difference_and_approval_lets_it_go_on(pages: Pages) -> None:
    run = held(pages)
    text = pages.get(f"runs/{run.pk}/").content.decode()

    pages.post(f"runs/{run.pk}/decide/", decision="approve")

    assert "66.7% of the list" in text
    assert drive(run).state == RunState.DONE
    assert len(pages.shop.members) == 100


def test_rejected_run_sends_nothing(pages: Pages) -> None:
    run = held(pages)

    pages.post(f"runs/{run.pk}/decide/", decision="reject")

    run.refresh_from_db()
    assert run.state == RunState.CANCELLED
    assert len(pages.shop.members) == 300


def test_viewer_may_not_decide_or_cancel(pages: Pages) -> None:
    run = held(pages)
    vera = pages.as_role(Role.VIEWER)

    assert vera.get(f"runs/{run.pk}/").status_code == 200
    assert vera.post(f"runs/{run.pk}/decide/", decision="approve").status_code == 403
    assert vera.post(f"runs/{run.pk}/cancel/").status_code == 403


def test_stranger_gets_404(pages: Pages) -> None:
    run = Run.objects.get()

    assert pages.as_outsider().get(f"runs/{run.pk}/").status_code == 404
    assert pages.as_outsider().get(f"runs/{run.pk}/refused.csv").status_code == 404


def test_page_of_a_run_with_many_batches_asks_the_database_as_often_as_one_with_few(
    pages: Pages, settings: Any
) -> None:
    few = queries(pages, f"runs/{finished(pages).pk}/")
    settings.BATCH_RECORDS = 10
    add_snapshot(pages.shop.dataset, people(range(700)))
    run = drive(pages.shop.start())

    many = queries(pages, f"runs/{run.pk}/")

    assert run.batches.count() >= 40
    assert many == few


def test_a_dry_run_says_that_nothing_was_sent_and_offers_to_run(pages: Pages) -> None:
    finished(pages)
    for state, offer in (("active", "Run now"), ("paused", "nothing is sent before it is resumed")):
        Delivery.objects.update(state=state)
        assert 'name="dry_run"' in pages.get(f"deliveries/{pages.shop.delivery.pk}/").content.decode(), state
        pages.post(f"deliveries/{pages.shop.delivery.pk}/run/", dry_run="1")

        text = pages.get(f"runs/{finished(pages).pk}/").content.decode()

        assert "Nothing was sent</h2>" in text
        assert offer in text
        assert "Nothing is to be changed, so no call is to be made" in text
        assert "waits for somebody's approval" not in text

    add_snapshot(pages.shop.dataset, people(range(100)))
    pages.post(f"deliveries/{pages.shop.delivery.pk}/run/", dry_run="1")

    assert "waits for somebody's approval" in pages.get(f"runs/{finished(pages).pk}/").content.decode()


def test_approving_a_run_of_a_paused_delivery_says_that_it_goes_on_once_that_is_resumed(pages: Pages) -> None:
    run = held(pages)
    deliveries.pause(pages.shop.delivery, by=None)
    before = pages.get(f"runs/{run.pk}/").content.decode()

    answer = pages.web.post(pages.url(f"runs/{run.pk}/decide/"), {"decision": "approve"}, follow=True)

    text = answer.content.decode()
    assert "if you approve, the run goes on once it is resumed" in before
    assert "approved: it goes on once the delivery is resumed" in text
    assert "Resume the delivery and the run goes on." in text
