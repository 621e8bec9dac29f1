"""Values that the rules accept and a person would look at twice."""

import gzip
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from audiences.doctor import examine as doctor
from audiences.pipeline.plan import Cancelled, ColumnMapping, CsvFormat, Plan, Source, Wire

LOWER = "aebe52e7-03ee-455a-b3c4-e57283966239"


def sha(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def plan_of(path: Path, kind: str, treatment: Any, compression: str = "") -> Plan:
    form = CsvFormat(("id", "value"), compression=compression)
    return Plan((Source(path, form),), (ColumnMapping("value", kind, treatment),), "mirror", Wire("records", "EMAIL"))


def look(folder: Path, values: list[str], kind: str = "email", treatment: Any = "auto") -> dict[str, dict[str, Any]]:
    """The symptoms of one column by code."""
    path = folder / "people.csv"
    path.write_text("id,value\n" + "".join(f"{n},{value}\n" for n, value in enumerate(values)), encoding="utf-8")
    found = doctor.examine(plan_of(path, kind, treatment), folder / "doctor")
    assert not (folder / "doctor").exists(), "raw values are left behind"
    return {symptom["code"]: symptom for symptom in found}


def test_honest_values_have_no_symptom(tmp_path: Path) -> None:
    assert look(tmp_path, [f"person{n}@shop.com" for n in range(500)] + ["", "null", "informal@shop.com"]) == {}


def test_role_mailboxes_are_counted_with_masked_examples_and_rows(tmp_path: Path) -> None:
    values = ["a@x.com", "INFO@x.com", "no-reply+1@x.com", " noreply@x.com ", "sales.de@x.com", "information@x.com"]

    found = look(tmp_path, values)["role_mailbox"]

    assert found["count"] == 4
    assert [(one["row"], one["value"]) for one in found["examples"]] == [
        (2, "I•••@x•••.com"), (3, "n•••@x•••.com"), (4, "n•••@x•••.com")
    ]  # fmt: skip


def test_value_in_a_hundred_rows_is_found_and_in_99_is_not(tmp_path: Path) -> None:
    often, seldom = ["Default@x.com"] * 60 + ["default@x.com "] * 40, ["other@x.com"] * 99

    found = look(tmp_path, ["first@x.com", *often, *seldom])["repeated"]

    assert found["count"] == 100
    assert [(one["times"], one["row"]) for one in found["examples"]] == [(100, 2)]


def test_blanks_and_placeholders_are_not_repeated_values(tmp_path: Path) -> None:
    assert look(tmp_path, [""] * 300 + ["NULL"] * 300) == {}


def test_values_of_kinds_whose_case_counts_are_told_apart(tmp_path: Path) -> None:
    assert look(tmp_path, ["XyAbC123456789"] * 60 + ["xyabc123456789"] * 60, kind="lr_id") == {}


def test_case_of_the_other_platform_is_noticed(tmp_path: Path) -> None:
    assert look(tmp_path, [LOWER, LOWER.upper()], kind="idfa")["idfa_lower"]["count"] == 1
    assert look(tmp_path, [LOWER, LOWER.upper()], kind="gaid")["gaid_upper"]["count"] == 1


def test_id_without_letters_has_no_case(tmp_path: Path) -> None:
    assert look(tmp_path, ["12345678-1234-1234-1234-123456789012"], kind="idfa") == {}


def test_the_fewer_of_hashes_and_plain_values_are_shown(tmp_path: Path) -> None:
    hashes, plain = [sha(f"h{n}") for n in range(5)], [f"p{n}@x.com" for n in range(3)]

    assert look(tmp_path, [*hashes, *plain])["some_plain"]["count"] == 3
    assert look(tmp_path, [*hashes[:2], sha(""), *plain])["some_hashed"]["count"] == 2


@pytest.mark.parametrize("treatment", ["plain", "hashed"])
def test_column_that_is_declared_has_no_mix(tmp_path: Path, treatment: str) -> None:
    assert look(tmp_path, [sha("a"), "a@x.com"], treatment=treatment) == {}


def test_hashes_that_are_passed_on_unchecked_are_told(tmp_path: Path) -> None:
    found = look(tmp_path, [sha("a"), "f" * 32, "A" * 40, "a@x.com"], treatment="any_hash")

    assert {code: symptom["count"] for code, symptom in found.items()} == {"other_hashes": 2}


def test_broken_rows_do_not_hide_the_others(tmp_path: Path) -> None:
    found = look(tmp_path, ["info@x.com", "a@x.com,too,many", "support@x.com"])["role_mailbox"]

    assert found["count"] == 2
    assert found["examples"][0]["row"] == 0, "a row number is claimed although rows were left out"


def test_compressed_files_and_several_sources_are_read(tmp_path: Path) -> None:
    first, second = tmp_path / "a.csv", tmp_path / "b.csv.gz"
    first.write_text("id,value\n1,a@x.com\n")
    second.write_bytes(gzip.compress(b"id,value\n1,b@x.com\n2,info@x.com\n"))
    sources = (*plan_of(first, "email", "auto").sources, *plan_of(second, "email", "auto", "gzip").sources)
    plan = Plan(sources, (ColumnMapping("value", "email"),), "mirror", Wire("records", "EMAIL"))

    (found,) = doctor.examine(plan, tmp_path / "doctor")

    assert [(one["source"], one["row"]) for one in found["examples"]] == [(2, 2)]


def test_data_that_cannot_be_examined_stops_nobody(tmp_path: Path) -> None:
    plan = plan_of(tmp_path / "missing.csv", "email", "auto")

    assert doctor.for_counts(plan, tmp_path / "doctor", cancelled=lambda: False) == {}


def test_it_stops_when_asked_to(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("id,value\n1,a@x.com\n")

    with pytest.raises(Cancelled):
        doctor.for_counts(plan_of(path, "email", "auto"), tmp_path / "doctor", cancelled=lambda: True)
