"""Invites of a workspace, and partners who follow their links."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client

from invites.models import AppInvite
from invites.services import sending
from invites.services.sending import InviteWishes
from tests.profiles.conftest import Acme, acme, make_profile  # noqa: F401 -- fixtures
from tests.simulator.helpers import Browser, returned
from tests.support.simulator import SimulatorInTest

CALLBACK = "/oauth/pinterest/callback/"


@pytest.fixture(autouse=True)
def _nobody_tried_yet() -> None:
    """Attempts are counted in the cache, which outlives a test."""
    cache.clear()


def text(answer: HttpResponse) -> str:
    """What an answer says, in one line."""
    return " ".join(answer.content.decode().split())


@dataclass(frozen=True)
class Link:
    """An invite and the clear code of its link."""

    invite: AppInvite
    code: str

    @property
    def path(self) -> str:
        return f"/connect/{self.code}/"

    def now(self) -> AppInvite:
        """The invite as it is stored."""
        return AppInvite.objects.get(pk=self.invite.pk)

    def kinds(self) -> list[str]:
        """The timeline, oldest first."""
        return list(self.invite.events.order_by("pk").values_list("kind", flat=True))


MakeInvite = Callable[..., Link]


@pytest.fixture
def make_invite(acme: Acme) -> MakeInvite:  # noqa: F811 -- the fixture
    """make_invite(**wishes): an invite that Mark made, for Paula."""

    def make(**wishes: Any) -> Link:
        made = sending.create(acme.workspace, InviteWishes(**{"partner_name": "Paula", **wishes}), by=acme.mark)
        return Link(made.invite, made.code)

    return make


@dataclass
class Partner:
    """Somebody without an account here, at one browser."""

    web: Client
    simulator: SimulatorInTest

    def leave(self, link: Link) -> str:
        """Agree to go to Pinterest; the state that Pinterest is given."""
        return self.state_of(self.web.post(f"{link.path}start/"))

    def state_of(self, answer: HttpResponse) -> str:
        assert answer.status_code == 302, text(answer)
        assert answer.url.startswith(self.simulator.oauth_url), answer.url
        return parse_qs(urlsplit(answer.url).query)["state"][0]

    def decide(self, state: str, user: str = "bob", decision: str = "allow", **how: Any) -> dict[str, str]:
        """Sign in at Pinterest and press a button; what comes back in the address."""
        browser = Browser(self.simulator)
        browser.sign_in(user)
        return returned(browser.decide(decision, how.get("scopes"), state=state))

    def back(self, params: dict[str, str]) -> HttpResponse:
        """The page at which the trip ends."""
        answer = self.web.get(f"{CALLBACK}?{urlencode(params)}")
        self.last = answer.url if answer.status_code == 302 else ""
        return self.web.get(self.last) if self.last else answer

    def go(self, link: Link, user: str = "bob", decision: str = "allow", **how: Any) -> HttpResponse:
        """The whole way there and back."""
        return self.back(self.decide(self.leave(link), user, decision, **how))

    def own_page(self) -> str:
        """After a grant: the path of the partner's own page."""
        return self.web.post(self.last).url


@pytest.fixture
def partner(db: None, simulator: SimulatorInTest) -> Partner:
    return Partner(Client(), simulator)


@pytest.fixture
def elsewhere(db: None, simulator: SimulatorInTest) -> Partner:
    """The same person at a second device."""
    return Partner(Client(), simulator)
