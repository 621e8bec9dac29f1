"""The whole product as real processes, and a browser before it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.support.browser import DESKTOP, Complaints
from tests.support.stack import Stack, running_stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Web, worker and simulator on an empty data folder, started by the command behind `make run`."""
    with running_stack(tmp_path_factory.mktemp("stack") / "data", is_fresh=True) as started:
        yield started


@pytest.fixture
def visitor(chromium: Browser, stack: Stack) -> Iterator[Page]:
    """A signed-out person's page; the test fails if the browser complains about anything."""
    context = chromium.new_context(
        base_url=stack.url, viewport={"width": DESKTOP[0], "height": DESKTOP[1]}, reduced_motion="reduce"
    )
    context.set_default_timeout(20_000)
    complaints = Complaints()
    complaints.watch(context)
    yield context.new_page()
    context.close()
    assert not complaints.found, "\n".join(complaints.found)
