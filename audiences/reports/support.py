"""Everything about a run that support needs, as plain data and as text; made so that it can be sent to anybody.

Left out on purpose: names that people chose, of columns above all (without a header row they are a customer's value),
names of members, and everything that was masked long before it got here. Whatever is left is masked once more.
"""

import json
import platform
import re
import tomllib
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import django
import duckdb
from django.conf import settings
from django.db import connection
from django.db.models import Count, Q, Sum
from django.utils import timezone

from audiences.filtering.conditions import RowFilter
from audiences.messages import of_run
from audiences.models import Batch, Call, Run
from audiences.reports.calls import kinds_sent
from audiences.states import BatchState
from pinconnect.alerts.models import Alert
from pinconnect.lib import answers

CALLS_IN_REPORT = 500
BATCHES_IN_REPORT = 100
ALERTS_IN_REPORT = 50
# What decides how a run goes; none of them says who or where anybody is.
_SETTINGS = ("PINTEREST_TIER", "DEMO", "DEBUG", "FILE_STORE", "QUEUE_BROKER", "SHORT_WORKERS", "PREPARE_WORKERS")
_SETTINGS_OF_RUNS = ("BATCH_RECORDS", "BATCH_BYTES", "PUMPS_PER_RUN", "ENGINE_MEMORY_MB", "ENGINE_THREADS")
_SETTINGS_OF_CALLS = ("CALL_KEEP_DAYS", "CALLS_PER_RUN")
_CODE = re.compile(r"[a-z][a-z0-9_]{0,40}")
_TIMES = ("created_at", "started_at", "upload_started_at", "finished_at", "cancel_asked_at", "next_attempt_at")


def of(run: Run) -> dict[str, Any]:
    """The report as plain data: numbers, codes and times (UTC, ISO 8601)."""
    found = {
        "report": {"made_at": _moment(timezone.now()), "about": "one run of a delivery", "masked": True},
        "versions": _versions(),
        "settings": {name: getattr(settings, name) for name in _SETTINGS + _SETTINGS_OF_RUNS + _SETTINGS_OF_CALLS},
        "run": _run(run),
        "plan": _plan(run),
        "delivery": _delivery(run),
        "audience": _audience(run),
        "accounting": _numbers(run.counts),
        "batches": _batches(run),
        "alerts": _alerts(run),
        "calls": _calls(run),
    }
    masked: dict[str, Any] = answers.masked(found)
    return masked


def as_text(report: dict[str, Any]) -> str:
    """The same to be read: one fact a line, lists numbered."""
    return "\n".join(_lines(report, 0)) + "\n"


def _lines(value: Any, depth: int) -> Iterator[str]:
    indent = "  " * depth
    pairs: Iterable[tuple[str, Any]]
    pairs = value.items() if isinstance(value, dict) else ((f"{at}.", one) for at, one in enumerate(value, 1))
    for name, one in pairs:
        if isinstance(one, dict | list):
            if depth == 0:
                yield f"\n{name.upper()}"
            else:
                yield f"{indent}{name}"
            yield from _lines(one, depth + 1) if one else [f"{indent}  none"]
        elif isinstance(one, str) and "\n" in one:
            yield f"{indent}{name}:"
            yield from (f"{indent}  {line}" for line in one.splitlines())
        else:
            yield f"{indent}{name}: {'–' if one in (None, '') else one}"


def _versions() -> dict[str, str]:
    project = settings.BASE_DIR / "pyproject.toml"
    version = tomllib.loads(project.read_text())["project"]["version"] if project.exists() else "unknown"
    return {
        "pinconnect": version,
        "python": platform.python_version(),
        "django": django.get_version(),
        "duckdb": duckdb.__version__,
        "database": connection.vendor,
        "system": platform.system(),
        "pinterest": "simulator" if settings.USE_SIMULATOR else "api",
    }


def _run(run: Run) -> dict[str, Any]:
    words = of_run(run)
    return {
        "id": run.pk,
        "number": run.number,
        "state": run.state,
        "reason": run.reason,
        "meaning": words.title if words else "",
        "ending": run.ending,
        "trigger": run.trigger,
        "is_dry_run": run.is_dry_run,
        "attempts": run.attempts,
        "files_attempt": run.files_attempt,
        "trouble": run.trouble,
        "settled_version": run.settled_version,
        **{name: _moment(getattr(run, name)) for name in (*_TIMES, "files_lost_at")},
    }


def _plan(run: Run) -> dict[str, Any]:
    plan = run.plan
    return {
        "mode": plan.get("mode"),
        "wire": plan.get("wire"),
        "limits": plan.get("limits"),
        "kinds": kinds_sent(run),
        "columns": [
            {"kind": column.get("kind"), "treatment": column.get("treatment"), "country": column.get("default_country")}
            for column in plan.get("columns", [])
        ],
        "filter": _filter(plan.get("filter")),
        "snapshots": len(plan.get("snapshots", [])),
        "source_bytes": plan.get("source_bytes"),
        "ledger_version": plan.get("ledger_version"),
    }


def _filter(pinned: dict[str, Any] | None) -> dict[str, Any] | None:
    """How conditions compare, and never with what: columns and values are the customer's."""
    found = RowFilter.from_json(pinned)
    if found is None:
        return None
    return {
        "match": found.match,
        "groups": [{"match": one.match, "operators": [c.operator for c in one.conditions]} for one in found.groups],
        "today": found.today.isoformat() if found.today else None,
    }


def _delivery(run: Run) -> dict[str, Any]:
    delivery = run.delivery
    return {
        "id": delivery.pk,
        "state": delivery.state,
        "pause_reason": delivery.pause_reason,
        "mode": delivery.mode,
        "scope": delivery.scope,
        "hold_share": delivery.hold_share,
        "hold_add_share": delivery.hold_add_share,
        "profile_id": delivery.profile_id,
        "standby_id": delivery.standby_id,
        "standby_since": _moment(delivery.standby_since),
    }


def _audience(run: Run) -> dict[str, Any]:
    audience = run.audience
    if audience is None:
        return {}
    return {
        "id": audience.pk,
        "ad_account_id": audience.ad_account.pinterest_id,
        "customer_list_id": audience.customer_list_id,
        "audience_id": audience.audience_id,
        "list_state": audience.list_state,
        "audience_state": audience.audience_state,
        "size": audience.size,
        "ledger_version": audience.ledger_version,
        "members": audience.member_count,
        "observed_at": _moment(audience.observed_at),
        "settled_at": _moment(audience.settled_at),
    }


def _numbers(value: Any) -> Any:
    """Only numbers and what they count: examples, columns and texts of the accounting stay here."""
    if isinstance(value, dict):
        kept = {name: _numbers(one) for name, one in value.items() if _CODE.fullmatch(name)}
        return {name: one for name, one in kept.items() if one not in (None, {})}
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _batches(run: Run) -> dict[str, Any]:
    batches = Batch.objects.filter(run=run).order_by()
    sums = batches.values("state", "operation", "error", "http_status").annotate(
        batches=Count("pk"), records=Sum("count"), tries=Sum("attempts")
    )
    troubled = batches.filter(~Q(error="") | Q(state__in=(BatchState.SENDING, BatchState.UNKNOWN))).order_by("pk")
    names = ("pk", "operation", "count", "state", "attempts", "error", "http_status", "pinterest_message", "request_id")
    listed = list(
        troubled.values(*names, "duration_ms", "sent_at", "lease_until", "next_attempt_at")[:BATCHES_IN_REPORT]
    )
    return {
        "sums": list(sums.order_by("state", "operation", "error")[:200]),
        "troubled": [_plain(one) for one in listed],
    }


def _alerts(run: Run) -> list[dict[str, Any]]:
    """Kinds and times only: an alert's words quote names."""
    subjects = [f"run:{run.pk}", f"delivery:{run.delivery_id}", f"audience:{run.audience_id}"]
    found = Alert.objects.filter(workspace=run.workspace_id, subject__in=subjects).order_by("-raised_at")
    return [_plain(one) for one in found.values("kind", "subject", "raised_at", "resolved_at")[:ALERTS_IN_REPORT]]


def _calls(run: Run) -> dict[str, Any]:
    """The newest errors and the newest others, in the order in which they were made."""
    calls = Call.objects.filter(run=run)
    errors = calls.errors().newest(CALLS_IN_REPORT)
    others = calls.filter(is_error=False).newest(CALLS_IN_REPORT)
    listed = sorted((*errors, *others), key=lambda call: (call.started_at, call.pk))
    return {
        "kept": calls.count(),
        "left_out": run.calls_left_out,
        "listed": len(listed),
        "list": [_call(call) for call in listed],
    }


def _call(call: Any) -> dict[str, Any]:
    rate = (call.rate_limit, call.rate_remaining, call.rate_reset_s)
    return {
        "at": _moment(call.started_at, "milliseconds"),
        "kind": call.kind,
        "request": f"{call.method} {call.path}",
        "query": call.query,
        "records": call.records,
        "starts_with": call.starts_with,
        "bytes": call.sent_bytes,
        "batch_id": call.batch_id,
        "attempt": call.attempt,
        "repeat": call.repeat,
        "profile_id": call.profile_id,
        "host": call.host,
        "status": call.status,
        "error": call.error,
        "code": call.code,
        "message": call.message,
        "request_id": call.request_id,
        "duration_ms": call.duration_ms,
        "rate": None if rate[0] is None else {"limit": rate[0], "remaining": rate[1], "reset_s": rate[2]},
        "answer": _answer(call.answer),
    }


def _answer(text: str) -> Any:
    """As data where it is whole: what is under the name of an id can then be told from other numbers."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _moment(one) if isinstance(one, datetime) else one for name, one in row.items()}


def _moment(moment: datetime | None, precision: str = "seconds") -> str | None:
    return moment.isoformat(timespec=precision).replace("+00:00", "Z") if moment else None
