"""Error pages: what happened, what it means, what to do. They need no database and repeat nothing of the request."""

import logging

from django.http import HttpRequest, HttpResponse
from django.template import loader

logger = logging.getLogger(__name__)

PAGES = {"400": 400, "403": 403, "404": 404, "csrf": 403, "429": 429, "500": 500}
_LAST_RESORT = (
    '<!DOCTYPE html><html lang="en"><head><title>Something went wrong · PinConnect</title></head><body><main>'
    "<h1>Something went wrong</h1><p>The page could not be made. Nothing you entered was kept. Try again in a minute; "
    "if it happens again, tell whoever runs this installation.</p></main></body></html>"
)


def page(name: str) -> HttpResponse:
    """An error page by its name in PAGES. Rendered without the request, so that no query is made and nothing leaks."""
    try:
        content: str = loader.render_to_string(f"errors/{name}.html")
    except Exception:  # An error page must come out, whatever else is broken.
        logger.exception("The error page %s could not be rendered.", name)
        content = _LAST_RESORT
    return HttpResponse(content, status=PAGES[name])


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return page("400")


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return page("403")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return page("404")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Named by CSRF_FAILURE_VIEW. The reason is for the log, where Django writes it."""
    return page("csrf")


def server_error(request: HttpRequest) -> HttpResponse:
    return page("500")
