"""What an erasure did, for the page and for the files that are kept as proof; no identifier is in it."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audiences.messages import reason
from audiences.models import Erasure, Removal, RemovalState, Run
from audiences.pipeline.rejects import safe_cell
from pinconnect.identifiers import kinds, texts

PREFIX = 12
_TONES = {
    RemovalState.WAITING: "info",
    RemovalState.REMOVED: "good",
    RemovalState.ABSENT: "neutral",
    RemovalState.GONE: "neutral",
}
_WAITS = {
    "": "Its turn comes in a moment.",
    "removing": "The removal is under way.",
    "run_first": "A run of this list is under way. The removal follows as soon as it has ended.",
    "no_delivery": "No delivery of this list has a profile. Connect it again under Profiles.",
}


@dataclass(frozen=True)
class Line:
    """One list. note: why it waits, empty once it has acknowledged."""

    name: str
    ad_account: str
    customer_list_id: str
    label: str
    tone: str
    note: str
    acknowledged_at: datetime | None
    run: Run | None


@dataclass(frozen=True)
class Receipt:
    """identifiers: (kind in words, which hash, its first hexadecimal digits)."""

    erasure: Erasure
    identifiers: tuple[tuple[str, str, str], ...]
    lines: tuple[Line, ...]
    waiting: int

    @property
    def kinds(self) -> str:
        """How many of which kind, in words."""
        each = Counter((label, name) for label, name, _ in self.identifiers)
        # One that was typed plain is there under every hash, and one that was typed as a hash only under that.
        counts = {label: max(each[label, name] for name in texts.HASHES.values()) for label, _ in each}
        return ", ".join(f"{count} × {label.lower()}" for label, count in counts.items())

    @property
    def done(self) -> int:
        return len(self.lines) - self.waiting


def of(erasure: Erasure) -> Receipt:
    """Read once, when it is asked for."""
    found = erasure.removals.select_related("audience__ad_account", "run__delivery").order_by("audience__name", "pk")
    lines = tuple(_line(removal) for removal in found)
    identifiers = tuple(
        (kinds.wire_label(one.wire_kind), texts.HASHES[2 * len(one.digest)], bytes(one.digest).hex()[:PREFIX])
        for one in erasure.tombstones.order_by("pk")
    )
    waiting = sum(line.acknowledged_at is None for line in lines)
    return Receipt(erasure, identifiers, lines, waiting)


def as_json(receipt: Receipt) -> dict[str, Any]:
    """The receipt as plain data; times are UTC in ISO 8601."""
    erasure = receipt.erasure
    return {
        "workspace": erasure.workspace.name,
        "erasure": erasure.pk,
        "reference": erasure.reference,
        "requested_at": _moment(erasure.requested_at),
        "completed_at": _moment(erasure.completed_at),
        "identifiers": [
            {"kind": kind, f"{name.replace('-', '').lower()}_starts_with": prefix}
            for kind, name, prefix in receipt.identifiers
        ],
        "lists": [
            {
                "audience": line.name,
                "ad_account": line.ad_account,
                "customer_list_id": line.customer_list_id,
                "outcome": line.label,
                "acknowledged_at": _moment(line.acknowledged_at),
                "run": line.run.pk if line.run else None,
            }
            for line in receipt.lines
        ],
    }


def as_csv(receipt: Receipt) -> str:
    """One row for each list, safe in a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["erasure", "audience", "ad account", "customer list", "outcome", "acknowledged at (UTC)"])
    for line in receipt.lines:
        cells = (line.name, line.ad_account, line.customer_list_id, line.label, _moment(line.acknowledged_at) or "")
        writer.writerow([receipt.erasure.pk, *(safe_cell(cell) for cell in cells)])
    return out.getvalue()


def _line(removal: Removal) -> Line:
    audience, state = removal.audience, RemovalState(removal.state)
    note = ""
    if state == RemovalState.WAITING:
        note = _WAITS.get(removal.waits_for) or reason(removal.waits_for).body
    return Line(
        audience.name,
        str(audience.ad_account),
        audience.customer_list_id,
        state.label,
        _TONES[state],
        note,
        removal.acknowledged_at,
        removal.run,
    )


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None
