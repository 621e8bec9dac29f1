"""Where the shapes of a chart stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinconnect.web import charts


@pytest.mark.parametrize(
    ("value", "top"), [(0, 2), (2, 2), (3, 4), (7, 8), (9, 10), (10, 10), (11, 20), (12_900, 20_000), (40_000, 40_000)]
)
def test_scale_ends_at_a_round_number(value: float, top: float) -> None:
    assert charts.nice_ceiling(value) == top


@given(st.lists(st.floats(0, 1e12), max_size=60))
def test_columns_stay_inside_the_drawing(values: list[float]) -> None:
    chart = charts.column_chart([(str(index), value) for index, value in enumerate(values)])

    assert len(chart.columns) == len(values)
    for column in chart.columns:
        assert chart.left <= column.x
        assert column.x + column.width <= charts.WIDTH + 1
        assert 0 <= column.y <= column.y + column.height <= charts.HEIGHT


def test_columns_are_in_proportion() -> None:
    small, large = charts.column_chart([("a", 1_000), ("b", 4_000)]).columns

    assert large.height == pytest.approx(4 * small.height, abs=0.1)
    assert small.y + small.height == pytest.approx(large.y + large.height)


def test_few_labels_and_always_the_newest() -> None:
    columns = charts.column_chart([(f"{day} Nov", day) for day in range(1, 31)]).columns

    shown = [column.label for column in columns if column.shows_label]
    assert len(shown) <= 7
    assert shown[-1] == "30 Nov"
