"""What becomes of one value: each step, the digest, and what other tools would have made of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from audiences.people.lookup import Wanted
from pinconnect.identifiers import kinds, reasons, rules, texts
from pinconnect.identifiers.reasons import Reason
from pinconnect.identifiers.rules import Verdict

# The same device is told apart by case alone, and a person does not know which case their ID was delivered in.
_MAIDS = ("gaid", "idfa", "maid")


@dataclass(frozen=True)
class OtherRule:
    """What a rule that is not Pinterest's gives. text: what it hashes."""

    tool: str
    rule: str
    text: str
    digest: str
    is_same: bool


@dataclass(frozen=True)
class Examined:
    """One value before its rule. digest: hexadecimal, empty when it is refused; then refusal says why."""

    kind: kinds.Kind
    steps: tuple[str, ...]
    normalised: str
    digest: str
    is_hashed_already: bool
    refusal: Reason | None
    others: tuple[OtherRule, ...]


def examine(kind: str, value: str, default_country: str | None = None) -> Examined:
    """Put a value before the rule that deliveries use, and before those of other tools."""
    verdict = rules.judge(kind, value, "auto", default_country)
    digest = verdict.digest.hex() if verdict.digest else ""
    return Examined(
        kinds.get(kind),
        verdict.steps,
        verdict.normalised or "",
        digest,
        verdict.already_hashed,
        reasons.get(verdict.reason) if verdict.reason else None,
        _others(verdict, value, digest),
    )


def identities(
    kind: str, value: str, default_country: str | None = None, *, with_other_hashes: bool = True
) -> tuple[Wanted, ...]:
    """Every form in which lists may hold what a person typed; none when it is refused. The first is the rule's own.

    with_other_hashes: its SHA-1 and MD5 too, where Pinterest takes those.
    """
    wire = kinds.get(kind).wire
    tried = (kind, *(other for other in _MAIDS if other != kind)) if wire == "maid" else (kind,)
    verdicts = [rules.judge(one, value, "auto", default_country) for one in tried]
    if "any_hash" in kinds.get(kind).treatments:
        # What was typed may be such a hash itself; 32 digits may also be a mobile ID without dashes.
        verdicts.append(rules.judge(kind, value, "any_hash"))
        with_others = with_other_hashes
    else:
        with_others = False
    plain = [verdict.normalised for verdict in verdicts if verdict.normalised and with_others]
    others = [digest for text in plain for digest in texts.other_digests(text)]
    found = [Wanted(wire, digest) for digest in (*(verdict.digest for verdict in verdicts), *others) if digest]
    return tuple(dict.fromkeys(found))


def sought(examined: Examined, value: str, *, with_other_hashes: bool) -> tuple[Wanted, ...]:
    """Under which hashes lists may hold exactly this: the rule's own and, where they are passed on, MD5 and SHA-1."""
    own = [bytes.fromhex(examined.digest)] if examined.digest else []
    others: list[bytes | None] = []
    if with_other_hashes and "any_hash" in examined.kind.treatments:
        others = [rules.judge(examined.kind.code, value, "any_hash").digest]
        if examined.normalised:
            others += texts.other_digests(examined.normalised)
    found = [Wanted(examined.kind.wire, digest) for digest in (*own, *others) if digest]
    return tuple(dict.fromkeys(found))


def _others(verdict: Verdict, value: str, digest: str) -> tuple[OtherRule, ...]:
    if not verdict.is_usable or verdict.already_hashed:
        return ()
    wire = kinds.get(verdict.kind).wire
    found = [
        _other(tool, rule, change(verdict.normalised or "", texts.trim(value)), digest)
        for tool, rule, change in _OTHERS.get(wire, ())
    ]
    return (*found, _other("No cleaning", "Hashes the value exactly as it was typed.", value, digest))


def _other(tool: str, rule: str, text: str, digest: str) -> OtherRule:
    theirs = texts.digest(text).hex()
    return OtherRule(tool, rule, text, theirs, theirs == digest)


def _without_tag_and_dots(normalised: str, _: str) -> str:
    name, _at, domain = normalised.partition("@")
    return f"{name.partition('+')[0].replace('.', '')}@{domain}"


# Each change is made from our normalised text and from what was typed, trimmed.
_Change = Callable[[str, str], str]
_OTHERS: dict[str, tuple[tuple[str, str, _Change], ...]] = {
    # Narrative's guide on hashing shows both for every domain, not only for Gmail's.
    "email": (("Narrative", "Drops +tags and the dots before the @, at every provider.", _without_tag_and_dots),),
    "phone": (
        ("Narrative, guide", "Digits with the country code.", lambda normalised, _: normalised),
        ("Narrative, concept page", "Keeps the plus in front of the number.", lambda normalised, _: f"+{normalised}"),
    ),
    "maid": (
        ("Narrative", "Apple IDs in upper case, Android IDs in lower case.", lambda normalised, _: normalised),
        ("Segment", "Lower-cases every ID, Apple’s too.", lambda normalised, _: normalised.lower()),
        ("RudderStack", "Leaves the case as it comes.", lambda _, typed: typed),
    ),
}
