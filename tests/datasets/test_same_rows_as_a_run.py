"""An examination and a run of a delivery read one file the same way."""

import pytest

from audiences.pipeline import prepare
from audiences.pipeline.plan import ColumnMapping, CsvFormat, Plan, Source, Wire
from tests.datasets.examination.support import examined

CASES = {
    "plain": "email,city\nann@example.com,Rome\nbob@example.com,Oslo\n",
    "blank lines": "email,city\n\nann@example.com,Rome\n\n\nbob@example.com,Oslo\n\n",
    "one column": "email\nann@example.com\n\nbob@example.com\n\n\n",
    "no header": "ann@example.com\nbob@example.com",
    "broken rows": "email,city\nann@example.com,Rome\nbob@example.com\ncid@example.com,1,2\n" + '"dan"x,Bern\n' * 2,
    "values over lines": 'email,city\r\nann@example.com,"Rome\n\nItaly"\r\n\r\nbob@example.com,Oslo\r\n',
    "blanks around quotes": 'email,city\nann@example.com, "Rome, Italy"\nbob@example.com,"Oslo" \n',
    "mixed line ends": "email,city\r\nann@example.com,Rome\nbob@example.com,Oslo\r",
    "blank values": "email,city\nann@example.com,Rome\n,\n ,\n",
    "a mark": "\ufeffemail,city\nann@example.com,Rome\n",
    "inch marks": 'email,size\nann@example.com,5" pipe\nbob@example.com,6"\n',
    "a long value": "email,city\nann@example.com,Rome\n" + f"bob@example.com,{'x' * 300_000}\n",
    "a long value in quotes": "email,city\nann@example.com,Rome\n" + f'bob@example.com,"{"x" * 300_000}"\n',
    "a value that is too long": "email,city\nann@example.com,Rome\n" + f"bob@example.com,{'x' * 2_500_000}\n",
    "one that is too long in quotes": "email,city\nann@example.com,Rome\n" + f'bob@e.com,"{"x" * 2_500_000}"\n',
    "a row that is too long": "email,city\nann@example.com,Rome\n" + f"{'y' * 1_500_000},{'x' * 1_500_000}\n",
    "a row of long signs": "email,city\nann@example.com,Rome\n" + f"bob@example.com,{'🏛' * 600_000}\n",
    "quotes in a long value": 'email,city\nann@example.com,Rome\nbob@example.com,"' + '""' * 900_000 + '"\nbroken\n',
    "blank top": "\n;\nemail;city\nann@example.com;Rome\n",
}


@pytest.mark.parametrize("case", CASES)
def test_rows_and_broken_rows_are_counted_alike(tmp_path, case):
    found = examined(tmp_path, CASES[case])
    file = CsvFormat(
        columns=tuple(column.name for column in found.columns),
        delimiter=found.dialect.delimiter,
        quote=found.dialect.quote,
        has_header=found.has_header,
    )
    email = next(column.name for column in found.columns if column.kind == "email")
    plan = Plan(
        sources=(Source(found.copy or tmp_path / "upload", file),),
        columns=(ColumnMapping(email, "email"),),
        mode="add",
        wire=Wire("records", "EMAIL"),
    )

    counts = prepare.prepare(plan, tmp_path, progress=lambda step: None, cancelled=lambda: False).counts

    assert counts.rows.read == found.rows + sum(found.broken.values())
    assert dict(counts.broken) == dict(found.broken)
