"""People around a shop that delivers, and the addresses of its pages."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from pinconnect.workspaces.models import User, Workspace
from pinconnect.workspaces.roles import Role
from tests.factories import make_member, make_user, make_workspace
from tests.factories_audiences import Shop, make_shop, people
from tests.support.simulator import SimulatorInTest


@dataclass
class Pages:
    """One person's browser on the pages of a shop's workspace."""

    web: Client
    shop: Shop
    user: User

    @property
    def workspace(self) -> Workspace:
        return self.shop.workspace

    def url(self, path: str = "") -> str:
        return f"/w/{self.workspace.slug}/{path}"

    def get(self, path: str = "", **headers: Any) -> HttpResponse:
        return self.web.get(self.url(path), headers=headers)

    def post(self, path: str, **data: Any) -> HttpResponse:
        return self.web.post(self.url(path), data)

    def as_role(self, role: Role) -> "Pages":
        user = make_member(self.workspace, role, user=make_user(role.label)).user
        return self.as_user(user)

    def as_user(self, user: User) -> "Pages":
        web = Client()
        web.force_login(user)
        return Pages(web, self.shop, user)

    def as_outsider(self) -> "Pages":
        charlie = make_user("Charlie")
        make_workspace("Elsewhere", owner=charlie)
        return self.as_user(charlie)


@pytest.fixture
def pages(db: None, simulator: SimulatorInTest) -> Pages:
    """A marketer in the workspace of a published delivery whose first run is queued."""
    shop = make_shop(simulator, people(range(300)))
    mark = make_member(shop.workspace, Role.MARKETER, user=make_user("Mark")).user
    web = Client()
    web.force_login(mark)
    return Pages(web, shop, mark)


def queries(pages: Pages, path: str) -> int:
    """How often the database is asked for a page that is already warm."""
    pages.get(path)
    with CaptureQueriesContext(connection) as context:
        assert pages.get(path).status_code == 200
    return len(context)
