"""Parting photos that look alike into copies of one shot, and shots of one moment.

Looking alike is not enough to call a photo a copy: the frames of a burst differ less than an edit does. The rules:

- Photos whose capture times differ are different shots, whatever they look like.
- Photos of the same capture time with fractions of a second are one shot.
- Otherwise (no time on one side, or whole seconds only, in which a burst fits) only very close likeness makes a copy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

import numpy as np
import numpy.typing as npt

from albumclean.domain import PhotoFacts
from albumclean.similar.index import FingerprintIndex, Likeness

# Measured on BIQ2021: 98 % of recompressed and resized copies lie within, 1 % of the pairs of a focus series do.
_COPY_PHASH = 2  # bits
_COPY_DHASH = 5  # bits
_COPY_LAYOUT = 1.5  # of 255
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # EXIF knows no zone; one is as good as another for differences
_SECOND = timedelta(seconds=1)
_MOMENT = 120 * 1_000_000  # microseconds


@dataclass(frozen=True, slots=True)
class Content:
    """One content with every asset that holds it; the unit of grouping."""

    content_hash: bytes
    position: int | None  # in the index; None if it has no fingerprint
    assets: tuple[PhotoFacts, ...]  # at least one, in the order of their paths

    @property
    def taken_at(self) -> datetime | None:
        """The EXIF capture time, or None if there is none or it is not a date."""
        photo = self.assets[0].photo
        if photo is None or photo.taken_at is None:
            return None
        try:
            return datetime.fromisoformat(photo.taken_at).replace(tzinfo=UTC)
        except ValueError:
            return None

    @property
    def camera(self) -> str | None:
        """Make and model, or None if unknown."""
        photo = self.assets[0].photo
        return photo.camera if photo else None


def part_shots(index: FingerprintIndex, clique: Sequence[Content]) -> list[list[Content]]:
    """Partition photos that all look alike into shots: copies of each other, every pair by the rules above."""
    return _partition(index, clique, _one_shot)


def part_moments(index: FingerprintIndex, clique: Sequence[Content]) -> list[list[Content]]:
    """Partition shots that all look alike into moments: known capture times lie within two minutes of each other."""
    return _partition(index, clique, _one_moment)


@dataclass(frozen=True, slots=True)
class _Table:
    """The capture facts of some contents in arrays, so that one is compared with many at once."""

    position: npt.NDArray[np.intp]
    dated: npt.NDArray[np.bool_]
    second: npt.NDArray[np.int64]  # since the epoch
    micro: npt.NDArray[np.int64]  # microseconds of the second; 0: unknown
    camera: npt.NDArray[np.intp]  # a number for each name; 0: unknown

    @classmethod
    def of(cls, contents: Sequence[Content]) -> Self:
        times = [content.taken_at for content in contents]
        cameras = {name: number for number, name in enumerate(dict.fromkeys([None, *(one.camera for one in contents)]))}
        return cls(
            position=np.array([-1 if one.position is None else one.position for one in contents], dtype=np.intp),
            dated=np.array([time is not None for time in times], dtype=np.bool_),
            second=np.array([(time - _EPOCH) // _SECOND if time else 0 for time in times], dtype=np.int64),
            micro=np.array([time.microsecond if time else 0 for time in times], dtype=np.int64),
            camera=np.array([cameras[one.camera] for one in contents], dtype=np.intp),
        )


# For one content of the table: with which of those before it does it go together?
_Together = Callable[[_Table, int, Likeness], npt.NDArray[np.bool_]]


def _one_shot(table: _Table, one: int, likeness: Likeness) -> npt.NDArray[np.bool_]:
    both_dated = table.dated[:one] & table.dated[one]
    same_second = table.second[:one] == table.second[one]
    fractions = both_dated & (table.micro[:one] > 0) & (table.micro[one] > 0)
    same_time = fractions & same_second & (table.micro[:one] == table.micro[one])
    undecided = ~both_dated | (same_second & ~fractions)
    camera = table.camera[:one]
    one_camera = (camera == table.camera[one]) | (camera == 0) | (table.camera[one] == 0)
    very_close = (likeness.phash <= _COPY_PHASH) & (likeness.dhash <= _COPY_DHASH) & (likeness.layout <= _COPY_LAYOUT)
    together: npt.NDArray[np.bool_] = one_camera & (same_time | (undecided & very_close))
    return together


def _one_moment(table: _Table, one: int, _: Likeness) -> npt.NDArray[np.bool_]:
    apart = (table.second[:one] - table.second[one]) * 1_000_000 + table.micro[:one] - table.micro[one]
    together: npt.NDArray[np.bool_] = ~table.dated[:one] | ~table.dated[one] | (np.abs(apart) <= _MOMENT)
    return together


def _partition(index: FingerprintIndex, clique: Sequence[Content], together: _Together) -> list[list[Content]]:
    """Each content joins the nearest part in which it goes together with everyone, or opens a part of its own.

    Dated photos come first, in the order of time, so that an undated one can choose the nearest among all the shots.
    """
    if len(clique) < 2:
        return [list(clique)] if clique else []
    order = sorted(clique, key=lambda one: (one.taken_at is None, one.taken_at or _EPOCH, one.content_hash))
    table = _Table.of(order)
    parts: list[list[Content]] = []
    part_of = np.zeros(len(order), dtype=np.intp)
    for one, content in enumerate(order):
        likeness = index.likeness(int(table.position[one]), table.position[:one])
        refused = np.zeros(len(parts), dtype=np.bool_)
        refused[part_of[:one][~together(table, one, likeness)]] = True
        choices = np.flatnonzero(~refused[part_of[:one]])
        if len(choices):
            part_of[one] = part_of[choices[np.argmin(likeness.bits[choices])]]  # of equals the first: stable
            parts[part_of[one]].append(content)
        else:
            part_of[one] = len(parts)
            parts.append([content])
    return parts
