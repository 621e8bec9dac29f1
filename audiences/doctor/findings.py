"""What the doctor found in a dry run, in words: what it saw itself, and what the rules refused for a bad reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from audiences.models import Run
from pinconnect.identifiers import kinds, reasons

# Refusals that point to a mistake in the export rather than to a single wrong value.
SUSPICIOUS = (
    "hash_of_blank",
    "hash_of_placeholder",
    "hash_in_plain",
    "not_a_hash",
    "md5",
    "sha1",
    "maid_zero",
    "id_zero",
    "maid_mixed_case",
    "placeholder",
)
# (title, what it means, what to do, tone)
WORDS = {
    "role_mailbox": (
        "Role mailboxes",
        "Addresses such as info@ or noreply@ belong to a company and not to a person; hardly any has a Pinterest user.",
        "They are sent as they are. Leave them out of the export if you can.",
        "info",
    ),
    "repeated": (
        "One value in hundreds of rows",
        "The same value stands in a hundred rows or more. It is often a default that somebody typed to get on.",
        "It is sent once. Look at the rows: they may belong to people whose own value is missing.",
        "warn",
    ),
    "idfa_lower": (
        "Lower-case IDs in a column of Apple IDs",
        "Apple writes its IDs in upper case and Android in lower case. These are turned into upper case, which matches "
        "nobody if they are Android’s.",
        "If the column holds Android IDs or both, choose that kind instead.",
        "warn",
    ),
    "gaid_upper": (
        "Upper-case IDs in a column of Android IDs",
        "Android writes its IDs in lower case and Apple in upper case. These are turned into lower case, which matches "
        "nobody if they are Apple’s.",
        "If the column holds Apple IDs or both, choose that kind instead.",
        "warn",
    ),
    "other_hashes": (
        "MD5 and SHA-1 hashes",
        "They are passed on unchecked, as the column is set to. Somebody who is also on the list as a SHA-256 hash, or "
        "as another of these, counts twice and leaves only when each of them does.",
        "Have the source hash with SHA-256 if it can.",
        "warn",
    ),
    "some_hashed": (
        "Hashes among plain values",
        "Most of the column is plain, but these are SHA-256 hashes already. They are sent as they are, and nobody can "
        "tell whether they were cleaned before they were hashed.",
        "Find out where they come from. One spelling wrong before hashing, and the hash matches nobody.",
        "warn",
    ),
    "some_plain": (
        "Plain values among hashes",
        "Most of the column is hashed already, but these are plain. Those that are valid are cleaned and hashed here.",
        "Find out why the export leaves them unhashed: it may be sending plain values to others too.",
        "warn",
    ),
}
_MILD = ("maid_zero", "id_zero", "placeholder")


@dataclass(frozen=True)
class Finding:
    """One thing that looks wrong in one column. examples: masked, with the place where each stands."""

    code: str
    title: str
    meaning: str
    action: str
    tone: str
    column: str
    kind: str
    count: int
    examples: tuple[str, ...]
    is_refused: bool


@dataclass(frozen=True)
class Diagnosis:
    """has_looked: whether the doctor's own look was taken; without it only refusals are known."""

    has_looked: bool
    findings: tuple[Finding, ...]

    @property
    def headline(self) -> str:
        count = len(self.findings)
        return f"{count} finding{'s' if count > 1 else ''}" if count else ""


def of(run: Run) -> Diagnosis:
    """The findings of a run that was prepared, the gravest first."""
    counts = run.counts
    found = [
        _refused(column, code, counts)
        for column in counts.get("columns", [])
        for code in SUSPICIOUS
        if column["invalid"].get(code)
    ]
    symptoms = counts.get("doctor")
    found += [_seen(symptom) for symptom in symptoms or []]
    order = ("bad", "warn", "info")
    ranked = sorted(found, key=lambda finding: (order.index(finding.tone), -finding.count))
    return Diagnosis(symptoms is not None, tuple(ranked))


def _refused(column: dict[str, Any], code: str, counts: dict[str, Any]) -> Finding:
    reason = reasons.get(code)
    examples = [
        example
        for example in counts.get("examples", [])
        if (example["column"], example["reason"]) == (column["column"], code)
    ]
    tone = "info" if code in _MILD else "bad"
    return _finding(
        code, (reason.title, reason.meaning, reason.action, tone), column, column["invalid"][code], examples
    )


def _seen(symptom: dict[str, Any]) -> Finding:
    return _finding(symptom["code"], WORDS[symptom["code"]], symptom, symptom["count"], symptom["examples"])


def _finding(
    code: str, words: tuple[str, str, str, str], column: dict[str, Any], count: int, examples: list[dict[str, Any]]
) -> Finding:
    title, meaning, action, tone = words
    shown = tuple(_place(example) for example in examples[:3])
    label = kinds.get(column["kind"]).label
    return Finding(code, title, meaning, action, tone, column["column"], label, count, shown, code in SUSPICIOUS)


def _place(example: dict[str, Any]) -> str:
    """The masked value, where it stands, and how often if that is the point."""
    times = example.get("times", 1)
    where = f"row {example['row']:,}" if example["row"] else ""
    if example["source"] > 1 and where:
        where = f"file {example['source']}, {where}"
    often = f"{times:,} times" if times > 1 else ""
    first = f"first in {where}" if often and where else where
    about = ", ".join(part for part in (often, first) if part)
    return f"{example['value']} ({about})" if about else str(example["value"])
