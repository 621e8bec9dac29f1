"""Hash Lab: one value, each step, and the lists that hold it."""

import hashlib
import logging
from hashlib import sha256

import pytest

from audiences.models import Audience, Run
from audiences.services import editing
from audiences.services.deliveries import ColumnChoice
from pinconnect.workspaces.models import AuditEvent
from pinconnect.workspaces.roles import Role
from tests.audiences.views.conftest import Pages, queries
from tests.factories_audiences import drive, people

SECRET = "Zz.Top+secret@Example.com"


def text_of(pages: Pages, **data: str) -> str:
    answer = pages.post("lab/", **{"kind": "email", "default_country": "none", **data})
    assert answer.status_code == 200
    return answer.content.decode()


def test_page_asks_for_a_value_by_post(pages: Pages) -> None:
    text = pages.get("lab/").content.decode()

    assert "Hash Lab" in text
    assert 'method="post"' in text
    assert "step by step" not in text


def test_value_is_shown_step_by_step_with_its_digest(pages: Pages) -> None:
    text = text_of(pages, value=f" {SECRET} ")

    assert "Removed spaces" in text
    assert sha256(SECRET.lower().encode()).hexdigest() in text
    assert sha256(b"zztop@example.com").hexdigest() in text
    assert "On no list" in text


def test_delivered_value_names_the_lists_that_hold_it(pages: Pages) -> None:
    drive(Run.objects.get())

    text = text_of(pages, value="MEMBER00007@example.com")

    assert "Delivered" in text
    assert f"/deliveries/{pages.shop.delivery.pk}/" in text
    assert "On no list" not in text


def test_who_looked_is_in_the_audit_log_without_the_identifier(pages: Pages) -> None:
    drive(Run.objects.get())

    text_of(pages, value="member00007@example.com")

    event = AuditEvent.objects.get(verb="person.looked_up")
    assert (event.actor, event.details["lists"]) == (pages.user, 1)
    assert "member00007" not in str(vars(event))


def test_list_that_is_gone_from_pinterest_holds_nobody(pages: Pages) -> None:
    drive(Run.objects.get())
    Audience.objects.update(list_state="GONE")

    text = text_of(pages, value="member00007@example.com")

    assert "On no list" in text
    assert "It was delivered to Newsletter, which is gone from Pinterest." in text


@pytest.mark.parametrize("name", ["md5", "sha1"])
def test_other_hash_names_the_lists_that_hold_it_where_it_was_passed_on(pages: Pages, name: str) -> None:
    drive(Run.objects.get())
    value = hashlib.new(name, b"member00007@example.com").hexdigest()
    label = {"md5": "MD5", "sha1": "SHA-1"}[name]
    assert "No list of this workspace was ever filled from such a column" in text_of(pages, value=value)

    hashed = [row | {"email": sha256(row["email"].encode()).hexdigest()} for row in people(range(10, 300))]
    pages.shop.change([hashed[0] | {"email": value.upper()}, *hashed])
    wish = editing.Wish(columns=(ColumnChoice("email", "email", "any_hash"),))
    editing.change(pages.shop.delivery, wish, by=None)
    drive(pages.shop.start())
    text = text_of(pages, value=value)

    assert f"as {label}" in text
    assert f"/deliveries/{pages.shop.delivery.pk}/" in text
    assert "On no list" not in text
    assert "Below is where such a column has delivered it." in text
    plain = text_of(pages, value="Member00007@example.com")
    assert f"as {label}" in plain, "the plain address finds the person under the hash that was delivered"
    assert "On no list" in text_of(pages, value=hashlib.new(name, b"nobody@example.com").hexdigest())


def test_refused_value_says_why(pages: Pages) -> None:
    text = text_of(pages, value="nobody")

    assert "No @ in the address" in text
    assert "Rules of other tools" not in text


def test_phone_without_a_code_needs_the_country(pages: Pages) -> None:
    without = text_of(pages, kind="phone", value="0171 1234567")
    with_country = text_of(pages, kind="phone", value="0171 1234567", default_country="DE")

    assert "Country code missing" in without
    assert sha256(b"491711234567").hexdigest() in with_country


def test_bad_input_is_shown_at_its_field(pages: Pages) -> None:
    text = text_of(pages, kind="fax", value="")

    assert "is not one of the available choices" in text
    assert "This field is required" in text


def test_neither_logs_nor_addresses_nor_sessions_hold_the_value(pages: Pages, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = pages.post("lab/", kind="email", value=SECRET, default_country="none")

    assert "no-store" in answer["Cache-Control"]
    assert "Location" not in answer
    assert SECRET.lower() not in caplog.text.lower()
    assert SECRET.lower() not in str(dict(pages.web.session)).lower()


def test_viewer_may_look_and_stranger_gets_404(pages: Pages) -> None:
    assert pages.as_role(Role.VIEWER).get("lab/").status_code == 200
    assert pages.as_outsider().get("lab/").status_code == 404


def test_signed_out_visitor_is_led_to_sign_in(pages: Pages) -> None:
    pages.web.logout()

    assert "/accounts/login/" in pages.get("lab/")["Location"]


def test_the_list_of_deliveries_leads_here(pages: Pages) -> None:
    assert f'href="/w/{pages.workspace.slug}/lab/"' in pages.get("deliveries/").content.decode()


def test_page_asks_the_database_a_fixed_number_of_times(pages: Pages) -> None:
    assert queries(pages, "lab/") < 15
