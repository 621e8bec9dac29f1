"""Where the shapes of a chart stand; templates draw them as SVG."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

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


@dataclass(frozen=True)
class Line:
    """paths: what SVG's path takes, one for each stretch without a gap; dots: (x, y) of points that stand alone."""

    name: str
    paths: tuple[str, ...]
    dots: tuple[tuple[float, float], ...]
    last: tuple[float, float] | None


@dataclass(frozen=True)
class Tick:
    label: str
    x: float
    anchor: str


@dataclass(frozen=True)
class LineChart:
    """Like ColumnChart, over time; is_empty when there is no value at all."""

    lines: tuple[Line, ...]
    grid: tuple[GridLine, ...]
    ticks: tuple[Tick, ...]
    is_empty: bool
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    label_y: int = HEIGHT - 6


Series = tuple[str, Sequence[tuple[datetime, float | None]]]
_TICKS = 4
# Room at the right, so that the last dot is whole.
_RIGHT = 6


def line_chart(series: Sequence[Series]) -> LineChart:
    """One line for each (name, [(moment, value)]); None leaves a gap. Values must not be negative.

    Moments are aware and in order; labels are in the current time zone.
    """
    values = [value for _, points in series for _, value in points if value is not None]
    moments = [moment for _, points in series for moment, _ in points]
    top, room = nice_ceiling(max(values, default=0)), HEIGHT - _TOP - _BOTTOM
    grid = tuple(GridLine(top * part / 2, round(_TOP + room - room * part / 2, 2)) for part in range(3))
    if not values:
        return LineChart((), grid, (), is_empty=True)
    start, end = min(moments), max(moments)
    span_s = (end - start).total_seconds()

    def place(moment: datetime, value: float) -> tuple[float, float]:
        share = (moment - start).total_seconds() / span_s if span_s else 0.5
        return round(_LEFT + 4 + (WIDTH - _LEFT - 4 - _RIGHT) * share, 2), round(_TOP + room * (1 - value / top), 2)

    lines = tuple(
        _line(name, [place(moment, value) if value is not None else None for moment, value in points])
        for name, points in series
    )
    return LineChart(lines, grid, _ticks(start, end, place), is_empty=False)


def _line(name: str, places: Sequence[tuple[float, float] | None]) -> Line:
    stretches: list[list[tuple[float, float]]] = [[]]
    for spot in places:
        if spot is None:
            stretches.append([])
        else:
            stretches[-1].append(spot)
    paths = tuple("M" + " L".join(f"{x} {y}" for x, y in stretch) for stretch in stretches if len(stretch) > 1)
    dots = tuple(stretch[0] for stretch in stretches if len(stretch) == 1)
    return Line(name, paths, dots, next((spot for spot in reversed(places) if spot is not None), None))


def _ticks(start: datetime, end: datetime, place: Callable[[datetime, float], tuple[float, float]]) -> tuple[Tick, ...]:
    """Evenly spread over the time: days, or hours of a day while it is short."""
    span = end - start
    if not span:
        return (Tick(_day(start), place(start, 0)[0], "middle"),)
    is_short = span < timedelta(days=2)
    ticks: list[Tick] = []
    for index in range(_TICKS + 1):
        moment = start + span * index / _TICKS
        label = f"{timezone.localtime(moment):%H:%M}" if is_short else _day(moment)
        anchor = "start" if index == 0 else "end" if index == _TICKS else "middle"
        if all(tick.label != label for tick in ticks):
            ticks.append(Tick(label, place(moment, 0)[0], anchor))
    return tuple(ticks)


def _day(moment: datetime) -> str:
    local = timezone.localtime(moment)
    return f"{local.day} {local:%b}"
