"""One line of the append-only audit log."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from pinconnect.workspaces.models.workspace import Workspace
from pinconnect.workspaces.querysets import AuditQuerySet


class AuditEvent(models.Model):
    """Who did what to what, when: written through audit.record() only, never changed or deleted."""

    # The log outlives what it speaks of: it stands in the way of deleting a workspace, and keeps the user's address.
    workspace = models.ForeignKey(Workspace, null=True, on_delete=models.PROTECT, related_name="+")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    actor_label = models.CharField(
        max_length=254, help_text="Kept when the user is gone; 'system' for the application itself."
    )
    verb = models.CharField(max_length=60, help_text="For example delivery.published.")
    object_type = models.CharField(max_length=40)
    object_id = models.CharField(max_length=40)
    object_label = models.CharField(max_length=200)
    details = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField(default=timezone.now, editable=False)

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            # With the key, so that what happened at one moment need not be sorted.
            models.Index(fields=["workspace", "-at", "-id"], name="audit_of_workspace"),
            # What can be chosen in the filter, without reading whole lines.
            models.Index(fields=["workspace", "actor_label"], name="audit_who"),
            models.Index(fields=["workspace", "verb"], name="audit_what"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_label} {self.verb} {self.object_label}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("An audit event is never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError("An audit event is never deleted.")

    @property
    def action(self) -> str:
        """The verb in words: "Member: role changed"."""
        return self.verb.replace(".", ": ", 1).replace("_", " ").capitalize()

    @property
    def facts(self) -> list[tuple[str, str]]:
        """The details as pairs of name and text; a change reads "old → new"."""
        return [(name.replace("_", " "), _in_words(value)) for name, value in self.details.items()]


def _in_words(value: Any) -> str:
    if isinstance(value, dict):
        if set(value) == {"from", "to"}:
            return f"{_in_words(value['from'])} → {_in_words(value['to'])}"
        return ", ".join(f"{name}: {_in_words(part)}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(_in_words(part) for part in value)
    return "–" if value in (None, "") else str(value)
