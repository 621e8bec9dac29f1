"""Grants: the address where a user agrees, and the exchange of codes and refresh tokens for token pairs."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from pinconnect.pinterest import client, config, errors, fields, limits, replies, transport
from pinconnect.pinterest.types import TokenPair

TOKEN_PATH = "/oauth/token"  # noqa: S105 -- an address


def authorize_url(*, state: str, scopes: Iterable[str], redirect_uri: str) -> str:
    """The page at Pinterest where a user grants the scopes; redirect_uri must be literally a registered one.

    Source: Pinterest API v5, security scheme pinterest_oauth2 (read 2026-11-22).
    """
    here = config.read()
    query = {
        "client_id": here.app_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": ",".join(scopes),
        "state": state,
    }
    return f"{here.oauth_url}/?{urlencode(query)}"


def exchange_code(*, code: str, redirect_uri: str) -> TokenPair:
    """Turn the code of a grant into tokens; a code works once.

    redirect_uri: the one that authorize_url was made with.
    Raises TokenRefused or Rejected for a code that is old, used or not ours; UnknownOutcome means: ask the user again.
    Source: Pinterest API v5, oauth/token (read 2026-11-22).
    """
    return _token({"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri})


def refresh(refresh_token: str, *, observe: client.Observer | None = None) -> TokenPair:
    """Renew a grant. The answer usually holds a new refresh token; the old one may be dead from then on.

    Where Pinterest gives no new refresh token the old one is returned, with refresh_expires_at None: it is unchanged.
    Raises TokenRefused when the grant is gone, or when Pinterest does not accept the app's own credentials: the two
    are answered alike. UnknownOutcome: the same token may be tried again.
    Source: Pinterest API v5, oauth/token (read 2026-11-22).
    """
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return _token(form, keep=refresh_token, observe=observe)


def app_is_accepted() -> bool:
    """Whether Pinterest accepts the app's id and secret; tells a bad refresh token from bad credentials of the app.

    Raises Transient or UnknownOutcome when Pinterest cannot say now.
    Source: Pinterest API v5, oauth/token with client_credentials (read 2026-11-22).
    """
    try:
        _post({"grant_type": "client_credentials", "scope": "user_accounts:read"})
    except errors.Terminal as refusal:
        # Any other refusal was made by someone who had read the credentials and found nothing wrong with them.
        return refusal.status != 401
    return True


def _token(form: dict[str, str], *, keep: str | None = None, observe: client.Observer | None = None) -> TokenPair:
    # Apps made before 2025-09-25 get a refresh token that renews for ever only if they ask; others ignore the field.
    now = datetime.now(UTC)
    reply = _post({**form, "continuous_refresh": "true"}, observe=observe)
    return replies.parsed(reply, lambda data: _pair(data, now, keep), is_read=False)


def _post(form: dict[str, str], *, observe: client.Observer | None = None) -> replies.Reply:
    here = config.read()
    basic = base64.b64encode(f"{here.app_id}:{here.app_secret}".encode()).decode()
    headers = {
        "Authorization": f"Basic {basic}",
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
    }
    body = urlencode(form).encode()
    where = client.address(TOKEN_PATH)
    call = transport.Call("POST", TOKEN_PATH, where, headers, body, safe_to_repeat=False, is_confidential=True)
    return client.perform(call, observe=observe)


def _pair(data: dict[str, Any], now: datetime, keep: str | None) -> TokenPair:
    access_token = data["access_token"]
    if not isinstance(access_token, str) or not access_token:
        raise ValueError("no access token")
    new_refresh_token = fields.text(data, "refresh_token")
    return TokenPair(
        access_token=access_token,
        refresh_token=new_refresh_token or keep,
        expires_at=_after(now, data, "expires_in") or now + timedelta(seconds=limits.ACCESS_TOKEN_LIFETIME_S),
        refresh_expires_at=_refresh_expiry(now, data) if new_refresh_token else None,
        scopes=tuple(dict.fromkeys(re.findall(r"[^\s,]+", fields.text(data, "scope")))),
    )


def _refresh_expiry(now: datetime, data: dict[str, Any]) -> datetime | None:
    # The duration first: it needs no agreement between Pinterest's clock and ours.
    return _after(now, data, "refresh_token_expires_in") or fields.moment(data, "refresh_token_expires_at")


def _after(now: datetime, data: dict[str, Any], name: str) -> datetime | None:
    seconds = fields.optional_whole(data, name)
    if seconds is None or not 0 < seconds <= limits.LEGACY_REFRESH_TOKEN_LIFETIME_S:
        return None
    return now + timedelta(seconds=seconds)
