"""The scatter plot of predictions and people's scores as plain shapes, which `drawing` turns into SVG and PNG."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from albumclean.evaluation.logistic import Logistic
from albumclean.evaluation.weighted import Floats

WIDTH: Final = 720  # of the plot, in pixels
HEIGHT: Final = 560
_LEFT, _RIGHT, _TOP, _BOTTOM = 74, 24, 52, 62  # margins
_INK, _FAINT, _CURVE = "#333333", "#dddddd", "#000000"
# Okabe and Ito, "Color universal design" (2008): told apart by the colour-blind too.
_COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_MOST_NAMES: Final = len(_COLOURS)  # in the legend


@dataclass(frozen=True, slots=True)
class Line:
    """A path of straight pieces."""

    points: tuple[tuple[float, float], ...]  # pixels from the upper left corner
    colour: str
    width: float = 1.0


@dataclass(frozen=True, slots=True)
class Dot:
    """A see-through disc."""

    x: float
    y: float
    colour: str
    radius: float = 2.6


@dataclass(frozen=True, slots=True)
class Label:
    """A line of text; `y` is the middle of its height."""

    x: float
    y: float
    text: str
    size: int = 13
    anchor: Literal["start", "middle", "end"] = "middle"
    colour: str = _INK
    upright: bool = False  # reads from bottom to top


Shape = Line | Dot | Label
_Place = Callable[[float, float], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Points:
    """What is plotted; all three of shape (n,)."""

    predicted: Floats
    truth: Floats
    subsets: Sequence[str]


def scatter(points: Points, curve: Logistic | None, title: str, y_title: str) -> list[Shape]:
    """Axes, one dot a photo in its subset's colour, the fitted curve, a legend where there are several subsets."""
    x_range, y_range = _padded(points.predicted), _padded(points.truth)

    def place(x: float, y: float) -> tuple[float, float]:
        across = (x - x_range[0]) / (x_range[1] - x_range[0])
        up = (y - y_range[0]) / (y_range[1] - y_range[0])
        return _LEFT + across * (WIDTH - _LEFT - _RIGHT), HEIGHT - _BOTTOM - up * (HEIGHT - _TOP - _BOTTOM)

    shapes: list[Shape] = [Label(WIDTH / 2, _TOP / 2, title, 16)]
    shapes += _axes(x_range, y_range, place)
    shapes += [
        Label((WIDTH + _LEFT - _RIGHT) / 2, HEIGHT - 18, "prediction"),
        Label(18, (HEIGHT + _TOP - _BOTTOM) / 2, y_title, upright=True),
    ]
    names = sorted(set(points.subsets))
    colours = {name: _COLOURS[number % len(_COLOURS)] for number, name in enumerate(names)}
    for x, y, subset in zip(points.predicted, points.truth, points.subsets, strict=True):
        shapes.append(Dot(*place(float(x), float(y)), colours[subset]))
    if curve is not None:
        shapes.append(Line(_within(curve, x_range, y_range, place), _CURVE, 2.0))
    if len(names) > 1:
        shapes += _legend(names, colours)
    return shapes


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """At most about `most` round numbers from `low` to `high`, evenly spaced."""
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def _padded(values: Floats) -> tuple[float, float]:
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    margin = 0.03 * (high - low) or 0.5 * max(abs(high), 1e-3)
    return low - margin, high + margin


def _axes(x_range: tuple[float, float], y_range: tuple[float, float], place: _Place) -> list[Shape]:
    shapes: list[Shape] = []
    for tick in ticks(*x_range):
        bottom, top = place(tick, y_range[0]), place(tick, y_range[1])
        shapes += [Line((bottom, top), _FAINT), Label(bottom[0], bottom[1] + 15, f"{tick:g}")]
    for tick in ticks(*y_range):
        left, right = place(x_range[0], tick), place(x_range[1], tick)
        shapes += [Line((left, right), _FAINT), Label(left[0] - 8, left[1], f"{tick:g}", anchor="end")]
    corner = place(x_range[0], y_range[0])
    shapes.append(Line((place(x_range[0], y_range[1]), corner, place(x_range[1], y_range[0])), _INK, 1.5))
    return shapes


def _within(
    curve: Logistic, x_range: tuple[float, float], y_range: tuple[float, float], place: _Place
) -> tuple[tuple[float, float], ...]:
    x = np.linspace(*x_range, 200)
    y = curve(x)
    inside = (y >= y_range[0]) & (y <= y_range[1])
    return tuple(place(float(across), float(up)) for across, up in zip(x[inside], y[inside], strict=True))


def _legend(names: Sequence[str], colours: dict[str, str]) -> list[Shape]:
    shown = list(names[:_MOST_NAMES])
    shapes: list[Shape] = []
    for number, name in enumerate(shown):
        y = _TOP + 16 + 18 * number
        shapes += [
            Dot(_LEFT + 16, y, colours[name], 5),
            Label(_LEFT + 28, y, name or "(no subset)", anchor="start"),
        ]
    if len(names) > len(shown):
        y = _TOP + 16 + 18 * len(shown)
        shapes.append(Label(_LEFT + 28, y, f"and {len(names) - len(shown)} more", anchor="start"))
    return shapes
