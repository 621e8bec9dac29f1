"""Worlds to walk through, and which arguments the addresses of the application take in them.

An app adds its addresses in tests/<app>/url_samples.py:

    SAMPLES: dict[str, Sample] = {"datasets:detail": lambda world: {"dataset": make_dataset(world.workspace).pk}}

A sample gives the arguments beside `workspace`; an address that takes none needs no sample. Beside it may stand
    MAY_ANSWER = {"datasets:broken-rows": {404}}  # right for a member, although it looks like a refusal
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.core.signing import dumps

import tests
from pinconnect.workspaces import services
from pinconnect.workspaces.models import User, Workspace
from pinconnect.workspaces.roles import Role
from tests.factories import make_member, make_user, make_workspace


@dataclass
class World:
    """One workspace with a member of each role; kept holds what samples want to make once."""

    workspace: Workspace
    viewer: User
    marketer: User
    admin: User
    kept: dict[str, Any] = field(default_factory=dict)


Sample = Callable[[World], dict[str, Any]]


def make_world(name: str) -> World:
    admin = make_user(f"{name} admin")
    workspace = make_workspace(name, owner=admin)
    viewer = make_member(workspace, Role.VIEWER, user=make_user(f"{name} viewer")).user
    marketer = make_member(workspace, Role.MARKETER, user=make_user(f"{name} marketer")).user
    return World(workspace, viewer, marketer, admin)


def _membership(world: World) -> dict[str, Any]:
    return {"membership": make_member(world.workspace, user=make_user("Sample")).pk}


def _invitation(world: World) -> dict[str, Any]:
    address = f"sample-{world.workspace.slug}-{len(world.kept)}@example.org"
    world.kept[address] = services.invite_member(world.workspace, email=address, role=Role.VIEWER, by=world.admin)
    return {"invitation": world.kept[address].pk}


# Addresses that are not ours: allauth's, and those of tests and style guides.
ELSEWHERE: dict[str, Sample] = {
    "account_confirm_email": lambda world: {"key": dumps(1, salt="account")},
    "account_reset_password_from_key": lambda world: {"uidb36": "1", "key": "set-password"},
    "mfa_remove_webauthn": lambda world: {"pk": 1},
    "mfa_edit_webauthn": lambda world: {"pk": 1},
    "styleguide:error": lambda world: {"code": "404"},
}
WORKSPACES: dict[str, Sample] = {
    "workspaces:member": _membership,
    "workspaces:remove-member": _membership,
    "workspaces:send-invitation-again": _invitation,
    "workspaces:revoke-invitation": _invitation,
    "workspaces:join": lambda world: {"token": "x" * 43},
}


def _collected(name: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for package in pkgutil.iter_modules(tests.__path__):
        if not package.ispkg:
            continue
        folder = importlib.import_module(f"tests.{package.name}")
        if any(module.name == "url_samples" for module in pkgutil.iter_modules(folder.__path__)):
            found |= getattr(importlib.import_module(f"tests.{package.name}.url_samples"), name, {})
    return found


def all_samples() -> dict[str, Sample]:
    """By URL name with its namespace, from here and from every tests/<app>/url_samples.py."""
    return {**ELSEWHERE, **WORKSPACES, **_collected("SAMPLES")}


def right_answers() -> dict[str, set[int]]:
    return _collected("MAY_ANSWER")
