"""Conversion events as far as tokens need them: who may send, how many, and what every event must have."""

from __future__ import annotations

from typing import Any

from pinconnect.simulator.accounts import reachable
from pinconnect.simulator.http import Answer, ApiError, invalid, json_answer
from pinconnect.simulator.routing import Context, Route

MAX_EVENTS = 1_000
REQUIRED = ("event_name", "action_source", "event_time", "event_id", "user_data")


def send(context: Context) -> Answer:
    """Take events with a conversion token, or with an access token that has ads:write; nothing is kept."""
    reachable(context)
    data = context.request.json_object().get("data")
    if not isinstance(data, list) or not 1 <= len(data) <= MAX_EVENTS:
        raise invalid(f"Invalid request: 'data' must hold 1 to {MAX_EVENTS} events")
    events = [_judge(event) for event in data]
    processed = sum(event["status"] == "processed" for event in events)
    body = {"num_events_received": len(events), "num_events_processed": processed, "events": events}
    if processed < len(events):
        raise ApiError(422, 422, "Not all events were successfully processed.", details=body)
    return json_answer(body)


def _judge(event: Any) -> dict[str, str]:
    problem = ""
    missing = [name for name in REQUIRED if name not in event] if isinstance(event, dict) else list(REQUIRED)
    if missing:
        problem = f"'{missing[0]}' is a required property"
    elif not _can_match(event["user_data"]):
        problem = "'user_data' needs em, hashed_maids, or client_ip_address with client_user_agent"
    return {"status": "failed" if problem else "processed", "error_message": problem, "warning_message": ""}


def _can_match(user_data: Any) -> bool:
    if not isinstance(user_data, dict):
        return False
    device = user_data.get("client_ip_address") and user_data.get("client_user_agent")
    return bool(user_data.get("em") or user_data.get("hashed_maids") or device)


ROUTES = (
    Route(
        "POST",
        "/v5/ad_accounts/{ad_account_id}/events",
        "events/create",
        "ads_conversions",
        send,
        ("ads:write",),
        ("access", "conversion"),
    ),
)
