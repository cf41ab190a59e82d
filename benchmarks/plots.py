"""Two kinds of plots as plain shapes, which `evaluation.drawing` turns into SVG: bars, and curves by powers of ten."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from albumclean.evaluation.scatter import HEIGHT, WIDTH, Dot, Label, Line, Shape, ticks

_TOP, _BOTTOM, _RIGHT = 52, 62, 40
_NAMES = 190  # pixels left of the bars
_AXIS = 86  # pixels left of the curves
_FAINT, _INK = "#dddddd", "#333333"
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")  # Okabe and Ito (2008)


@dataclass(frozen=True, slots=True)
class Bar:
    """One row; `mark` is drawn across it where there is one."""

    name: str
    value: float
    colour: int = 0  # of COLOURS
    mark: float | None = None


def bars(title: str, unit: str, rows: Sequence[Bar]) -> list[Shape]:
    """Horizontal bars from 0, the first on top, each with its value. At least one row, and one value above 0."""
    most = max(max(row.value, row.mark or 0.0) for row in rows) * 1.12

    def at(value: float) -> float:
        return _NAMES + value / most * (WIDTH - _NAMES - _RIGHT)

    floor = HEIGHT - _BOTTOM
    step = (floor - _TOP) / len(rows)
    thick = min(0.62 * step, 34.0)
    shapes: list[Shape] = [Label(WIDTH / 2, _TOP / 2, title, 16)]
    for tick in ticks(0.0, most):
        shapes += [Line(((at(tick), _TOP), (at(tick), floor)), _FAINT), Label(at(tick), floor + 15, f"{tick:g}")]
    for number, row in enumerate(rows):
        y = _TOP + (number + 0.5) * step
        shapes += [
            Line(((at(0.0), y), (at(row.value), y)), COLOURS[row.colour], thick),
            Label(_NAMES - 10, y, row.name, anchor="end"),
            Label(at(row.value) + 6, y, f"{row.value:.3g}", anchor="start"),
        ]
        if row.mark is not None:
            shapes.append(Line(((at(row.mark), y - 0.6 * thick), (at(row.mark), y + 0.6 * thick)), _INK, 2.5))
    shapes.append(Line(((at(0.0), _TOP), (at(0.0), floor)), _INK, 1.5))
    return [*shapes, Label((WIDTH + _NAMES - _RIGHT) / 2, HEIGHT - 18, unit)]


def curves(title: str, x_title: str, y_title: str, series: Mapping[str, Sequence[tuple[float, float]]]) -> list[Shape]:
    """Lines of (x, y), both above 0 and by powers of ten, with a legend. At least one point."""
    every = [point for points in series.values() for point in points]
    (left, right), (low, high) = (_powers([point[axis] for point in every]) for axis in (0, 1))
    high += 1  # room for the legend

    def at(x: float, y: float) -> tuple[float, float]:
        across = (math.log10(x) - left) / (right - left)
        up = (math.log10(y) - low) / (high - low)
        return _AXIS + across * (WIDTH - _AXIS - _RIGHT), HEIGHT - _BOTTOM - up * (HEIGHT - _TOP - _BOTTOM)

    shapes: list[Shape] = [Label(WIDTH / 2, _TOP / 2, title, 16)]
    for power in range(left, right + 1):
        bottom, top = at(10.0**power, 10.0**low), at(10.0**power, 10.0**high)
        shapes += [Line((bottom, top), _FAINT), Label(bottom[0], bottom[1] + 15, f"{10**power:,}")]
    for power in range(low, high + 1):
        start, end = at(10.0**left, 10.0**power), at(10.0**right, 10.0**power)
        shapes += [Line((start, end), _FAINT), Label(start[0] - 8, start[1], f"{10.0**power:g}", anchor="end")]
    for number, (name, points) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        places = tuple(at(*point) for point in points)
        shapes += [Line(places, colour, 2.0), *(Dot(x, y, colour, 4) for x, y in places)]
        shapes += [
            Dot(_AXIS + 16, _TOP + 16 + 18 * number, colour, 5),
            Label(_AXIS + 28, _TOP + 16 + 18 * number, name, anchor="start"),
        ]
    return [
        *shapes,
        Label((WIDTH + _AXIS - _RIGHT) / 2, HEIGHT - 18, x_title),
        Label(18, (HEIGHT + _TOP - _BOTTOM) / 2, y_title, upright=True),
    ]


def _powers(values: Sequence[float]) -> tuple[int, int]:
    """The powers of ten around the values, two different ones."""
    low, high = math.floor(math.log10(min(values)) + 1e-9), math.ceil(math.log10(max(values)) - 1e-9)
    return low, max(high, low + 1)
