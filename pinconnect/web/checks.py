"""What Django's own checks cannot know about settings that fit together badly."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, register
from django.core.checks import Warning as Problem


@register(Tags.security)
def proxies_are_counted(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """TLS ends at a proxy, since we speak none; whose visitors all have its address until it is counted."""
    if not settings.BASE_URL.startswith("https://") or settings.TRUSTED_PROXY_COUNT:
        return []
    found = Problem(
        "BASE_URL begins with https://, so a proxy stands in front, but TRUSTED_PROXY_COUNT is 0: all visitors seem to "
        "come from the proxy, and where attempts are limited they count as one.",
        hint="Set TRUSTED_PROXY_COUNT to the number of your proxies, and let them send X-Forwarded-For and -Proto.",
        id="web.W001",
    )
    return [found]
