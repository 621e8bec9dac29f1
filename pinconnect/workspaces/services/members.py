"""Members and their roles; each change locks the workspace's row, so that two at once cannot take both last admins."""

from django.db import transaction

from pinconnect.workspaces import audit, refusals
from pinconnect.workspaces.models import Membership, User, Workspace
from pinconnect.workspaces.refusals import Refused
from pinconnect.workspaces.roles import Role


@transaction.atomic
def add_member(workspace: Workspace, user: User, role: Role, *, by: User | None) -> Membership:
    """Make a user a member. Raises Refused if he is one already."""
    _lock(workspace)
    membership, is_new = Membership.objects.get_or_create(workspace=workspace, user=user, defaults={"role": role})
    if not is_new:
        raise Refused(refusals.ALREADY_MEMBER)
    audit.record("member.added", user, workspace=workspace, by=by, role=role)
    return membership


@transaction.atomic
def change_role(membership: Membership, role: Role, *, by: User) -> bool:
    """False if the role is the same already. Raises Refused for the last admin."""
    _lock(membership.workspace)
    stored = _stored(membership)
    old = stored.role
    if old == role:
        return False
    if role != Role.ADMIN:
        _refuse_for_last_admin(stored)
    Membership.objects.filter(pk=stored.pk).update(role=role)
    membership.role = role
    audit.record("member.role_changed", stored.user, workspace=stored.workspace, by=by, role={"from": old, "to": role})
    return True


@transaction.atomic
def remove_member(membership: Membership, *, by: User) -> None:
    """Take a member out, or leave when it is oneself. Raises Refused for the last admin."""
    _lock(membership.workspace)
    stored = _stored(membership)
    _refuse_for_last_admin(stored)
    Membership.objects.filter(pk=stored.pk).delete()
    verb = "member.left" if stored.user == by else "member.removed"
    audit.record(verb, stored.user, workspace=stored.workspace, by=by, role=stored.role)


def _lock(workspace: Workspace) -> None:
    Workspace.objects.select_for_update().get(pk=workspace.pk)


def _stored(membership: Membership) -> Membership:
    stored = Membership.objects.select_related("user", "workspace").filter(pk=membership.pk).first()
    if stored is None:
        raise Refused(refusals.GONE)
    return stored


def _refuse_for_last_admin(membership: Membership) -> None:
    """An admin who may no longer sign in does not count as one."""
    others = Membership.objects.filter(workspace=membership.workspace, role=Role.ADMIN, user__is_active=True)
    if membership.role == Role.ADMIN and not others.exclude(pk=membership.pk).exists():
        raise Refused(refusals.LAST_ADMIN)
