"""The browser for the tests of the pages' look."""

from tests.support.browser import browser_page, chromium, open_page  # noqa: F401 -- fixtures
