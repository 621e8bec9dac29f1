"""A workspace with one member of each role, and somebody from elsewhere."""

from dataclasses import dataclass

import pytest

from pinconnect.workspaces.models import User, Workspace
from pinconnect.workspaces.roles import Role
from tests.factories import make_member, make_user, make_workspace


@dataclass
class Acme:
    workspace: Workspace
    alice: User
    bob: User
    vera: User
    charlie: User

    @property
    def url(self) -> str:
        return f"/w/{self.workspace.slug}/datasets/"


@pytest.fixture
def acme(db: None) -> Acme:
    """Alice is admin, Bob a marketer, Vera a viewer of Acme; Charlie is admin of another workspace."""
    alice = make_user("Alice")
    workspace = make_workspace("Acme", owner=alice)
    bob = make_member(workspace, Role.MARKETER, user=make_user("Bob")).user
    vera = make_member(workspace, Role.VIEWER, user=make_user("Vera")).user
    charlie = make_user("Charlie")
    make_workspace("Elsewhere", owner=charlie)
    return Acme(workspace, alice, bob, vera, charlie)
