"""Whatever Python's csv module writes is read back with as many rows and columns."""

import csv
import io
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pinconnect.datasets.examination.results import Asked
from tests.datasets.examination.support import examined

ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]
# Anything a cell may hold in a text file; a lone CR or NUL is no text.
CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r", exclude_categories=["Cs", "Cc"]), max_size=12)
NASTY = st.sampled_from(
    ["", " ", ",", ";", "\t", "|", '"', '""', "'", "a\nb", "\n", 'x"y', "a,b;c|d", "Müller", '5" pipe']
)


@st.composite
def files(draw: st.DrawFn) -> tuple[list[list[str]], dict[str, object], str]:
    width = draw(st.integers(1, 5))
    rows = draw(st.lists(st.lists(CELLS | NASTY, min_size=width, max_size=width), min_size=1, max_size=12))
    people = [[f"person{at}@example.com", *row] for at, row in enumerate(rows)]
    dialect = {
        "delimiter": draw(st.sampled_from([",", ";", "\t", "|"])),
        "quotechar": draw(st.sampled_from(['"', "'"])),
        "quoting": draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
        "lineterminator": draw(st.sampled_from(["\n", "\r\n"])),
    }
    return people, dialect, draw(st.sampled_from(ENCODINGS))


def written(rows: list[list[str]], dialect: dict[str, object], header: list[str] | None = None) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, **dialect)
    if header:
        writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


@given(files())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_dialect_is_read_back_when_it_is_known(case):
    rows, dialect, encoding = case
    header = [f"name {at}" for at in range(len(rows[0]))]
    asked = Asked(encoding, str(dialect["delimiter"]), str(dialect["quotechar"]), has_header=True)

    with tempfile.TemporaryDirectory() as folder:
        found = examined(Path(folder), written(rows, dialect, header).encode(encoding), asked=asked)

    assert (found.rows, len(found.columns), found.broken) == (len(rows), len(rows[0]), {})


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Rome", "Rome, Italy", 'the "old" town', "O'Hara", "a;b", "Main Street 5,\nFlat 2", ""]),
            st.sampled_from(["+4930901820", "", "+1 212 555 0100"]),
        ),
        min_size=3,
        max_size=30,
    ),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_usual_dialects_are_found_out(values, delimiter, quoting, ends, has_header):
    rows = [[f"person{at}@example.com", *value, "x"] for at, value in enumerate(values)]
    dialect = {"delimiter": delimiter, "quotechar": '"', "quoting": quoting, "lineterminator": ends}
    header = ["email", "address", "phone", "note"] if has_header else None

    with tempfile.TemporaryDirectory() as folder:
        found = examined(Path(folder), written(rows, dialect, header).encode())

    assert (found.dialect.delimiter, found.has_header) == (delimiter, has_header)
    assert (found.rows, len(found.columns)) == (len(rows), 4)
