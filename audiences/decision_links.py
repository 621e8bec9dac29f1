"""Links in e-mails that let one person decide about one held run without signing in.

A link names run, user and last day, and is sealed with the installation's key: nobody can make one, or change what it
names. Nothing is stored. Whoever follows it is asked first, and what they may do is looked up then.
"""

from base64 import urlsafe_b64encode
from datetime import timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

DAYS = 7
_SALT = "audiences.decision"
_SECONDS = 86_400


def address(run_id: int, user_id: int) -> str:
    """The address without the host, good for DAYS days."""
    until = int((timezone.now() + timedelta(days=DAYS)).timestamp()) // _SECONDS
    return reverse("audiences:run-decision", args=[run_id, user_id, until, _seal(run_id, user_id, until)])


def is_genuine(run_id: int, user_id: int, until: int, seal: str) -> bool:
    """Whether we made this link."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return any(constant_time_compare(seal, _seal(run_id, user_id, until, key)) for key in keys)


def is_fresh(until: int) -> bool:
    """Whether its last day is not over."""
    return int(timezone.now().timestamp()) // _SECONDS <= until


def _seal(run_id: int, user_id: int, until: int, key: str | None = None) -> str:
    """43 characters; logs mask whatever has that form in an address."""
    value = f"{run_id}.{user_id}.{until}"
    digest = salted_hmac(_SALT, value, secret=key, algorithm="sha256").digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")
