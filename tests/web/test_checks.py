"""Settings that fit together badly are told where people look."""

from typing import Any

import pytest
from django.core.checks import Tags, run_checks


@pytest.mark.parametrize(
    ("base_url", "proxies", "warned"),
    [
        ("https://pinconnect.example.com", 0, True),
        ("https://pinconnect.example.com", 1, False),
        ("http://localhost:8000", 0, False),
    ],
)
def test_a_proxy_that_is_not_counted_is_warned_of(settings: Any, base_url: str, proxies: int, warned: bool) -> None:
    settings.BASE_URL, settings.TRUSTED_PROXY_COUNT = base_url, proxies

    found = [message.id for message in run_checks(tags=[Tags.security])]

    assert ("web.W001" in found) is warned
