"""The ad accounts of a profile: read from Pinterest as a whole, and chosen by people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from pinconnect.pinterest import ad_accounts
from pinconnect.pinterest.types import AdAccount as Listed
from pinconnect.profiles import tokens
from pinconnect.profiles.models import AdAccount, AdAccountAccess, Profile
from pinconnect.profiles.permissions import may_write_audiences
from pinconnect.workspaces import audit
from pinconnect.workspaces.models import User, Workspace


@dataclass(frozen=True)
class AdAccountsRead:
    """What a complete listing held, and how many ad accounts the profile no longer reaches."""

    found: int
    writable: int
    lost: int


def read_ad_accounts(profile: Profile) -> AdAccountsRead:
    """Read every page and bring our picture in line with it.

    Nothing is changed unless the listing is complete. Raises ProfileUnusable or PinterestError.
    """
    listed = tokens.with_client(profile, lambda client: list(ad_accounts.list_all(client)))
    return _store(profile, {account.id: account for account in listed})


def note_files_refused(ad_account: AdAccount, at: datetime) -> None:
    """Files of records do not work in this ad account; it is asked again some days after this moment."""
    ad_account.files_refused_at = at
    AdAccount.objects.filter(pk=ad_account.pk).update(files_refused_at=at)


@transaction.atomic
def _store(profile: Profile, listed: dict[str, Listed]) -> AdAccountsRead:
    # One reading of a profile is stored at a time, so that an older one cannot undo a newer one half-way.
    locked = Profile.objects.select_for_update().connected().filter(pk=profile.pk).first()
    if locked is None:
        raise tokens.ProfileUnusable("disconnected")
    now = timezone.now()
    AdAccount.objects.bulk_create(
        [_row(profile.workspace_id, account) for account in listed.values()],
        update_conflicts=True,
        unique_fields=["workspace", "pinterest_id"],
        update_fields=["name", "owner_username", "country", "currency"],
    )
    known = AdAccount.objects.filter(workspace_id=profile.workspace_id, pinterest_id__in=listed)
    accesses = [
        AdAccountAccess(
            profile=profile,
            ad_account=row,
            permissions=list(listed[row.pinterest_id].permissions),
            can_write_lists=may_write_audiences(listed[row.pinterest_id].permissions),
            seen_at=now,
        )
        for row in known
    ]
    lost, _ = profile.accesses.exclude(ad_account__pinterest_id__in=listed).delete()
    AdAccountAccess.objects.bulk_create(
        accesses,
        update_conflicts=True,
        unique_fields=["profile", "ad_account"],
        update_fields=["permissions", "can_write_lists", "seen_at"],
    )
    Profile.objects.filter(pk=profile.pk).update(ad_accounts_read_at=now)
    return AdAccountsRead(len(accesses), sum(access.can_write_lists for access in accesses), lost)


def _row(workspace_id: int, listed: Listed) -> AdAccount:
    return AdAccount(
        workspace_id=workspace_id,
        pinterest_id=listed.id[:18],
        name=listed.name[:256],
        owner_username=listed.owner_username[:100],
        country=listed.country[:2],
        currency=listed.currency[:3],
    )


@transaction.atomic
def choose_ad_accounts(workspace: Workspace, *, by: User | None, shown: Iterable[int], chosen: Iterable[int]) -> int:
    """Of the ad accounts that were shown, offer those chosen when a delivery is set up; returns how many changed."""
    shown_pks, chosen_pks = set(shown), set(chosen)
    rows = AdAccount.objects.select_for_update().for_workspace(workspace).filter(pk__in=shown_pks)
    changed = [row for row in rows if row.is_chosen != (row.pk in chosen_pks)]
    for row in changed:
        row.is_chosen = not row.is_chosen
        verb = "ad_account.chosen" if row.is_chosen else "ad_account.unchosen"
        audit.record(verb, row, workspace=workspace, by=by, pinterest_id=row.pinterest_id)
    AdAccount.objects.bulk_update(changed, ["is_chosen"])
    return len(changed)
