"""What an examination finds in files that can be used."""

import gzip

import pytest

from pinconnect.datasets.examination.results import Asked, Dialect, Expected
from tests.datasets.examination.support import examined

ROWS = "email;city\nann@example.com;Köln\nbob@example.com;Łódź\n"
LATIN = "email;city\nann@example.com;Köln\nbob@example.com;Besançon\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_is_read_with_and_without_a_mark(tmp_path, encoding):
    found = examined(tmp_path, ROWS.encode(encoding))

    assert found.encoding == encoding
    assert [column.name for column in found.columns] == ["email", "city"]
    assert found.rows == 2


def test_an_older_encoding_gets_a_clean_copy(tmp_path):
    found = examined(tmp_path, LATIN.encode("cp1252"))

    assert found.encoding == "cp1252"
    assert found.copy.read_text(encoding="utf-8") == LATIN


def test_bytes_that_are_not_utf8_far_down_are_found(tmp_path):
    plain = "email;city\n" + "ann@example.com;Rom\n" * 100_000

    found = examined(tmp_path, (plain + "bob@example.com;Köln\n").encode("cp1252"))

    assert (found.encoding, found.rows) == ("cp1252", 100_001)


def test_a_plain_file_is_read_where_it_is(tmp_path):
    assert examined(tmp_path, ROWS).copy is None
    assert examined(tmp_path, gzip.compress(ROWS.encode())).copy is None


@pytest.mark.parametrize("name", ["people.csv.gz", "people.csv"])
def test_gzip_is_found_by_its_bytes(tmp_path, name):
    found = examined(tmp_path, gzip.compress(ROWS.encode()), name)

    assert (found.compression, found.rows) == ("gzip", 2)


def test_gzip_of_another_encoding(tmp_path):
    found = examined(tmp_path, gzip.compress(ROWS.encode("utf-16")))

    assert (found.compression, found.encoding, found.rows) == ("gzip", "utf-16", 2)
    assert found.copy.read_text(encoding="utf-8") == ROWS


@pytest.mark.parametrize("ends", ["\r\n", "\r", "\n"])
def test_every_kind_of_line_end(tmp_path, ends):
    found = examined(tmp_path, ROWS.replace("\n", ends))

    assert (found.rows, found.broken) == (2, {})


def test_mixed_line_ends_lose_nothing(tmp_path):
    found = examined(tmp_path, "email,city\r\nann@example.com,Rome\nbob@example.com,Os\rlo\r\ncid@example.com,Bern")

    assert found.rows == 3
    assert found.copy.read_text() == "email,city\nann@example.com,Rome\nbob@example.com,Os lo\ncid@example.com,Bern"


def test_blank_lines_and_a_separator_line_at_the_top_are_skipped(tmp_path):
    found = examined(tmp_path, "sep=|\n\n||\nemail|city\nann@example.com|Rome, Italy; old\n")

    assert (found.dialect, found.rows) == (Dialect("|", '"'), 1)


def test_blank_lines_between_rows_are_no_rows(tmp_path):
    assert examined(tmp_path, "email,city\n\nann@example.com,Rome\n\n\nbob@example.com,Oslo\n\n").rows == 2


def test_a_bare_list_of_addresses(tmp_path):
    found = examined(tmp_path, "ann@example.com\nbob@example.com\n")

    assert (found.has_header, found.rows) == (False, 2)
    assert [(column.name, column.kind) for column in found.columns] == [("Column 1", "email")]


def test_one_column_with_a_header_and_blanks(tmp_path):
    found = examined(tmp_path, "E-Mail\nann@example.com\n\nbob@example.com\n\n\n")

    assert (found.has_header, found.rows, found.columns[0].filled) == (True, 3, 2)


def test_one_column_with_stray_commas_is_not_cut(tmp_path):
    rows = [f"person{at}@example.com" for at in range(50)]
    rows[7] = "Doe, John <john@example.com>"

    found = examined(tmp_path, "email\n" + "\n".join(rows))

    assert (found.rows, found.broken, len(found.columns)) == (50, {}, 1)


def test_values_over_several_lines_are_no_broken_rows(tmp_path):
    address = '"Main Street 5,\nFlat 2\n\nRome, Italy"'

    found = examined(tmp_path, "email,address,city\n" + f"ann@example.com,{address},Rome\n" * 30)

    assert (found.rows, found.broken) == (30, {})


def test_single_quotes_around_values(tmp_path):
    found = examined(tmp_path, "'email','city'\n'ann@example.com','Rome, Italy'\n'bob@example.com','Oslo'\n")

    assert (found.dialect, found.rows) == (Dialect(",", "'"), 2)


def test_quotes_without_a_meaning(tmp_path):
    content = 'email,size\nann@example.com,"5\nbob@example.com,"6\n'

    found = examined(tmp_path, content, asked=Asked(quote=""))

    assert (found.dialect.quote, found.rows) == ("", 2)


def test_inch_marks_inside_values_are_no_quotes(tmp_path):
    assert examined(tmp_path, 'email,size\nann@example.com,5" pipe\nbob@example.com,6"\n').rows == 2


def test_a_few_broken_rows_are_counted_by_reason_and_listed_masked(tmp_path):
    content = (
        "email,city\nann@example.com,Rome\nbob@example.com\ncid@example.com,Bern,CH\n"
        '"dan"x,Lyon\n=cmd(evil@example.com),1,2\n' + "eve@example.com,Oslo\n" * 5
    )

    found = examined(tmp_path, content)
    listed = found.broken_rows.read_text()

    assert found.broken == {"row_too_few_fields": 1, "row_too_many_fields": 2, "row_bad_quotes": 1}
    assert found.rows == 6
    assert "3,Row with too few fields" in listed
    assert "'=xxx(xxxx@xxxxxxx.xxx)" in listed
    assert "bob" not in listed
    assert "evil" not in listed


def test_what_the_user_says_wins(tmp_path):
    content = "email;phone,x\nann@example.com;+4930901820,x\nbob@example.com;+4930901821,y\n"
    assert examined(tmp_path, content).has_header

    found = examined(tmp_path, content, asked=Asked(delimiter=";", has_header=False, quote=""))

    assert (found.dialect, found.has_header, found.rows) == (Dialect(";", ""), False, 3)


def test_the_preview_shows_no_identifier(tmp_path):
    content = "email,phone,country\n" + "".join(
        f"person{at}@example.com,+49301234{at:04},{('DE', 'FR')[at % 2]}\n" for at in range(40)
    )

    preview = examined(tmp_path, content).preview

    assert len(preview) == 20
    assert preview[0] == ("p•••@e•••.com", "+4•••00", "DE")


def test_names_of_columns_keep_the_spelling_of_the_dataset(tmp_path):
    expected = Expected(columns=("Email", "City"), kinds={"Email": "email"})

    found = examined(tmp_path, "CITY,email,age\nRome,ann@example.com,30\nOslo,bob@example.com,31\n", expected=expected)

    assert [column.name for column in found.columns] == ["City", "Email", "age"]


def test_a_file_without_header_takes_the_names_of_the_dataset(tmp_path):
    expected = Expected(columns=("Email", "City"), kinds={"Email": "email"})

    found = examined(tmp_path, "ann@example.com,Rome\nbob@example.com,Oslo\n", expected=expected)

    assert [column.name for column in found.columns] == ["Email", "City"]


def test_columns_without_a_name_are_called_by_their_position(tmp_path):
    found = examined(tmp_path, ",email,\n0,ann@example.com,x\n1,bob@example.com,y\n")

    assert [column.name for column in found.columns] == ["Column 1", "email", "Column 3"]


def test_the_caller_can_stop_it(tmp_path):
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        examined(tmp_path, ROWS, check=stop)
