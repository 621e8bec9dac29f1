"""Each refusal that points to a mistake in the export is a finding: from a column of a file to the doctor's words."""

from hashlib import md5, sha1, sha256
from pathlib import Path

import pytest

from audiences.doctor import findings
from audiences.models import Run
from audiences.pipeline.prepare import prepare
from pinconnect.identifiers import reasons
from tests.audiences.pipeline.helpers import make_plan, write_csv
from tests.support.reference import Column

ADDRESS = b"person@shop.com"
MAID = "aebe52e7-03ee-455a-b3c4-e57283966239"
ZERO = "00000000-0000-0000-0000-000000000000"
HASH = sha256(ADDRESS).hexdigest()
# Reason: (kind, treatment, a value that is accepted, the value that is refused, tone)
COLUMNS = {
    "hash_of_blank": ("email", "auto", HASH, sha256(b"").hexdigest(), "bad"),
    "hash_of_placeholder": ("email", "hashed", HASH, sha256(b"null").hexdigest(), "bad"),
    "hash_in_plain": ("email", "plain", "person@shop.com", HASH, "bad"),
    "not_a_hash": ("email", "hashed", HASH, "person@shop.com", "bad"),
    "md5": ("email", "auto", HASH, md5(ADDRESS).hexdigest(), "bad"),  # noqa: S324 -- a value to refuse
    "sha1": ("email", "auto", HASH, sha1(ADDRESS).hexdigest(), "bad"),  # noqa: S324 -- a value to refuse
    "maid_zero": ("gaid", "auto", MAID, ZERO, "info"),
    "id_zero": ("lr_id", "plain", "XY1005wXyWPB1SgpMUKIpz", "0" * 32, "info"),
    "maid_mixed_case": ("maid", "auto", MAID, MAID[:-4].upper() + "abcd", "bad"),
    "placeholder": ("email", "auto", "person@shop.com", "n/a", "info"),
}


@pytest.mark.parametrize("code", findings.SUSPICIOUS)
def test_every_suspicious_refusal_is_found_in_a_column(tmp_path: Path, code: str) -> None:
    kind, treatment, good, bad, tone = COLUMNS[code]
    source = write_csv(tmp_path / "a.csv", ["value"], [{"value": value} for value in (good, bad, bad)])
    prepared = prepare(make_plan([source], (Column("value", kind, treatment),)), tmp_path / "work")

    (found,) = findings.of(Run(counts=prepared.counts.to_json())).findings

    assert (found.code, found.count, found.column, found.tone, found.is_refused) == (code, 2, "value", tone, True)
    reason = reasons.get(code)
    assert (found.title, found.meaning, found.action) == (reason.title, reason.meaning, reason.action)
    assert [example.partition(" (")[2] for example in found.examples] == ["row 2)"]
    # A placeholder is nobody's, so it may be read.
    assert code == "placeholder" or not any(bad in example for example in found.examples)


def test_single_wrong_values_are_no_finding(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "a.csv", ["value"], [{"value": "nobody"}, {"value": "person@shop.com"}])
    prepared = prepare(make_plan([source], (Column("value", "email"),)), tmp_path / "work")

    assert prepared.counts.columns[0].invalid == {"email_no_at": 1}
    assert findings.of(Run(counts=prepared.counts.to_json())).findings == ()
