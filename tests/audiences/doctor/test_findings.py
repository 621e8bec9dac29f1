"""What the doctor found, in words."""

from typing import Any

from audiences.doctor import findings
from audiences.models import Run

COLUMN = {"column": "mail", "kind": "email", "values": 10, "blank": 0, "usable": 4}


def run(**counts: Any) -> Run:
    return Run(counts=counts)


def symptom(code: str, count: int = 1, **example: Any) -> dict[str, Any]:
    shown = {"source": 1, "row": 2, "value": "i•••@x•••.com", "times": 1, **example}
    return {"column": "mail", "kind": "email", "code": code, "count": count, "examples": [shown]}


def test_every_symptom_has_words() -> None:
    for code in findings.WORDS:
        (found,) = findings.of(run(doctor=[symptom(code)])).findings
        assert found.title
        assert found.meaning.endswith(".")
        assert found.action.endswith(".")


def test_gravest_and_most_frequent_come_first() -> None:
    columns = [{**COLUMN, "invalid": {"md5": 2, "hash_of_blank": 4, "email_no_at": 9}}]

    found = findings.of(run(columns=columns, doctor=[symptom("role_mailbox", 100), symptom("repeated", 200)]))

    assert [finding.code for finding in found.findings] == ["hash_of_blank", "md5", "repeated", "role_mailbox"]
    assert [finding.is_refused for finding in found.findings] == [True, True, False, False]
    assert found.headline == "4 findings"


def test_refused_values_show_their_masked_examples_only() -> None:
    columns = [{**COLUMN, "invalid": {"md5": 2}}]
    examples = [
        {"source": 1, "row": 7, "column": "mail", "kind": "email", "reason": "md5", "value": "d41d…"},
        {"source": 1, "row": 8, "column": "other", "kind": "email", "reason": "md5", "value": "ffff…"},
    ]

    (found,) = findings.of(run(columns=columns, examples=examples)).findings

    assert found.examples == ("d41d… (row 7)",)


def test_places_and_times_are_said() -> None:
    (often,) = findings.of(run(doctor=[symptom("repeated", times=1200, source=2)])).findings
    (unnumbered,) = findings.of(run(doctor=[symptom("role_mailbox", row=0)])).findings

    assert often.examples == ("i•••@x•••.com (1,200 times, first in file 2, row 2)",)
    assert unnumbered.examples == ("i•••@x•••.com",)


def test_run_without_an_examination_says_so() -> None:
    assert not findings.of(run()).has_looked
    assert findings.of(run(doctor=[])).has_looked
