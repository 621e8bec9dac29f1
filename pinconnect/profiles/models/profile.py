"""A connected Pinterest user and the tokens that speak for it."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from pinconnect.lib.crypto import EncryptedTextField
from pinconnect.profiles.querysets import ProfileQuerySet
from pinconnect.profiles.scopes import missing_from
from pinconnect.workspaces.models import WorkspaceOwned


class ProfileState(models.TextChoices):
    CONNECTED = "connected", "Connected"
    EXPIRED = "expired", "Expired"  # Pinterest refused to renew: a person must reconnect
    DISCONNECTED = "disconnected", "Disconnected"  # a person disconnected it here; our tokens are deleted


class Profile(WorkspaceOwned):
    """Known by Pinterest's id, or by user name where Pinterest left the id out.

    The lease is held by whoever renews the tokens; token_version decides whether what was renewed may be stored.
    """

    pinterest_id = models.CharField(
        max_length=30, blank=True, help_text="Pinterest's own id; empty where Pinterest left it out."
    )
    username = models.CharField(max_length=100)
    business_name = models.CharField(max_length=200, blank=True)
    account_type = models.CharField(max_length=20, blank=True)
    picture_url = models.URLField(max_length=500, blank=True)
    state = models.CharField(max_length=15, choices=ProfileState.choices, default=ProfileState.CONNECTED)
    access_token = EncryptedTextField(blank=True, default="", editable=False)
    refresh_token = EncryptedTextField(blank=True, default="", editable=False)
    scopes = models.JSONField(default=list, blank=True)
    has_all_scopes = models.BooleanField(default=True, help_text="Everything that deliveries need was granted.")
    expires_at = models.DateTimeField(null=True, blank=True, help_text="When the access token ends.")
    refresh_expires_at = models.DateTimeField(null=True, blank=True, help_text="When it can no longer be renewed.")
    token_version = models.PositiveIntegerField(default=0, editable=False, help_text="Rises with every stored pair.")
    lease_token = models.CharField(max_length=40, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    renewed_at = models.DateTimeField(null=True, blank=True, help_text="When the tokens were stored last.")
    renewal_tried_at = models.DateTimeField(null=True, blank=True)
    renewal_problem = models.CharField(max_length=60, blank=True, help_text="Code of the last failed renewal.")
    answer_lost_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="When a renewal was asked for and its answer never stored; empty once a pair is stored.",
    )
    connected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    connected_at = models.DateTimeField(default=timezone.now)
    ad_accounts_read_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[Any] = ProfileQuerySet.as_manager()

    class Meta:
        ordering = ["username", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "pinterest_id"],
                condition=~models.Q(pinterest_id=""),
                name="profile_once_per_workspace",
            ),
            models.UniqueConstraint(
                fields=["workspace", "username"],
                condition=models.Q(pinterest_id=""),
                name="profile_without_id_once_per_workspace",
            ),
            models.CheckConstraint(condition=models.Q(state__in=ProfileState.values), name="profile_state_known"),
        ]

    def __str__(self) -> str:
        return self.business_name or self.username

    def get_absolute_url(self) -> str:
        return reverse("profiles:detail", kwargs={"workspace": self.workspace.slug, "pk": self.pk})

    @property
    def is_usable(self) -> bool:
        return self.state == ProfileState.CONNECTED

    @property
    def missing_scopes(self) -> tuple[str, ...]:
        return missing_from(self.scopes)
