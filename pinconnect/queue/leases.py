"""Who works on a row: claimed by compare-and-swap for a limited time, so that a killed worker blocks nobody for long.

The model needs two fields: lease_token (text, empty when free) and lease_until (time, null when free).
A token names its process, and holders.py gives back what killed processes of the same host held; only the leases of a
host that is gone have to run out. Leases compare the clocks of hosts: keep them in step (NTP), and give leases of 30
seconds or more.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

from django.db import Error as AnyDatabaseError
from django.db import connections, models, transaction
from django.utils import timezone

from pinconnect.queue import holders

logger = logging.getLogger(__name__)


# No lease is given for so long; one that reaches further was taken before the clock was set back.
LONGEST_S = 600.0


class LeaseLostError(Exception):
    """Somebody else may hold the lease now: stop, and write nothing more."""


def is_free(now: datetime) -> models.Q:
    """Rows whose lease nobody has, or whose holder has not been heard of in time."""
    ran_out = models.Q(lease_until__lte=now) | models.Q(lease_until__gt=now + timedelta(seconds=LONGEST_S))
    return models.Q(lease_until__isnull=True) | ran_out


def claim(
    queryset: models.QuerySet[Any], *, pk: int, lease_s: float, now: datetime | None = None, **changes: Any
) -> str | None:
    """Take the lease of one row of the queryset and apply changes with it, in one statement.

    Returns the new token, or None when the row is not in the queryset or somebody's lease has not run out.
    Count attempts here (attempts=F("attempts") + 1): work that kills its worker is then counted all the same.
    """
    now = now or timezone.now()
    token = holders.new_token()
    taken = _one(queryset, pk).filter(is_free(now))
    done = taken.update(lease_token=token, lease_until=now + timedelta(seconds=lease_s), **changes)
    return token if done else None


def renew(queryset: models.QuerySet[Any], *, pk: int, token: str, lease_s: float) -> bool:
    """Keep the lease for lease_s more seconds; False when it is no longer ours."""
    until = timezone.now() + timedelta(seconds=lease_s)
    return bool(_one(queryset, pk).filter(lease_token=token).update(lease_until=until))


def release(queryset: models.QuerySet[Any], *, pk: int, token: str, **changes: Any) -> bool:
    """Give the lease back and apply changes with it; False, and nothing is changed, when it is no longer ours."""
    ours = _one(queryset, pk).filter(lease_token=token)
    return bool(ours.update(lease_token="", lease_until=None, **changes))


def claim_many(
    queryset: models.QuerySet[Any], *, pks: Sequence[int], lease_s: float, now: datetime | None = None, **changes: Any
) -> tuple[str, list[int]]:
    """Take the leases of those of these rows that are in the queryset and free, all under one token.

    Returns the token and the ids of the rows that were taken. Rows that somebody else is just claiming are left out.
    """
    now = now or timezone.now()
    token = holders.new_token()
    with transaction.atomic(using=queryset.db):
        rows = queryset.order_by("pk").filter(is_free(now), pk__in=pks)
        rows = rows.select_for_update(skip_locked=True, of=("self",))
        taken = list(rows.values_list("pk", flat=True))
        if taken:
            # They are locked, so nothing that was asked for can have changed.
            rows = queryset.model._base_manager.using(queryset.db).filter(pk__in=taken)
            rows.update(lease_token=token, lease_until=now + timedelta(seconds=lease_s), **changes)
    return token, taken


def release_many(queryset: models.QuerySet[Any], *, pks: Sequence[int], token: str, **changes: Any) -> int:
    """Give leases back that were taken under one token, with the same changes to each; returns how many were ours."""
    ours = queryset.order_by().filter(pk__in=pks, lease_token=token)
    return ours.update(lease_token="", lease_until=None, **changes)


def release_each(
    model: type[models.Model],
    *,
    token: str,
    changes: Mapping[int, Mapping[str, Any]],
    only: Mapping[str, Any],
    using: str = "default",
) -> int:
    """Give leases back that were taken under one token, with changes of its own to each row; how many were ours.

    changes: field values by id, the same fields for all. only: field values that a row must have to be changed. One
    statement with many sets of values: built by the ORM it would take twenty times the processor time.
    """
    if not changes:
        return 0
    fields = list(next(iter(changes.values())))
    connection = connections[using]
    sql = _release_sql(model, fields, list(only), connection)
    rest = _values(model, {"lease_token": token, **only}, connection)
    rows = [[*_values(model, change, connection), pk, *rest] for pk, change in changes.items()]
    with transaction.atomic(using=using), connection.cursor() as cursor:
        cursor.executemany(sql, rows)
        return int(cursor.rowcount)


def _release_sql(model: type[models.Model], fields: Sequence[str], only: Sequence[str], connection: Any) -> str:
    def column(field: str) -> str:
        return str(connection.ops.quote_name(_field(model, field).column))

    sets = ", ".join([*(f"{column(field)} = %s" for field in fields), f"{column('lease_token')} = ''"])
    where = " AND ".join(f"{column(field)} = %s" for field in ("lease_token", *only))
    table, key = connection.ops.quote_name(model._meta.db_table), connection.ops.quote_name(model._meta.pk.column)
    # Nothing but names of our own tables and columns is put in.
    return f"UPDATE {table} SET {sets}, {column('lease_until')} = NULL WHERE {key} = %s AND {where}"  # noqa: S608


def _values(model: type[models.Model], values: Mapping[str, Any], connection: Any) -> list[Any]:
    return [_field(model, field).get_db_prep_save(value, connection) for field, value in values.items()]


def _field(model: type[models.Model], name: str) -> "models.Field[Any, Any]":
    field = model._meta.get_field(name)
    assert isinstance(field, models.Field)  # noqa: S101 -- relations from other models are never changed here
    return field


def _one(queryset: models.QuerySet[Any], pk: int) -> models.QuerySet[Any]:
    """The one row, in a form whose UPDATE is a true compare-and-swap.

    Django moves all conditions of a queryset with joins into a subquery, and PostgreSQL does not look at a subquery
    again after waiting for a row. So conditions on the lease stay on the table itself, and only the rest moves.
    """
    joins = sum(1 for uses in queryset.query.alias_refcount.values() if uses) > 1
    if not joins:
        return queryset.order_by().filter(pk=pk)
    rows = queryset.model._base_manager.using(queryset.db)
    return rows.filter(pk=pk, pk__in=queryset.order_by().values("pk"))


class Heartbeat:
    """Renews a lease from a thread while the body runs: `with Heartbeat(queryset, pk, token, lease_s) as beat`.

    beat.lost turns true when the lease went to somebody else or could not be renewed before it ran out.
    """

    def __init__(
        self,
        queryset: models.QuerySet[Any],
        pk: int,
        token: str,
        lease_s: float,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._queryset, self._pk, self._token, self._lease_s = queryset, pk, token, lease_s
        self._clock = clock
        self._ended = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat-{pk}", daemon=True)

    @property
    def lost(self) -> bool:
        return self._lost.is_set()

    def check(self) -> None:
        """Raises LeaseLostError once the lease is lost."""
        if self.lost:
            raise LeaseLostError(f"The lease on {self._queryset.model.__name__} {self._pk} went to somebody else.")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _beat(self) -> None:
        good_until = self._clock() + self._lease_s
        try:
            while not self._ended.wait(self._lease_s / 3):
                asked_at = self._clock()
                try:
                    if not renew(self._queryset.all(), pk=self._pk, token=self._token, lease_s=self._lease_s):
                        return self._lost.set()
                    good_until = asked_at + self._lease_s
                except AnyDatabaseError as error:
                    logger.warning("A lease could not be renewed yet: %s", type(error).__name__)
                    connections[self._queryset.db].close()
                if self._clock() >= good_until:
                    return self._lost.set()
        finally:
            connections.close_all()
