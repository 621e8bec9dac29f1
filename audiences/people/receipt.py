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
_AGAIN = "It is tried again by itself, at least every quarter of an hour."
_WAITS = {
    "": "Its turn comes in a moment.",
    "removing": "The removal is under way.",
    "removal_refused": f"Pinterest did not take all of the removal. {_AGAIN}",
    "run_first": "A run of this list is under way. The removal follows as soon as it has ended.",
    "run_unsure": "A run of this list was stopped half-way, and Pinterest has not said whether it took the last of it. "
    "Connect the profile of the delivery again: then Pinterest is asked once more, and the removal follows.",
    "run_files_lost": "The files of a run of this list are gone, and until they are back it cannot end. They are made "
    "anew where that is possible; if it lasts, put the storage folder back from a backup. Then the removal follows.",
    "no_delivery": "No delivery of this list has a profile. Connect it again under Profiles.",
    "ledger_broken": "The ledger of this list is damaged or missing, so nobody can tell who is on it. Put the storage "
    f"folder back from a backup. {_AGAIN}",
    "ledger_away": "The storage that holds the ledger of this list does not answer. If it lasts, tell whoever runs "
    f"PinConnect: the worker’s log says more. {_AGAIN}",
    "ledger_no_room": f"The disk is full, so the ledger of this list cannot be read. Make room. {_AGAIN}",
    "mistake": "It stopped because of a mistake in PinConnect. Tell whoever runs it: the worker’s log says more. "
    f"{_AGAIN}",
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
        note = _why(removal)
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


def _why(removal: Removal) -> str:
    """What stands in the way, and what to do about it."""
    run, code = removal.run, removal.waits_for
    if code == "removing" and run is not None and run.reason and not run.is_finished:
        # The run says by itself what it waits for.
        code = run.reason
    if code in _WAITS:
        return _WAITS[code]
    words = reason(code)
    return f"{words.body} {words.next_step}".strip()


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None
