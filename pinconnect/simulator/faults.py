"""Faults on demand: what goes wrong, for which calls, how often."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from fnmatch import fnmatchcase
from typing import Any

from pinconnect.simulator import limits, tokens
from pinconnect.simulator.http import Answer, ApiError, Ending, Request, invalid, json_answer
from pinconnect.simulator.world import World

HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
KINDS = (
    "rate_limited",
    "spam",
    "server_error",
    "unavailable",
    "error",
    "drop",
    "slow",
    "truncated",
    "cut_json",
    "not_json",
    "bad_records",
    "too_large",
    "expired_token",
    "revoked_token",
)
# These only make sense once there is an answer to spoil or to hold back.
_AFTER = ("slow", "truncated", "cut_json", "not_json")


@dataclass(frozen=True)
class Fault:
    """One fault. times: how many calls it strikes (None: all); skip: how many matching calls pass first.

    when: "before" the call takes effect, which it then does not, or "after".
    path is a pattern with * and ?; method, operation ("customer_lists/update") and operation_type
    ("ADD", "REMOVE") must be equal; None matches everything. The other fields are parameters of some kinds.
    """

    kind: str
    when: str = "before"
    method: str | None = None
    path: str | None = None
    operation: str | None = None
    operation_type: str | None = None
    times: int | None = 1
    skip: int = 0
    reset: int = 2
    seconds: float = 2.0
    status: int = 400
    code: int = 12
    message: str = "something went wrong"
    bytes: int = 100_000
    digests: tuple[str, ...] = field(default=())


def add(world: World, data: Mapping[str, Any]) -> int:
    """Add a fault described by a JSON object; returns its number."""
    fault = parse(data)
    return int(world.store.run("INSERT INTO faults (body) VALUES (?)", json.dumps(asdict(fault))).lastrowid or 0)


def parse(data: Mapping[str, Any]) -> Fault:
    """A fault from a JSON object; an unknown name or a wrong value is a 400.

    The kinds drop_before and drop_after are short for drop with a "when".
    """
    given = dict(data)
    if given.get("kind") in ("drop_before", "drop_after"):
        kind, _, given["when"] = str(given["kind"]).partition("_")
        given["kind"] = kind
    unknown = set(given) - {item.name for item in fields(Fault)}
    if unknown:
        raise invalid(f"Unknown field of a fault: {', '.join(sorted(unknown))}.")
    if given.get("kind") not in KINDS:
        raise invalid(f"A fault needs a kind: one of {', '.join(KINDS)}, drop_before, drop_after.")
    if given["kind"] in _AFTER:
        given["when"] = "after"
    # Chosen records stay bad until they are sent no more.
    if given["kind"] in ("bad_records", "too_large"):
        given.setdefault("times", None)
    fault = replace(Fault(given["kind"]), **given)
    _check_types(fault)
    return replace(fault, digests=tuple(str(digest).lower() for digest in fault.digests))


def _check_types(fault: Fault) -> None:
    texts = (fault.method, fault.path, fault.operation, fault.operation_type)
    counts = (fault.skip, fault.reset, fault.status, fault.code, fault.bytes, fault.times or 0)
    is_right = (
        fault.when in ("before", "after")
        and all(text is None or isinstance(text, str) for text in texts)
        and all(isinstance(count, int) and count >= 0 for count in counts)
        and isinstance(fault.seconds, int | float)
        and isinstance(fault.message, str)
        and isinstance(fault.digests, list | tuple)
    )
    if not is_right:
        raise invalid("A field of the fault has a wrong type or value.")


def every(world: World) -> list[dict[str, Any]]:
    """The faults that are left, with their numbers."""
    return [{"id": row["id"], **json.loads(row["body"])} for row in world.store.all("SELECT * FROM faults ORDER BY id")]


def clear(world: World, number: int | None = None) -> int:
    """Take away one fault, or all; returns how many."""
    if number is None:
        return world.store.run("DELETE FROM faults").rowcount
    return world.store.run("DELETE FROM faults WHERE id = ?", number).rowcount


def take(world: World, request: Request, operation: str) -> Fault | None:
    """The first fault that strikes this call, counted down; faults of tokens do their work here."""
    if world.store.one("SELECT 1 FROM faults LIMIT 1") is None:
        return None
    with world.store.transaction():
        for row in world.store.all("SELECT * FROM faults ORDER BY id"):
            body = json.loads(row["body"])
            fault = Fault(**body)
            if not _matches(fault, request, operation):
                continue
            if fault.skip:
                _save(world, row["id"], replace(fault, skip=fault.skip - 1))
                continue
            if fault.times is not None:
                _save(world, row["id"], replace(fault, times=fault.times - 1))
            _end_tokens(world, fault, request)
            return fault
    return None


def refused_digests(world: World) -> frozenset[str]:
    """The records that faults of the kind bad_records call bad, for whoever looks at records one by one."""
    found = (Fault(**json.loads(row["body"])) for row in world.store.all("SELECT body FROM faults"))
    return frozenset(digest for fault in found if fault.kind == "bad_records" for digest in fault.digests)


def _save(world: World, number: int, fault: Fault) -> None:
    if fault.times == 0:
        world.store.run("DELETE FROM faults WHERE id = ?", number)
    else:
        world.store.run("UPDATE faults SET body = ? WHERE id = ?", json.dumps(asdict(fault)), number)


def _matches(fault: Fault, request: Request, operation: str) -> bool:
    if fault.method not in (None, request.method) or fault.operation not in (None, operation):
        return False
    if fault.path is not None and not fnmatchcase(request.path, fault.path):
        return False
    if fault.operation_type is not None and _operation_type(request) != fault.operation_type:
        return False
    if fault.kind == "too_large":
        return request.body is None or len(request.body) > fault.bytes
    if fault.kind == "bad_records":
        body = (request.body or b"").lower()
        return any(digest.encode() in body for digest in fault.digests)
    return True


def _operation_type(request: Request) -> str | None:
    try:
        found = request.json_object().get("operation_type")
    except ApiError:
        return None
    return found if isinstance(found, str) else None


def _end_tokens(world: World, fault: Fault, request: Request) -> None:
    token = tokens.find(world, request.bearer(), tokens.PREFIXES)
    if token is None:
        return
    if fault.kind == "expired_token":
        world.store.run("UPDATE tokens SET expires = ? WHERE token_hash = ?", world.now(), token.token_hash)
    if fault.kind == "revoked_token":
        tokens.end_all(world, token.user, ("access", "refresh"), "revoke")


def answer(fault: Fault, real: Answer | None) -> Answer | None:
    """What is sent instead of the real answer, or None when the call just goes on; real is None before the effect."""
    if fault.when != ("before" if real is None else "after"):
        return None
    refusal = _refusal(fault)
    if refusal:
        return refusal.answer()
    if fault.kind == "drop":
        return replace(real or json_answer({}), ending=Ending.DROP)
    return _spoilt(fault, real) if real else None


def _refusal(fault: Fault) -> ApiError | None:
    if fault.kind == "rate_limited":
        return ApiError(429, 8, limits.MESSAGE, headers=limits.refusal_headers(fault.reset))
    if fault.kind == "spam":
        text = "This request was blocked because it looks like spam."
        return ApiError(429, 8, text, headers=limits.refusal_headers(fault.reset), message_detail=text)
    refusals = {
        "server_error": (500, 500, "Something went wrong on our end."),
        "unavailable": (503, 503, "The service is unavailable."),
        "error": (fault.status, fault.code, fault.message),
        "bad_records": (400, 1, "Invalid request: the records could not be read."),
        "too_large": (413, 413, "Invalid request: the request is too large."),
    }
    return ApiError(*refusals[fault.kind]) if fault.kind in refusals else None


def _spoilt(fault: Fault, real: Answer) -> Answer | None:
    if fault.kind == "slow":
        return replace(real, delay_s=fault.seconds)
    if fault.kind == "truncated":
        return replace(real, ending=Ending.TRUNCATE)
    if fault.kind == "cut_json":
        return replace(real, body=real.body[: len(real.body) // 2])
    if fault.kind == "not_json":
        return replace(real, headers={"content-type": "text/html"}, body=HTML)
    return None
