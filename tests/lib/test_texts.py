"""Texts from outside lose what a database refuses."""

from pinconnect.lib.texts import without_nul


def test_only_nul_is_taken_out() -> None:
    assert without_nul("\0 Zoë\0's\tlist\n") == " Zoë's\tlist\n"
