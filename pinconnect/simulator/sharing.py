"""Audiences shared with other ad accounts of the same owner."""

from __future__ import annotations

from pinconnect.simulator import audiences
from pinconnect.simulator.accounts import reachable
from pinconnect.simulator.http import Answer, ApiError, invalid, json_answer
from pinconnect.simulator.routing import NOT_PERMITTED, Context, Route
from pinconnect.simulator.seeds import ad_accounts
from pinconnect.simulator.world import World

PERMISSION = "RESOURCE_PINNER_LIST_READER"
RECIPIENT = "AD_ACCOUNT"


def share(context: Context) -> Answer:
    """Share with ad accounts of the same owner, or end it."""
    account = reachable(context, writing=True)
    data = context.request.json_object()
    recipients = data.get("recipient_account_ids")
    operation = data.get("operation_type")
    if operation not in ("SHARE", "REVOKE"):
        raise invalid(f"Invalid request: {operation!r} is not one of ['SHARE', 'REVOKE']")
    if not isinstance(recipients, list) or not recipients or not all(str(one).isdigit() for one in recipients):
        raise invalid("Invalid request: 'recipient_account_ids' is a required property")
    audience_id = str(data.get("audience_id", ""))
    if not (audience_id.isascii() and audience_id.isdigit() and len(audience_id) <= 18):
        raise invalid("Invalid request: 'audience_id' is a required property")
    row = audiences.find(context.world, account.id, audience_id)
    known = {other.id for other in ad_accounts().values() if other.owner == account.owner}
    if row["ad_account_id"] != account.id or not {str(one) for one in recipients} <= known - {account.id}:
        raise ApiError(403, 29, NOT_PERMITTED)
    with context.world.store.transaction():
        for recipient in recipients:
            _set(context.world, row["id"], str(recipient), is_shared=operation == "SHARE")
    return json_answer(
        {
            "audience_id": str(row["id"]),
            "permissions": [PERMISSION],
            "recipient_account_ids": [str(one) for one in recipients],
        }
    )


def _set(world: World, audience_id: int, recipient: str, *, is_shared: bool) -> None:
    if is_shared:
        world.store.run(
            "INSERT OR IGNORE INTO shares (audience_id, recipient_type, recipient, created) VALUES (?, ?, ?, ?)",
            *(audience_id, RECIPIENT, recipient, world.now()),
        )
    else:
        sql = "DELETE FROM shares WHERE audience_id = ? AND recipient_type = ? AND recipient = ?"
        world.store.run(sql, audience_id, RECIPIENT, recipient)


def shared_accounts(context: Context) -> Answer:
    """Who has received an audience."""
    account = reachable(context)
    recipient_type = context.request.arg("account_type", "AD_ACCOUNT") or ""
    audience_id = context.request.arg("audience_id", "") or ""
    if recipient_type != RECIPIENT or not (audience_id.isascii() and audience_id.isdigit()):
        raise ApiError(400, 400, audiences.BAD_PARAMETERS)
    row = audiences.find(context.world, account.id, audience_id[:18])
    rows = context.world.store.all(
        "SELECT recipient, created FROM shares WHERE audience_id = ? AND recipient_type = ? ORDER BY id",
        *(row["id"], recipient_type),
    )
    items = [
        {
            "account_id": found["recipient"],
            "account_name": ad_accounts()[found["recipient"]].name,
            "account_type": RECIPIENT,
            "shared_on_timestamp": int(found["created"]),
        }
        for found in rows
    ]
    return json_answer({"items": items, "bookmark": None})


_BASE = "/v5/ad_accounts/{ad_account_id}/audiences"
_WRITE = ("ads:write",)
ROUTES = (
    Route("PATCH", f"{_BASE}/ad_accounts/shared", "audiences/share_accounts", "ads_write", share, _WRITE),
    Route("GET", f"{_BASE}/shared/accounts", "audiences/shared_accounts", "ads_read", shared_accounts, ("ads:read",)),
)
