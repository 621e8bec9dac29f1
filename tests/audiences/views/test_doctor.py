"""The data doctor as a page of the delivery."""

from hashlib import sha256

from audiences.models import Run, Trigger
from pinconnect.workspaces.roles import Role
from tests.audiences.views.conftest import Pages, queries
from tests.factories_audiences import add_snapshot, drive, people

SICK = [
    {"email": "info@shop.com", "phone": "", "gaid": ""},
    {"email": sha256(b"").hexdigest(), "phone": "", "gaid": ""},
    *[{"email": "default@shop.com", "phone": "", "gaid": ""}] * 120,
]


def page_of(pages: Pages) -> str:
    return f"deliveries/{pages.shop.delivery.pk}/doctor/"


def examined(pages: Pages) -> str:
    add_snapshot(pages.shop.dataset, [*people(range(10)), *SICK])
    answer = pages.post(f"{page_of(pages)}examine/")
    assert answer.status_code == 302
    drive(Run.objects.filter(is_dry_run=True).latest("pk"))
    return pages.get(page_of(pages)).content.decode()


def test_page_that_was_never_asked_says_what_to_do(pages: Pages) -> None:
    text = pages.get(page_of(pages)).content.decode()

    assert "Not examined yet" in text
    assert "Examine now" in text


def test_findings_are_counted_and_masked(pages: Pages) -> None:
    text = examined(pages)

    assert "Hash of an empty value" in text
    assert "Role mailboxes" in text
    assert "120 times, first in row 13" in text
    assert "info@shop.com" not in text
    assert "default@shop.com" not in text


def test_looking_sends_nothing(pages: Pages) -> None:
    examined(pages)

    run = Run.objects.latest("pk")
    assert (run.is_dry_run, run.trigger, run.batches.count()) == (True, Trigger.DRY_RUN, 0)


def test_page_looks_again_by_itself_while_examining(pages: Pages) -> None:
    pages.post(f"{page_of(pages)}examine/")

    text = pages.get(page_of(pages)).content.decode()
    part = pages.get(page_of(pages), **{"HX-Request": "true"}).content.decode()

    assert 'hx-trigger="every 1s"' in text
    assert "<html" not in part


def test_findings_of_older_data_are_marked(pages: Pages) -> None:
    examined(pages)
    add_snapshot(pages.shop.dataset, people(range(10)))

    assert "The data has changed since" in pages.get(page_of(pages)).content.decode()


def test_healthy_data_is_said_to_be_healthy(pages: Pages) -> None:
    pages.post(f"{page_of(pages)}examine/")
    drive(Run.objects.filter(is_dry_run=True).latest("pk"))

    assert "Nothing suspicious" in pages.get(page_of(pages)).content.decode()


def test_run_that_sends_is_not_examined(pages: Pages) -> None:
    run = drive(Run.objects.get())

    assert "doctor" not in run.counts


def test_refusal_is_said_in_words(pages: Pages) -> None:
    pages.shop.delivery.columns.all().delete()

    answer = pages.web.post(pages.url(f"{page_of(pages)}examine/"), follow=True)

    assert "Choose at least one column" in answer.content.decode()


def test_viewer_looks_but_does_not_examine(pages: Pages) -> None:
    vera = pages.as_role(Role.VIEWER)

    assert "Examine now" not in vera.get(page_of(pages)).content.decode()
    assert vera.post(f"{page_of(pages)}examine/").status_code == 403


def test_every_role_finds_the_page_from_the_delivery(pages: Pages) -> None:
    for person in (pages, pages.as_role(Role.VIEWER)):
        assert page_of(pages) in person.get(f"deliveries/{pages.shop.delivery.pk}/").content.decode()


def test_stranger_and_missing_delivery_get_404(pages: Pages) -> None:
    assert pages.as_outsider().get(page_of(pages)).status_code == 404
    assert pages.get("deliveries/999999/doctor/").status_code == 404
    assert pages.get(f"{page_of(pages)}examine/").status_code == 405


def test_page_asks_the_database_a_fixed_number_of_times(pages: Pages) -> None:
    examined(pages)
    few = queries(pages, page_of(pages))
    examined(pages)

    assert queries(pages, page_of(pages)) == few
