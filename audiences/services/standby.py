"""The second profile of a delivery: it takes over when Pinterest refuses the first, and hands back when that works.

Which of the two speaks is in the delivery's row: the standby while standby_since is set. main_refusal says why the
first was refused; after a refusal that only a try can disprove it stays until the first profile has sent something.
"""

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from audiences import hinting
from audiences.messages import reason
from audiences.models import Delivery, Run
from audiences.states import DeliveryState, RunState
from pinconnect.alerts.services import raise_alert, resolve_alert
from pinconnect.profiles.models import AdAccountAccess, Profile
from pinconnect.workspaces import audit

STANDBY_SENDS = "audiences.standby_sends"
# Refusals of the profile's state are disproved by its state; the others only by a call that goes through.
OF_STATE = frozenset({"profile_expired", "profile_disconnected", "missing_scope"})
# Not after calls were blocked as spam: to go on through somebody else would make that worse.
TAKES_OVER = OF_STATE | {"not_permitted"}


def speaker(delivery: Delivery) -> Profile | None:
    """In whose name Pinterest is written to now. Hands back to the first profile as soon as that may work again."""
    if delivery.standby_since is None:
        return delivery.profile
    if _may_work(delivery.profile, delivery.pause_token_version) and hand_back(delivery):
        return delivery.profile
    return delivery.standby


def reader(delivery: Delivery) -> Profile | None:
    """In whose name Pinterest is only asked: whichever of the two is connected."""
    either = (delivery.profile, delivery.standby)
    return next((profile for profile in either if profile is not None and profile.is_usable), delivery.profile)


def take_over(delivery: Delivery, code: str) -> bool:
    """The first profile was refused: let the standby go on from here; False when it cannot. The row is locked."""
    standby, main = delivery.standby, delivery.profile
    if delivery.standby_since is not None or code not in TAKES_OVER or standby is None or main is None:
        return False
    if not _may_work(standby, delivery.standby_token_version) or not _reaches(standby, delivery):
        return False
    Delivery.objects.filter(pk=delivery.pk).update(
        standby_since=timezone.now(), main_refusal=code, pause_token_version=main.token_version
    )
    delivery.refresh_from_db()
    words = reason(code)
    raise_alert(
        delivery.workspace,
        STANDBY_SENDS,
        f"delivery:{delivery.pk}",
        slug=delivery.workspace.slug,
        delivery=delivery.name,
        delivery_id=delivery.pk,
        profile=str(main),
        standby=str(standby),
        what=words.title,
    )
    audit.record(
        "delivery.standby_took_over", delivery, workspace=delivery.workspace, by=None, standby=str(standby), reason=code
    )
    for run in Run.objects.filter(delivery=delivery, state=RunState.UPLOADING):
        Run.objects.filter(pk=run.pk).update(next_attempt_at=None, trouble=0)
        Run.objects.filter(pk=run.pk, ending="").update(reason="")
        hinting.pump(run)
    return True


@transaction.atomic
def hand_back(delivery: Delivery) -> bool:
    """The first profile may work again: it speaks from now on. The instance follows."""
    current = Delivery.objects.select_for_update(of=("self",)).select_related("profile").get(pk=delivery.pk)
    if current.standby_since is not None:
        if not _may_work(current.profile, current.pause_token_version):
            return False
        Delivery.objects.filter(pk=current.pk).update(standby_since=None)
        audit.record("delivery.handed_back", current, workspace=current.workspace, by=None)
        if current.main_refusal in OF_STATE:
            _trust(current)
    delivery.refresh_from_db()
    return True


def note_sent(delivery: Delivery, profile: Profile) -> None:
    """A call went through in the name of the profile: if it is the first one, it works again for sure."""
    if delivery.main_refusal and delivery.standby_since is None and profile.pk == delivery.profile_id:
        _trust(delivery)


def forget(delivery: Delivery) -> None:
    """Either profile was changed: what was found out about them says nothing any more. The instance follows."""
    if delivery.main_refusal:
        resolve_alert(delivery.workspace, STANDBY_SENDS, f"delivery:{delivery.pk}")
    Delivery.objects.filter(pk=delivery.pk).update(standby_since=None, main_refusal="", standby_token_version=None)
    delivery.refresh_from_db(fields=["standby_since", "main_refusal", "standby_token_version"])


def resumable() -> QuerySet[Delivery]:
    """Paused because Pinterest refused the profile, and one of the two is worth a try now."""
    first = Q(profile__state="connected", profile__has_all_scopes=True) & _is_fresh("profile", "pause_token_version")
    second = Q(standby__state="connected", standby__has_all_scopes=True, pause_reason__in=TAKES_OVER)
    second &= _is_fresh("standby", "standby_token_version")
    reach = AdAccountAccess.objects.filter(
        profile=OuterRef("standby"), ad_account=OuterRef("audience__ad_account"), can_write_lists=True
    )
    found: QuerySet[Delivery] = Delivery.objects.paused_for_profile().filter(first | (second & Exists(reach)))
    return found


def refused_unnoticed() -> QuerySet[Delivery]:
    """Active ones whose speaker is known to be refused, although nobody told us."""
    dead = ("expired", "disconnected")
    found: QuerySet[Delivery] = Delivery.objects.filter(state=DeliveryState.ACTIVE).filter(
        Q(standby_since=None, profile__state__in=dead) | Q(standby_since__isnull=False, standby__state__in=dead)
    )
    return found


def may_hand_back() -> QuerySet[Delivery]:
    """Those for which the first profile is known to work again."""
    found: QuerySet[Delivery] = Delivery.objects.filter(
        _is_fresh("profile", "pause_token_version"),
        state=DeliveryState.ACTIVE,
        standby_since__isnull=False,
        main_refusal__in=OF_STATE,
        profile__state="connected",
        profile__has_all_scopes=True,
    )
    return found


def _is_fresh(profile: str, refused: str) -> Q:
    return Q(**{refused: None}) | ~Q(**{f"{profile}__token_version": F(refused)})


def _may_work(profile: Profile | None, refused_version: int | None) -> bool:
    """Nothing is known against it: a token that is newer than the refused one is worth a try."""
    is_whole = profile is not None and profile.is_usable and profile.has_all_scopes
    return is_whole and profile.token_version != refused_version  # type: ignore[union-attr]


def _trust(delivery: Delivery) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(main_refusal="", pause_token_version=None)
    resolve_alert(delivery.workspace, STANDBY_SENDS, f"delivery:{delivery.pk}")
    delivery.main_refusal, delivery.pause_token_version = "", None


def _reaches(profile: Profile, delivery: Delivery) -> bool:
    account = delivery.audience.ad_account_id if delivery.audience else None
    return AdAccountAccess.objects.filter(profile=profile, ad_account=account, can_write_lists=True).exists()
