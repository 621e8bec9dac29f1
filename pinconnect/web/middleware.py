"""Headers that every page carries."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

PERMISSIONS_POLICY = ", ".join(
    [
        *(
            f"{feature}=()"
            for feature in (
                "accelerometer",
                "autoplay",
                "browsing-topics",
                "camera",
                "display-capture",
                "geolocation",
                "gyroscope",
                "magnetometer",
                "microphone",
                "midi",
                "payment",
                "usb",
                "xr-spatial-tracking",
            )
        ),
        # Passkeys, and the copy buttons.
        *(
            f"{feature}=(self)"
            for feature in ("publickey-credentials-create", "publickey-credentials-get", "clipboard-write")
        ),
    ]
)


class PrivatePagesMiddleware:
    """Keep pages made for one person out of every cache, and switch off what browsers offer and we never use."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("X-Robots-Tag", "noindex, nofollow")
        if _knew_the_person(request):
            response.headers["Cache-Control"] = "private, no-store"
        return response


def _knew_the_person(request: HttpRequest) -> bool:
    """Whether the session was looked at, as on every signed-in page and for a partner half-way through a link."""
    session = getattr(request, "session", None)
    return session is not None and (session.accessed or session.modified)
