"""What is sent in the scenarios, and the bodies of replies written by hand."""

import json
from typing import Any

from pinconnect.pinterest.types import Payload
from tests.pinterest.contract.worlds import ByHand

DIGESTS = [f"{number:064x}" for number in range(3)]
RECORDS = Payload(",".join(DIGESTS), None, 3)
_ROWS = [{"email": DIGESTS[0], "hashed_phone_number": DIGESTS[1]}, {"maid": DIGESTS[2]}]
ROWS = Payload(None, json.dumps(_ROWS), 2)
SCOPES = ("ads:read", "ads:write", "user_accounts:read")


def a_list(**changes: Any) -> dict[str, Any]:
    body = {"id": "643", "ad_account_id": ByHand.ad_account_id, "name": "n", "type": "customerlist", "exceptions": {}}
    numbers = {"num_batches": 1, "num_uploaded_user_records": 3, "num_removed_user_records": 0}
    times = {"created_time": 1452208622, "updated_time": 1452208622}
    return {**body, **numbers, **times, "status": "PROCESSING", **changes}


def an_audience(**changes: Any) -> dict[str, Any]:
    body = {"id": "9", "ad_account_id": ByHand.ad_account_id, "type": "audience", "audience_type": "CUSTOMER_LIST"}
    return {**body, "name": "a", "rule": {"customer_list_id": "643"}, "status": "INITIALIZING", **changes}


def path(*rest: str) -> str:
    return "/".join((f"/ad_accounts/{ByHand.ad_account_id}", *rest))
