"""Made-up people, workspaces and members for tests. Alice owns, Bob helps, Charlie is a stranger."""

from itertools import count
from typing import Any

from allauth.account.models import EmailAddress

from pinconnect.workspaces.models import Membership, User, Workspace
from pinconnect.workspaces.roles import Role

PASSWORD = "correct horse battery staple"
_number = count(1)


def make_user(name: str = "Alice", *, email: str = "", is_verified: bool = True, **fields: Any) -> User:
    """A user with PASSWORD, known as name@example.org; a second Alice gets a number in her address."""
    address = email or f"{name.lower().replace(' ', '.')}@example.org"
    if not email and User.objects.filter(email=address).exists():
        address = address.replace("@", f"{next(_number)}@")
    user = User.objects.create_user(address, PASSWORD, name=name, **fields)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=is_verified)
    return user


def make_workspace(name: str = "Acme", *, owner: User | None = None, slug: str = "", **fields: Any) -> Workspace:
    """A workspace; its owner, if one is given, is an admin of it."""
    slug = slug or name.lower().replace(" ", "-")
    if Workspace.objects.filter(slug=slug).exists():
        slug = f"{slug}-{next(_number)}"
    workspace = Workspace.objects.create(name=name, slug=slug, **fields)
    if owner:
        make_member(workspace, Role.ADMIN, user=owner)
    return workspace


def make_member(workspace: Workspace, role: Role = Role.MARKETER, *, user: User | None = None) -> Membership:
    """A member of a workspace; without a user, one named after the role."""
    return Membership.objects.create(workspace=workspace, user=user or make_user(role.label), role=role)
