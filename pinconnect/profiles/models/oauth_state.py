"""One trip to Pinterest's consent page and back."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from pinconnect.profiles.models.profile import Profile
from pinconnect.workspaces.models import Workspace, WorkspaceOwned


class OAuthState(WorkspaceOwned):
    """Known by the hash of its random value, bound to one browser session, used at most once, short-lived."""

    workspace = models.ForeignKey(  # type: ignore[assignment]
        Workspace,
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text="Empty for a trip that only finds out who somebody is.",
    )
    state_hash = models.CharField(max_length=64, unique=True, editable=False)
    binding_hash = models.CharField(
        max_length=64, editable=False, help_text="Hash of a random value kept in the session."
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    profile = models.ForeignKey(
        Profile,
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text="The profile whose tokens are renewed, if any.",
    )
    expected_username = models.CharField(
        max_length=100, blank=True, help_text="Only this Pinterest user may come back; empty for anybody."
    )
    result = models.ForeignKey(
        Profile, null=True, on_delete=models.SET_NULL, related_name="+", help_text="The profile that came of it."
    )
    came_username = models.CharField(max_length=100, blank=True, help_text="The Pinterest user who came back.")
    came_id = models.CharField(max_length=30, blank=True, help_text="Pinterest's id of who came back.")
    scopes = models.JSONField(default=list, help_text="What was asked for.")
    missing_scopes = models.JSONField(default=list, help_text="What was asked for and not granted.")
    next_url = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=40, blank=True, help_text="How it ended, as a code.")

    def __str__(self) -> str:
        return f"OAuth state {self.pk}"
