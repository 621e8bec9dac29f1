"""Short ways to say what the simulator's tests say often."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from pinconnect.simulator.http import Answer
from tests.support.simulator import REDIRECT_URI, SimulatorInTest

ACCOUNT = "549700000101"
SECOND_ACCOUNT = "549700000102"
READ_ONLY_ACCOUNT = "549700000201"
STRANGERS_ACCOUNT = "549700000401"
LISTS = f"/v5/ad_accounts/{ACCOUNT}/customer_lists"
AUDIENCES = f"/v5/ad_accounts/{ACCOUNT}/audiences"
FORM = {"content-type": "application/x-www-form-urlencoded"}


def body(answer: Answer) -> dict[str, Any]:
    """The JSON of an answer."""
    data: dict[str, Any] = json.loads(answer.body)
    return data


def error(answer: Answer) -> tuple[int, int]:
    """Status and Pinterest's code."""
    return answer.status, body(answer)["code"]


def sha256(text: str) -> str:
    """Hexadecimal SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()


def emails(count: int, first: int = 0) -> str:
    """Plain e-mails of seeded people as a records string."""
    return ",".join(f"member{number:05d}@example.com" for number in range(first, first + count))


class Bob:
    """Bob with a token and one-line calls."""

    def __init__(self, simulator: SimulatorInTest, user: str = "bob", scopes: Any = None) -> None:
        self.simulator = simulator
        self.token = simulator.grant(user, scopes)["access_token"]

    def get(self, path: str) -> Answer:
        """GET with the token."""
        return self.simulator.call("GET", path, token=self.token)

    def post(self, path: str, data: Any) -> Answer:
        """POST JSON with the token."""
        return self.simulator.call("POST", path, token=self.token, json_body=data)

    def patch(self, path: str, data: Any) -> Answer:
        """PATCH JSON with the token."""
        return self.simulator.call("PATCH", path, token=self.token, json_body=data)

    def new_list(self, records: str = "a@b.c", **extra: Any) -> str:
        """The id of a new list."""
        answer = self.post(LISTS, {"name": "Customers", "records": records, **extra})
        assert answer.status == 200, answer.body
        return str(body(answer)["id"])

    def change(self, list_id: str, operation: str, records: str) -> dict[str, Any]:
        """ADD or REMOVE; the list afterwards."""
        answer = self.patch(f"{LISTS}/{list_id}", {"operation_type": operation, "records": records})
        assert answer.status == 200, answer.body
        return body(answer)

    def list_of(self, list_id: str) -> dict[str, Any]:
        """A list as it is now."""
        return body(self.get(f"{LISTS}/{list_id}"))

    def new_audience(self, list_id: str, **extra: Any) -> str:
        """The id of a new audience over a list."""
        rule = {"customer_list_id": list_id}
        answer = self.post(AUDIENCES, {"name": "A", "audience_type": "CUSTOMER_LIST", "rule": rule, **extra})
        assert answer.status == 200, answer.body
        return str(body(answer)["id"])

    def audience(self, audience_id: str) -> dict[str, Any]:
        """An audience as it is now."""
        return body(self.get(f"{AUDIENCES}/{audience_id}"))


class Browser:
    """A browser on the pages of the simulator: keeps the cookie, follows nothing by itself."""

    def __init__(self, simulator: SimulatorInTest) -> None:
        self.simulator = simulator
        self.cookie = ""

    def authorize_query(self, **changes: str | None) -> str:
        """A right authorize query with some parameters changed, or left out when None."""
        right = {
            "client_id": self.simulator.app_id,
            "redirect_uri": REDIRECT_URI,
            "response_type": "code",
            "scope": "ads:read,ads:write,user_accounts:read",
            "state": "s1",
        }
        return urlencode({name: value for name, value in {**right, **changes}.items() if value is not None})

    def open(self, **changes: str | None) -> Answer:
        """Open the authorize link."""
        path = f"/oauth/?{self.authorize_query(**changes)}"
        return self.simulator.call("GET", path, headers={"cookie": self.cookie})

    def sign_in(self, user: str) -> Answer:
        """Choose a user on the sign-in page."""
        form = urlencode({"user": user, "query": self.authorize_query()}).encode()
        answer = self.simulator.call("POST", "/oauth/sign-in", body=form, headers=FORM)
        self.cookie = answer.headers.get("set-cookie", "").split(";")[0]
        return answer

    def decide(self, decision: str, scopes: list[str] | None = None, **changes: str | None) -> Answer:
        """Press a button of the consent page, with these boxes ticked (all by default)."""
        page = self.open(**changes).body.decode()
        token = page.partition('name="form_token" value="')[2].partition('"')[0]
        ticked = ["ads:read", "ads:write", "user_accounts:read"] if scopes is None else scopes
        fields = [("form_token", token), ("decision", decision), *(("scope", scope) for scope in ticked)]
        return self.simulator.call(
            "POST",
            f"/oauth/?{self.authorize_query(**changes)}",
            body=urlencode(fields).encode(),
            headers={**FORM, "cookie": self.cookie},
        )

    def code(self, user: str = "bob", scopes: list[str] | None = None) -> str:
        """A fresh authorization code."""
        self.sign_in(user)
        return returned(self.decide("allow", scopes))["code"]


def returned(answer: Answer) -> dict[str, str]:
    """The parameters with which the browser is sent back to the app."""
    assert answer.status == 302
    assert answer.headers["location"].startswith(REDIRECT_URI)
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def token_call(simulator: SimulatorInTest, *, secret: str | None = None, **form: str) -> Answer:
    """POST to the token endpoint with HTTP Basic."""
    import base64

    login = base64.b64encode(f"{simulator.app_id}:{secret or simulator.app_secret}".encode()).decode()
    headers = {**FORM, "authorization": f"Basic {login}"}
    return simulator.call("POST", "/v5/oauth/token", body=urlencode(form).encode(), headers=headers)
