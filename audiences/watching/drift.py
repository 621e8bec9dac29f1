"""What changes at Pinterest without us: other writers, new names, deletions, sizes that fall. Each found once.

A drift is open until it is over or a person says that it is known; then what is there now is the new normal.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from audiences import hinting
from audiences.messages import reason
from audiences.models import Audience, Delivery, Drift, DriftEnding, DriftKind, Mode, Observation, Run
from audiences.states import RUN_ACTIVE, DeliveryState
from audiences.watching import messages, observations
from audiences.watching.observations import GONE
from audiences.watching.strangers import Foreign
from pinconnect.alerts.services import raise_alert, resolve_alert, resolve_alerts
from pinconnect.workspaces import audit
from pinconnect.workspaces.models import User

# After so long without foreign writes the other tool has stopped.
QUIET = timedelta(days=7)
# A fall is looked for against the largest size of the last days.
LOOK_BACK = timedelta(days=7)
# Removals show in the size late.
LAG = timedelta(hours=72)
FALL_SHARE, FEWEST_FALLEN = 0.2, 20
SMALLEST_READY = 100


@dataclass
class Look:
    """One observation, the one before, and what is open."""

    audience: Audience
    before: Observation | None
    now: Observation
    open: dict[str, Drift]

    def start(self, kind: str, **facts: Any) -> None:
        drift = self.open.get(kind)
        if drift is None:
            self.open[kind], _ = Drift.objects.get_or_create(
                audience=self.audience,
                kind=kind,
                ended_at=None,
                defaults={"found_at": self.now.asked_at, "last_seen_at": self.now.asked_at, "facts": facts},
            )
            return
        drift.last_seen_at, drift.facts = self.now.asked_at, {**drift.facts, **facts}
        drift.save(update_fields=["last_seen_at", "facts"])

    def end(self, kind: str) -> None:
        drift = self.open.pop(kind, None)
        if drift is not None:
            Drift.objects.open().filter(pk=drift.pk).update(ended_at=self.now.asked_at, ending=DriftEnding.OVER)


# The field of an audience with the name that it should have, by the drift that says it has another.
_OUR_NAME: dict[str, str] = {
    DriftKind.LIST_RENAMED: "customer_list_name",
    DriftKind.AUDIENCE_RENAMED: "audience_name",
}


@transaction.atomic
def judge(
    audience: Audience, delivery: Delivery, before: Observation | None, now: Observation, foreign: Foreign | None
) -> None:
    """Open, continue and end drifts after an observation, and bring their alerts in line."""
    look = Look(audience, before, now, {drift.kind: drift for drift in Drift.objects.open().filter(audience=audience)})
    _judge_writes(look, foreign)
    _judge_deletions(look)
    if now.list_state != GONE:
        _judge_name(look, DriftKind.LIST_RENAMED, "list_name")
        _judge_name(look, DriftKind.AUDIENCE_RENAMED, "audience_name")
        _judge_size(look)
    for kind, drift in look.open.items():
        raise_alert(audience.workspace, f"audiences.{kind}", _subject(audience), **context(drift, delivery))
    over = [f"audiences.{kind}" for kind in DriftKind.values if kind not in look.open]
    resolve_alerts(audience.workspace, over, _subject(audience))


def _judge_writes(look: Look, foreign: Foreign | None) -> None:
    drift = look.open.get(DriftKind.WRITTEN)
    if foreign is not None and not look.audience.is_shared:
        known = drift.facts if drift else {}
        facts: dict[str, Any] = {"calls": known.get("calls", 0) + foreign.calls}
        for name, records in (("added", foreign.added), ("removed", foreign.removed)):
            facts[name] = known.get(name, 0) + (records or 0)
        look.start(DriftKind.WRITTEN, **facts)
    elif drift is not None and (look.audience.is_shared or look.now.asked_at - drift.last_seen_at >= QUIET):
        look.end(DriftKind.WRITTEN)


def _judge_deletions(look: Look) -> None:
    for kind, state in ((DriftKind.LIST_GONE, "list_state"), (DriftKind.AUDIENCE_GONE, "audience_state")):
        is_gone = getattr(look.now, state) == GONE
        was_gone = look.before is not None and getattr(look.before, state) == GONE
        if is_gone and (kind in look.open or not was_gone):
            look.start(kind)
        elif not is_gone:
            look.end(kind)


def _judge_name(look: Look, kind: str, field: str) -> None:
    """Against the name seen before, not the one we asked for: Pinterest may have tidied that up.

    The name that we gave is no drift either way: somebody may have changed it on the delivery's page.
    """
    name, drift = getattr(look.now, field), look.open.get(kind)
    if not name:
        return
    if name == getattr(look.audience, _OUR_NAME[kind]):
        look.end(kind)
        return
    if drift is not None:
        if name == drift.facts["before"]:
            look.end(kind)
        else:
            look.start(kind, after=name)
        return
    old = getattr(look.before, field) if look.before is not None else ""
    if old and name != old:
        look.start(kind, before=old, after=name)


def _judge_size(look: Look) -> None:
    """A fall that our own removals cannot explain; not while a run is writing or Pinterest is matching."""
    now = look.now
    if not observations.is_finished(now) or _is_written_now(look.audience):
        return
    size = now.size if now.size is not None else SMALLEST_READY - 1 if now.audience_state == "TOO_SMALL" else None
    if size is None:
        return
    for kind in (DriftKind.BECAME_TOO_SMALL, DriftKind.SIZE_FELL):
        drift = look.open.get(kind)
        if drift is not None:
            is_small = now.audience_state == "TOO_SMALL"
            is_over = not is_small if kind == DriftKind.BECAME_TOO_SMALL else not _is_fall(drift.facts["before"], size)
            if is_over:
                look.end(kind)
            else:
                look.start(kind, after=size)
            return
    best = _largest(look)
    if best is None or best.size is None:
        return
    lost = best.size - size
    became_small = now.audience_state == "TOO_SMALL" and best.audience_state == "READY"
    if not (became_small or _is_fall(best.size, size)) or lost <= _removed_since(look.audience, best):
        return
    kind = DriftKind.BECAME_TOO_SMALL if became_small else DriftKind.SIZE_FELL
    look.start(kind, before=best.size, after=size)


def _is_fall(before: int, after: int) -> bool:
    return before - after > max(FALL_SHARE * before, FEWEST_FALLEN)


def _largest(look: Look) -> Observation | None:
    """The one with the largest size of the last days, after the last fall that ended."""
    falls = Drift.objects.filter(audience=look.audience, kind__in=(DriftKind.SIZE_FELL, DriftKind.BECAME_TOO_SMALL))
    last = falls.exclude(ended_at=None).order_by("-ended_at").first()
    since = look.now.asked_at - LOOK_BACK
    found = Observation.objects.filter(
        audience=look.audience, asked_at__gt=max(since, last.ended_at) if last and last.ended_at else since
    )
    return found.filter(audience_state="READY", size__isnull=False).order_by("-size", "-asked_at").first()


def _is_written_now(audience: Audience) -> bool:
    return Run.objects.filter(audience=audience, is_dry_run=False, state__in=RUN_ACTIVE).exists()


def _removed_since(audience: Audience, best: Observation) -> int:
    """Identifiers that we took off the list and that the size had not lost for certain; each is one person at most."""
    runs = Run.objects.filter(
        audience__customer_list_id=audience.customer_list_id,
        audience__ad_account__pinterest_id=audience.ad_account.pinterest_id,
        is_dry_run=False,
        finished_at__gt=best.asked_at - LAG,
    )
    found = (counts.get("final", {}).get("removals", {}) for counts in runs.values_list("counts", flat=True))
    return sum(int(removals.get("sent", 0)) + int(removals.get("not_sent", 0)) for removals in found)


def acknowledge(drift: Drift, *, by: User | None, is_shared: bool = False) -> bool:
    """A person knows: what is there now is normal from here on. False when it had ended already.

    is_shared: for writes of others, nobody needs to be told any more.
    """
    with transaction.atomic():
        now = timezone.now()
        known = Drift.objects.open().filter(pk=drift.pk)
        if not known.update(ended_at=now, ending=DriftEnding.KNOWN, known_by=by):
            return False
        audience = drift.audience
        resolve_alert(audience.workspace, f"audiences.{drift.kind}", _subject(audience))
        _take_as_normal(drift, is_shared)
        audit.record("audience.drift_known", audience, workspace=audience.workspace, by=by, kind=drift.kind)
        return True


def _take_as_normal(drift: Drift, is_shared: bool) -> None:
    row = Audience.objects.filter(pk=drift.audience_id)
    if drift.kind in _OUR_NAME:
        row.update(**{_OUR_NAME[drift.kind]: drift.facts["after"]})
    if drift.kind == DriftKind.WRITTEN and is_shared:
        row.update(is_shared=True)


def watch_writes_again(audience: Audience, *, by: User | None) -> bool:
    """Others may no longer write to the list unnoticed; False when that was so already."""
    with transaction.atomic():
        changed: int = Audience.objects.filter(pk=audience.pk, is_shared=True).update(is_shared=False)
        if changed:
            audit.record("audience.writes_watched", audience, workspace=audience.workspace, by=by)
        return bool(changed)


def make_anew(audience: Audience, *, by: User | None) -> bool:
    """The audience was deleted at Pinterest: have a new one made of the same list; False when it is there."""
    with transaction.atomic():
        gone = Audience.objects.filter(pk=audience.pk, audience_state=GONE).exclude(list_state=GONE)
        if not gone.update(
            audience_id="",
            audience_state="",
            audience_create_after_id="",
            audience_create_asked_at=None,
            audience_looked_up_at=None,
            audience_missing_at=None,
            observe_at=timezone.now(),
        ):
            return False
        hinting.observe(audience)
        audit.record("audience.made_anew", audience, workspace=audience.workspace, by=by)
        return True


def close_abandoned() -> int:
    """End the drifts of audiences to which nothing is delivered any more; returns how many."""
    kept = Q(audience__deliveries__state__in=(DeliveryState.ACTIVE, DeliveryState.PAUSED))
    left = Drift.objects.open().exclude(kept).select_related("audience__workspace")[:100]
    for drift in left:
        with transaction.atomic():
            Drift.objects.open().filter(pk=drift.pk).update(ended_at=timezone.now(), ending=DriftEnding.OVER)
            resolve_alert(drift.audience.workspace, f"audiences.{drift.kind}", _subject(drift.audience))
    return len(left)


def context(drift: Drift, delivery: Delivery) -> dict[str, Any]:
    """What the alert of a drift says and links to."""
    audience = drift.audience
    return {
        "slug": delivery.workspace.slug,
        "delivery": delivery.name,
        "delivery_id": delivery.pk,
        "audience": audience.name,
        "audience_id": audience.pk,
        "list": audience.customer_list_name,
        # Only what is said of a list that is gone asks for it.
        "todo": reason("list_gone", is_removal=delivery.mode == Mode.REMOVE).next_step,
        **messages.values(drift, delivery),
    }


def _subject(audience: Audience) -> str:
    return f"audience:{audience.pk}"
