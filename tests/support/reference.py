"""What a delivery must come to, worked out slowly and plainly: no SQL, no code of the product.

Give it rows, the mapping, the mode and who is on the list; it says who must be on the list afterwards and what becomes
of each row. End-to-end tests compare with it.
"""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import phonenumbers

from tests.support.reference_filter import matches

WIRE = {"email": "email", "phone": "phone", "gaid": "maid", "idfa": "maid", "maid": "maid"}
WIRE |= {"lr_id": "lr_id", "dlx_id": "dlx_id", "pinner_id": "pinner_id"}
NOTHING = (
    "null",
    "(null)",
    "<null>",
    "none",
    "nil",
    "nan",
    "na",
    "n/a",
    "#n/a",
    "undefined",
    "unknown",
    "\\n",
    "-",
    "--",
    "?",
)
ZERO = "00000000-0000-0000-0000-000000000000"
Member = tuple[str, str]


@dataclass(frozen=True)
class Column:
    """name, kind, and how the values are to be understood."""

    name: str
    kind: str
    treatment: str = "auto"
    default_country: str | None = None


@dataclass(frozen=True)
class Expected:
    """members, adds, removes: (wire kind, hex digest). outcomes: one word per row. counts: how often each word."""

    members: frozenset[Member]
    adds: frozenset[Member]
    removes: frozenset[Member]
    outcomes: tuple[str, ...]

    @property
    def counts(self) -> dict[str, int]:
        found = Counter(self.outcomes)
        words = ("to_send", "already_there", "duplicate", "invalid", "held_back", "left_out")
        return {"read": len(self.outcomes)} | {word: found[word] for word in words}


def expect(
    rows: Sequence[Mapping[str, str] | None],
    columns: Sequence[Column],
    mode: str = "mirror",
    previous: Iterable[Member] = (),
    erased: Iterable[Member] = (),
    row_filter: Mapping[str, Any] | None = None,
) -> Expected:
    """rows: values by column name; None stands for a row that cannot be read. row_filter: as a delivery keeps it."""
    tuples = [
        None if row is not None and row_filter and not matches(row, row_filter) else identifiers(row, columns)
        for row in rows
    ]
    return expect_of(tuples, mode, previous, erased)


def expect_of(
    tuples: Iterable[tuple[Member | None, ...] | None],
    mode: str,
    previous: Iterable[Member] = (),
    erased: Iterable[Member] = (),
) -> Expected:
    """The same from what `identifiers` says of each row (None: left out), as large tests do in several processes."""
    before, tombs = frozenset(previous), frozenset(erased)
    data: set[Member] = set()
    seen: set[tuple[Member | None, ...]] = set()
    outcomes: list[str] = []
    for found in tuples:
        if found is None:
            outcomes.append("left_out")
            continue
        present = {one for one in found if one}
        if not present:
            outcomes.append("invalid")
        elif found in seen:
            outcomes.append("duplicate")
        elif present & tombs and mode != "remove":
            outcomes.append("held_back")
        else:
            data |= present
            changes = present & before if mode == "remove" else present - before
            outcomes.append("to_send" if changes else "already_there")
        seen.add(found)
    adds = frozenset() if mode == "remove" else frozenset(data - before)
    removes = {"mirror": before - data, "add": frozenset(), "remove": before & data}[mode]
    return Expected((before | adds) - removes, adds, frozenset(removes), tuple(outcomes))


def identifiers(row: Mapping[str, str] | None, columns: Sequence[Column]) -> tuple[Member | None, ...]:
    """What a row holds, column by column; None where there is nothing that may be sent."""
    if row is None:
        return tuple(None for _ in columns)
    found = []
    for column in columns:
        digest = digest_of(column.kind, row[column.name] or "", column.treatment, column.default_country)
        found.append((WIRE[column.kind], digest) if digest else None)
    return tuple(found)


def digest_of(kind: str, value: str, treatment: str = "auto", default_country: str | None = None) -> str | None:
    """The lower-case hex digest, or None when the value must not be sent."""
    text = _trimmed(value)
    if not text or text.lower() in NOTHING or "\ufffd" in text:
        return None
    if re.fullmatch("[0-9a-fA-F]{64}", text):
        return None if treatment in ("plain", "e164") or _is_hash_of_nothing(text.lower()) else text.lower()
    if treatment == "any_hash":
        is_hash = re.fullmatch("([0-9a-fA-F]{32}){1,2}|[0-9a-fA-F]{40}", text)
        return text.lower() if is_hash and not _is_hash_of_nothing(text.lower()) else None
    if treatment == "hashed" or _is_other_hash(kind, text, treatment):
        return None
    if treatment == "e164":
        return hashlib.sha256(text.encode()).hexdigest() if _is_e164(text) else None
    normalised = _phone(text, default_country) if kind == "phone" else _NORMALISE[kind](text)
    return hashlib.sha256(normalised.encode()).hexdigest() if normalised else None


def _trimmed(value: str) -> str:
    invisible = "\0\u00ad\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
    while value and (value[0].isspace() or value[0] in invisible):
        value = value[1:]
    while value and (value[-1].isspace() or value[-1] in invisible):
        value = value[:-1]
    return value


def _is_hash_of_nothing(digest: str) -> bool:
    words = {w for word in NOTHING for w in (word, word.upper(), word.capitalize())}
    words |= {"", " ", "\n", "\0", "NaN", "0", "+", "@", ZERO, ZERO.replace("-", ""), "\\N"}
    names = {32: "md5", 40: "sha1", 64: "sha256"}
    return digest in {hashlib.new(names[len(digest)], word.encode()).hexdigest() for word in words}


def _is_other_hash(kind: str, text: str, treatment: str) -> bool:
    if WIRE[kind] in ("lr_id", "dlx_id", "pinner_id") and treatment == "plain":
        return False
    sizes = "40" if WIRE[kind] == "maid" else "32|40"
    return any(re.fullmatch(f"[0-9a-fA-F]{{{size}}}", text) for size in sizes.split("|"))


def _email(text: str) -> str | None:
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())
    for char in text:
        if (
            char.isspace()
            or char in ',;:"<>()[]\\'
            or unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zs", "Zl", "Zp")
        ):
            return None
    name, at, domain = text.partition("@")
    labels = domain.split(".")
    wrong = (
        not at or "@" in domain or not 1 <= len(name) <= 64 or "" in name.split(".") or len(text) > 254
        or len(labels) < 2 or "" in labels or "_" in domain or len(labels[-1]) < 2 or labels[-1].isdigit()
        or any(label.startswith("-") or label.endswith("-") for label in labels)
    )  # fmt: skip
    return None if wrong else text


def _dashed(text: str) -> str | None:
    if re.fullmatch("[0-9a-fA-F]{32}", text):
        text = f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
    fits = re.fullmatch("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text)
    return text if fits and text != ZERO else None


def _maid(text: str) -> str | None:
    found = _dashed(text)
    return found if found and found in (found.lower(), found.upper()) else None


def _opaque(text: str) -> str | None:
    fits = all("!" <= char <= "~" and char not in "\"'`,;\\" for char in text) and len(text) <= 512
    return text if fits and text.strip("0-") else None


_NORMALISE = {
    "email": _email,
    "gaid": lambda text: (_dashed(text) or "").lower() or None,
    "idfa": lambda text: (_dashed(text) or "").upper() or None,
    "maid": _maid,
    "lr_id": _opaque,
    "dlx_id": _opaque,
    "pinner_id": lambda text: text if re.fullmatch("[0-9]{1,25}", text) and int(text) else None,
}


def _is_e164(text: str) -> bool:
    """8 to 15 digits of which the first are a country code and the rest are not one digit over and over."""
    if not re.fullmatch("[1-9][0-9]{7,14}", text):
        return False
    codes = [text[:size] for size in (1, 2, 3) if int(text[:size]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE]
    return bool(codes) and len(set(text[len(codes[0]) :])) > 1


def _phone(text: str, default_country: str | None) -> str | None:
    """Meant for what people write: + ( ) - . / and spaces, Unicode digits, an extension at the end."""
    folded = "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in text)
    folded = re.sub(r"(?i)\s*(;\s*ext\s*=|#|extension|extn|ext\.?|x)\s*[:.#]?\s*[0-9]{1,7}\s*#?$", "", folded)
    digits = re.sub(r"[\s().\-/\u200b-\u200f\u2060\u00ad]", "", folded)
    digits = "+" + digits[2:] if digits.startswith("00") else digits
    if not re.fullmatch(r"\+?[0-9]{1,25}", digits):
        return None
    guess = not digits.startswith("+") and not default_country
    if guess and (digits.startswith("0") or len(digits) < 8):
        return None
    try:
        number = phonenumbers.parse("+" + digits if guess else digits, default_country)
    except phonenumbers.NumberParseException:
        return None
    if guess and not phonenumbers.is_valid_number(number):
        return None
    possible = phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE
    if not digits.startswith("+") and default_country and not possible:
        return None
    national = phonenumbers.national_significant_number(number)
    whole = f"{number.country_code}{national}"
    return whole if 8 <= len(whole) <= 15 and len(set(national)) > 1 else None
