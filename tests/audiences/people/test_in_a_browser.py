"""The pages about single people in a real browser: accessible in both themes, and they fit a telephone."""

from typing import Any

import pytest

from audiences import tasks
from audiences.models import Erasure, Run
from audiences.people import erasing
from audiences.pipeline import upload
from pinconnect.workspaces.roles import Role
from tests.factories import make_member, make_user
from tests.factories_audiences import drive, make_shop, people
from tests.support.browser import PHONE, OpenPage, assert_accessible, assert_fits
from tests.support.simulator import SimulatorInTest

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.mark.parametrize("path", ["lab/", "people/"])
def test_answer_is_accessible_in_both_themes_and_fits_a_telephone(
    open_page: OpenPage, simulator: SimulatorInTest, path: str
) -> None:
    shop = make_shop(simulator, people(range(300)))
    drive(Run.objects.get())
    mark = make_member(shop.workspace, Role.MARKETER, user=make_user("Mark")).user
    page = open_page(f"/w/{shop.workspace.slug}/{path}", user=mark)
    page.get_by_label("Value").fill("Member00007@example.com")

    page.locator("main form button[type=submit]").click()

    page.get_by_text("Newsletter").first.wait_for()
    assert "Member00007" not in page.url
    assert_accessible(page)
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert_fits(page)


def test_a_person_who_was_looked_up_is_erased_from_there(open_page: OpenPage, simulator: SimulatorInTest) -> None:
    shop = make_shop(simulator, people(range(30)))
    drive(Run.objects.get())
    ada = make_member(shop.workspace, Role.ADMIN, user=make_user("Ada")).user
    page = open_page(f"/w/{shop.workspace.slug}/people/", user=ada)
    page.get_by_label("Value").fill("member00007@example.com")
    page.get_by_role("button", name="Look up").click()

    assert_accessible(page)
    page.get_by_role("button", name="Erase this person everywhere").click()
    page.get_by_label("E-mail addresses").wait_for()

    assert page.get_by_label("E-mail addresses").input_value() == "member00007@example.com"
    assert "member00007" not in page.url
    page.get_by_label("I know that this cannot be undone").check()
    page.get_by_role("button", name="Erase everywhere").click()
    page.wait_for_url("**/erasures/*/")
    assert Erasure.objects.get().tombstones.filter(wire_kind="email").count() == 3, "as SHA-256, SHA-1 and MD5"


@pytest.mark.parametrize("path", ["lab/", "people/"])
def test_answer_while_a_run_is_under_way_is_accessible_and_fits_a_telephone(
    open_page: OpenPage, simulator: SimulatorInTest, settings: Any, path: str
) -> None:
    settings.BATCH_RECORDS = 30
    shop = make_shop(simulator, people(range(300)))
    tasks.prepare_run(Run.objects.get().pk)
    upload.pump(Run.objects.get().pk, budget_s=0)
    mark = make_member(shop.workspace, Role.MARKETER, user=make_user("Mark")).user
    page = open_page(f"/w/{shop.workspace.slug}/{path}", user=mark)
    page.get_by_label("Value").fill("Member00007@example.com")

    page.locator("main form button[type=submit]").click()

    page.get_by_role("link", name="Run 1 of “Newsletter”").wait_for()
    assert_accessible(page)
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert_fits(page)


def test_findings_of_the_data_doctor_are_accessible_and_fit_a_telephone(
    open_page: OpenPage, simulator: SimulatorInTest
) -> None:
    shop = make_shop(simulator, [*people(range(300)), {"email": "info@shop.com", "phone": "", "gaid": ""}])
    drive(shop.start(is_dry_run=True))
    mark = make_member(shop.workspace, Role.MARKETER, user=make_user("Mark")).user

    page = open_page(f"/w/{shop.workspace.slug}/deliveries/{shop.delivery.pk}/doctor/", user=mark)

    assert page.get_by_text("Role mailboxes").count()
    assert_accessible(page)
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert_fits(page)


def test_erasing_from_the_form_to_the_receipt_is_accessible_and_fits_a_telephone(
    open_page: OpenPage, simulator: SimulatorInTest
) -> None:
    shop = make_shop(simulator, people(range(300)))
    drive(Run.objects.get())
    alice = make_member(shop.workspace, Role.ADMIN, user=make_user("Ann")).user
    page = open_page(f"/w/{shop.workspace.slug}/erasures/new/", user=alice)
    assert_accessible(page)
    page.get_by_label("E-mail addresses").fill("member00007@example.com")
    page.get_by_label("I know that this cannot be undone").check()

    page.get_by_role("button", name="Erase everywhere").click()
    erasing.work(Erasure.objects.get().pk)
    drive(Run.objects.latest("pk"))
    erasing.work(Erasure.objects.get().pk)
    page.reload()

    assert page.get_by_text("Erased everywhere").count()
    assert_accessible(page)
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert_fits(page)
    page.goto(f"/w/{shop.workspace.slug}/erasures/")
    assert_accessible(page)
    assert_fits(page)
