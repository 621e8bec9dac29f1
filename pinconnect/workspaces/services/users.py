"""Making users, and what they say about themselves."""

from typing import Any

from pinconnect.workspaces.models import User


def create_verified_user(*, email: str, password: str, name: str = "", **fields: Any) -> User:
    """A user whose address counts as verified, because whoever calls this vouches for it (an operator, the demo)."""
    return User.objects.create_verified_user(email, password, name=name, **fields)


def change_name(user: User, name: str) -> None:
    user.name = name.strip()
    user.save(update_fields=["name"])
