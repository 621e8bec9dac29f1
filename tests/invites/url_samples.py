"""Which arguments the addresses of app invites take in a walk through all of them."""

from typing import Any

from invites.models import AppInvite
from invites.services import sending
from invites.services.sending import InviteWishes
from tests.guards.samples import Sample, World


def _invite(world: World) -> AppInvite:
    """Made once; each request of the walk is undone."""
    if "app-invite" not in world.kept:
        made = sending.create(world.workspace, InviteWishes(partner_name="Sample"), by=world.admin)
        world.kept["app-invite"], world.kept["app-invite-code"] = made.invite, made.code
    return world.kept["app-invite"]


def _number(world: World) -> dict[str, Any]:
    return {"pk": _invite(world).pk}


def _action(world: World) -> dict[str, Any]:
    return {"pk": _invite(world).pk, "action": "revoke"}


def _code(world: World) -> dict[str, Any]:
    _invite(world)
    return {"code": world.kept["app-invite-code"]}


SAMPLES: dict[str, Sample] = {
    "invites:detail": _number,
    "invites:act": _action,
    "invites:landing": _code,
    "invites:start": _code,
    "invites:partner-page": lambda world: {"code": "x" * 43},
    "invites:withdraw": lambda world: {"code": "x" * 43},
}
