"""Whose grant it is, and storing it."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from pinconnect.alerts.services import resolve_alert
from pinconnect.pinterest.types import PinterestUser, TokenPair
from pinconnect.profiles import messages
from pinconnect.profiles.models import Profile, ProfileState
from pinconnect.profiles.scopes import ASKED_FOR, missing_from
from pinconnect.profiles.signals import profile_recovered
from pinconnect.workspaces import audit
from pinconnect.workspaces.models import User, Workspace


def is_expected(person: PinterestUser, *, profile: Profile | None, username: str) -> bool:
    """Whether this Pinterest user is the one the trip was made for.

    By Pinterest's id where both sides have one, so that a user who took another name is still the same.
    """
    if profile is not None:
        if profile.pinterest_id and person.id:
            return profile.pinterest_id == person.id
        return profile.username.casefold() == person.username.casefold()
    return not username or username.casefold() == person.username.casefold()


def store(
    workspace: Workspace, person: PinterestUser, pair: TokenPair, *, by: User | None, profile: Profile | None = None
) -> tuple[Profile, bool]:
    """Keep a grant with its profile, a new one if need be; returns the profile and whether it is new."""
    found = profile or _find(workspace, person)
    if found is None:
        try:
            return _create(workspace, person, pair, by), True
        except IntegrityError:
            # Two trips of the same person ended at the same moment; the other one made the profile.
            found = _find(workspace, person)
            if found is None:
                raise
    return _update(found, person, pair, by), False


def _find(workspace: Workspace, person: PinterestUser) -> Profile | None:
    profiles = Profile.objects.for_workspace(workspace)
    if person.id is None:
        return profiles.filter(username__iexact=person.username).order_by("-pinterest_id").first()
    same_id = profiles.filter(pinterest_id=person.id).first()
    # A profile that was connected when Pinterest gave no id gets it now.
    return same_id or profiles.filter(pinterest_id="", username__iexact=person.username).first()


@transaction.atomic
def _create(workspace: Workspace, person: PinterestUser, pair: TokenPair, by: User | None) -> Profile:
    values = _person_values(person) | _grant_values(pair, by)
    created = Profile.objects.create(workspace=workspace, **values, token_version=1)
    audit.record("profile.connected", created, workspace=workspace, by=by, username=created.username)
    return created


@transaction.atomic
def _update(found: Profile, person: PinterestUser, pair: TokenPair, by: User | None) -> Profile:
    locked = Profile.objects.select_for_update().select_related("workspace").get(pk=found.pk)
    values = _person_values(person) | _grant_values(pair, by) | {"token_version": F("token_version") + 1}
    values["pinterest_id"] = _id_to_keep(locked, person)
    Profile.objects.filter(pk=locked.pk).update(**values)
    audit.record("profile.updated", locked, workspace=locked.workspace, by=by, username=person.username)
    for kind in messages.ABOUT_TOKENS:
        resolve_alert(locked.workspace, kind.id, messages.subject(locked))
    was_usable = locked.is_usable
    locked.refresh_from_db()
    if not was_usable:
        # Whoever connects is done, whatever becomes of what others do about it.
        transaction.on_commit(lambda: profile_recovered.send(Profile, profile=locked), robust=True)
    return locked


def _id_to_keep(profile: Profile, person: PinterestUser) -> str:
    """Pinterest's id as soon as it is known, unless another profile of the workspace has it already."""
    if not person.id or person.id == profile.pinterest_id:
        return profile.pinterest_id
    others = Profile.objects.filter(workspace_id=profile.workspace_id, pinterest_id=person.id).exclude(pk=profile.pk)
    return profile.pinterest_id if others.exists() else person.id


def _person_values(person: PinterestUser) -> dict[str, Any]:
    picture = person.profile_image if person.profile_image.startswith("https://") else ""
    return {
        "pinterest_id": person.id or "",
        "username": person.username[:100],
        "business_name": person.business_name[:200],
        "account_type": person.account_type[:20],
        "picture_url": picture if len(picture) <= 500 else "",
    }


def _grant_values(pair: TokenPair, by: User | None) -> dict[str, Any]:
    now = timezone.now()
    scopes = list(pair.scopes or ASKED_FOR)
    return {
        "state": ProfileState.CONNECTED,
        "access_token": pair.access_token,
        "refresh_token": pair.refresh_token or "",
        "scopes": scopes,
        "has_all_scopes": not missing_from(scopes),
        "expires_at": pair.expires_at,
        "refresh_expires_at": pair.refresh_expires_at,
        "renewed_at": now,
        "renewal_problem": "",
        "answer_lost_at": None,
        # Whoever is renewing the old grant now may finish, but its answer no longer fits the version.
        "lease_token": "",
        "lease_until": None,
        "connected_by": by,
        "connected_at": now,
    }
