"""What every template knows about the site."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    return {
        "site_name": settings.SITE_NAME,
        "is_demo": settings.DEMO,
        "uses_simulator": settings.USE_SIMULATOR,
        "signup_open": settings.SIGNUP_OPEN,
    }
