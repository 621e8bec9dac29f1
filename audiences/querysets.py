"""Reads by intent over audiences, deliveries, runs and batches."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import inf
from typing import Any, Self

from django.db import connections
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from audiences.states import BATCH_OPEN, BATCH_UNSURE, RUN_ACTIVE, BatchState, DeliveryState, RunState
from pinconnect.queue import leases
from pinconnect.workspaces.querysets import WorkspaceOwnedQuerySet

# Why a delivery is paused until a person resumes it: by a person, or by a block that Pinterest's support has to lift.
FOR_A_PERSON = ("", "flagged_as_spam")

# Pinterest's longest rate limit is for a day.
LONGEST_WAIT = timedelta(hours=26)


def lease_is_free(now: datetime) -> Q:
    """Nobody holds the row, or whoever did has not been heard of in time."""
    return leases.is_free(now)


def is_due(now: datetime) -> Q:
    """Nothing says that the next attempt has to wait, or it was said before the clock was set back."""
    return Q(next_attempt_at=None) | Q(next_attempt_at__lte=now) | Q(next_attempt_at__gt=now + LONGEST_WAIT)


class AudienceQuerySet(WorkspaceOwnedQuerySet):
    def to_observe(self, now: datetime) -> Self:
        """Those whose state Pinterest should be asked for."""
        return self.filter(lease_is_free(now), observe_at__lte=now).exclude(customer_list_id="")


class ListedQuerySet(QuerySet[Any]):
    def matching(self, text: str) -> Self:
        """Those whose name, audience or id holds the text; all of them for a blank one."""
        text = " ".join(text.split())
        if not text:
            return self
        return self.filter(Q(name__icontains=text) | Q(audience_name__icontains=text) | Q(pinterest_id__contains=text))


class SplitQuerySet(WorkspaceOwnedQuerySet):
    """Splits, by workspace."""


class DeliveryQuerySet(WorkspaceOwnedQuerySet):
    def together(self) -> Self:
        """By name, the deliveries of a split one after the other under the split's name."""
        return self.order_by(Coalesce("split__name", "name"), "split", "name")

    def not_archived(self) -> Self:
        return self.exclude(state=DeliveryState.ARCHIVED)

    def live(self) -> Self:
        """Those that write to their list or will again: published and not archived."""
        return self.filter(state__in=(DeliveryState.ACTIVE, DeliveryState.PAUSED))

    def paused_for_profile(self) -> Self:
        """Paused because Pinterest refused the profile, until that works again; the others wait for a person."""
        return self.filter(state=DeliveryState.PAUSED).exclude(pause_reason__in=FOR_A_PERSON)


class RunQuerySet(WorkspaceOwnedQuerySet):
    def active(self) -> Self:
        return self.filter(state__in=RUN_ACTIVE)

    def to_prepare(self, now: datetime) -> Self:
        """Queued, or left behind by a worker that died while preparing."""
        return self.filter(lease_is_free(now), is_due(now), state__in=(RunState.QUEUED, RunState.PREPARING))

    def to_pump(self, now: datetime) -> Self:
        """Uploading, and nothing says that it has to wait.

        A run that stops, or that erases people, may go on while its delivery is paused or archived.
        """
        may_send = Q(delivery__state=DeliveryState.ACTIVE) | ~Q(ending="") | Q(trigger="erasure")
        return self.filter(is_due(now), may_send, state=RunState.UPLOADING, files_lost_at=None)

    def to_stop(self) -> Self:
        """Cancelled, or left over of an archived delivery, and not stopped yet; people are erased all the same."""
        is_left_over = Q(delivery__state=DeliveryState.ARCHIVED) & ~Q(trigger="erasure")
        asked = Q(cancel_asked_at__isnull=False) | is_left_over
        return self.filter(asked, ending="").active().exclude(state=RunState.SETTLING)

    def to_settle(self, now: datetime) -> Self:
        return self.filter(lease_is_free(now), is_due(now), state=RunState.SETTLING, files_lost_at=None)

    def to_restore(self, now: datetime) -> Self:
        """Whose files were lost after their batches were made; neither a pause nor a profile matters for that."""
        under_way = self.filter(state__in=(RunState.UPLOADING, RunState.SETTLING), files_lost_at__isnull=False)
        return under_way.filter(lease_is_free(now), is_due(now))


# A sender reads many rows, and most of their fields say what became of them.
_NEEDED_TO_SEND = ("run", "operation", "first", "count", "size_bytes", "state", "attempts", "error", "root", "is_file")
# is_due() and the order of first_in_turn(), which an index has.
_PENDING_IN_TURN = (
    "SELECT {columns} FROM {table} WHERE run_id = %s AND state = %s "
    "AND (next_attempt_at IS NULL OR next_attempt_at <= %s OR next_attempt_at > %s) "
    "ORDER BY root_id ASC NULLS LAST, operation, attempts, id LIMIT %s"
)


def _turn(batch: Any) -> tuple[float, str, int, int]:
    return batch.root_id or inf, batch.operation, batch.attempts, batch.pk


class BatchQuerySet(QuerySet[Any]):
    def open(self) -> Self:
        """Those of which it is not yet known how they end."""
        return self.filter(state__in=BATCH_OPEN)

    def claimable(self, now: datetime) -> Self:
        """Those that a worker may take now, the ones whose sender went silent included."""
        waiting = Q(state__in=(BatchState.PENDING, BatchState.UNKNOWN)) & is_due(now)
        abandoned = Q(state=BatchState.SENDING) & lease_is_free(now)
        return self.filter(waiting | abandoned)

    def first_in_turn(self, state: str, now: datetime, number: int) -> Self:
        """The first so many in this state that a worker may take now, halves first, then what was tried least.

        One state at a time, because then an index has them in order, however many there are.
        """
        free = lease_is_free(now) if state == BatchState.SENDING else is_due(now)
        found = self.filter(free, state=state).only(*_NEEDED_TO_SEND)
        return found.order_by(F("root").asc(nulls_last=True), "operation", "attempts", "pk")[:number]

    def next_in_turn(self, now: datetime, number: int, *, states: Iterable[str] = BATCH_OPEN) -> list[Any]:
        """The first so many that a worker may take now. Halves come first, then what was tried least."""
        found = [batch for state in states for batch in self.first_in_turn(state, now, number)]
        return sorted(found, key=_turn)[:number]

    def pending_in_turn(self, run_id: int, now: datetime, number: int) -> list[Any]:
        """What next_in_turn says of a run's pending batches, for senders, who ask all the time.

        Written by hand: putting the query together by the ORM takes ten times as long as answering it.
        """
        connection, meta = connections[self.db], self.model._meta
        fields = [field for field in meta.concrete_fields if field.primary_key or field.name in _NEEDED_TO_SEND]
        moments = [
            meta.get_field("next_attempt_at").get_db_prep_value(moment, connection)
            for moment in (now, now + LONGEST_WAIT)
        ]
        sql = _PENDING_IN_TURN.format(
            columns=", ".join(connection.ops.quote_name(field.column) for field in fields),
            table=connection.ops.quote_name(meta.db_table),
        )
        with connection.cursor() as cursor:
            cursor.execute(sql, [run_id, BatchState.PENDING.value, *moments, number])
            rows = cursor.fetchall()
        names = [field.attname for field in fields]
        found = [self.model.from_db(self.db, names, row) for row in rows]
        for batch in found:
            # SQLite has no truth values.
            batch.is_file = bool(batch.is_file)
        return found

    def in_flight(self, now: datetime) -> Self:
        """Those that somebody is sending at this moment."""
        return self.filter(state=BatchState.SENDING).exclude(lease_is_free(now))

    def whose_first_half_is_sent(self, now: datetime) -> Self:
        """Second halves of a batch while somebody is sending the first."""
        others = self.model.objects.filter(split_from=OuterRef("split_from"), first__lt=OuterRef("first"))
        return self.filter(Exists(others.in_flight(now)))

    def senders(self, now: datetime) -> int:
        """How many are sending them at this moment; each holds several."""
        return int(self.in_flight(now).order_by().values("lease_token").distinct().count())

    def unsure(self) -> Self:
        """Those that Pinterest may have carried out although it did not say so."""
        return self.filter(state__in=BATCH_UNSURE)

    def records(self) -> int:
        """The records of all of them."""
        return int(self.aggregate(total=Sum("count"))["total"] or 0)
