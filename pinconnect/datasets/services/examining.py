"""Examining a snapshot: claimed by one process at a time, safe to run twice, picked up again after a crash."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from pinconnect.datasets.examination import results
from pinconnect.datasets.examination.examine import examine as examine_file
from pinconnect.datasets.models import Column, Dataset, Snapshot, SnapshotState
from pinconnect.datasets.services import stores
from pinconnect.datasets.signals import snapshot_ready
from pinconnect.queue import leases
from pinconnect.workspaces import audit
from pinconnect.workspaces.models import User

logger = logging.getLogger(__name__)

LEASE_S = 120.0
# An examination that takes its process down with it would otherwise be begun again for ever.
MAX_ATTEMPTS = 3
_AGAIN_AFTER = timedelta(seconds=60)
# A file that unpacks to more than this many times the upload limit is not examined to the end.
_EXPANSION = 10
_MEMORY_MB = 256


class NotNowError(Exception):
    """The snapshot is being examined, or its rows are gone: its format cannot be corrected now."""


def examine(snapshot: Snapshot) -> bool:
    """Examine it now, in this process, and refresh the instance; False when this process had nothing to do."""
    done = examine_by_id(snapshot.pk)
    snapshot.refresh_from_db()
    return done


def examine_by_id(snapshot_id: int) -> bool:
    """As examine(), for tasks."""
    now = timezone.now()
    waiting = Snapshot.objects.to_examine(now)
    counts = {"attempts": F("attempts") + 1, "reading": F("reading") + 1}
    token = leases.claim(waiting, pk=snapshot_id, lease_s=LEASE_S, now=now, **counts)
    if token is None:
        return False
    snapshot = Snapshot.objects.select_related("dataset", "workspace").get(pk=snapshot_id)
    if snapshot.attempts > MAX_ATTEMPTS:
        return _refuse(snapshot, token, results.RefusedError("examination_failed"))
    with leases.Heartbeat(Snapshot.objects.all(), snapshot_id, token, LEASE_S) as beat:
        return _examine(snapshot, token, beat)


def correct_format(snapshot: Snapshot, *, by: User | None, asked: results.Asked) -> None:
    """Have the snapshot read in another way. Until that has worked, it stays as it is. Raises NotNowError."""
    said = {name: value for name, value in vars(asked).items() if value is not None}
    with transaction.atomic():
        settled = Snapshot.objects.filter(
            pk=snapshot.pk, state__in=[SnapshotState.READY, SnapshotState.REFUSED], correction__isnull=True
        )
        if not settled.update(correction=said, attempts=0, lease_token="", lease_until=None):
            raise NotNowError
        audit.record("snapshot.format_corrected", snapshot, workspace=snapshot.workspace, by=by, **said)
    snapshot.refresh_from_db()


def examine_again(snapshot: Snapshot, *, by: User | None) -> None:
    """Have the snapshot examined once more with what was said about its format before. Raises NotNowError."""
    correct_format(snapshot, by=by, asked=results.Asked(**snapshot.asked))


def _examine(snapshot: Snapshot, token: str, beat: leases.Heartbeat) -> bool:
    names = _Names(snapshot)
    try:
        with stores.scratch(snapshot) as work:
            names.sweep()
            found = _read(snapshot, work, beat)
            names.keep(found)
            return _accept(snapshot, token, found, names)
    except results.RefusedError as refused:
        names.discard()
        return _refuse(snapshot, token, refused)
    except stores.UploadRefusedError as refused:
        return _refuse(snapshot, token, results.RefusedError(refused.code))
    except leases.LeaseLostError:
        return False
    except Exception:
        logger.exception("Examining snapshot %s broke off; it is tried again.", snapshot.pk)
        # The lease stays for a while, without an owner: nobody repeats at once what just failed.
        ours = Snapshot.objects.filter(pk=snapshot.pk, lease_token=token)
        ours.update(lease_token="", lease_until=timezone.now() + _AGAIN_AFTER)
        return False


def _read(snapshot: Snapshot, work: Path, beat: leases.Heartbeat) -> results.Examined:
    limits = results.Limits(
        expanded_bytes=settings.UPLOAD_MAX_BYTES * _EXPANSION,
        memory_mb=min(_MEMORY_MB, settings.ENGINE_MEMORY_MB),
        threads=settings.ENGINE_THREADS,
    )
    asked = snapshot.asked if snapshot.correction is None else snapshot.correction
    with stores.refusing_a_full_disk():
        found = examine_file(
            stores.local_original(snapshot, work),
            snapshot.original_name,
            work,
            limits,
            asked=results.Asked(**asked),
            expected=_expected(snapshot),
            check=beat.check,
        )
    beat.check()
    return found


def _expected(snapshot: Snapshot) -> results.Expected:
    """The dataset's columns, as far as other snapshots have them; alone, a snapshot decides for itself."""
    others = Snapshot.objects.ready().filter(dataset=snapshot.dataset_id).exclude(pk=snapshot.pk)
    if not others.exists():
        return results.Expected()
    columns = list(Column.objects.filter(dataset=snapshot.dataset_id))
    return results.Expected(
        tuple(column.name for column in columns), {column.name: column.proposed_kind for column in columns}
    )


class _Names:
    """The files an examination makes, under names of its own: what is in use is never written over."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self.clean, self.broken = "", ""

    def keep(self, found: results.Examined) -> None:
        """Move what was made into the storage."""
        with stores.refusing_a_full_disk():
            if found.copy:
                self.clean = _name(self._snapshot, "clean", self._snapshot.reading)
                stores.store(found.copy, self.clean)
            if found.broken_rows:
                self.broken = _name(self._snapshot, "broken", self._snapshot.reading)
                stores.store(found.broken_rows, self.broken)

    def sweep(self) -> None:
        """Remove what earlier examinations have left when they were killed."""
        stores.remove(set(made_names(self._snapshot, before=self._snapshot.reading)) - {*self._snapshot.stored_names})

    def discard(self) -> None:
        stores.remove(name for name in (self.clean, self.broken) if name)


def made_names(snapshot: Snapshot, *, before: int) -> list[str]:
    """Every file that the last ten readings before this one may have made."""
    readings = range(max(1, before - 10), before)
    return [_name(snapshot, what, reading) for reading in readings for what in ("clean", "broken")]


def _name(snapshot: Snapshot, what: str, reading: int) -> str:
    return stores.beside(snapshot.storage_name, f"{what}-{reading}")


def _accept(snapshot: Snapshot, token: str, found: results.Examined, names: _Names) -> bool:
    replaced = {snapshot.clean_name, snapshot.broken_rows_name} - {names.clean, names.broken, ""}
    with transaction.atomic():
        # Two snapshots of one dataset that become ready at once are judged one after the other.
        Dataset.objects.select_for_update().get(pk=snapshot.dataset_id)
        missing = set(_expected(snapshot).columns) - {column.name for column in found.columns}
        if missing:
            raise results.RefusedError("column_missing", detail=", ".join(sorted(missing)))
        changes = _facts(snapshot, found) | {"clean_name": names.clean, "broken_rows_name": names.broken}
        if not leases.release(Snapshot.objects.kept(), pk=snapshot.pk, token=token, **changes):
            names.discard()
            return False
        _write_columns(snapshot, found.columns)
        snapshot.refresh_from_db()
        audit.record("snapshot.ready", snapshot, workspace=snapshot.workspace, by=None, rows=found.rows)
        transaction.on_commit(lambda: stores.remove(replaced))
        transaction.on_commit(lambda: snapshot_ready.send_robust(sender=Snapshot, snapshot=snapshot))
    return True


def _facts(snapshot: Snapshot, found: results.Examined) -> dict[str, Any]:
    return {
        "state": SnapshotState.READY,
        "ready_at": snapshot.ready_at or timezone.now(),
        "read_as": snapshot.reading,
        "refusal": "",
        "refusal_line": None,
        "refusal_detail": "",
        "asked": snapshot.asked if snapshot.correction is None else snapshot.correction,
        "correction": None,
        "attempts": 0,
        "compression": found.compression,
        "encoding": found.encoding,
        "delimiter": found.dialect.delimiter,
        "quote": found.dialect.quote,
        "has_header": found.has_header,
        "column_names": [column.name for column in found.columns],
        "filled": [column.filled for column in found.columns],
        "rows": found.rows,
        "broken_rows": sum(found.broken.values()),
        "broken_reasons": dict(found.broken),
        "preview": [list(row) for row in found.preview],
    }


def _write_columns(snapshot: Snapshot, columns: tuple[results.Column, ...]) -> None:
    """The dataset's columns follow its newest snapshot; those that only others have stay behind them."""
    others = Snapshot.objects.ready().filter(dataset=snapshot.dataset_id).exclude(pk=snapshot.pk)
    used = {name for names in others.values_list("column_names", flat=True) for name in names}
    names = [column.name for column in columns]
    kept = Column.objects.filter(dataset=snapshot.dataset_id)
    kept.exclude(name__in=used | set(names)).delete()
    for position, name in enumerate(kept.exclude(name__in=names).values_list("name", flat=True)):
        kept.filter(name=name).update(position=len(names) + position)
    for position, column in enumerate(columns):
        Column.objects.update_or_create(
            dataset_id=snapshot.dataset_id,
            name=column.name,
            defaults={
                "position": position,
                "proposed_kind": column.kind,
                "proposed_treatment": column.treatment,
                "confidence": column.confidence,
                "reason": column.reason,
                "examples": list(column.examples),
            },
        )


def _refuse(snapshot: Snapshot, token: str, refused: results.RefusedError) -> bool:
    """A new snapshot is refused; one that was ready stays as it was, and the correction is dropped."""
    was_ready = snapshot.state == SnapshotState.READY
    with transaction.atomic():
        changes: dict[str, Any] = {
            "state": SnapshotState.READY if was_ready else SnapshotState.REFUSED,
            "refusal": refused.code,
            "refusal_line": refused.line,
            "refusal_detail": refused.detail[:400],
            "asked": snapshot.asked if was_ready or snapshot.correction is None else snapshot.correction,
            "correction": None,
            "attempts": 0,
        }
        done = leases.release(Snapshot.objects.kept(), pk=snapshot.pk, token=token, **changes)
        if done:
            audit.record("snapshot.refused", snapshot, workspace=snapshot.workspace, by=None, code=refused.code)
    return done
