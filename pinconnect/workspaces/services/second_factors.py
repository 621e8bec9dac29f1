"""Key rotation for what allauth stores of second factors; Pinterest's tokens are rotated by lib.crypto."""

from typing import Any

from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken

from pinconnect.lib.crypto import WrongKeyError, fernet

# What allauth encrypts through the adapter: an app's key, and what recovery codes are made from.
_TEXTS = ("secret", "seed")


def rotate_second_factors() -> int:
    """Write every secret anew under the newest key; returns how many factors were changed. Safe to repeat.

    A factor that is used meanwhile is left as it is and found by the next call: its old key still reads it.
    Raises WrongKeyError if one cannot be read with any key.
    """
    changed = 0
    for pk, data in Authenticator.objects.values_list("pk", "data"):
        new = _rotated(pk, data)
        if new != data:
            changed += Authenticator.objects.filter(pk=pk, data=data).update(data=new)
    return changed


def _rotated(pk: int, data: dict[str, Any]) -> dict[str, Any]:
    new: dict[str, Any] = {name: _rotate(pk, data[name]) for name in _TEXTS if name in data}
    if data.get("migrated_codes") is not None:
        new["migrated_codes"] = [_rotate(pk, code) for code in data["migrated_codes"]]
    return {**data, **new}


def _rotate(pk: int, text: str) -> str:
    try:
        return fernet().rotate(text.encode()).decode()
    except InvalidToken as error:
        raise WrongKeyError(f"Second factor {pk} cannot be read with any key of FIELD_KEYS.") from error
