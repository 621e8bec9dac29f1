"""States of deliveries and runs as badges, and reason codes in words."""

from typing import Any

from django import template

from audiences import messages
from audiences.filtering import words as filter_sentences
from audiences.filtering.conditions import RowFilter
from audiences.models import Batch, Call, Delivery, Run
from audiences.reports import counts
from audiences.services import splits
from audiences.states import RUN_ACTIVE, BatchState, DeliveryState, RunState
from pinconnect.identifiers import kinds

register = template.Library()

_DELIVERY_TONES = {
    DeliveryState.DRAFT: "neutral",
    DeliveryState.ACTIVE: "good",
    DeliveryState.PAUSED: "warn",
    DeliveryState.ARCHIVED: "neutral",
}
_RUN_TONES = {
    RunState.HELD: "warn",
    RunState.DONE: "good",
    RunState.FAILED: "bad",
    RunState.CANCELLED: "neutral",
}

_BATCH_TONES = {
    BatchState.SENDING: "info",
    BatchState.UNKNOWN: "warn",
    BatchState.SENT: "good",
    BatchState.SPLIT: "warn",
    BatchState.FAILED: "bad",
}


@register.filter
def has_value(values: tuple[str, ...], text: str) -> bool:
    """Whether a value is among those chosen for a split, in any spelling."""
    return splits.key_of(text) in {splits.key_of(value) for value in values}


@register.filter
def filter_words(row_filter: dict[str, Any] | None) -> str:
    """Which rows are taken, as a sentence; also of a pinned plan without a filter."""
    return filter_sentences.sentence(RowFilter.from_json(row_filter))


@register.filter
def counts_days(row_filter: dict[str, Any] | None) -> bool:
    """Whether the rows that are taken change as days go by."""
    found = RowFilter.from_json(row_filter)
    return found is not None and found.is_relative


@register.inclusion_tag("components/badge.html")
def delivery_badge(delivery: Delivery) -> dict[str, Any]:
    return {"label": delivery.get_state_display(), "tone": _DELIVERY_TONES[DeliveryState(delivery.state)]}


@register.inclusion_tag("components/badge.html")
def run_badge(run: Run) -> dict[str, Any]:
    """Beats while the run is at work; a run that waits for something does not."""
    is_active = run.state in RUN_ACTIVE
    waits = is_active and bool(run.reason)
    tone = "warn" if waits else _RUN_TONES.get(RunState(run.state), "info")
    is_live = is_active and not waits and run.state != RunState.HELD
    return {"label": run.get_state_display(), "tone": tone, "is_live": is_live}


@register.filter
def words(code: str) -> messages.Words | None:
    """A reason code in words; None for the empty code."""
    return messages.reason(code) if code else None


@register.filter
def words_of_removal(code: str) -> messages.Words:
    """A reason code in the words for what takes people out."""
    return messages.reason(code, is_removal=True)


@register.filter
def reason_of(run: Run) -> messages.Words | None:
    """Why a run waits, failed or was cancelled; None where there is no reason."""
    return messages.of_run(run)


# Those whose label begins with an ordinary word; the others begin with a name.
_ORDINARY = ("email", "phone", "maid", "pinner_id")


@register.filter
def kind_label(code: str) -> str:
    """Within a sentence."""
    label = kinds.get(code).label
    return label[0].lower() + label[1:] if code in _ORDINARY else label


@register.inclusion_tag("components/badge.html")
def batch_badge(batch: Batch) -> dict[str, Any]:
    return {"label": batch.get_state_display(), "tone": _BATCH_TONES.get(BatchState(batch.state), "neutral")}


@register.inclusion_tag("components/badge.html")
def call_badge(call: Call) -> dict[str, Any]:
    """Pinterest's status in words and colour."""
    if call.status is None:
        return {"label": "Not sent" if call.error == "NotSent" else "No answer", "tone": "warn"}
    if not call.is_error:
        return {"label": f"{call.status} accepted", "tone": "good"}
    if call.status == 429:
        return {"label": "429 rate limit", "tone": "warn"}
    label = "Pinterest failed" if call.status >= 500 else "unusable" if call.status < 400 else "refused"
    return {"label": f"{call.status} {label}", "tone": "bad"}


@register.filter
def rows(run: Run, outcome: str) -> int | str:
    """How many rows of a run had an outcome; a dash while that is not known."""
    return counts.rows_of(run.counts).get(outcome, "–")


@register.filter
def sent(run: Run) -> int | str:
    """Rows whose people a run has put on the list; a dash for one that takes people out, and while it is not known."""
    return "–" if run.is_removal or run.is_dry_run else rows(run, "sent")


@register.filter
def removed(run: Run) -> int | str:
    """Distinct identifiers that a settled run took off the list; a dash while that is not known."""
    found: int | str = run.counts.get("final", {}).get("removals", {}).get("sent", "–")
    return found
