"""Making and changing workspaces."""

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from pinconnect.lib.tokens import new_token
from pinconnect.workspaces import audit
from pinconnect.workspaces.models import Membership, User, Workspace
from pinconnect.workspaces.roles import Role

_SLUG_LENGTH = 40


@transaction.atomic
def create_workspace(*, name: str, by: User, time_zone: str = "UTC", is_demo: bool = False) -> Workspace:
    """A new workspace with its maker as admin; its slug is made from the name and never changes."""
    workspace = _create(name.strip(), time_zone, is_demo)
    Membership.objects.create(workspace=workspace, user=by, role=Role.ADMIN)
    audit.record("workspace.created", workspace, workspace=workspace, by=by)
    return workspace


@transaction.atomic
def change_workspace(workspace: Workspace, *, by: User, name: str, time_zone: str) -> bool:
    """Set name and time zone; False if nothing is new. The slug stays, so that no link breaks."""
    stored = Workspace.objects.select_for_update().get(pk=workspace.pk)
    wanted = {"name": name.strip(), "time_zone": time_zone}
    changed = {field: value for field, value in wanted.items() if getattr(stored, field) != value}
    if not changed:
        return False
    details = {field: {"from": getattr(stored, field), "to": value} for field, value in changed.items()}
    Workspace.objects.filter(pk=workspace.pk).update(**changed)
    for changed_field, value in changed.items():
        setattr(workspace, changed_field, value)
    audit.record("workspace.changed", workspace, workspace=workspace, by=by, **details)
    return True


def _create(name: str, time_zone: str, is_demo: bool) -> Workspace:
    """Two people may choose the same name at once: the one who comes second gets the next free slug."""
    base = slugify(name)[:_SLUG_LENGTH].strip("-") or "workspace"
    for slug in (base, *(f"{base}-{number}" for number in range(2, 10)), f"{base}-{new_token()[:10].lower()}"):
        if Workspace.objects.filter(slug=slug).exists():
            continue
        try:
            with transaction.atomic():
                return Workspace.objects.create(name=name, slug=slug, time_zone=time_zone, is_demo=is_demo)
        except IntegrityError:
            continue
    raise RuntimeError("No free slug was found for the workspace.")
