"""A connected Pinterest user and the tokens that speak for it."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from pinconnect.lib.crypto import EncryptedTextField
from pinconnect.workspaces.models import WorkspaceOwned


class ProfileState(models.TextChoices):
    CONNECTED = "connected", "Connected"
    EXPIRED = "expired", "Expired"  # Pinterest refused to renew: a person must reconnect
    DISCONNECTED = "disconnected", "Disconnected"  # a person disconnected it here; our tokens are deleted


class Profile(WorkspaceOwned):
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
    expires_at = models.DateTimeField(null=True, blank=True, help_text="When the access token ends.")
    refresh_expires_at = models.DateTimeField(null=True, blank=True, help_text="When it can no longer be renewed.")
    token_version = models.PositiveIntegerField(default=0, editable=False, help_text="Rises with every stored pair.")
    renewal_lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    renewed_at = models.DateTimeField(null=True, blank=True)
    renewal_problem = models.CharField(max_length=60, blank=True, help_text="Code of the last failed renewal.")
    connected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    connected_at = models.DateTimeField(default=timezone.now)
    ad_accounts_read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["username"]
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

    @property
    def is_usable(self) -> bool:
        return self.state == ProfileState.CONNECTED
