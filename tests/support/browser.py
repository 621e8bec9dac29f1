"""A real Chromium for tests: pages of the live server, with every complaint of the browser counted as a failure."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, sync_playwright

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
DESKTOP, PHONE = (1280, 900), (360, 740)
WCAG_22_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@dataclass
class Complaints:
    """What a browser said went wrong: refused scripts and styles, errors in scripts, answers of 500 and up."""

    found: list[str] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        context.on("console", self._console)
        context.on("weberror", lambda error: self.found.append(f"script error: {error.error}"))
        context.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        # An answer of 400 to 499 is often what a test is about, and Chromium calls it an error.
        is_plain_refusal = message.text.startswith("Failed to load resource") and "status of 4" in message.text
        if message.type == "error" and not is_plain_refusal:
            self.found.append(f"console: {message.text}")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self.found.append(f"{response.status} from {response.url}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser process for the whole session."""
    if not Path(CHROMIUM).exists():
        pytest.fail(f"There is no Chromium at {CHROMIUM}: install the Debian package chromium, or set CHROMIUM.")
    # Playwright runs an event loop in this thread, and Django would then refuse to use the database here.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser, live_server: Any) -> Iterator[OpenPage]:
    """open_page(path, user=None, scheme="light", size=DESKTOP, **context): a page in a browser context of its own.

    The test fails at its end if a browser complained about anything.
    """
    contexts: list[BrowserContext] = []
    complaints = Complaints()

    def open_(path: str = "/", *, user: Any = None, scheme: Any = "light", size: Any = DESKTOP, **context: Any) -> Page:
        made = chromium.new_context(
            base_url=live_server.url,
            color_scheme=scheme,
            viewport={"width": size[0], "height": size[1]},
            reduced_motion="reduce",
            **context,
        )
        made.set_default_timeout(15_000)
        contexts.append(made)
        complaints.watch(made)
        if user is not None:
            sign_in(made, user, live_server.url)
        page = made.new_page()
        page.goto(path)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not complaints.found, "\n".join(complaints.found)


@pytest.fixture
def browser_page(open_page: OpenPage) -> Page:
    """A page of a signed-out visitor, on the live server's home page."""
    return open_page("/")


def sign_in(context: BrowserContext, user: Any, url: str) -> None:
    """Give the browser a session of the user, without the sign-in page."""
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": url}])


def assert_accessible(page: Page, *, schemes: tuple[str, ...] = ("light", "dark")) -> None:
    """axe finds nothing against WCAG 2.2 AA in the page as it stands, in light and in dark."""
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        # Django's administration fades from one theme to the other: half-way colours are nobody's contrast.
        page.evaluate("Promise.allSettled(document.getAnimations().map(one => one.finished))")
        # Evaluated by the debugger, which the page's own content security policy does not bind.
        page.evaluate(Path(AXE_FILE_PATH).read_text())
        result = page.evaluate("tags => axe.run({runOnly: tags, resultTypes: ['violations']})", WCAG_22_AA)
        assert result["passes"], f"axe checked nothing on {page.url}"
        assert not result["violations"], _report(page, scheme, result["violations"])


def assert_fits(page: Page) -> None:
    """The page does not scroll sideways."""
    too_wide = page.evaluate(
        """() => {
            const room = document.documentElement.clientWidth;
            if (document.documentElement.scrollWidth <= room) return [];
            const all = [...document.body.querySelectorAll("*")];
            const out = all.filter(element => element.getBoundingClientRect().right > room + 1);
            return out.slice(0, 5).map(e => e.outerHTML.slice(0, 120)).concat("(the page scrolls sideways)");
        }"""
    )
    assert not too_wide, f"{page.url} is too wide: {too_wide}"


def _report(page: Page, scheme: str, violations: list[dict[str, Any]]) -> str:
    lines = [f"axe on {page.url} ({scheme}):"]
    for violation in violations:
        lines.append(f"- {violation['id']}: {violation['help']}")
        lines += [f"    {node['html'][:160]} {node['failureSummary'][:300]}" for node in violation["nodes"][:5]]
    return "\n".join(lines)
