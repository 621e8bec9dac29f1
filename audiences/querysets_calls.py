"""Reads by intent over recorded calls to Pinterest; none of them counts, so a million costs no more than ten."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from django.db.models import Q, QuerySet

from pinconnect.lib.texts import row_number

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class CallQuerySet(QuerySet[Any]):
    def errors(self) -> Self:
        """Those that did not go well, the unanswered ones included."""
        return self.filter(is_error=True)

    def unanswered(self) -> Self:
        return self.filter(status=None)

    def matching(self, text: str) -> Self:
        """Those with this text in path, query, message, answer, error or request id, or of the batch of this number."""
        found = Q()
        for name in ("path", "query", "message", "request_id", "error", "answer"):
            found |= Q(**{f"{name}__icontains": text})
        number = row_number(text.removeprefix("#"))
        if number is not None:
            found |= Q(batch=number)
        return self.filter(found)

    def newest(self, number: int, *, before: str = "") -> list[Any]:
        """The newest so many, or those older than the position `before`, as cursor() gives it."""
        found = self
        if position := _position(before):
            moment, pk = position
            found = found.filter(started_at__lte=moment).exclude(started_at=moment, pk__gte=pk)
        return list(found.order_by("-started_at", "-pk")[:number])

    def of_runs(self, runs: Iterable[int]) -> Self:
        return self.filter(run__in=list(runs))


def cursor(call: Any) -> str:
    """The position of a call among others, for an address."""
    return f"{(call.started_at - _EPOCH) // timedelta(microseconds=1)}-{call.pk}"


def _position(text: str) -> tuple[datetime, int] | None:
    moment, _, pk = text.partition("-")
    if (
        not (moment.isascii() and moment.isdigit() and pk.isascii() and pk.isdigit())
        or len(moment) > 17
        or len(pk) > 18
    ):
        return None
    return _EPOCH + timedelta(microseconds=int(moment)), int(pk)
