"""The fast path: SQL expressions that give a digest only where the rule would provably give the same.

Only strict ASCII patterns decide here. Everything else is left undecided and goes to rules.judge, once per distinct
value. Each kind contributes an expression over an already trimmed value: the text to hash, or NULL.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pinconnect.identifiers import columnar_phones, kinds, texts
from pinconnect.identifiers.sql import full, one_of, quote, when

__all__ = ["Columnar", "expressions", "quote"]

# The engine's trim() takes blanks of all kinds and is fast; given characters to take it is seven times as slow, so what
# else stands at the ends is left to the careful way.
_CAREFUL = "' ' || chr(9) || chr(10) || chr(13)"


@dataclass(frozen=True)
class Columnar:
    """SQL over three nested levels. clean: over the column. shaped: over clean's result. digest: a BLOB or NULL, over
    both. blank: a BOOLEAN over clean's result. refusal: over both, a reason where the digest is NULL, or NULL where
    the rule has to say. The names of the levels are the arguments of expressions()."""

    clean: str
    shaped: str
    digest: str
    blank: str
    refusal: str


def expressions(
    kind: str,
    treatment: str,
    default_country: str | None,
    *,
    column: str,
    clean: str,
    shaped: str,
    is_careful: bool = False,
) -> Columnar:
    """The SQL for one mapped column. column, clean and shaped are SQL names, already quoted where needed.

    is_careful: trim tabs and line ends too, which is only worth its time for what is undecided without.
    """
    is_cleaned_phone = kind == "phone" and treatment in ("auto", "plain")
    return Columnar(
        clean=f"trim({column}, {_CAREFUL})" if is_careful else f"trim({column})",
        shaped=columnar_phones.shape(clean) if is_cleaned_phone else clean,
        digest=_digest(kind, treatment, default_country, clean, shaped),
        blank=f"({clean} IS NULL OR {clean} = '')",
        refusal=_refusal(kind, treatment, default_country, clean, shaped),
    )


def _digest(kind: str, treatment: str, default_country: str | None, clean: str, shaped: str) -> str:
    if treatment == "any_hash":
        return when((f"strlen({clean}) IN (32, 40, 64)", _hashed(clean, (32, 40, 64))))
    is_hash = (f"strlen({clean}) = 64", _hashed(clean, (64,)))
    if treatment == "hashed":
        return when(is_hash)
    if treatment == "e164":
        text = columnar_phones.e164(clean)
    elif kind == "phone":
        text = columnar_phones.text(shaped, default_country)
    else:
        text = _PLAIN[kind](clean)
    digest = f"unhex(sha256({text}))"
    return digest if treatment in ("plain", "e164") else when(is_hash, otherwise=digest)


def _hashed(clean: str, sizes: tuple[int, ...]) -> str:
    """A hash of one of these lengths, and not one of nothing."""
    nothing = [found for found in texts.HASHES_OF_BLANK | texts.HASHES_OF_PLACEHOLDER if len(found) in sizes]
    known = one_of(f"lower({clean})", nothing)
    return when((full(clean, "[0-9A-Fa-f]+"), when((f"NOT {known}", f"unhex({clean})"))))


def _refusal(kind: str, treatment: str, default_country: str | None, clean: str, shaped: str) -> str:
    """Reasons for what people often have in such columns; never for anything as long as a hash."""
    if treatment in ("hashed", "any_hash"):
        reason = quote("not_a_hash")
    elif treatment == "e164":
        reason = columnar_phones.e164_refusal(clean)
    elif kind == "phone":
        reason = columnar_phones.refusal(clean, shaped, default_country)
    else:
        reason = _REFUSALS.get(kinds.get(kind).wire, lambda _: "NULL")(clean)
    return when(
        (f"strlen({clean}) IN (32, 40, 64)", "NULL"),
        (f"NOT {full(clean, '[ -~]+')}", "NULL"),
        (one_of(f"lower({clean})", texts.PLACEHOLDERS), quote("placeholder")),
        otherwise=reason,
    )


_NAME = r"[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_DOMAIN = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?\.)+[a-zA-Z](?:[a-zA-Z0-9-]*[a-zA-Z0-9])"


def _email(clean: str) -> str:
    # 64 characters are the most the name may have, so a whole address this short needs no closer look.
    return when((f"strlen({clean}) > 64", "NULL"), (full(clean, f"{_NAME}@{_DOMAIN}"), f"lower({clean})"))


_FORBIDDEN = r'[,;:<>()\[\]\\"]'


def _email_refusal(clean: str) -> str:
    return when(
        (f"contains({clean}, ' ')", quote("email_space")),
        (f"regexp_matches({clean}, {quote(_FORBIDDEN)})", quote("email_bad_character")),
        (f"NOT contains({clean}, '@')", quote("email_no_at")),
        (full(clean, "[^@]*@[^@]*@.*"), quote("email_many_at")),
    )


_LOWER = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_UPPER = _LOWER.replace("a-f", "A-F")
_ANY = _LOWER.replace("a-f", "a-fA-F")


def _not_zero(clean: str, text: str) -> str:
    return when((f"{clean} <> {quote(texts.ZERO_MAID)}", text))


def _cased(case: str) -> Callable[[str], str]:
    """With dashes or without them, brought to one case."""

    def text(clean: str) -> str:
        parts = [
            f"substr({clean}, {start}, {length})" for start, length in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
        ]
        dashed = " || '-' || ".join(parts)
        bare = when((full(clean, "[0-9a-fA-F]+"), when((f"{clean} <> repeat('0', 32)", f"{case}({dashed})"))))
        whole = when((full(clean, _ANY), _not_zero(clean, f"{case}({clean})")))
        return when((f"strlen({clean}) = 36", whole), (f"strlen({clean}) = 32", bare))

    return text


def _maid(clean: str) -> str:
    uniform = full(clean, f"{_LOWER}|{_UPPER}")
    return when((f"strlen({clean}) = 36", when((uniform, _not_zero(clean, clean)))))


def _maid_refusal(clean: str) -> str:
    return when(
        (f"strlen({clean}) <> 36 OR NOT {full(clean, _ANY)}", quote("maid_not_an_id")),
        (f"{clean} = {quote(texts.ZERO_MAID)}", quote("maid_zero")),
    )


def _opaque(clean: str) -> str:
    # 32 and 40 characters could be another hash and "-" a placeholder: the rule tells them apart.
    unlike = f"strlen({clean}) NOT BETWEEN 11 AND 512 OR strlen({clean}) IN (32, 40, 64)"
    return when((unlike, "NULL"), (full(clean, "[0-]+"), "NULL"), (full(clean, "[A-Za-z0-9_.~=+-]+"), clean))


def _pinner(clean: str) -> str:
    return when((f"strlen({clean}) <= 25", when((full(clean, "0*[1-9][0-9]*"), clean))))


_PLAIN: dict[str, Callable[[str], str]] = {
    "email": _email,
    "gaid": _cased("lower"),
    "idfa": _cased("upper"),
    "maid": _maid,
    "lr_id": _opaque,
    "dlx_id": _opaque,
    "pinner_id": _pinner,
}
_REFUSALS: dict[str, Callable[[str], str]] = {"email": _email_refusal, "maid": _maid_refusal}
