"""What a preview shows: codes of groups as they are, everything that could be a person masked."""

from pinconnect.datasets.examination import masks


def test_short_codes_that_repeat_are_shown() -> None:
    assert masks.is_category(["DE", "FR", "UK"] * 10)
    assert masks.is_category(["yes", "no"] * 20)


def test_names_are_masked_even_when_they_repeat() -> None:
    assert not masks.is_category(["Jürgen", "Maria"] * 40)
    assert not masks.is_category(["Jürgen Groß"] * 150)


def test_values_that_hardly_repeat_are_masked() -> None:
    assert not masks.is_category([f"{number:03}" for number in range(40)])


def test_preview_masks_a_value_that_the_sample_did_not_hold() -> None:
    shown = masks.preview([["DE", "ann@example.com"], ["Ann", "bob@example.com"]], [True, False], [["DE"] * 5, []])

    assert shown[0][0] == "DE"
    assert "Ann" not in shown[1]
    assert not any("@example" in cell for row in shown for cell in row)
