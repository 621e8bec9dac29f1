"""The style guide page shows every component; what holds there holds where they are used."""

from typing import Any

import pytest
from django.test import Client

from tests.support.browser import PHONE, OpenPage, assert_accessible, assert_fits

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/styleguide/", "/styleguide/confirm/", "/styleguide/bare/"])
def test_page_has_one_heading_and_nothing_inline(client: Client, path: str) -> None:
    text = client.get(path).content.decode()

    assert text.count("<h1") == 1
    assert '<html lang="en">' in text
    assert " style=" not in text
    assert "<style" not in text
    assert "<script>" not in text


@pytest.mark.parametrize("code", ["400", "403", "404", "csrf", "429", "500"])
def test_every_error_page_can_be_looked_at(client: Client, code: str) -> None:
    response = client.get(f"/styleguide/errors/{code}/")

    assert response.status_code == int("403" if code == "csrf" else code)
    assert b"<h1>" in response.content


def test_unknown_error_page_is_not_found(client: Client) -> None:
    assert client.get("/styleguide/errors/418/").status_code == 404


@pytest.mark.browser
@pytest.mark.parametrize(
    "path", ["/styleguide/", "/styleguide/confirm/", "/styleguide/bare/", "/styleguide/errors/404/"]
)
def test_axe_finds_nothing(open_page: OpenPage, path: str) -> None:
    assert_accessible(open_page(path))


@pytest.mark.browser
@pytest.mark.parametrize(
    "path", ["/styleguide/", "/styleguide/bare/", "/styleguide/confirm/", "/styleguide/errors/404/"]
)
def test_fits_a_phone_and_stays_accessible(open_page: OpenPage, path: str) -> None:
    page = open_page(path, size=PHONE)

    assert_fits(page)
    assert_accessible(page, schemes=("light",))


@pytest.mark.browser
def test_menu_of_the_phone_opens_without_a_script(open_page: OpenPage) -> None:
    page = open_page("/styleguide/", size=PHONE, java_script_enabled=False)

    page.get_by_text("Menu").click()

    link = page.get_by_role("navigation", name="Main (menu)").get_by_role("link", name="Deliveries")
    assert link.is_visible()
    assert link.get_attribute("aria-current") == "page"


@pytest.mark.browser
def test_escape_closes_the_menu_and_returns_the_focus(open_page: OpenPage) -> None:
    page = open_page("/styleguide/", size=PHONE)
    page.get_by_text("Menu").click()
    menu = page.locator("details.menu[open]")
    assert menu.count() == 1

    page.keyboard.press("Escape")

    assert menu.count() == 0
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


@pytest.mark.browser
def test_copy_button_copies(open_page: OpenPage, live_server: Any) -> None:
    page = open_page("/styleguide/", permissions=["clipboard-read", "clipboard-write"])

    page.get_by_role("button", name="Copy the link").click()

    page.get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "https://pinconnect.example/join/AbC123"


@pytest.mark.browser
def test_summary_of_errors_takes_the_focus_and_leads_to_the_field(open_page: OpenPage) -> None:
    page = open_page("/styleguide/")

    assert "things have to be put right" in page.evaluate("document.activeElement.textContent")
    page.get_by_role("link", name="Name", exact=True).click()
    assert page.url.endswith("#invalid_name")
    described = page.locator("#invalid_name").get_attribute("aria-describedby")
    assert described == "invalid_name_helptext invalid_name_error"


@pytest.mark.browser
def test_htmx_is_tamed_and_sends_the_token_of_the_form(open_page: OpenPage) -> None:
    page = open_page("/styleguide/")
    config = page.evaluate("({...htmx.config})")
    assert (config["allowEval"], config["selfRequestsOnly"]) == (False, True)
    assert (config["includeIndicatorStyles"], config["historyCacheSize"]) == (False, 0)

    with page.expect_request("**/healthz") as request:
        page.evaluate("htmx.ajax('POST', '/healthz', {source: document.querySelector('main'), swap: 'none'})")

    assert len(request.value.headers["x-csrftoken"]) == 64
