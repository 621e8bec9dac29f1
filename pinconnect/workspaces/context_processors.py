"""What every template knows about the workspace it is in."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from pinconnect.workspaces import navigation
from pinconnect.workspaces.models import Membership, Workspace
from pinconnect.workspaces.roles import Verb, allows


def workspace(request: HttpRequest) -> dict[str, Any]:
    """workspace, membership, can_operate, can_administer, nav and, on first use, other_workspaces for the switcher."""
    membership: Membership | None = getattr(request, "membership", None)
    current: Workspace | None = getattr(request, "workspace", None)
    return {
        "workspace": current,
        "membership": membership,
        "can_operate": membership is not None and allows(membership.role, Verb.OPERATE),
        "can_administer": membership is not None and allows(membership.role, Verb.ADMINISTER),
        "nav": navigation.items(request, current) if current else [],
        "other_workspaces": SimpleLazyObject(lambda: _others(request, current)),
    }


def _others(request: HttpRequest, current: Workspace | None) -> list[Workspace]:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return []
    found = Workspace.objects.filter(memberships__user_id=user.pk).order_by("name", "pk")
    return list(found.exclude(pk=current.pk) if current else found)
