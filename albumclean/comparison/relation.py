"""Whether two photos are one shot: their places in each other, their structure block by block, and their noise.

What tells copies from other shots of one scene, in this order: an affine map puts every corner of a copy in its place
to a fraction of a pixel, while the parallax, turn and motion between two shots do not fit one; a copy shows the same
structure in every block but those under a caption or sticker; and the noise of its flat places is the source's.
When in doubt two photos are different: a false copy can cost somebody a photo.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from albumclean.comparison.alignment import Alignment, by_keypoints, by_turns
from albumclean.comparison.grain import Grain, grain_of
from albumclean.comparison.overlap import grid_of, overlap_on
from albumclean.comparison.planes import Luma, Matrix, inverse
from albumclean.comparison.sides import Side
from albumclean.comparison.structure import Structure, structure_of
from albumclean.comparison.tracking import Tracks, track
from albumclean.domain import Relation

_EQUAL = 2.0  # grey levels on average: one picture, scaled down by two decoders, lies within half of it
_SMALL, _FIRST, _LAST = 160, 448, 1024  # pixels of the grid's long side
_SOME = 0.3  # share of the corners that must agree for a place to be worth refining
_FULL = 1 << 20  # pixels: no limit
_AGREEING = 0.8  # share of the corners that agree with one map
_SPREADS = (0.2, 0.45)  # pixels, on the smallest grids and on the full one; as pictures shrink, so does parallax
_DRIFT, _DRIFT_SHARED = 0.1, 0.15  # pixels, without and with proof from the grain
_TELLING = 12  # blocks with structure, fewer of which prove nothing
_CHANGED, _CHANGED_COVERED = 0.01, 0.3  # share of the blocks that may differ, without and with proof from the grain
_CHANGED_DRAWN = 0.15  # where only faint noise is shared, or nothing tells but that the difference looks drawn
_DRAWN, _STILL = 0.25, 0.1  # difference of smooth, black and white pixels; share of blocks found further on
_CHANGED_EXPLAINED = 0.25  # where few tones explain what changed, and everything else is in its place
_UNEXPLAINED, _SCENERY = 0.18, 0.3  # share of the changed pixels that may be left; that more likely shows a scene
_EXACT, _UNANIMOUS = 0.2, 0.95  # pixels, and share of the corners: as corners of such copies fit
_PLAIN = 0.3  # share of one tone that makes a picture a page or a screen: of these nothing may differ
_BARE, _WRITTEN = 0.5, 0.48  # shares of one tone, and of paper around what shows something, that photos may have
_PAGE = 0.62  # share of paper that hardly any photo has
_MOVED = 0.35  # share of the changed blocks found a little further on
_FINE = 0.3  # correlation of fine structure that even heavy compression leaves
_WIDE = 31  # pixels: windows in which grain averages out
_SHAKEN = (0.5, 0.7, 0.12)  # share that agrees, spread and drift, beyond which it is not grain that moves the corners


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """What the pixels say."""

    relation: Relation
    likeness: float  # in [0, 1]: the mean of SSIM's structure term over what both show; 0 where they can't be aligned
    alignment: Alignment | None  # of `other` in `one`; None where they are different


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Everything that was measured of two pictures in one place of each other."""

    alignment: Alignment
    tracks: Tracks
    structure: Structure
    grain: Grain
    longest: int  # pixels of the long side of the grid on which they were compared

    @property
    def is_copy(self) -> bool:
        """Whether it is beyond doubt that both come from one shot."""
        return self.is_in_place and self.looks_the_same

    @property
    def is_in_place(self) -> bool:
        """Whether one map takes every corner to where it is."""
        return (
            self.tracks.agreeing >= _AGREEING
            and self.tracks.spread <= self._spread
            and self.tracks.drift <= (_DRIFT_SHARED if self.grain.is_shared else _DRIFT)
        )

    @property
    def is_shaken(self) -> bool:
        """Whether it may be strewn or compressed grain alone that takes corners from their place.

        Not on small grids, where wide windows level out the parallax of other shots as well.
        """
        agreeing, spread, drift = _SHAKEN
        near = self.tracks.agreeing >= agreeing and self.tracks.spread <= spread and self.tracks.drift <= drift
        return near and self.longest >= _FIRST and not self.is_in_place

    @property
    def looks_the_same(self) -> bool:
        """Whether structure and noise are those of one shot."""
        structure = self.structure
        return (
            ((structure.telling >= _TELLING and structure.fine >= _FINE) or self.grain.is_identical)
            and not self.grain.is_foreign
            and structure.changed_share <= self._tolerance
            and (structure.changes.moved <= _MOVED or structure.changed_share <= _CHANGED)
        )

    @property
    def _spread(self) -> float:
        return float(np.interp(self.longest, (_SMALL, _LAST), _SPREADS))

    @property
    def _tolerance(self) -> float:
        structure, changes = self.structure, self.structure.changes
        if self.grain.is_identical:
            return _CHANGED_COVERED
        exact = self.tracks.spread <= _EXACT
        photo = structure.plain <= _BARE and changes.written <= _WRITTEN
        if photo and exact and self.tracks.agreeing >= _UNANIMOUS and changes.unexplained <= _UNEXPLAINED:
            return _CHANGED_EXPLAINED
        if structure.plain > _PLAIN:
            return 0.0
        if self.grain.is_shared:
            return _CHANGED_COVERED
        likely = self.grain.is_shared_faintly or changes.drawn >= _DRAWN
        scenery = changes.moved > _STILL or changes.unexplained > _SCENERY
        page = changes.written > _PAGE
        return _CHANGED_DRAWN if likely and exact and not scenery and not page else _CHANGED


def relate(one: Side, other: Side) -> Finding:
    """Compare the pixels. Depends on the order of the sides in rounding only; on nothing else."""
    if _same_pixels(one, other):
        return Finding(Relation.SAME_PIXELS, 1.0, Alignment.of(np.eye(3)))
    evidence = examine(Luma.of(one.image), Luma.of(other.image))
    if evidence is None:
        return Finding(Relation.DIFFERENT, 0.0, None)
    if evidence.is_copy:
        return Finding(Relation.DERIVED, evidence.structure.likeness, evidence.alignment)
    return Finding(Relation.DIFFERENT, evidence.structure.likeness, None)


def examine(one: Luma, other: Luma) -> Evidence | None:
    """The evidence at the best place of `other` in `one`; None where they can't be aligned."""
    for placed in _placed(one, other):
        found = _evidence(one, other, placed)
        if found is None:
            continue
        if found.is_shaken and found.looks_the_same:
            last = _refined(one, other, found.alignment.matrix, longest=_LAST, window=_WIDE, levels=1)
            return _evidence(one, other, last) or found
        return found
    return None


def may_match(one: Luma, other: Luma) -> bool:
    """Whether a place can be found for the one in the other: a first glance, for which small pictures will do.

    Where this is false for pictures of some 640 pixels on the short side, hardly any pair would be found alike at full
    size, as the search for a place looks at 448 pixels of the long side. Flat and dark pictures have no place in each
    other, and may still be the same: what can't be told from the other at a small size is left to the close look.
    """
    if one.size == other.size and float(cv2.absdiff(one.full, other.full).mean()) <= _EQUAL:
        return True
    return next(_roughly_placed(one, other), None) is not None


def place(one: Luma, other: Luma) -> Alignment | None:
    """Where `other` lies in `one`, of pictures that are known to show one shot; None where they can't be aligned."""
    return next((Alignment.of(placed[0]) for placed in _placed(one, other) if placed is not None), None)


def _placed(one: Luma, other: Luma) -> Iterator[tuple[Matrix, Tracks] | None]:
    for matrix in _roughly_placed(one, other):
        yield _refined(one, other, matrix, longest=_LAST, window=15, levels=1)


def _roughly_placed(one: Luma, other: Luma) -> Iterator[Matrix]:
    for search in (by_turns, by_keypoints):
        near = search(one, other)
        if near is None:
            continue
        first = _refined(one, other, near.matrix, longest=_FIRST, window=21, levels=3)
        if first is not None and first[1].agreeing >= _SOME:
            yield first[0]


def _evidence(one: Luma, other: Luma, refined: tuple[Matrix, Tracks] | None) -> Evidence | None:
    if refined is None:
        return None
    matrix, tracks = refined
    grid, full = grid_of(one, other, matrix, _LAST), grid_of(one, other, matrix, _FULL)
    if grid is None or full is None:
        return None
    structure = structure_of(overlap_on(one, other, grid))
    factor = full.width / grid.width
    return Evidence(
        alignment=Alignment.of(matrix),
        tracks=tracks,
        structure=structure,
        grain=grain_of(one, other, full, structure.flat * factor, round(structure.side * factor)),
        longest=max(grid.width, grid.height),
    )


def _refined(
    one: Luma, other: Luma, matrix: Matrix, *, longest: int, window: int, levels: int
) -> tuple[Matrix, Tracks] | None:
    grid = grid_of(one, other, matrix, longest)
    if grid is None:
        return None
    tracks = track(overlap_on(one, other, grid), window, levels)
    if tracks is None:
        return None
    return inverse(grid.from_one) @ inverse(tracks.map) @ grid.from_other, tracks


def _same_pixels(one: Side, other: Side) -> bool:
    same_size = (one.photo.width, one.photo.height) == (other.photo.width, other.photo.height)
    if not same_size or one.image.size != other.image.size:
        return False
    return bool(np.array_equal(np.asarray(one.image), np.asarray(other.image)))
