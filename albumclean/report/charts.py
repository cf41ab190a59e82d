"""Where the bars of a report's charts stand, in the units of their SVG views; no drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from albumclean.report.summary import BINS, Amount, Line

WIDTH, HEIGHT = 600.0, 150.0  # of the area of the bars
_MERGED = 2  # bins of the summary in one bar: fifty bars can be told apart on a phone
_GAP = 0.18  # share of a bar's place that stays free


@dataclass(frozen=True, slots=True)
class Bar:
    """A column that stands on the line, with a part of it in another colour."""

    label: str
    x: float
    width: float
    top: float  # from above
    height: float
    part_top: float
    part_height: float
    photos: int
    part: int


def score_bars(scores: Sequence[Amount], proposed: Sequence[int]) -> list[Bar]:
    """One bar for every 0.02 of score: all photos, and those of them that are proposed."""
    edges = range(0, BINS, _MERGED)
    wholes = [sum(amount.photos for amount in scores[edge : edge + _MERGED]) for edge in edges]
    parts = [sum(proposed[edge : edge + _MERGED]) for edge in edges]
    labels = [f"{edge / BINS:.2f} to {(edge + _MERGED) / BINS:.2f}" for edge in edges]
    return _bars(labels, wholes, parts)


def year_bars(years: dict[int | None, Line]) -> list[Bar]:
    """One bar for every year from the first to the last of which a photo is known, empty years included."""
    named = [year for year in years if year is not None]
    if not named:
        return []
    every = range(min(named), max(named) + 1)
    lines = [years.get(year, Line()) for year in every]
    wholes = [line.known.photos for line in lines]
    parts = [line.going.photos + line.doubtful.photos for line in lines]
    return _bars([str(year) for year in every], wholes, parts)


def share(value: int, largest: int) -> float:
    """The length of a lying bar in per cent of the longest; what is there can be seen."""
    return round(max(100 * value / largest, 0.5), 2) if value and largest else 0.0


def _bars(labels: Sequence[str], wholes: Sequence[int], parts: Sequence[int]) -> list[Bar]:
    highest = max((*wholes, 1))
    step = WIDTH / len(wholes)
    bars = []
    for place, (label, whole, part) in enumerate(zip(labels, wholes, parts, strict=True)):
        height, part_height = (round(max(HEIGHT * n / highest, 1.0), 2) if n else 0.0 for n in (whole, part))
        bars.append(
            Bar(
                label=label,
                x=round(place * step + step * _GAP / 2, 2),
                width=round(step * (1 - _GAP), 2),
                top=round(HEIGHT - height, 2),
                height=height,
                part_top=round(HEIGHT - part_height, 2),
                part_height=part_height,
                photos=whole,
                part=part,
            )
        )
    return bars
