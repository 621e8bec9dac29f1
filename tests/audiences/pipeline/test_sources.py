"""Whatever a file looks like, each of its rows is read or counted as broken."""

import csv
import gzip

import pytest

from audiences.pipeline.plan import SourceBroken
from audiences.pipeline.prepare import prepare
from audiences.pipeline.sources import LineCounter
from tests.audiences.pipeline.helpers import make_plan, sent, write_text
from tests.support.reference import digest_of


def prepared_text(tmp_path, data, names=("email", "city"), name="a.csv", **format):
    source = write_text(tmp_path / name, data, names, **format)
    prepared = prepare(make_plan([source]), tmp_path / "work")
    return prepared, {digest for _, digest in sent(tmp_path / "work", prepared, "ADD")}


def digests(*addresses):
    return {digest_of("email", address) for address in addresses}


GOOD = "email,city\na@example.com,Köln\nb@example.com,Rīga\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_every_unicode_encoding_is_read(tmp_path, encoding):
    prepared, found = prepared_text(tmp_path, GOOD.encode(encoding), encoding=encoding)

    assert found == digests("a@example.com", "b@example.com")
    assert prepared.counts.rows.read == 2


@pytest.mark.parametrize("encoding", ["latin-1", "windows-1252", "cp437", "mac-roman", "iso8859-15"])
def test_single_byte_encodings_are_read_as_what_they_are(tmp_path, encoding):
    data = "email,city\nmüller@example.com,Köln\n".encode(encoding)

    _, found = prepared_text(tmp_path, data, encoding=encoding)

    assert found == digests("müller@example.com")


def test_compressed_file_is_read(tmp_path):
    _prepared, found = prepared_text(tmp_path, gzip.compress(GOOD.encode()), compression="gzip")

    assert found == digests("a@example.com", "b@example.com")
    assert not list((tmp_path / "work").glob("tmp*"))


def test_damaged_compressed_file_is_refused(tmp_path):
    data = gzip.compress(GOOD.encode() * 1000)[:-20]

    with pytest.raises(SourceBroken) as caught:
        prepared_text(tmp_path, data, compression="gzip")

    assert caught.value.reason == "source_unreadable"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_ending_is_read(tmp_path, end):
    prepared, found = prepared_text(tmp_path, GOOD.replace("\n", end).encode())

    assert found == digests("a@example.com", "b@example.com")
    assert prepared.counts.rows.read == 2


def test_mixed_line_endings_are_read(tmp_path):
    data = b"email,city\r\na@example.com,x\nb@example.com,y\rc@example.com,z"

    _prepared, found = prepared_text(tmp_path, data)

    assert found == digests("a@example.com", "b@example.com", "c@example.com")


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_delimiters_are_read(tmp_path, delimiter):
    data = GOOD.replace(",", delimiter).encode()

    assert prepared_text(tmp_path, data, delimiter=delimiter)[1] == digests("a@example.com", "b@example.com")


def test_file_without_header_and_without_quotes_is_read(tmp_path):
    data = b'a@example.com,6" pipe\nb@example.com,"\n'

    _prepared, found = prepared_text(tmp_path, data, has_header=False, quote="")

    assert found == digests("a@example.com", "b@example.com")


def test_lines_inside_quotes_belong_to_their_row(tmp_path):
    data = b'email,city\na@example.com,"two\nlines\n\nand ""more"""\nb@example.com,x\n\n\n'

    prepared, found = prepared_text(tmp_path, data)

    assert found == digests("a@example.com", "b@example.com")
    assert prepared.counts.rows.read == 2
    assert prepared.counts.broken == {}


def test_broken_rows_are_counted_and_listed_and_the_others_kept(tmp_path):
    rows = [f"u{number}@example.com,x" for number in range(40)]
    rows[3], rows[7], rows[9] = "only-one-field", "a,b,c", '"x"y,z'

    prepared, _found = prepared_text(tmp_path, "\n".join(["email,city", *rows]).encode())

    assert prepared.counts.broken == {"row_bad_quotes": 1, "row_too_few_fields": 1, "row_too_many_fields": 1}
    assert vars(prepared.counts.rows) | {} == {
        "read": 40, "to_send": 37, "already_there": 0, "duplicate": 0, "invalid": 3, "held_back": 0,
        "left_out": 0,
    }  # fmt: skip
    listed = list(csv.reader(prepared.rejects.open(encoding="utf-8")))
    assert [(line[1], line[4]) for line in listed[1:]] == [
        ("4", "row_too_few_fields"), ("8", "row_too_many_fields"), ("10", "row_bad_quotes")
    ]  # fmt: skip


def test_bytes_that_do_not_fit_the_encoding_spoil_only_their_value(tmp_path):
    data = b"email,city\nm\xfcller@example.com,x\nb@example.com,\xff\nc@example.com,y\n"

    prepared, found = prepared_text(tmp_path, data)

    assert found == digests("b@example.com", "c@example.com")
    assert prepared.counts.kinds["email"].invalid == {"undecodable": 1}


def test_quote_that_swallows_lines_stops_the_run(tmp_path):
    data = b'email,city\na@example.com,x\n"b@example.com,y\nc@example.com,z\nd@example.com,"w"\n'

    with pytest.raises(SourceBroken) as caught:
        prepared_text(tmp_path, data)

    assert (caught.value.reason, caught.value.row) == ("unclosed_quote", 2)
    assert "example.com" not in str(caught.value)


def test_unclosed_quote_in_a_long_file_stops_the_run(tmp_path):
    rows = "".join(f"u{number}@example.com,x\n" for number in range(20_000))

    with pytest.raises(SourceBroken, match="unclosed_quote"):
        prepared_text(tmp_path, f'email,city\na@example.com,"x\n{rows}'.encode())


def test_wrong_settings_stop_the_run(tmp_path):
    rows = "".join(f"u{number}@example.com,x\n" for number in range(100))

    with pytest.raises(SourceBroken) as caught:
        prepared_text(tmp_path, f"email,city\n{rows}".encode(), delimiter=";")

    assert caught.value.reason == "too_many_broken_rows"


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"names": ("mail", "city")}, "column_missing"), ({"encoding": "klingon"}, "unknown_encoding")],
)
def test_source_that_does_not_fit_the_plan_is_named(tmp_path, change, reason):
    with pytest.raises(SourceBroken) as caught:
        prepared_text(tmp_path, GOOD.encode(), **change)

    assert caught.value.reason == reason


def test_missing_file_is_named(tmp_path):
    source = write_text(tmp_path / "a.csv", GOOD.encode())
    source.path.unlink()

    with pytest.raises(SourceBroken, match="source_missing"):
        prepare(make_plan([source]), tmp_path / "work")


@pytest.mark.parametrize("data", [b"", b"email,city\n", b"email,city"])
def test_file_without_rows_gives_nothing(tmp_path, data):
    prepared, found = prepared_text(tmp_path, data)

    assert found == set()
    assert prepared.counts.rows.read == 0


def test_blank_lines_of_a_single_column_are_rows_whichever_way_it_is_read(tmp_path):
    data = b"email\na@example.com\n\nb@example.com\n"

    fast, _ = prepared_text(tmp_path, data, ("email",))
    careful, _ = prepared_text(tmp_path, data + b'"c@\nx"\n', ("email",))

    assert (fast.counts.rows.read, fast.counts.blank_rows) == (3, 1)
    assert (careful.counts.rows.read, careful.counts.blank_rows) == (4, 1)


def test_value_with_nul_comma_quote_or_newline_never_reaches_a_record(tmp_path):
    data = b'email,city\n"a,b@example.com",x\n"a""b@example.com",x\n'
    data += b'"a\nb@example.com",x\na\x00b@example.com,x\nok@example.com,\x00\n'

    prepared, found = prepared_text(tmp_path, data)

    assert found == digests("ok@example.com")
    assert prepared.counts.rows.invalid == 4


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_lines_are_counted_whatever_the_chunks(size):
    data = b"\n\na\r\nb\rc\r\n\r\n\nd\n\r\n\r\n"
    counter = LineCounter()

    for start in range(0, len(data), size):
        counter.add(data[start : start + size])

    assert counter.lines == 8
