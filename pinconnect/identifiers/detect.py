"""What a column probably holds, from its name and a sample of its values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from pinconnect.identifiers import kinds, rules, texts

# Below this share of fitting values a proposal would annoy more often than help.
_ENOUGH = 0.5
_SAMPLE = 500
_SPLIT = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Proposal:
    """kind: None when the column holds no identifier. treatment: hashed when all usable values are hashes already.

    confidence: 0..1, the share of values that fit, lowered when only the name speaks for it. hint: whether the name
    points to the kind. default_country_needed: most phones carry no country code. other_hashes: most values look like
    MD5 or SHA-1, which are only passed on if somebody says so.
    """

    kind: str | None
    treatment: str = "auto"
    confidence: float = 0.0
    hint: bool = False
    default_country_needed: bool = False
    other_hashes: bool = False


def propose(name: str, values: Iterable[str]) -> Proposal:
    """The likeliest kind of a column; at most the first 500 values that are not blank are looked at."""
    sample = _sample(values)
    hinted = hinted_kind(name)
    if not sample:
        return Proposal(hinted, "auto", 0.3, True) if hinted else Proposal(None)
    hashes = sum(1 for text in sample if texts.SHA256.fullmatch(text)) / len(sample)
    if hashes >= _ENOUGH:
        treatment = "hashed" if hashes == 1.0 else "auto"
        return Proposal(hinted or "email", treatment, hashes if hinted else hashes / 2, hinted is not None)
    others = sum(1 for text in sample if texts.hash_name(text) in _possible_hashes(hinted)) / len(sample)
    if hinted and others >= _ENOUGH:
        return Proposal(hinted, "auto", others, True, other_hashes=True)
    return _from_plain(sample, hinted, name)


def _possible_hashes(hinted: str | None) -> tuple[str, ...]:
    """Which hashes the shape of a value tells; 32 digits in a column of mobile IDs are IDs without dashes."""
    if hinted is None or "any_hash" not in kinds.get(hinted).treatments:
        return ()
    return ("SHA-1",) if kinds.get(hinted).wire == "maid" else ("MD5", "SHA-1")


def hinted_kind(name: str) -> str | None:
    """The kind a column name points to, by the longest of its words that is a known hint."""
    words = [word for word in _SPLIT.split(re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower()) if word]
    runs = {"".join(words[start:end]) for start in range(len(words)) for end in range(start + 1, len(words) + 1)}
    found = [(len(hint), kind.code) for kind in kinds.KINDS.values() for hint in kind.hints if hint in runs]
    return max(found)[1] if found else None


def _sample(values: Iterable[str]) -> list[str]:
    sample: list[str] = []
    for value in values:
        text = texts.trim(value or "")
        if text and text.lower() not in texts.PLACEHOLDERS:
            sample.append(text)
            if len(sample) == _SAMPLE:
                break
    return sample


def _from_plain(sample: list[str], hinted: str | None, name: str) -> Proposal:
    shapes = Counter(_shape(text) for text in sample)
    shape, count = shapes.most_common(1)[0]
    share = count / len(sample)
    if shape == "email" and share >= _ENOUGH:
        return Proposal("email", "auto", share, hinted == "email")
    if shape.startswith("maid"):
        return _maid(shapes, hinted, len(sample))
    if shape == "phone" and share >= _ENOUGH and hinted in ("phone", None):
        return _phone(sample, share, hinted)
    if hinted is None:
        return Proposal(None)
    usable = sum(1 for text in sample if rules.judge(hinted, text, "auto", "US").is_usable) / len(sample)
    return Proposal(hinted, "auto", usable, True) if usable >= _ENOUGH else Proposal(None, confidence=usable, hint=True)


def _shape(text: str) -> str:
    if "@" in text:
        return "email" if rules.judge("email", text).is_usable else "other"
    if rules.judge("gaid", text).is_usable and not texts.SHA256.fullmatch(text):
        return {text.lower(): "maid lower", text.upper(): "maid upper"}.get(text, "maid mixed")
    digits = sum(char.isdigit() for char in text)
    if 7 <= digits <= 15 and not any(char.isalpha() for char in text) and len(text) <= digits + 8:
        return "phone"
    return "other"


def _maid(shapes: Counter[str], hinted: str | None, size: int) -> Proposal:
    share = sum(count for shape, count in shapes.items() if shape.startswith("maid")) / size
    if share < _ENOUGH:
        return Proposal(None)
    if hinted in ("gaid", "idfa", "maid"):
        return Proposal(hinted, "auto", share, True)
    # Lower case alone is how Android exports its IDs; upper case how Apple does. Both together tell nothing.
    if shapes["maid upper"] == 0 and shapes["maid mixed"] == 0:
        return Proposal("gaid", "auto", share * 0.8)
    if shapes["maid lower"] == 0 and shapes["maid mixed"] == 0:
        return Proposal("idfa", "auto", share * 0.8)
    return Proposal("maid", "auto", share * 0.8)


def _phone(sample: list[str], share: float, hinted: str | None) -> Proposal:
    explicit = sum(1 for text in sample if text.startswith(("+", "00")))
    guessed = sum(1 for text in sample if rules.judge("phone", text).is_usable)
    # Bare digits without a telling name may be any number: an order, a customer, a postcode.
    if hinted is None and explicit * 2 < len(sample):
        return Proposal(None, confidence=share / 4)
    return Proposal("phone", "auto", share, hinted is not None, guessed * 2 < len(sample))
