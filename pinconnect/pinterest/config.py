"""Where Pinterest is and which app we are; the one place of this package that reads Django's settings."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.conf import settings


@dataclass(frozen=True)
class Config:
    """Addresses without a trailing slash, and the app's credentials."""

    api_url: str
    oauth_url: str
    app_id: str
    app_secret: str = field(repr=False)


def read() -> Config:
    """The configuration as it is now; read at each call, so that tests and the demo can point elsewhere."""
    return Config(
        api_url=settings.PINTEREST_API_URL.rstrip("/"),
        oauth_url=settings.PINTEREST_OAUTH_URL.rstrip("/"),
        app_id=settings.PINTEREST_APP_ID,
        app_secret=settings.PINTEREST_APP_SECRET,
    )
