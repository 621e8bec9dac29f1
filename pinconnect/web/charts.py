"""Where the shapes of a chart stand; templates draw them as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 480, 160
_LEFT, _BOTTOM, _TOP = 40, 22, 8
_MOST_LABELS = 7


@dataclass(frozen=True)
class Column:
    label: str
    value: float
    x: float
    y: float
    width: float
    height: float
    middle: float
    shows_label: bool


@dataclass(frozen=True)
class GridLine:
    value: float
    y: float


@dataclass(frozen=True)
class ColumnChart:
    """Positions in a drawing of WIDTH by HEIGHT units, which the page scales to the room it has."""

    columns: tuple[Column, ...]
    grid: tuple[GridLine, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    label_y: int = HEIGHT - 6


def column_chart(points: Sequence[tuple[str, float]]) -> ColumnChart:
    """One column for each (label, value); values must not be negative."""
    top = nice_ceiling(max((value for _, value in points), default=0))
    room = HEIGHT - _TOP - _BOTTOM
    step = (WIDTH - _LEFT) / max(1, len(points))
    width = max(1.0, min(step * 0.62, 36))
    every = -(-len(points) // _MOST_LABELS)
    columns = []
    for index, (label, value) in enumerate(points):
        height = round(room * value / top, 2)
        middle = _LEFT + step * (index + 0.5)
        columns.append(
            Column(
                label=label,
                value=value,
                x=round(middle - width / 2, 2),
                y=round(_TOP + room - height, 2),
                width=round(width, 2),
                height=height,
                middle=round(middle, 2),
                shows_label=(len(points) - 1 - index) % every == 0,
            )
        )
    grid = tuple(GridLine(top * part / 2, round(_TOP + room - room * part / 2, 2)) for part in range(3))
    return ColumnChart(tuple(columns), grid)


def nice_ceiling(value: float) -> float:
    """The next round number at or above value, so that half of it is round too."""
    if value <= 2:
        return 2
    power = 10 ** (len(str(int(value))) - 1)
    return next(factor * power for factor in (1, 2, 4, 6, 8, 10) if factor * power >= value)
