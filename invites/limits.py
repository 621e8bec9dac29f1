"""How often somebody may try, counted in the cache that all processes share."""

import ipaddress
import time

from django.core.cache import cache

from pinconnect.lib import tokens

# No longer than the caches' own default, to which counting up resets the life of an entry.
WINDOW_S = 300
# What one address may ask of the public pages, and how often one invite may be taken to Pinterest.
PER_ADDRESS = 60
PER_INVITE = 20


def too_many(kind: str, who: str, limit: int) -> bool:
    """Count one attempt; True when the limit of the present window is passed."""
    # What is counted is hashed, because an address says who somebody is.
    key = f"invite-{kind}-{tokens.hash_token(who)[:24]}-{window()}"
    cache.add(key, 0, WINDOW_S)
    try:
        return int(cache.incr(key)) > limit
    except ValueError:
        # The entry ended or was thrown out between the two calls.
        return False


def window() -> int:
    """The number of the present window."""
    return int(time.time()) // WINDOW_S


def neighbourhood(address: str) -> str:
    """The address that is counted: of IPv6 the network that one household has, or nobody would ever pass a limit."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network(f"{found}/64", strict=False))
    return str(found)
