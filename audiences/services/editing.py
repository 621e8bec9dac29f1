"""Changing a published delivery: from its next run on; a run under way keeps what it pinned."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from audiences.models import Audience, Delivery
from audiences.services import rates, sharing, standby
from audiences.services.drafts import ColumnChoice, check_target, checked_columns, store_columns
from audiences.services.plan import choose_wire
from audiences.services.refusals import ServiceRefusal
from audiences.states import RUN_ACTIVE, DeliveryState
from pinconnect.pinterest import audiences
from pinconnect.pinterest.errors import AccessLost, NotFound, PinterestError, RateLimited
from pinconnect.pinterest.limits import Category
from pinconnect.profiles import tokens
from pinconnect.profiles.models import Profile
from pinconnect.profiles.tokens import ProfileUnusable
from pinconnect.workspaces import audit
from pinconnect.workspaces.models import User


@dataclass(frozen=True)
class Hold:
    """More than these shares (%) of the list, and a run waits for approval."""

    removed: int
    added: int


@dataclass(frozen=True)
class Wish:
    """What a person wants a published delivery to be. None leaves it as it is."""

    name: str | None = None
    mode: str | None = None
    columns: Sequence[ColumnChoice] | None = None
    hold: Hold | None = None
    profile: Profile | None = None


_CHANGED = ("name", "mode", "hold_share", "hold_add_share", "profile", "standby", "pause_token_version")


def change(delivery: Delivery, wish: Wish, *, by: User | None, between_runs: bool = False) -> list[str]:
    """Change what the wish names; returns which of it was different. Raises ServiceRefusal and then changes nothing.

    between_runs: a run under way is a reason to refuse, for who starts one next and expects the change in it.
    """
    with transaction.atomic():
        current = Delivery.objects.select_for_update().get(pk=delivery.pk)
        if current.state not in (DeliveryState.ACTIVE, DeliveryState.PAUSED):
            raise ServiceRefusal("not_published", name=current.name)
        changed = [what for what, is_new in _compared(current, wish).items() if is_new]
        if between_runs and changed and current.runs.filter(state__in=RUN_ACTIVE, is_dry_run=False).exists():
            raise ServiceRefusal("run_active", name=current.name)
        _apply(current, wish, changed)
        try:
            with transaction.atomic():
                current.save(update_fields=_CHANGED)
        except IntegrityError as error:
            raise ServiceRefusal("name_taken", name=current.name) from error
        if changed:
            audit.record(
                "delivery.changed",
                current,
                workspace=current.workspace,
                by=by,
                what=", ".join(changed),
                mode=current.mode,
            )
    return changed


def _compared(current: Delivery, wish: Wish) -> dict[str, bool]:
    stored = sorted((c.column, c.kind, c.treatment, c.default_country) for c in current.columns.all())
    wanted = sorted((c.column, c.kind, c.treatment, c.country) for c in wish.columns or ())
    return {
        "name": wish.name is not None and _name(wish.name) != current.name,
        "mode": wish.mode not in (None, current.mode),
        "columns": wish.columns is not None and (not wanted or wanted != stored),
        "hold": wish.hold is not None and wish.hold != Hold(current.hold_share, current.hold_add_share),
        "profile": wish.profile is not None and wish.profile.pk != current.profile_id,
    }


def _apply(current: Delivery, wish: Wish, changed: list[str]) -> None:
    if "columns" in changed:
        chosen = checked_columns(current, wish.columns or ())
        choose_wire(chosen, current.audience)
        store_columns(current, chosen)
    if wish.mode is not None and "mode" in changed:
        sharing.check_mode(current, wish.mode)
        current.mode = wish.mode
    if wish.name is not None:
        current.name = _name(wish.name)
    if wish.hold is not None:
        current.hold_share, current.hold_add_share = wish.hold.removed, wish.hold.added
    if wish.profile is not None and "profile" in changed:
        _change_profile(current, wish.profile)


def _change_profile(current: Delivery, profile: Profile) -> None:
    if current.audience is not None:
        check_target(profile, current.audience.ad_account)
    standby.forget(current)
    # It counts the tokens of the profile before; the same number of this one's would say nothing.
    current.profile, current.pause_token_version = profile, None
    if current.standby_id == profile.pk:
        current.standby = None


def _name(name: str) -> str:
    clean = " ".join(name.split())
    if not clean:
        raise ServiceRefusal("name_blank", what="delivery")
    return clean


def rename_audience(delivery: Delivery, *, by: User | None, name: str, description: str) -> bool:
    """Name and describe the audience, at Pinterest first if it is there; False when nothing is different.

    Pinterest can rename audiences and not lists. Raises ServiceRefusal when it does not do so; then nothing changed.
    """
    audience, name = delivery.audience, " ".join(name.split())
    if audience is None:
        raise ServiceRefusal("no_ad_account")
    if not name:
        raise ServiceRefusal("name_blank", what="audience")
    if (name, description) == (audience.audience_name, audience.description):
        return False
    if audience.audience_id:
        _tell_pinterest(delivery, audience, name, description)
    with transaction.atomic():
        same = Audience.objects.filter(pk=audience.pk, audience_id=audience.audience_id)
        if not audience.audience_id:
            # One that is being made gets the name that it had when Pinterest was asked for it.
            same = same.filter(audience_create_asked_at=None)
        if not same.update(audience_name=name, description=description):
            raise ServiceRefusal("audience_being_made")
        audit.record("delivery.changed", delivery, workspace=delivery.workspace, by=by, what="audience", name=name)
    audience.audience_name, audience.description = name, description
    return True


def _tell_pinterest(delivery: Delivery, audience: Audience, name: str, description: str) -> None:
    profile = standby.reader(delivery)
    if profile is None:
        raise ServiceRefusal("no_profile")
    if rates.wait_s(profile, Category.ADS_WRITE):
        raise ServiceRefusal("rename_rate_limited")
    try:
        tokens.with_client(
            profile,
            lambda client: audiences.rename(
                client, audience.ad_account.pinterest_id, audience.audience_id, name=name, description=description
            ),
        )
    except RateLimited as limited:
        rates.block(profile, Category.ADS_WRITE, limited.retry_after_s)
        raise ServiceRefusal("rename_rate_limited") from None
    except ProfileUnusable:
        raise ServiceRefusal("profile_not_usable", profile=profile) from None
    except (AccessLost, NotFound):
        raise ServiceRefusal("rename_not_permitted", profile=profile) from None
    except PinterestError:
        raise ServiceRefusal("rename_failed") from None
