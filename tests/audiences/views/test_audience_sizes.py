"""The numbers on the page of an audience: they add up, and what Pinterest does not tell is not called 0."""

import re
from datetime import timedelta
from typing import Any

from django.utils import timezone

from audiences.models import Audience, Delivery, Drift, DriftKind, Observation, Run
from audiences.reports import audience_page, shortfall
from audiences.services import observing
from audiences.services.deliveries import ColumnChoice
from audiences.states import RunState
from tests.audiences.views.conftest import Pages
from tests.factories_audiences import drive, drive_through, make_shop, people
from tests.support.simulator import SimulatorInTest


def seen(audience: Audience, **changes: Any) -> Observation:
    now = timezone.now()
    values: dict[str, Any] = {
        "list_state": "READY", "audience_state": "READY", "size": 60, "members": {"email": 300}, "asked_at": now,
        **changes,
    }  # fmt: skip
    found: Observation = Observation.objects.create(audience=audience, **values)
    return found


def text_of(pages: Pages, path: str) -> str:
    return pages.get(path).content.decode()


def numbers(lines: tuple[shortfall.Line, ...]) -> dict[str, str]:
    return {line.label: line.count for line in lines}


def sent_with_two_kinds(pages: Pages, **rows: int) -> Audience:
    """110 of 300 rows were sent, with an e-mail address and a phone number each; five people were erased since."""
    run = drive(Run.objects.get())
    final, kind = run.counts["final"], {"already_there": 0, "new": 110, "distinct": 110}
    final["rows"] = {**final["rows"], "left_out": 190, "sent": 110, **rows}
    final["members"] = {"email": 110, "phone": 110}
    final["additions"] = {"sent": 110, "failed": 0, "not_sent": 0}
    run.counts["kinds"] = {"email": kind, "phone": kind}
    run.save()
    Audience.objects.update(ledger_members={"email": 105, "phone": 105})
    return Audience.objects.get()


def test_rows_and_identifiers_are_kept_apart_and_every_step_adds_up(pages: Pages) -> None:
    audience = sent_with_two_kinds(pages)

    lines = shortfall.of(audience, seen(audience, base=110, is_by_rows=True)).lines

    assert [(line.label, line.count) for line in lines] == [
        ("Rows read", "300"),
        ("Left out", "−190"),
        ("Rows on the list", "= 110 rows, with 220 identifiers"),
        ("Taken out", "−10"),
        ("On the list", "210"),
        ("Identifiers of the same people", "−100"),
        ("Not found at Pinterest", "−50"),
        ("At Pinterest", "60"),
    ]


def test_two_steps_of_which_only_the_sum_is_known_are_one(pages: Pages) -> None:
    audience = sent_with_two_kinds(pages)

    found = numbers(shortfall.of(audience, seen(audience, base=None, doubt="several")).lines)

    assert found["Of the same people, or not found"] == "−150"
    assert not {"Identifiers of the same people", "Not found at Pinterest"} & set(found)


def test_whoever_another_run_put_on_the_list_is_a_step_of_its_own(pages: Pages) -> None:
    drive(Run.objects.get())
    Delivery.objects.update(mode="add")
    pages.shop.change(people(range(500, 520)))
    assert drive(pages.shop.start()).state == RunState.DONE

    lines = shortfall.of(Audience.objects.get(), None).lines

    assert [(line.label, line.count) for line in lines[:4]] == [
        ("Rows read", "20"),
        ("Rows on the list", "= 20 rows, with 20 identifiers"),
        ("On the list beside them", "+300"),
        ("On the list", "320"),
    ]


def test_a_size_that_is_not_told_is_no_zero_in_the_table_and_no_point_in_the_chart(pages: Pages) -> None:
    drive(Run.objects.get())
    audience = Audience.objects.get()
    for minutes in (3, 2, 1):
        asked_at = timezone.now() - timedelta(minutes=minutes)
        seen(audience, audience_state="TOO_SMALL", list_state="TOO_SMALL", size=0, asked_at=asked_at)
    Audience.objects.update(audience_state="TOO_SMALL", list_state="TOO_SMALL", size=0)

    page = audience_page.of(Audience.objects.get())
    text = text_of(pages, f"audiences/{audience.pk}/")

    (_, sizes), _ = page.sizes
    assert [value for _, value in sizes] == [None, None, None]
    assert page.sizes_text.startswith("People at Pinterest: under 100.")
    table = text[text.index("<summary>The numbers") :].partition("</details>")[0]
    assert re.findall(r'class="number">([^<]*)</td>', table) == ["Under 100", "300"], "the same is listed once"


def test_a_size_that_is_no_longer_told_ends_the_line(pages: Pages) -> None:
    drive(Run.objects.get())
    audience = Audience.objects.get()
    seen(audience, size=120, asked_at=timezone.now() - timedelta(days=1))
    seen(audience, audience_state="TOO_SMALL", size=None)

    page = audience_page.of(audience)

    assert "120 on" in page.sizes_text
    assert "Last answer: under 100." in page.sizes_text


def gone_after_it_was_small(pages: Pages) -> Run:
    """A run is told that there is no such list, and nobody has asked for its state since."""
    drive(Run.objects.get())
    observing.observe(Audience.objects.get().pk)
    now = timezone.now()
    Audience.objects.update(list_state="TOO_SMALL", audience_state="TOO_SMALL", size=40, settled_at=now)
    for table in ("audiences", "customer_lists"):
        pages.shop.simulator.app.world.store.run(f"DELETE FROM {table}")
    pages.shop.change(people(range(10, 310)))
    run = drive_through(pages.shop.start())
    assert run.reason == "list_gone"
    assert Audience.objects.get().list_state == "TOO_SMALL"
    return run


def test_a_list_that_is_gone_is_not_called_too_small(pages: Pages) -> None:
    run, now = gone_after_it_was_small(pages), timezone.now()
    audience = Audience.objects.get()
    Drift.objects.create(
        audience=audience, kind=DriftKind.BECAME_TOO_SMALL, found_at=now, last_seen_at=now,
        facts={"before": 300, "after": 40},
    )  # fmt: skip

    for path in (f"deliveries/{pages.shop.delivery.pk}/", f"runs/{run.pk}/", f"audiences/{audience.pk}/"):
        text = text_of(pages, path)
        assert "The list is gone" in text, path
        assert "Too small" not in text, path
        assert "has become too small" not in text, path
        assert "still be under way" not in text, path
        assert "still matching" not in text, path


def test_a_list_that_is_gone_has_no_size(pages: Pages) -> None:
    gone_after_it_was_small(pages)
    audience = Audience.objects.get()

    page = audience_page.of(audience)

    assert (page.report.size_text, page.report.size_unit, page.report.rate.text) == ("–", "", "")
    assert "gone from Pinterest" in page.report.rate.why
    assert numbers(page.shortfall.lines)["At Pinterest"] == "–"


def test_rows_that_were_on_the_list_before_count_with_their_identifiers(db: None, simulator: SimulatorInTest) -> None:
    columns = (ColumnChoice("email", "email"), ColumnChoice("phone", "phone"))
    shop = make_shop(simulator, people(range(30)), columns=columns)
    drive(Run.objects.get())
    # The last row is a second one with the address of the first.
    rows = [*people(range(40)), {**people([0])[0], "phone": "+14155559999"}]
    shop.change(rows)
    assert drive(shop.start()).state == RunState.DONE

    lines = shortfall.of(Audience.objects.get(), None).lines

    assert [(line.label, line.count) for line in lines[:3]] == [
        ("Rows read", "41"),
        ("Rows on the list", "= 41 rows, with 81 identifiers"),
        ("On the list", "81"),
    ]
