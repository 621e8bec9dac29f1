"""Is this process alive, and may it be sent requests? For load balancers and supervisors; tells no secrets."""

import logging
from collections.abc import Callable

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse

logger = logging.getLogger(__name__)

# Returns None if all is well, else a few words without names, numbers of people or secrets.
Check = Callable[[], str | None]
_checks: dict[str, Check] = {}
# What is worth watching and is no reason to send requests elsewhere, such as workers that are down.
Fact = Callable[[], object]
_facts: dict[str, Fact] = {}
_passed_for_good: set[str] = set()


def register(name: str, check: Check) -> None:
    """Add a check to /readyz; apps call this when they load. The same name replaces the earlier one."""
    _checks[name] = check


def register_fact(name: str, fact: Fact) -> None:
    """Add a number or a list of words to /readyz; it decides nothing, and holds no secret."""
    _facts[name] = fact


def healthz(request: HttpRequest) -> JsonResponse:
    """Alive: the process answers. Touches nothing else, so that a slow database does not get it killed."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """Ready: every check passes; 503 and the names of those that do not otherwise."""
    results = {name: _outcome(name, check) for name, check in _checks.items()}
    is_ready = all(outcome == "ok" for outcome in results.values())
    facts = {name: _look(fact) for name, fact in _facts.items()} if results.get("database") == "ok" else {}
    body = {"status": "ready" if is_ready else "not ready", "checks": results, "facts": facts}
    return JsonResponse(body, status=200 if is_ready else 503)


# Open to anybody: the word that pinconnect.workspaces.access uses for it, which lies above this package.
healthz.verb = readyz.verb = "public"  # type: ignore[attr-defined]


def _outcome(name: str, check: Check) -> str:
    try:
        return check() or "ok"
    except Exception as error:  # noqa: BLE001 -- a check that breaks has failed, and its message may tell too much.
        logger.warning("Readiness check %s failed: %s", name, type(error).__name__)
        return "failed"


def _look(fact: Fact) -> object:
    try:
        return fact()
    except Exception as error:  # noqa: BLE001 -- whoever asks whether we are ready gets an answer all the same.
        logger.warning("A fact for the health page cannot be told: %s", type(error).__name__)
        return None


def _database() -> str | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return None


def _migrations() -> str | None:
    """Asked until the answer is yes: tables do not become older while a process runs."""
    if "migrations" in _passed_for_good:
        return None
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return "not all applied"
    _passed_for_good.add("migrations")
    return None


register("database", _database)
register("migrations", _migrations)
