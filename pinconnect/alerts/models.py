"""An alert: one thing in one workspace that a person must act on."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from pinconnect.alerts.querysets import AlertQuerySet
from pinconnect.workspaces.models import WorkspaceOwned


class Alert(WorkspaceOwned):
    """Open until resolved_at is set; at most one open alert of a kind for a subject."""

    kind = models.CharField(max_length=60, help_text="A kind of the registry, for example profiles.expired.")
    subject = models.CharField(max_length=80, help_text="What it is about, for example profile:12.")
    context = models.JSONField(default=dict, blank=True, help_text="Values for the wording; no secret, no identifier.")
    raised_at = models.DateTimeField(default=timezone.now)
    resolved_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[AlertQuerySet] = AlertQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-raised_at"]
        indexes = [models.Index(fields=["workspace", "resolved_at"])]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "kind", "subject"],
                condition=models.Q(resolved_at__isnull=True),
                name="alert_open_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
