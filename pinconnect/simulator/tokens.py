"""Tokens of the pretend Pinterest: issued, looked up by their hash, expired and revoked."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from pinconnect.simulator.world import World

ACCESS_SECONDS = 2_592_000
REFRESH_SECONDS = 5_184_000
LEGACY_REFRESH_SECONDS = 31_536_000
PREFIXES = {"access": "pina_", "refresh": "pinr_", "client": "pinc_", "conversion": "pina_"}


@dataclass(frozen=True)
class Token:
    """A token that was looked up; kind is access, refresh, client or conversion."""

    token_hash: str
    kind: str
    user: str
    scopes: tuple[str, ...]
    continuous: bool


def digest(text: str) -> str:
    """What is stored instead of a token, a code or a session."""
    return hashlib.sha256(text.encode()).hexdigest()


def issue(
    world: World, kind: str, user: str, scopes: Iterable[str], lifetime_s: float | None, *, continuous: bool = True
) -> str:
    """Make a token and store its hash; returns the token's text, which is nowhere else."""
    text = PREFIXES[kind] + secrets.token_hex(32).upper()
    now = world.now()
    expires = None if lifetime_s is None else now + lifetime_s
    world.store.run(
        "INSERT INTO tokens (token_hash, kind, user, scopes, mask, created, expires, continuous)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        *(digest(text), kind, user, " ".join(scopes), f"{text[:5]}…{text[-4:]}", now, expires, continuous),
    )
    return text


def find(world: World, text: str | None, kinds: Iterable[str]) -> Token | None:
    """The token if it is known, of one of these kinds, not revoked and not expired."""
    if not text:
        return None
    row = world.store.one("SELECT * FROM tokens WHERE token_hash = ?", digest(text))
    if row is None or row["revoked"] or row["kind"] not in kinds:
        return None
    if row["expires"] is not None and world.now() >= row["expires"]:
        return None
    return Token(row["token_hash"], row["kind"], row["user"], tuple(row["scopes"].split()), bool(row["continuous"]))


def revoke(world: World, token_hash: str) -> None:
    """Make one token useless."""
    world.store.run("UPDATE tokens SET revoked = 1 WHERE token_hash = ?", token_hash)


def end_all(world: World, user: str, kinds: Iterable[str], how: str) -> int:
    """Let every token of the user of these kinds expire ("expire") or be revoked ("revoke"); returns how many."""
    change = "revoked = 1" if how == "revoke" else f"expires = {world.now()}"
    names = tuple(kinds)
    marks = ", ".join("?" * len(names))
    return world.store.run(
        f"UPDATE tokens SET {change} WHERE user = ? AND kind IN ({marks})",  # noqa: S608 - no text from outside
        user,
        *names,
    ).rowcount


def issue_pair(world: World, user: str, scopes: tuple[str, ...], *, continuous: bool = True) -> dict[str, object]:
    """An access and a refresh token in the shape of the token endpoint's answer, without response_type."""
    lifetime = REFRESH_SECONDS if continuous else LEGACY_REFRESH_SECONDS
    with world.store.transaction():
        access = issue(world, "access", user, scopes, ACCESS_SECONDS)
        refresh = issue(world, "refresh", user, scopes, lifetime, continuous=continuous)
    return {
        **access_fields(access, scopes),
        "refresh_token": refresh,
        "refresh_token_expires_in": lifetime,
        "refresh_token_expires_at": int(world.now()) + lifetime,
    }


def access_fields(access: str, scopes: Iterable[str]) -> dict[str, object]:
    """The fields that every answer of the token endpoint has."""
    return {
        "access_token": access,
        "token_type": "bearer",
        "expires_in": ACCESS_SECONDS,
        "scope": ",".join(scopes),
    }
