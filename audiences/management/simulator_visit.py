"""Walks the pages of the simulated Pinterest as a browser would: signs in, allows, and comes back with the answer.

For the demo only, where nobody may be there to click. It speaks to the simulator's pages and never to Pinterest.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener

from django.conf import settings

_TIMEOUT_S = 20


class VisitFailedError(Exception):
    """The pages did not behave as expected; the message is a sentence."""


@dataclass(frozen=True)
class Page:
    """What came back. location: where a redirect leads, cookie: what was set, both "" if nothing."""

    status: int
    body: str
    location: str = ""
    cookie: str = ""


Open = Callable[[str, dict[str, str], bytes | None], Page]


@dataclass
class Visit:
    """One sitting at the browser. open_page makes one request and follows no redirect."""

    open_page: Open = field(default_factory=lambda: _open)
    _cookie: str = ""

    def allow(self, address: str, user: str) -> dict[str, str]:
        """From the address that connecting begins with to what Pinterest sends back: code and state."""
        query = urlsplit(address).query
        signed_in = self._request(urljoin(address, "sign-in"), {"user": user, "query": query})
        if signed_in.status != 303:
            raise VisitFailedError(f"The simulator has no user “{user}”.")
        consent = self._request(address)
        token = re.search(r'name="form_token"\s+value="([^"]+)"', consent.body)
        if consent.status != 200 or token is None:
            raise VisitFailedError("The simulator showed no consent page.")
        scopes = dict(parse_qsl(query)).get("scope", "").split(",")
        pairs = [("form_token", token.group(1)), ("decision", "allow"), *(("scope", scope) for scope in scopes)]
        answer = self._request(address, pairs)
        if answer.status != 302:
            raise VisitFailedError("The simulator did not send us back.")
        return dict(parse_qsl(urlsplit(answer.location).query))

    def _request(self, address: str, form: dict[str, str] | list[tuple[str, str]] | None = None) -> Page:
        headers = {"Cookie": self._cookie} if self._cookie else {}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        page = self.open_page(address, headers, urlencode(form).encode() if form is not None else None)
        self._cookie = page.cookie.split(";")[0] or self._cookie
        return page


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def _open(address: str, headers: dict[str, str], body: bytes | None) -> Page:
    if not address.startswith(settings.SIMULATOR_URL + "/"):
        raise VisitFailedError("That is not the simulator.")
    opener: OpenerDirector = build_opener(_NoRedirect)
    request = Request(address, data=body, headers=headers)  # noqa: S310 -- the check above leaves one address
    try:
        with opener.open(request, timeout=_TIMEOUT_S) as answer:
            return Page(answer.status, answer.read().decode(), "", answer.headers.get("Set-Cookie", ""))
    except HTTPError as answer:
        found = answer.headers
        return Page(answer.code, "", found.get("Location", ""), found.get("Set-Cookie", ""))
    except (URLError, OSError) as error:
        raise VisitFailedError(
            f"The simulator does not answer at {settings.SIMULATOR_URL}. Start it with: make run"
        ) from error
