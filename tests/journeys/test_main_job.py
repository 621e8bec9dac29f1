"""The main job, click by click: a file of customers becomes an audience on Pinterest."""

import hashlib
import json
import re
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PEOPLE = 400
BROKEN = "not an address"


def customers(path: Path, numbers: range) -> Path:
    """A file with semicolons and a header, as spreadsheets write it; one row holds no usable address."""
    rows = [f"{number};Member{number:05d}@Example.com;Lisbon" for number in numbers]
    path.write_text("\n".join(["Customer;E-Mail;City", *rows, f"0;{BROKEN};Porto"]) + "\n", encoding="utf-8")
    return path


def digests(numbers: range) -> set[str]:
    return {hashlib.sha256(f"member{number:05d}@example.com".encode()).hexdigest() for number in numbers}


def members(stack: Stack, list_id: str) -> set[str]:
    """Who is on the list, asked from the simulator's own side."""
    with urllib.request.urlopen(f"{stack.simulator_url}/_simulator/customer_lists/{list_id}/members") as answer:
        lines = answer.read().decode().splitlines()
    assert all(line.startswith("email ") for line in lines)
    return {line.removeprefix("email ") for line in lines}


def lists(stack: Stack) -> list[dict[str, object]]:
    with urllib.request.urlopen(f"{stack.simulator_url}/_simulator/state") as answer:
        found: list[dict[str, object]] = json.load(answer)["customer_lists"]
    return found


def sign_in(page: Page, stack: Stack) -> None:
    page.goto("/")
    page.get_by_label("Email").fill(stack.email)
    page.get_by_label("Password", exact=True).fill(stack.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Demo shop")


def connect(page: Page) -> None:
    page.get_by_role("navigation", name="Main", exact=True).get_by_role("link", name="Profiles").click()
    page.get_by_role("button", name="Connect a profile").first.click()
    page.get_by_role("button", name=re.compile("Bob")).click()
    page.get_by_role("button", name="Give access").click()
    expect(page.get_by_text("is connected").first).to_be_visible()


def choose_ad_account(page: Page) -> None:
    page.get_by_role("navigation", name="Main", exact=True).get_by_role("link", name="Ad Accounts").click()
    possible = page.get_by_role("row").filter(has_text="Possible").filter(has_not_text="Not possible").first
    possible.get_by_role("checkbox").check()
    page.get_by_role("button", name="Save the choice").click()
    expect(page.get_by_role("row").filter(has_text="Possible").first.get_by_role("checkbox")).to_be_checked()


def upload(page: Page, path: Path) -> None:
    page.get_by_role("navigation", name="Main", exact=True).get_by_role("link", name="Datasets").click()
    page.get_by_role("link", name="Upload a file").first.click()
    page.get_by_label("Name", exact=True).fill("Newsletter readers")
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_role("link", name="Create a delivery")).to_be_visible(timeout=60_000)


def replace(page: Page, path: Path) -> None:
    page.get_by_role("link", name="Add rows").click()
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("radio", name="Replace").check()
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_role("row").filter(has_text="readers-2.csv")).to_contain_text("Ready", timeout=60_000)


def set_up(page: Page) -> None:
    page.get_by_role("link", name="Create a delivery").click()
    page.get_by_label("Name", exact=True).fill("Newsletter to Pinterest")
    expect(page.get_by_label("Dataset", exact=True).locator("option:checked")).to_have_text("Newsletter readers")
    go_on(page)
    page.get_by_role("radio").first.check()
    go_on(page)
    page.locator("input[type=radio]:not([disabled])").first.check()
    go_on(page)
    page.get_by_label("Audience name").fill("Newsletter")
    go_on(page)
    expect(page.get_by_role("button", name="Take only rows where")).to_be_visible()
    go_on(page)
    chosen = page.get_by_role("group", name="E-Mail").get_by_label("Holds")
    expect(chosen).to_have_value("email")
    page.get_by_role("button", name="Examine the data").click()


def go_on(page: Page) -> None:
    page.get_by_role("button", name="Continue").click()


def fact(page: Page, label: str) -> str:
    """The number beside a label of the accounting."""
    row = page.locator("dl.facts--tight > div").filter(has=page.locator("dt", has_text=re.compile(f"^{label}")))
    return row.locator("dd").inner_text()


def test_a_file_becomes_an_audience_and_follows_the_next_file(visitor: Page, stack: Stack, tmp_path: Path) -> None:
    page = visitor
    sign_in(page, stack)
    connect(page)
    choose_ad_account(page)
    upload(page, customers(tmp_path / "readers.csv", range(PEOPLE)))
    set_up(page)

    expect(page.get_by_role("heading", name="It is safe to go on")).to_be_visible(timeout=60_000)
    page.get_by_role("link", name="Continue").click()
    publish = page.get_by_role("button", name="Publish")
    expect(publish).to_be_visible(timeout=60_000)
    assert fact(page, "To send") == str(PEOPLE)
    assert fact(page, "Invalid") == "1"
    assert not lists(stack), "something was sent before Publish"
    publish.click()

    expect(page.locator("#run").get_by_role("status")).to_contain_text("Done", timeout=90_000)
    assert [fact(page, label) for label in ("Sent", "Failed")] == [str(PEOPLE), "0"]
    (made,) = lists(stack)
    assert made["name"] == "Customer List-Newsletter"
    assert members(stack, str(made["id"])) == digests(range(PEOPLE))

    page.get_by_role("link", name="Newsletter to Pinterest").first.click()
    expect(page.get_by_text("Customer List-Newsletter").first).to_be_visible()
    expect(page.get_by_text("Audience-Newsletter").first).to_be_visible()
    page.get_by_role("link", name="Newsletter readers").click()
    replace(page, customers(tmp_path / "readers-2.csv", range(20, PEOPLE + 10)))
    page.get_by_role("navigation", name="Main", exact=True).get_by_role("link", name="Deliveries").click()
    page.get_by_role("link", name="Newsletter to Pinterest").click()
    page.get_by_role("button", name="Run now").click()

    expect(page.locator("#run").get_by_role("status")).to_contain_text("Done", timeout=90_000)
    assert [fact(page, label) for label in ("Sent", "Already there")] == ["10", "380"]
    assert members(stack, str(made["id"])) == digests(range(20, PEOPLE + 10))
