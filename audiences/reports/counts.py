"""The accounting of a run as lines for the pages: rows by outcome, identifiers by kind, and why values were refused."""

from dataclasses import dataclass
from typing import Any

from audiences.pipeline.rejects import MOST_LINES
from pinconnect.identifiers import kinds, reasons
from pinconnect.pinterest.limits import MIN_AUDIENCE_SIZE


@dataclass(frozen=True)
class Line:
    """One outcome of rows."""

    label: str
    count: int
    help: str
    tone: str = ""


@dataclass(frozen=True)
class KindLine:
    """new: those that change the list: not on it yet or, in a run that takes people out, still on it."""

    label: str
    distinct: int
    new: int
    blank: int
    refused: int


@dataclass(frozen=True)
class Refusal:
    """One reason in one column; examples: dicts with row and masked value."""

    title: str
    meaning: str
    action: str
    column: str
    count: int
    examples: list[dict[str, Any]]


@dataclass(frozen=True)
class Notice:
    tone: str
    title: str
    body: str


def rows_of(counts: dict[str, Any]) -> dict[str, int]:
    """The outcomes of rows: the final ones once a run has settled, else what preparing found."""
    found: dict[str, int] = counts.get("final", {}).get("rows") or counts.get("rows", {})
    return found


def lines(counts: dict[str, Any], *, is_removal: bool = False) -> list[Line]:
    """The outcomes, which add up to the rows read. is_removal: of a run that takes people out."""
    rows = rows_of(counts)
    failed = rows.get("failed", 0)
    sent = rows.get("sent", rows.get("to_send", 0))
    return [
        *_changing(sent, rows.get("already_there", 0), is_final="sent" in rows, is_removal=is_removal),
        Line("Duplicate", rows.get("duplicate", 0), "The same identifiers as an earlier row"),
        Line("Invalid", rows.get("invalid", 0), _why_invalid(rows.get("invalid", 0), counts.get("blank_rows", 0))),
        Line("Held back", rows.get("held_back", 0), "Carries an identifier that may not be sent"),
        Line("Failed", failed, "Refused by Pinterest or not sent", "bad" if failed else ""),
        *([Line("Left out", rows["left_out"], "Does not match the filter")] if rows.get("left_out") else []),
    ]


def _why_invalid(invalid: int, blank: int) -> str:
    """blank: those of the invalid rows in which no value was refused, because there is none."""
    if not blank:
        return "No usable identifier; the reasons are below"
    nothing = f"{blank:,} {'row has' if blank == 1 else 'rows have'} nothing in any mapped column"
    if blank == invalid:
        return f"No usable identifier: {nothing}"
    return f"No usable identifier. {nothing}; the reasons of the others are below"


def remarks(counts: dict[str, Any]) -> list[str]:
    """What the filter could not ask of some rows, one sentence for each column and kind of value."""
    found = {(one["column"], one["kind"]): one["rows"] for one in counts.get("incomparable", [])}
    return [
        f"{rows:,} {'row has' if rows == 1 else 'rows have'} no {kind} in “{column}”, so a condition that asks for one "
        f"does not match {'it' if rows == 1 else 'them'}."
        for (column, kind), rows in found.items()
    ]


def download_remarks(counts: dict[str, Any]) -> list[str]:
    """Of the download of refused values, if it does not hold them all."""
    refused = sum(refusal.count for refusal in refusals(counts))
    if refused <= MOST_LINES:
        return []
    return [f"The download of refused values holds the first {MOST_LINES:,} of {refused:,}."]


def _changing(sent: int, unchanged: int, *, is_final: bool, is_removal: bool) -> list[Line]:
    if is_removal:
        return [
            Line("Taken out" if is_final else "To take out", sent, "Carries an identifier that is taken off the list"),
            Line("Already gone", unchanged, "Nothing it carries is on the list, as far as PinConnect knows"),
        ]
    return [
        Line("Sent" if is_final else "To send", sent, "Carries an identifier that changes the list"),
        Line("Already there", unchanged, "Everything it carries is on the list"),
    ]


def kind_lines(counts: dict[str, Any], *, changing: str = "new") -> list[KindLine]:
    """changing: the count of those that change the list: new or already_there."""
    return [
        KindLine(
            kinds.wire_label(code), found["distinct"], found[changing], found["blank"], sum(found["invalid"].values())
        )
        for code, found in counts.get("kinds", {}).items()
    ]


def refusals(counts: dict[str, Any]) -> list[Refusal]:
    """By count, largest first; blanks are not refusals."""
    examples = counts.get("examples", [])
    found = [
        _refusal(code, column["column"], count, examples)
        for column in counts.get("columns", [])
        for code, count in column["invalid"].items()
    ]
    found += [_refusal(code, "whole row", count, examples) for code, count in counts.get("broken", {}).items()]
    return sorted(found, key=lambda refusal: -refusal.count)


def _refusal(code: str, column: str, count: int, examples: list[dict[str, Any]]) -> Refusal:
    reason = reasons.get(code)
    fitting = [example for example in examples if example["reason"] == code and example["column"] == column]
    return Refusal(reason.title, reason.meaning, reason.action, column, count, fitting[:3])


def is_nothing_usable(counts: dict[str, Any]) -> bool:
    """Whether no value of any mapped column can be sent."""
    return not any(kind.distinct for kind in kind_lines(counts))


def are_many_refused(counts: dict[str, Any]) -> bool:
    """Whether more than a fifth of the values cannot be used."""
    found_kinds = kind_lines(counts)
    refused = sum(kind.refused for kind in found_kinds)
    values = refused + sum(kind.distinct for kind in found_kinds)
    return refused * 5 > values


def warnings(counts: dict[str, Any], *, is_removal: bool = False) -> list[Notice]:
    """What a person should know before publishing."""
    found_kinds = kind_lines(counts)
    distinct = max((kind.distinct for kind in found_kinds), default=0)
    found = []
    if counts.get("rows", {}).get("to_send", 0) == 0 and is_removal:
        found.append(
            Notice(
                "warn",
                "There is nobody to take out",
                "Nobody in the dataset is on the list any more, as far as PinConnect knows. You can publish all the "
                "same: whoever the dataset names later is taken out then.",
            )
        )
    elif counts.get("rows", {}).get("to_send", 0) == 0:
        found.append(
            Notice(
                "bad",
                "There is nothing to send",
                "No row carries a usable identifier that is not on the list already. "
                "Check the columns and the reasons below.",
            )
        )
    elif distinct < MIN_AUDIENCE_SIZE and not is_removal:
        found.append(
            Notice(
                "warn",
                f"Fewer than {MIN_AUDIENCE_SIZE} people",
                f"Pinterest needs at least {MIN_AUDIENCE_SIZE} matched people before ads can target an audience. "
                "You can publish, but the audience will stay too small.",
            )
        )
    if are_many_refused(counts):
        found.append(
            Notice(
                "warn",
                "Many values are refused",
                "More than a fifth of the values cannot be used. Look at the reasons below.",
            )
        )
    return found
