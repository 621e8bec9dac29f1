"""Every change to profiles and ad accounts that is not a renewal: connecting, disconnecting, reading, choosing."""

from pinconnect.profiles.services.ad_accounts import AdAccountsRead, choose_ad_accounts, read_ad_accounts
from pinconnect.profiles.services.connect import (
    finish_connect,
    forget_old_states,
    may_lead_to,
    start_connect,
    start_identify,
)
from pinconnect.profiles.services.disconnect import disconnect
from pinconnect.profiles.services.outcomes import ConnectOutcome, connect_outcome

__all__ = [
    "AdAccountsRead",
    "ConnectOutcome",
    "choose_ad_accounts",
    "connect_outcome",
    "disconnect",
    "finish_connect",
    "forget_old_states",
    "may_lead_to",
    "read_ad_accounts",
    "start_connect",
    "start_identify",
]
