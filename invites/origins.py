"""Where a visitor comes from, coarse enough to be kept."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest

# In this order: Edge and Opera also say Chrome, and Chrome also says Safari.
BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def address(request: HttpRequest) -> str:
    """The visitor's address; behind trusted proxies the one that the outermost of them saw."""
    trusted = settings.TRUSTED_PROXY_COUNT
    forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    if trusted and len(forwarded) >= trusted:
        return forwarded[-trusted]
    return str(request.META.get("REMOTE_ADDR", ""))


def coarse(request: HttpRequest) -> str:
    """For example "192.0.2.0/24, Firefox on Windows"."""
    agent = request.headers.get("User-Agent", "")
    browser = next((name for sign, name in BROWSERS if sign in agent), "another program")
    system = next((name for sign, name in SYSTEMS if sign in agent), "")
    return f"{_network(address(request))}, {browser}{' on ' + system if system else ''}"


def _network(text: str) -> str:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return "unknown address"
    prefix = 24 if found.version == 4 else 48
    return str(ipaddress.ip_network(f"{found}/{prefix}", strict=False))
