"""One line of an invite's timeline."""

from django.db import models
from django.utils import timezone

from invites.models.invite import AppInvite, InviteCode


class EventKind(models.TextChoices):
    CREATED = "created", "Invite created"
    ASKED = "asked", "Asked to reconnect, because the profile expired"
    EMAILED = "emailed", "E-mail with the link asked for"
    VIEWED = "viewed", "Page opened"
    STARTED = "started", "Went to Pinterest"
    FAILED = "failed", "Attempt without success"
    ACTIVATED = "activated", "Access granted"
    EXTENDED = "extended", "Extended"
    REPLACED = "replaced", "Link replaced"
    PAGE_MADE = "page_made", "Partner opened their own page"
    REVOKED = "revoked", "Revoked"
    ARCHIVED = "archived", "Archived"
    WITHDRAWN = "withdrawn", "Partner withdrew access"


class InviteEvent(models.Model):
    """origin is coarse on purpose: a truncated address and a family of browsers, never enough to track a person."""

    invite = models.ForeignKey(AppInvite, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=15, choices=EventKind.choices)
    code = models.ForeignKey(
        InviteCode,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The link it began with.",
    )
    at = models.DateTimeField(default=timezone.now)
    origin = models.CharField(max_length=80, blank=True)
    detail = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.invite_id})"
