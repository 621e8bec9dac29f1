"""An app invite: a link with which a partner connects a Pinterest profile for a workspace."""

from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from invites.querysets import AppInviteQuerySet
from invites.states import INVITE_OPEN, InviteState
from pinconnect.profiles.models import Profile
from pinconnect.workspaces.models import WorkspaceOwned

LIFETIME = timedelta(days=7)
# How long an answer from Pinterest is waited for.
TRIP = timedelta(minutes=10)


class Purpose(models.TextChoices):
    NEW = "new", "Connect a new profile"
    RECONNECT = "reconnect", "Update existing profile token"


class AppInvite(WorkspaceOwned):
    """It is used up by success alone: opening its link, declining or failing leaves it usable until it expires."""

    purpose = models.CharField(max_length=10, choices=Purpose.choices, default=Purpose.NEW)
    profile = models.ForeignKey(
        Profile,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="reconnect_invites",
        help_text="The profile to reconnect; nobody else's account is accepted.",
    )
    partner_name = models.CharField(max_length=100)
    partner_email = models.EmailField(blank=True)
    message = models.TextField(blank=True, max_length=1000)
    expected_username = models.CharField(max_length=100, blank=True)
    ad_account_request = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=12, choices=InviteState.choices, default=InviteState.PENDING)
    failure = models.CharField(max_length=40, blank=True, help_text="Code of why the last attempt failed.")
    result = models.ForeignKey(
        Profile, null=True, blank=True, on_delete=models.SET_NULL, related_name="invites", help_text="What came of it."
    )
    first_viewed_at = models.DateTimeField(
        null=True, blank=True, help_text="Somebody or something looked at the page; nothing follows from it."
    )
    started_at = models.DateTimeField(null=True, blank=True, help_text="When the partner went to Pinterest last.")
    reminders = models.BooleanField(default=False, help_text="Send a reminder by e-mail two days before it expires.")
    partner_page_hash = models.CharField(max_length=64, blank=True, db_index=True, editable=False)
    form_key = models.CharField(
        max_length=43, blank=True, editable=False, help_text="Makes a form that is sent twice count once."
    )
    for_token_version = models.PositiveIntegerField(
        null=True, blank=True, editable=False, help_text="Answers the expiry of this version of the profile's token."
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    activated_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[Any] = AppInviteQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=InviteState.values), name="invite_state_known"),
            models.CheckConstraint(
                condition=models.Q(purpose="new", profile__isnull=True)
                | models.Q(purpose="reconnect", profile__isnull=False),
                name="invite_reconnect_names_its_profile",
            ),
            models.UniqueConstraint(fields=["form_key"], condition=~models.Q(form_key=""), name="invite_once_per_form"),
            models.UniqueConstraint(fields=["profile", "for_token_version"], name="invite_once_per_expiry"),
        ]

    def __str__(self) -> str:
        return self.partner_name

    @property
    def is_expired(self) -> bool:
        return self.state in INVITE_OPEN and self.expires_at <= timezone.now()

    @property
    def is_usable(self) -> bool:
        return self.state in INVITE_OPEN and not self.is_expired

    @property
    def can_be_extended(self) -> bool:
        """Whether a lifetime that begins now ends later than the present one."""
        is_open = self.state in INVITE_OPEN and self.archived_at is None
        return is_open and self.expires_at < timezone.now() + LIFETIME

    @property
    def is_overdue(self) -> bool:
        """At Pinterest for longer than a trip may take, so the partner did not come back."""
        is_away = self.state == InviteState.AUTHORISING and self.started_at is not None
        return is_away and self.started_at <= timezone.now() - TRIP  # type: ignore[operator]

    @property
    def shown_state(self) -> str:
        """The state as a marketer follows it: time makes it expired, a look at the page makes it opened.

        A used invite is active for as long as the profile that came of it is connected.
        """
        if self.is_expired:
            return "expired"
        if self.state == InviteState.ACTIVE and not (self.result and self.result.is_usable):
            return f"profile_{self.result.state}" if self.result else "profile_removed"
        if self.state == InviteState.PENDING and self.first_viewed_at:
            return "opened"
        return self.state


class InviteCode(models.Model):
    """One link of an invite, known by its hash: one was shown to the marketer, another went out by e-mail."""

    invite = models.ForeignKey(AppInvite, on_delete=models.CASCADE, related_name="codes")
    code_hash = models.CharField(max_length=64, unique=True, editable=False)
    by_email = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"code {self.pk} of invite {self.invite_id}"
