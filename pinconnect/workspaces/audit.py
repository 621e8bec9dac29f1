"""The one way to write the audit log."""

from typing import Any

from django.db import models

from pinconnect.workspaces.models import AuditEvent, User, Workspace


def record(
    verb: str, subject: models.Model, *, workspace: Workspace | None, by: User | None, **details: Any
) -> AuditEvent:
    """Write one line, in the transaction of the change it speaks of. Details must hold no secret and no identifier."""
    return AuditEvent.objects.create(
        workspace=workspace,
        actor=by,
        actor_label=by.email if by else "system",
        verb=verb,
        object_type=subject._meta.model_name or "",
        object_id=str(subject.pk),
        object_label=str(subject)[:200],
        details=details,
    )
