"""A marketer and a partner at two real browsers, with a Pinterest at a real address."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from tests.support.simulator_process import SimulatorProcess, running_simulator

APP_ID, APP_SECRET = "1000001", "browser-app-secret"


@pytest.fixture
def pinterest(live_server: Any, settings: Any, tmp_path: Path) -> Iterator[SimulatorProcess]:
    """The simulator as a program, and this installation set up for it."""
    callback = live_server.url + reverse("profiles:callback")
    arguments = ("--tier", "off", "--app-id", APP_ID, "--app-secret", APP_SECRET, "--redirect-uri", callback)
    with running_simulator(tmp_path / "pinterest", *arguments) as running:
        settings.BASE_URL = live_server.url
        settings.PINTEREST_APP_ID, settings.PINTEREST_APP_SECRET = APP_ID, APP_SECRET
        settings.PINTEREST_API_URL = running.api_url
        settings.PINTEREST_OAUTH_URL = f"{running.url}/oauth"
        settings.PINTEREST_REDIRECT_URI = callback
        policy = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
        settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": {**policy, "form-action": ["'self'", running.url]}}
        yield running


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def at_pinterest(page: Page, user: str, decision: str = "Give access") -> None:
    """Sign in there, as another user if need be, and press a button."""
    page.wait_for_url("**/oauth/**")
    switch = page.get_by_role("button", name="Switch user")
    if switch.count():
        switch.click()
    page.locator(f'button[name=user][value="{user}"]').click()
    press(page, decision)
