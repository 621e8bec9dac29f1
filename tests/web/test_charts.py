"""Where the shapes of a chart stand."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.template import Context, Template
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


NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def days(*values: float | None) -> list[tuple[datetime, float | None]]:
    return [(NOON + timedelta(days=day), value) for day, value in enumerate(values)]


def test_a_line_stays_in_the_drawing_and_higher_values_are_higher_up() -> None:
    chart = charts.line_chart([("Size", days(100, 250, 400)), ("Members", days(900, 900, 1_000))])

    sizes, members = chart.lines
    assert sizes.last is not None
    assert members.last is not None
    assert members.last[1] < sizes.last[1]
    numbers = [float(number) for line in chart.lines for path in line.paths for number in re.findall(r"[\d.]+", path)]
    assert len(numbers) == 12
    assert all(chart.left <= x <= charts.WIDTH for x in numbers[::2])
    assert all(0 <= y <= charts.HEIGHT for y in numbers[1::2])


def test_what_is_not_known_leaves_a_gap_and_a_value_alone_is_a_dot() -> None:
    (line,) = charts.line_chart([("Rate", days(30, 31, None, 33, None, 35, 36))]).lines

    assert len(line.paths) == 2
    assert len(line.dots) == 1


def test_one_moment_stands_in_the_middle() -> None:
    chart = charts.line_chart([("Size", days(100))])

    assert [tick.label for tick in chart.ticks] == ["22 Nov"]
    assert chart.lines[0].last is not None
    assert chart.lines[0].last[0] == pytest.approx(chart.ticks[0].x)


@pytest.mark.parametrize("points", [[], days(None, None)])
def test_without_a_value_it_is_empty(points: list[tuple[datetime, float | None]]) -> None:
    assert charts.line_chart([("Size", points)]).is_empty


def test_hours_are_named_within_a_day_and_days_beyond() -> None:
    hours = [(NOON + timedelta(hours=hour), 5.0) for hour in range(9)]

    assert [tick.label for tick in charts.line_chart([("Size", hours)]).ticks] == [
        "12:00", "14:00", "16:00", "18:00", "20:00"
    ]  # fmt: skip
    assert charts.line_chart([("Size", days(*[1] * 9))]).ticks[-1].label == "30 Nov"


def test_a_page_shows_the_numbers_of_a_line_as_a_table_as_well() -> None:
    text = Template('{% line_chart series "size" "Size" "It grows." %}').render(
        Context({"series": [("People", days(1_000, None)), ("Sent", days(2_000, 3_000))]})
    )

    assert 'role="img"' in text
    assert 'aria-labelledby="size-title size-desc"' in text
    assert '<desc id="size-desc">It grows.</desc>' in text
    assert text.index("3,000") < text.index("2,000"), "the newest comes first"
    assert "1,000" in text
    assert " style=" not in text


def test_numbers_that_stay_the_same_are_listed_once_from_when_they_were_so() -> None:
    text = Template('{% line_chart series "size" "Size" "It grows." %}').render(
        Context({"series": [("People", days(1_000, 2_000, 2_000, 2_000, 3_000))]})
    )

    assert text.count("2,000</td>") == 1
    moment = days(1_000, 2_000)[1][0]
    assert f"{moment:%-d %b %Y}" in text
