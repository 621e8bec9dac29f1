"""Reads by intent over app invites."""

from typing import Self

from django.db.models import Q
from django.utils import timezone

from invites.states import INVITE_OPEN, InviteState
from pinconnect.profiles.models import Profile, ProfileState
from pinconnect.workspaces.querysets import WorkspaceOwnedQuerySet


class AppInviteQuerySet(WorkspaceOwnedQuerySet):
    def not_archived(self) -> Self:
        return self.filter(archived_at=None)

    def usable(self) -> Self:
        return self.filter(state__in=INVITE_OPEN, expires_at__gt=timezone.now(), archived_at=None)

    def shown_as(self, wanted: str) -> Self:
        """Those in one of the states that marketers see, or open, or archived; unknown words leave nothing out."""
        if wanted == "archived":
            return self.exclude(archived_at=None)
        kept = self.not_archived()
        if wanted == "open":
            return kept.usable()
        if wanted == "expired":
            return kept.filter(state__in=INVITE_OPEN, expires_at__lte=timezone.now())
        if wanted in {"pending", "opened"}:
            return kept.usable().filter(state=InviteState.PENDING, first_viewed_at__isnull=wanted == "pending")
        if wanted in {InviteState.AUTHORISING, InviteState.FAILED}:
            return kept.usable().filter(state=wanted)
        if wanted == InviteState.ACTIVE:
            return kept.filter(state=wanted, result__state=ProfileState.CONNECTED)
        if wanted == "ended":
            return kept.filter(state=InviteState.ACTIVE).exclude(result__state=ProfileState.CONNECTED)
        return kept.filter(state=wanted) if wanted in InviteState.values else kept

    def asking_for(self, profile: Profile) -> Self:
        """Those with which a partner can reconnect the profile now."""
        return self.usable().filter(profile=profile)

    def matching(self, text: str) -> Self:
        """Any of the names holds the text."""
        text = text.strip().removeprefix("@")
        if not text:
            return self
        return self.filter(
            Q(partner_name__icontains=text)
            | Q(partner_email__icontains=text)
            | Q(expected_username__icontains=text)
            | Q(result__username__icontains=text)
            | Q(result__business_name__icontains=text)
        )
