"""What a dry run says about the data, and whether it is safe to go on with it, in words."""

from dataclasses import dataclass
from typing import Any

from audiences.doctor import findings
from audiences.doctor.findings import Diagnosis
from audiences.reports.counts import Notice, Refusal, are_many_refused, is_nothing_usable
from audiences.reports.run import Report

_NOTHING = Notice(
    "bad",
    "Nothing can be used",
    "No row has a value that can be sent, for the reasons below. Choose other columns or kinds, or upload a corrected "
    "file to the dataset.",
)
_BAD = Notice(
    "bad",
    "Better fixed first",
    "Some of the data cannot be used as it is, see below. Choose other columns or kinds, or upload a corrected file to "
    "the dataset. You can also go on: what cannot be used is left out.",
)
_WARN = Notice(
    "warn",
    "Worth a look before you go on",
    "Nothing is certainly wrong, but what stands below may reach fewer people than you expect, or others. If it is not "
    "meant so, change the columns or upload a corrected file to the dataset. You can also go on.",
)
_MANY = Notice(
    "warn",
    "Worth a look before you go on",
    "More than a fifth of the values cannot be used, for the reasons below. Choose other columns or kinds, or upload a "
    "corrected file to the dataset. You can also go on: what cannot be used is left out.",
)
_NOT_EXAMINED = Notice(
    "neutral",
    "Only half examined",
    "The values were checked, but nobody looked for suspicious ones. Examine again, or go on without.",
)
_SAFE = "It is safe to go on"


@dataclass(frozen=True)
class Examined:
    """found: by the doctor. refusals: those values that are not sent and are no finding."""

    found: Diagnosis
    verdict: Notice
    refusals: list[Refusal]


def of(report: Report) -> Examined:
    """Of a dry run that is done."""
    found = findings.of(report.run)
    told = {(finding.title, finding.column) for finding in found.findings}
    others = [refusal for refusal in report.refusals if (refusal.title, refusal.column) not in told]
    return Examined(found, _verdict(found, report.counts, others), others)


def _verdict(found: Diagnosis, counts: dict[str, Any], refusals: list[Refusal]) -> Notice:
    """The gravest of all counts. Only of the data: whether anything is left to be sent is for the review to say."""
    tones = {finding.tone for finding in found.findings}
    if is_nothing_usable(counts):
        return _NOTHING
    if "bad" in tones:
        return _BAD
    if are_many_refused(counts):
        return _MANY
    if "warn" in tones:
        return _WARN
    if not found.has_looked:
        return _NOT_EXAMINED
    words = "What was found is common and does no harm." if found.findings else "Nothing looks suspicious."
    if refusals:
        words += " Some values cannot be used and are left out, for the reasons below."
    return Notice("good", _SAFE, words)
