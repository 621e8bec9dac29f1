"""A workspace with its people, and ways to go to Pinterest and come back."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from pinconnect.profiles.models import Profile
from pinconnect.profiles.scopes import ASKED_FOR
from pinconnect.workspaces.models import User, Workspace
from pinconnect.workspaces.roles import Role
from tests.factories import make_member, make_user, make_workspace
from tests.simulator.helpers import Browser, returned
from tests.support.simulator import SimulatorInTest

CALLBACK = "/oauth/pinterest/callback/"


@dataclass
class Acme:
    workspace: Workspace
    alice: User
    mark: User
    vera: User
    charlie: User

    @property
    def url(self) -> str:
        return f"/w/{self.workspace.slug}/"


@pytest.fixture
def acme(db: None) -> Acme:
    """Alice is admin, Mark a marketer, Vera a viewer of Acme; Charlie is admin of another workspace."""
    alice = make_user("Alice")
    workspace = make_workspace("Acme", owner=alice)
    mark = make_member(workspace, Role.MARKETER, user=make_user("Mark")).user
    vera = make_member(workspace, Role.VIEWER, user=make_user("Vera")).user
    charlie = make_user("Charlie")
    make_workspace("Elsewhere", owner=charlie)
    return Acme(workspace, alice, mark, vera, charlie)


@dataclass
class Traveller:
    """A person at a browser who goes to Pinterest and comes back."""

    web: Client
    acme: Acme
    simulator: SimulatorInTest

    def leave(self, **form: Any) -> str:
        """Start connecting; the state that Pinterest is given."""
        answer = self.web.post(f"{self.acme.url}profiles/connect/", form)
        assert answer.status_code == 302, answer.content
        assert answer.url.startswith(self.simulator.oauth_url)
        return parse_qs(urlsplit(answer.url).query)["state"][0]

    def decide(self, state: str, user: str = "bob", decision: str = "allow", scopes: Any = None) -> dict[str, str]:
        """Sign in at Pinterest and press a button; what comes back in the address."""
        browser = Browser(self.simulator)
        browser.sign_in(user)
        return returned(browser.decide(decision, scopes, state=state))

    def back(self, params: dict[str, str]) -> HttpResponse:
        """Open the return address."""
        return self.web.get(f"{CALLBACK}?{urlencode(params)}")

    def connect(self, user: str = "bob", **form: Any) -> HttpResponse:
        """The whole way, granting everything."""
        return self.back(self.decide(self.leave(**form), user))


@pytest.fixture
def mark(acme: Acme, client: Client, simulator: SimulatorInTest) -> Traveller:
    """Mark, signed in."""
    client.force_login(acme.mark)
    return Traveller(client, acme, simulator)


@pytest.fixture
def make_profile(acme: Acme, simulator: SimulatorInTest) -> Any:
    """make_profile(user="bob", **fields): a connected profile whose tokens the simulator knows."""

    def make(user: str = "bob", **fields: Any) -> Profile:
        pair, now = simulator.grant(user), timezone.now()
        known = {"bob": ("549755885175", "bobs_garden"), "alice": ("549755885176", "alice_agency")}
        pinterest_id, username = known[user]
        values = {
            "workspace": acme.workspace,
            "pinterest_id": pinterest_id,
            "username": username,
            "access_token": pair["access_token"],
            "refresh_token": pair["refresh_token"],
            "scopes": list(ASKED_FOR),
            "expires_at": now + timedelta(days=30),
            "refresh_expires_at": now + timedelta(days=60),
            "renewed_at": now,
            "token_version": 1,
            **fields,
        }
        return Profile.objects.create(**values)

    return make
