"""The truth about identifiers: one value in, its digest or the reason for refusing it out.

The columnar fast path may only decide what these functions would decide in the same way.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from pinconnect.identifiers import kinds, phones, texts
from pinconnect.identifiers.texts import Refused


@dataclass(frozen=True)
class Verdict:
    """digest: 32 bytes (20 or 16 for a SHA-1 or MD5 that was let through) and reason None, or None and a reason's code.

    normalised: the text that was hashed, None when refused or already hashed. steps: what was done, in words.
    """

    kind: str
    digest: bytes | None
    reason: str | None
    normalised: str | None = None
    already_hashed: bool = False
    steps: tuple[str, ...] = ()

    @property
    def is_usable(self) -> bool:
        """Whether the value can be sent."""
        return self.digest is not None


def judge(kind: str, value: str, treatment: str = "auto", default_country: str | None = None) -> Verdict:
    """Normalise, validate and hash one value.

    treatment: one of kinds.TREATMENTS; what each does stands there.
    default_country: ISO 3166 alpha-2, for phones written without a country code.
    """
    steps: list[str] = []
    try:
        text = _start(value, steps)
        if (already := _already_hashed(kind, text, treatment, steps)) is not None:
            return Verdict(kind, bytes.fromhex(already), None, None, True, tuple(steps))
        normalised = phones.check_e164(text) if treatment == "e164" else _RULES[kind](text, steps, default_country)
    except Refused as refused:
        return Verdict(kind, None, str(refused.args[0]), None, False, tuple(steps))
    steps.append("Hashed with SHA-256.")
    return Verdict(kind, texts.digest(normalised), None, normalised, False, tuple(steps))


def _start(value: str, steps: list[str]) -> str:
    text = texts.trim(value)
    if text != value:
        steps.append("Removed spaces and invisible characters at the ends.")
    if not text:
        raise Refused("blank")
    if text.lower() in texts.PLACEHOLDERS:
        raise Refused("placeholder")
    if texts.REPLACEMENT in text:
        raise Refused("undecodable")
    return text


def _already_hashed(kind: str, text: str, treatment: str, steps: list[str]) -> str | None:
    name = texts.hash_name(text)
    if name == "SHA-256" or (name and treatment == "any_hash"):
        if treatment in ("plain", "e164"):
            raise Refused("hash_in_plain")
        found = text.lower()
        if found in texts.HASHES_OF_BLANK:
            raise Refused("hash_of_blank")
        if found in texts.HASHES_OF_PLACEHOLDER:
            raise Refused("hash_of_placeholder")
        steps.append(f"Recognised a {name} hash: lower-cased, not hashed again.")
        return found
    _refuse_other_hashes(kind, text, treatment)
    if treatment in ("hashed", "any_hash"):
        raise Refused("not_a_hash")
    return None


def _refuse_other_hashes(kind: str, text: str, treatment: str) -> None:
    """MD5 and SHA-1 by their length, except where the same shape is a plain value of the kind."""
    wire = kinds.get(kind).wire
    if wire in ("lr_id", "dlx_id", "pinner_id") and treatment == "plain":
        return
    if texts.SHA1.fullmatch(text):
        raise Refused("sha1")
    if texts.MD5.fullmatch(text) and (wire != "maid" or treatment == "hashed"):
        raise Refused("md5")


# What an address may not contain: separators and delimiters of lists of addresses, and quoting that nobody unquotes.
_EMAIL_FORBIDDEN = frozenset(',;:"<>()[]\\')
_EMAIL_PLAIN = re.compile(r"[!#-'*+\-./0-9=?@A-Z^-~]*")
_EMAIL_SPACE = frozenset(("Zs", "Zl", "Zp"))


def _email(text: str, steps: list[str], _: str | None) -> str:
    normalised = text.lower()
    if not text.isascii():
        normalised = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())
    if normalised != text:
        steps.append("Lower-cased, with accented letters in their composed form.")
    _email_characters(normalised)
    if normalised.count("@") != 1:
        raise Refused("email_many_at" if "@" in normalised else "email_no_at")
    name, domain = normalised.split("@")
    if not name or len(name) > 64 or name.startswith(".") or name.endswith(".") or ".." in name:
        raise Refused("email_bad_name")
    labels = domain.split(".")
    if len(labels) < 2 or any(not label or label.startswith("-") or label.endswith("-") for label in labels):
        raise Refused("email_bad_domain")
    if "_" in domain or len(labels[-1]) < 2 or labels[-1].isdigit():
        raise Refused("email_bad_domain")
    if len(normalised) > 254:
        raise Refused("email_too_long")
    return normalised


def _email_characters(text: str) -> None:
    if _EMAIL_PLAIN.fullmatch(text):
        return
    if texts.has_control(text):
        raise Refused("email_space" if any(char in "\t\r\n" for char in text) else "control_character")
    if any(char.isspace() or unicodedata.category(char) in _EMAIL_SPACE for char in text):
        raise Refused("email_space")
    if any(char in _EMAIL_FORBIDDEN or unicodedata.category(char) == "Cf" for char in text):
        raise Refused("email_bad_character")


_DASHED = re.compile(r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}")


def _dashed_maid(text: str, steps: list[str]) -> str:
    if texts.MD5.fullmatch(text):
        steps.append("Put the dashes back in.")
        text = "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
    if not _DASHED.fullmatch(text):
        raise Refused("maid_not_an_id")
    if text == texts.ZERO_MAID:
        raise Refused("maid_zero")
    return text


def _gaid(text: str, steps: list[str], _: str | None) -> str:
    maid = _dashed_maid(text, steps)
    if maid != maid.lower():
        steps.append("Lower-cased, as Android IDs are.")
    return maid.lower()


def _idfa(text: str, steps: list[str], _: str | None) -> str:
    maid = _dashed_maid(text, steps)
    if maid != maid.upper():
        steps.append("Upper-cased, as Apple IDs are.")
    return maid.upper()


def _maid(text: str, steps: list[str], _: str | None) -> str:
    maid = _dashed_maid(text, steps)
    if maid not in (maid.lower(), maid.upper()):
        raise Refused("maid_mixed_case")
    return maid


# Printable ASCII without space, quotes, comma, semicolon and backslash: nothing that could end a record early.
_OPAQUE = re.compile(r"[!#-&(-+\--:<-\[\]-_a-~]+")


def _opaque(text: str, steps: list[str], _: str | None) -> str:
    if not _OPAQUE.fullmatch(text):
        raise Refused("id_bad_character")
    if len(text) > 512:
        raise Refused("id_too_long")
    return _not_zero(text)


_PINNER = re.compile(r"[0-9]{1,25}")


def _pinner(text: str, steps: list[str], _: str | None) -> str:
    if not _PINNER.fullmatch(text):
        raise Refused("pinner_not_a_number")
    return _not_zero(text)


def _not_zero(text: str) -> str:
    """An ID that is not made of zeros, which stand for none: their hashes are refused as well."""
    if not text.strip("0-"):
        raise Refused("id_zero")
    return text


def _phone(text: str, steps: list[str], default_country: str | None) -> str:
    return phones.normalise(text, default_country, steps)


_RULES = {
    "email": _email,
    "phone": _phone,
    "gaid": _gaid,
    "idfa": _idfa,
    "maid": _maid,
    "lr_id": _opaque,
    "dlx_id": _opaque,
    "pinner_id": _pinner,
}
