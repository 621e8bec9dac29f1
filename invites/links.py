"""The addresses behind which a partner finds us."""

from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse


def partner_link(code: str) -> str:
    """The absolute address of an invite's page."""
    return settings.BASE_URL + reverse("invites:landing", args=[code])


def partner_page_link(code: str) -> str:
    """The absolute address of the partner's own page after success."""
    return settings.BASE_URL + reverse("invites:partner-page", args=[code])


def host() -> str:
    """What the addresses begin with, as people read it; behind a proxy, a request may tell another one."""
    return urlsplit(settings.BASE_URL).netloc
