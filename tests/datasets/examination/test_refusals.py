"""Every reason for which a file is refused, each with words that say what to do."""

import gzip
import io
import zipfile

import pytest

from pinconnect.datasets import messages
from pinconnect.datasets.examination.results import Asked, Expected, Limits
from tests.datasets.examination.support import LIMITS, refused

ROWS = "email,city\nann@example.com,Rome\nbob@example.com,Oslo\n"


def zipped(inside: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(inside, "anything")
    return file.getvalue()


FOREIGN = {
    "an Excel workbook (.xlsx)": zipped("xl/workbook.xml"),
    "an OpenDocument spreadsheet (.ods)": zipped("mimetype-application/vnd.oasis.opendocument.spreadsheet"),
    "a ZIP archive": zipped("people.csv"),
    "a PDF": b"%PDF-1.7\n1 0 obj\n",
    "a picture (PNG)": b"\x89PNG\r\n\x1a\n\x00\x00",
    "a picture (JPEG)": b"\xff\xd8\xff\xe0\x00\x10JFIF",
    "an old Excel or Word file (.xls, .doc)": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 40,
    "a Parquet file": b"PAR1\x15\x04\x15",
    "a Zstandard archive (.zst)": b"\x28\xb5\x2f\xfd\x04\x00",
    "a web page or XML": b"\n<!DOCTYPE html><html><body>Sign in</body></html>",
    "JSON": b'[{"email": "ann@example.com"}]',
    "a binary file": bytes(range(1, 9)) * 200,
}


@pytest.mark.parametrize(("what", "content"), FOREIGN.items())
def test_another_type_of_file_is_named_whatever_the_name_says(tmp_path, what, content):
    assert refused(tmp_path, content).code == "not_rows"
    assert refused(tmp_path, content).detail == what


def test_another_type_inside_gzip_is_named_too(tmp_path):
    error = refused(tmp_path, gzip.compress(zipped("xl/workbook.xml")), "people.csv.gz")

    assert (error.code, error.detail) == ("not_rows", "an Excel workbook (.xlsx)")


@pytest.mark.parametrize("content", ["", "\n\n\r\n", ",,,\n;;\n", "sep=;\n", "\ufeff", gzip.compress(b"", mtime=0)])
def test_nothing_but_blank_lines_is_an_empty_file(tmp_path, content):
    assert refused(tmp_path, content).code == "empty"


@pytest.mark.parametrize("content", ["email,city\n", "email,city", "email\r\n", "email,city\n\n\n", "email\n\n\n"])
def test_column_names_alone_are_no_rows(tmp_path, content):
    assert refused(tmp_path, content).code == "header_only"


def test_gzip_that_ends_too_early(tmp_path):
    packed = gzip.compress(ROWS.encode() * 500)

    assert refused(tmp_path, packed[:-20]).code == "gzip_cut_off"


def test_gzip_with_damaged_bytes(tmp_path):
    packed = bytearray(gzip.compress(ROWS.encode() * 500))
    packed[40:60] = b"\x55" * 20

    assert refused(tmp_path, bytes(packed)).code == "gzip_damaged"


def test_a_name_with_gz_and_a_content_without(tmp_path):
    assert refused(tmp_path, ROWS, "people.csv.gz").code == "not_gzip"


def test_an_archive_that_grows_past_the_limit(tmp_path):
    bomb = gzip.compress(b"ann@example.com\n" * 100_000)

    assert refused(tmp_path, bomb, limits=Limits(expanded_bytes=1_000_000)).code == "expands_too_far"


def test_an_archive_that_grows_out_of_all_proportion(tmp_path, monkeypatch):
    monkeypatch.setattr("pinconnect.datasets.examination.scan._RATIO_FROM_BYTES", 1_000_000)

    assert refused(tmp_path, gzip.compress(b"\n" * 3_000_000 + b"ann@example.com\n")).code == "expands_too_far"


def test_a_zero_byte_is_told_with_its_line(tmp_path):
    error = refused(tmp_path, b"email,city\nann@example.com,Ro\x00me\n" + b"bob@example.com,Oslo\n" * 50)

    assert (error.code, error.line) == ("nul_bytes", 2)


def test_utf8_with_damaged_bytes_is_not_taken_for_another_encoding(tmp_path):
    text = "email,city\n" + "ann@example.com,Köln\n" * 20
    error = refused(tmp_path, text.encode() + b"bob@example.com,K\xf6ln\n")

    assert (error.code, error.line) == ("utf8_damaged", 22)


def test_an_encoding_that_does_not_fit_is_told_with_the_line(tmp_path):
    error = refused(tmp_path, "email,city\nann@example.com,Köln\n".encode("cp1252"), asked=Asked(encoding="utf-8"))

    assert (error.code, error.line, error.detail) == ("encoding_wrong", 2, "UTF-8")


def test_an_open_quote_to_the_end_is_told_with_its_line(tmp_path):
    content = "email,city\n" + "ann@example.com,Rome\n" * 5 + 'bob@example.com,"Oslo\n' + "cid@example.com,Bern\n" * 5

    assert (refused(tmp_path, content).code, refused(tmp_path, content).line) == ("unclosed_quote", 7)


def test_an_open_quote_that_a_later_quote_closes_is_found_too(tmp_path):
    content = 'email,size\nann@example.com,"5\nbob@example.com,6\ncid@example.com,7"\ndan@example.com,8\n'

    assert (refused(tmp_path, content).code, refused(tmp_path, content).line) == ("unclosed_quote", 2)


def test_an_open_quote_in_a_list_of_addresses(tmp_path):
    content = 'email\nann@example.com\n"bob@example.com\ncid@example.com"\ndan@example.com\n'

    assert (refused(tmp_path, content).code, refused(tmp_path, content).line) == ("unclosed_quote", 3)


def test_line_numbers_count_what_was_skipped_at_the_top(tmp_path):
    content = "sep=,\n\nemail,city\n" + 'bob@example.com,"Oslo\n' + "cid@example.com,Bern\n" * 5

    assert refused(tmp_path, content).line == 4


def test_more_than_a_tenth_of_broken_rows(tmp_path):
    content = ROWS + "ann@example.com,Rome\n" * 80 + "ann@example.com,Rome,Italy\n" * 11

    assert (refused(tmp_path, content).code, refused(tmp_path, content).detail) == ("too_many_broken_rows", "11 of 93")


def test_broken_rows_only(tmp_path):
    assert (
        refused(tmp_path, 'email,city\n"ann"@example.com,Rome\n"bob"@example.com,Oslo\n').code == "too_many_broken_rows"
    )


def test_too_many_columns(tmp_path):
    content = ",".join(f"c{at}" for at in range(501)) + "\n" + ",".join(["ann@example.com"] * 501) + "\n"

    assert (refused(tmp_path, content).code, refused(tmp_path, content).detail) == ("too_many_columns", "501")


def test_a_title_above_the_column_names(tmp_path):
    content = "Customers of 2026\nemail,city,country\n" + "ann@example.com,Rome,IT\n" * 5

    assert refused(tmp_path, content).code == "header_width"


@pytest.mark.parametrize("header", ["email,email", "Email,email", " email,email "])
def test_two_columns_of_one_name(tmp_path, header):
    error = refused(tmp_path, f"{header}\nann@example.com,bob@example.com\n")

    assert (error.code, error.detail.lower()) == ("duplicate_columns", "email")


def test_a_column_name_that_is_too_long(tmp_path):
    assert refused(tmp_path, f"email,{'x ' * 150}\nann@example.com,1\n").code == "column_name_too_long"


def test_identifiers_never_become_names_of_columns(tmp_path):
    error = refused(tmp_path, "ann@example.com,Rome\nbob@example.com,Oslo\n", asked=Asked(has_header=True))

    assert (error.code, error.detail) == ("header_is_data", "")


def test_no_column_with_identifiers(tmp_path):
    assert refused(tmp_path, "city,country\nRome,Italy\nOslo,Norway\n").code == "no_usable_column"


def test_a_column_of_the_dataset_is_missing(tmp_path):
    error = refused(tmp_path, ROWS, expected=Expected(columns=("email", "phone", "city")))

    assert (error.code, error.detail) == ("column_missing", "phone")


def test_no_header_where_the_columns_cannot_be_told(tmp_path):
    expected = Expected(columns=("city", "email"), kinds={"email": "email"})

    assert refused(tmp_path, "ann@example.com,Rome\nbob@example.com,Oslo\n", expected=expected).code == "header_needed"


def test_a_line_without_an_end(tmp_path):
    content = b"email,city\nann@example.com,Rome\n\n" + b"x" * 18_000_000

    assert refused(tmp_path, content, limits=LIMITS).code == "rows_too_large"


def test_every_refusal_of_these_tests_has_words():
    for code in messages.CODES:
        words = messages.refusal(code, line=1234, detail="{detail} of somebody")
        assert words.title
        assert words.body
        assert words.next_step
        assert "{line}" not in words.body


def test_words_tell_line_and_detail():
    words = messages.refusal("encoding_wrong", line=1234, detail="UTF-8")

    assert words.body == "It was read as UTF-8, which does not fit in line 1,234."
