"""Reads of profiles and ad accounts, named by what they are for."""

from datetime import datetime, timedelta
from typing import Any, Self

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet

from pinconnect.workspaces.querysets import WorkspaceOwnedQuerySet

# Tokens live 30 days and refresh tokens 60; a daily renewal leaves weeks for whatever goes wrong.
RENEW_AFTER = timedelta(hours=24)
TRY_AGAIN_AFTER = timedelta(hours=1)


class ProfileQuerySet(WorkspaceOwnedQuerySet):
    def connected(self) -> Self:
        return self.filter(state="connected")

    def of_person(self, pinterest_id: str) -> Self:
        """The profiles of one Pinterest user, in any workspace. Names prove nothing: they change hands."""
        return self.filter(pinterest_id=pinterest_id) if pinterest_id else self.none()

    def due_for_renewal(self, now: datetime) -> Self:
        """Connected, not renewed for a day, and not tried within the last hour; the longest waiting first."""
        # What was noted before the clock was set back lies ahead, and says nothing.
        ahead = now + TRY_AGAIN_AFTER
        tried, renewed = Q(renewal_tried_at__lte=now - TRY_AGAIN_AFTER), Q(renewed_at__lte=now - RENEW_AFTER)
        not_tried = Q(renewal_tried_at=None) | tried | Q(renewal_tried_at__gt=ahead)
        not_renewed = Q(renewed_at=None) | renewed | Q(renewed_at__gt=ahead)
        return self.connected().filter(not_tried, not_renewed).order_by("renewed_at", "pk")

    def with_ad_account_counts(self) -> Self:
        """Adds ad_account_count and writable_count."""
        return self.annotate(
            ad_account_count=Count("accesses"),
            writable_count=Count("accesses", filter=Q(accesses__can_write_lists=True)),
        )


class AdAccountQuerySet(WorkspaceOwnedQuerySet):
    def with_accesses(self) -> Self:
        """Prefetches the accesses with their profiles, best first."""
        from pinconnect.profiles.models.ad_account import AdAccountAccess

        accesses = AdAccountAccess.objects.select_related("profile").order_by("-can_write_lists", "pk")
        return self.prefetch_related(Prefetch("accesses", accesses))

    def usable(self) -> Self:
        """Some connected profile with all scopes may write lists here."""
        return self.filter(Exists(self._writing_accesses()))

    def chosen(self) -> Self:
        return self.filter(is_chosen=True)

    def matching(self, text: str) -> Self:
        """Name, owner or the beginning of the id holds the text."""
        text = text.strip()
        if not text:
            return self
        return self.filter(
            Q(name__icontains=text) | Q(owner_username__icontains=text) | Q(pinterest_id__startswith=text)
        )

    @staticmethod
    def _writing_accesses() -> QuerySet[Any]:
        from pinconnect.profiles.models.ad_account import AdAccountAccess

        return AdAccountAccess.objects.filter(
            ad_account=OuterRef("pk"), can_write_lists=True, profile__state="connected", profile__has_all_scopes=True
        )
