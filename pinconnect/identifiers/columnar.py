"""The fast path: SQL expressions that give a digest only where the rule would provably give the same.

Only strict ASCII patterns decide here. Everything else is left undecided and goes to rules.judge, once per distinct
value. Each kind contributes two expressions over an already trimmed value: the hash it carries, and the text to hash.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pinconnect.identifiers import kinds, phones, texts

# Trimming these is trimming for Python as well; whatever else is at the ends fails the patterns.
_ASCII_SPACE = "' ' || chr(9) || chr(10) || chr(13)"


@dataclass(frozen=True)
class Columnar:
    """SQL over three nested levels. clean: over the column. shaped: over clean's result. digest: a BLOB or NULL, over
    both. blank: a BOOLEAN over clean's result. refusal: over clean's result, a reason where the digest is NULL, or NULL
    where the rule has to say. The names of the levels are the arguments of expressions()."""

    clean: str
    shaped: str
    digest: str
    blank: str
    refusal: str


def quote(text: str) -> str:
    """A string literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def expressions(
    kind: str, treatment: str, default_country: str | None, *, column: str, clean: str, shaped: str
) -> Columnar:
    """The SQL for one mapped column. column, clean and shaped are SQL names, already quoted where needed."""
    hashed = (
        None if treatment in ("plain", "e164") else _hashed(clean, (32, 40, 64) if treatment == "any_hash" else (64,))
    )
    if treatment in ("hashed", "any_hash"):
        plain: Decisions = []
    else:
        plain = _e164(clean) if treatment == "e164" else _PLAIN[kinds.get(kind).code](clean, shaped, default_country)
    parts = []
    if hashed:
        parts.append(f"WHEN {hashed} THEN unhex(lower({clean}))")
    parts.extend(f"WHEN {condition} THEN unhex(sha256({text}))" for condition, text in plain)
    return Columnar(
        clean=f"trim({column}, {_ASCII_SPACE})",
        shaped=_phone_shape(clean) if kind == "phone" and treatment != "e164" else clean,
        digest=f"CASE {' '.join(parts)} ELSE NULL END",
        blank=f"({clean} IS NULL OR {clean} = '')",
        refusal=_refusal(kind, treatment, clean),
    )


# Letters that no way of writing an extension has.
_LETTERS = "[A-DF-HJ-MP-RU-WYZa-df-hj-mp-ru-wyz]"


def _refusal(kind: str, treatment: str, clean: str) -> str:
    """Reasons for what people often have in such columns; never for a placeholder or anything as long as a hash."""
    words = ", ".join(quote(word) for word in sorted(texts.PLACEHOLDERS))
    plain = f"strlen({clean}) NOT IN (32, 40, 64) AND lower({clean}) NOT IN ({words}) AND {_full(clean, '[ -~]+')}"
    if treatment in ("hashed", "any_hash"):
        return f"CASE WHEN {plain} THEN 'not_a_hash' END"
    tests = {
        "email": (_full(clean, "[A-Za-z0-9._+-]+"), "email_no_at"),
        "phone": (f"regexp_matches({clean}, {quote(_LETTERS)})", "phone_letters"),
        "maid": (f"strlen({clean}) <> 36", "maid_not_an_id"),
    }
    test, reason = tests.get(kinds.get(kind).wire, ("false", ""))
    return f"CASE WHEN {plain} AND {test} THEN {quote(reason)} END"


def _full(name: str, pattern: str) -> str:
    return f"regexp_full_match({name}, {quote(pattern)})"


def _hashed(clean: str, sizes: tuple[int, ...]) -> str:
    """A hash of one of these lengths, and not one of nothing."""
    nothing = (found for found in texts.HASHES_OF_BLANK | texts.HASHES_OF_PLACEHOLDER if len(found) in sizes)
    listed = ", ".join(quote(found) for found in sorted(nothing))
    lengths = ", ".join(str(size) for size in sizes)
    return f"strlen({clean}) IN ({lengths}) AND {_full(clean, '[0-9A-Fa-f]+')} AND lower({clean}) NOT IN ({listed})"


Decisions = list[tuple[str, str]]
Rule = Callable[[str, str, str | None], Decisions]

_NAME = r"[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_DOMAIN = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?\.)+[a-zA-Z](?:[a-zA-Z0-9-]*[a-zA-Z0-9])"


def _email(clean: str, shaped: str, default_country: str | None) -> Decisions:
    # 64 characters are the most the name may have, so a whole address this short needs no closer look.
    short = f"strlen({clean}) <= 64"
    return [(f"{short} AND {_full(clean, _NAME + '@' + _DOMAIN)}", f"lower({clean})")]


_LOWER = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_UPPER = _LOWER.replace("a-f", "A-F")
_ANY = _LOWER.replace("a-f", "a-fA-F")


def _not_zero(clean: str) -> str:
    return f"{clean} <> {quote(texts.ZERO_MAID)}"


def _cased(case: str) -> Rule:
    """With dashes or without them, brought to one case."""

    def rule(clean: str, shaped: str, default_country: str | None) -> Decisions:
        parts = [
            f"substr({clean}, {start}, {length})" for start, length in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
        ]
        dashed = " || '-' || ".join(parts)
        bare = f"strlen({clean}) = 32 AND {_full(clean, '[0-9a-fA-F]{32}')} AND {clean} <> repeat('0', 32)"
        return [
            (f"strlen({clean}) = 36 AND {_full(clean, _ANY)} AND {_not_zero(clean)}", f"{case}({clean})"),
            (bare, f"{case}({dashed})"),
        ]

    return rule


def _maid(clean: str, shaped: str, default_country: str | None) -> Decisions:
    uniform = _full(clean, f"{_LOWER}|{_UPPER}")
    return [(f"strlen({clean}) = 36 AND {uniform} AND {_not_zero(clean)}", clean)]


def _opaque(clean: str, shaped: str, default_country: str | None) -> Decisions:
    # 32 and 40 characters could be another hash and "-" a placeholder: the rule tells them apart.
    length = f"strlen({clean}) BETWEEN 11 AND 512 AND strlen({clean}) NOT IN (32, 40, 64)"
    return [(f"{length} AND {_full(clean, '[A-Za-z0-9_.~=+-]+')}", clean)]


def _pinner(clean: str, shaped: str, default_country: str | None) -> Decisions:
    return [(f"{_full(clean, '[0-9]{1,25}')}", clean)]


def _phone_shape(clean: str) -> str:
    stripped = f"translate({clean}, {quote(phones.ASCII_SEPARATORS)}, '')"
    return f"CASE WHEN starts_with({stripped}, '00') THEN '+' || substr({stripped}, 3) ELSE {stripped} END"


# One digit repeated at the end may be a made-up number: the rule decides.
_REPEATED = "(" + "|".join(f"{digit}{{5}}" for digit in range(10)) + ")$"


def _phone(clean: str, shaped: str, default_country: str | None) -> Decisions:
    accepted, excluded = phones.country_code_pattern()
    honest = f"NOT regexp_matches({shaped}, {quote(_REPEATED)})"
    international = (
        f"starts_with({shaped}, '+') AND strlen({shaped}) BETWEEN {phones.MIN_DIGITS + 1} AND {phones.MAX_DIGITS + 1} "
        f"AND {_full(shaped, accepted)} AND NOT regexp_matches({shaped}, {quote(excluded)}) AND {honest}"
    )
    decisions = [(international, f"substr({shaped}, 2)")]
    decisions += _trunk(shaped, honest)
    if default_country:
        decisions += _national(shaped, default_country, honest)
    else:
        decisions.append((f"{_bare(shaped)} AND {honest}", shaped))
    return decisions


def _e164(clean: str) -> Decisions:
    size = f"strlen({clean}) BETWEEN {phones.MIN_DIGITS} AND {phones.MAX_DIGITS}"
    honest = f"NOT regexp_matches({clean}, {quote(_REPEATED)})"
    return [(f"{size} AND {_full(clean, phones.e164_pattern())} AND {honest}", clean)]


def _national(shaped: str, default_country: str, honest: str) -> Decisions:
    patterns = phones.region_patterns(default_country)
    if patterns is None or not patterns.lengths:
        return []
    code = quote(str(patterns.country_code))
    excluded = "^(?:" + "|".join((*patterns.excluded, "00")) + ")"

    def decision(number: str) -> tuple[str, str]:
        right_length = f"strlen({number}) IN ({', '.join(str(length) for length in patterns.lengths)})"
        clear = f"NOT regexp_matches({number}, {quote(excluded)})"
        return (f"{right_length} AND {_full(number, patterns.number)} AND {clear} AND {honest}", f"{code} || {number}")

    found = [decision(shaped)]
    if patterns.prefix:
        condition, text = decision(f"substr({shaped}, {len(patterns.prefix) + 1})")
        found.append((f"starts_with({shaped}, {quote(patterns.prefix)}) AND {condition}", text))
    return found


def _trunk(shaped: str, honest: str) -> Decisions:
    """Country code and national prefix together, as in +49 (0) 171 …: the rule drops the prefix."""
    found = []
    for start, patterns in phones.trunk_patterns():
        number = f"substr({shaped}, {len(start) + 1})"
        lengths = ", ".join(str(length) for length in patterns.lengths)
        clear = f"NOT regexp_matches({number}, {quote('^(?:' + patterns.prefix + ')')})"
        condition = f"strlen({number}) IN ({lengths}) AND {_full(number, patterns.number)} AND {clear} AND {honest}"
        code = quote(str(patterns.country_code))
        found.append((f"starts_with({shaped}, {quote(start)}) AND {condition}", f"{code} || {number}"))
    return found


def _bare(shaped: str) -> str:
    cases: dict[str, list[str]] = {}
    for code, general, types in phones.bare_patterns():
        number = f"substr({shaped}, {len(code) + 1})"
        cases.setdefault(code, []).append(f"({_full(number, general)} AND {_full(number, types)})")
    whens = " ".join(
        f"WHEN starts_with({shaped}, {quote(code)}) THEN {' OR '.join(tests)}" for code, tests in cases.items()
    )
    return f"strlen({shaped}) BETWEEN {phones.MIN_DIGITS} AND {phones.MAX_DIGITS} AND (CASE {whens} ELSE false END)"


_PLAIN: dict[str, Rule] = {
    "email": _email,
    "phone": _phone,
    "gaid": _cased("lower"),
    "idfa": _cased("upper"),
    "maid": _maid,
    "lr_id": _opaque,
    "dlx_id": _opaque,
    "pinner_id": _pinner,
}
