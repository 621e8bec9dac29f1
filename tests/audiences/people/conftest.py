"""Fixtures for the pages about single people."""

from tests.support.browser import browser_page, chromium, open_page  # noqa: F401 -- fixtures
