"""Which video of a folder is the moving half of which photo. Pure, but for the callable that knows identifiers.

Apple writes one ContentIdentifier into both halves of a Live Photo. Where a video has one it decides: folders merged
from two phones hold an `IMG_0001.MOV` beside an `IMG_0001.HEIC` that it has nothing to do with, and exports give one
half another name. A video without an identifier (other makers', or converted) is found by its name alone.

Identifiers cost a look into a file, so as few as possible are asked for: the videos', then the photos' of the same
name, and those of all other photos only if a video is still without its photo.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from albumclean.domain import FileIdentity

Identifiers = Callable[[FileIdentity], str | None]
"""The ContentIdentifier of a photo or a video; None if it has none or can't be read."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A video that may be half of a photo."""

    name: str
    namesakes: tuple[tuple[int, str], ...]  # photos that its name fits, the most likely first, each with its rank


@dataclass(frozen=True, slots=True)
class _Claim:
    by_name_only: bool  # weaker than by identifier
    rank: int
    video: str

    def order(self) -> tuple[bool, int, bytes]:
        return self.by_name_only, self.rank, os.fsencode(self.video)


_NO_RANK = 99  # of a pair whose names don't fit


def pair(
    clips: Sequence[Clip],
    photos: Mapping[str, str],
    files: Mapping[str, FileIdentity],
    identifiers: Identifiers | None,
) -> dict[str, str]:
    """Video -> its photo, each photo having one at most; the result does not depend on the order of `clips`.

    `photos`: the photos that may be half of a Live Photo -> the photo that each belongs to (itself, or the original of
    an edit). `files`: of all these names.
    """
    if not clips or not photos:
        return {}

    @cache
    def of(name: str) -> str | None:
        return identifiers(files[name]) if identifiers else None

    claims: dict[str, list[_Claim]] = {}

    def claim(photo: str, clip: Clip, rank: int, *, by_name_only: bool) -> None:
        claims.setdefault(photo, []).append(_Claim(by_name_only, rank, clip.name))

    lonely: list[Clip] = []
    for clip in clips:
        own = of(clip.name)
        known = next(((rank, photo) for rank, photo in clip.namesakes if own and of(photo) == own), None)
        if known:
            claim(known[1], clip, known[0], by_name_only=False)
        elif own:
            lonely.append(clip)
        elif clip.namesakes:
            claim(clip.namesakes[0][1], clip, clip.namesakes[0][0], by_name_only=True)
    if lonely:
        owners = _owners(photos, of, {wanted for clip in lonely if (wanted := of(clip.name))})
        for clip in lonely:
            found = owners.get(of(clip.name) or "", set())
            unmarked = next(((rank, photo) for rank, photo in clip.namesakes if of(photo) is None), None)
            if len(found) == 1:
                claim(next(iter(found)), clip, _NO_RANK, by_name_only=False)
            elif not found and unmarked:  # an editor has thrown away the photo's half of the identifier
                claim(unmarked[1], clip, unmarked[0], by_name_only=True)
    return {min(claimed, key=_Claim.order).video: photo for photo, claimed in claims.items()}


def _owners(photos: Mapping[str, str], of: Callable[[str], str | None], wanted: set[str]) -> dict[str, set[str]]:
    """Identifier -> the photos that have it; an edit, which keeps its original's, counts as that."""
    owners: dict[str, set[str]] = {}
    for name, owner in photos.items():
        if (own := of(name)) in wanted and own is not None:
            owners.setdefault(own, set()).add(owner)
    return owners
