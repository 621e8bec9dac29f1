"""Texts from outside lose what a database refuses, and what turns the words around them about."""

from pinconnect.lib.texts import row_number, without_direction_controls, without_nul


def test_only_nul_is_taken_out() -> None:
    assert without_nul("\0 Zoë\0's\tlist\n") == " Zoë's\tlist\n"


def test_only_the_nine_controls_of_direction_are_taken_out() -> None:
    around = "".join(map(chr, range(0x2020, 0x2070)))

    left = without_direction_controls(around)

    assert set(around) - set(left) == set(map(chr, [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]))


def test_a_number_of_a_row_is_one_that_every_database_takes() -> None:
    assert [row_number(text) for text in ("7", "007", "9" * 18)] == [7, 7, int("9" * 18)]
    assert [row_number(text) for text in ("", "-1", "1.0", " 7", "²", "٣", "9" * 19)] == [None] * 7
