"""Choosing the second profile of a delivery."""

from django.db import transaction
from django.db.models import Q, QuerySet

from audiences.models import Delivery
from audiences.services import standby
from audiences.services.drafts import check_target
from audiences.services.refusals import ServiceRefusal
from audiences.states import DeliveryState
from pinconnect.profiles.models import AdAccountAccess, Profile
from pinconnect.workspaces import audit
from pinconnect.workspaces.models import User


def set_standby(delivery: Delivery, *, by: User | None, profile: Profile | None) -> Delivery:
    """Choose the second profile, or None for none. Raises ServiceRefusal for one that could not take over."""
    with transaction.atomic():
        current = Delivery.objects.select_for_update().get(pk=delivery.pk)
        if current.state == DeliveryState.ARCHIVED:
            raise ServiceRefusal("archived", name=current.name)
        if (profile.pk if profile else None) == current.standby_id:
            return current
        if profile is not None:
            _check(current, profile)
        standby.forget(current)
        current.standby = profile
        current.save(update_fields=["standby"])
        audit.record(
            "delivery.standby_changed", current, workspace=current.workspace, by=by, standby=str(profile or "none")
        )
        return current


def choices(delivery: Delivery) -> QuerySet[Profile]:
    """The connected profiles that could take over, and the one that is chosen now."""
    able = AdAccountAccess.objects.filter(
        ad_account=delivery.audience.ad_account_id if delivery.audience else None, can_write_lists=True
    )
    able_now = Q(state="connected", has_all_scopes=True, accesses__in=able)
    found: QuerySet[Profile] = Profile.objects.for_workspace(delivery.workspace)
    found = found.filter(able_now | Q(pk=delivery.standby_id or 0)).distinct()
    return found.exclude(pk=delivery.profile_id) if delivery.profile_id else found


def _check(delivery: Delivery, profile: Profile) -> None:
    if profile.pk == delivery.profile_id:
        raise ServiceRefusal("standby_is_main", profile=profile)
    if profile.workspace_id != delivery.workspace_id or delivery.audience is None:
        raise ServiceRefusal("elsewhere")
    if not profile.is_usable:
        raise ServiceRefusal("profile_not_usable", profile=profile)
    if not profile.has_all_scopes:
        raise ServiceRefusal("profile_lacks_scopes", profile=profile)
    check_target(profile, delivery.audience.ad_account)
