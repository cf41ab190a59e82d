"""Contents, the unit of grouping: one picture's bytes with every file that holds them."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from albumclean.domain import Photo, PhotoFacts


@dataclass(frozen=True, slots=True)
class Content:
    """One content with every asset that holds it."""

    content_hash: bytes
    assets: tuple[PhotoFacts, ...]  # at least one, in the order of their paths, a physical file once

    @property
    def photo(self) -> Photo | None:
        """What the bytes say; the same for all assets."""
        return self.assets[0].photo


def contents_of(facts: Iterable[PhotoFacts], apart: Collection[tuple[bytes, bytes]]) -> dict[bytes, Content]:
    """The contents of readable photos. One that is `apart` from itself has exact copies that are wanted: one file."""
    found: defaultdict[bytes, list[PhotoFacts]] = defaultdict(list)
    for each in facts:
        if each.failure is None and each.photo is not None:
            found[each.photo.content_hash].append(each)
    contents = {}
    for content_hash, assets in found.items():
        files = physical_files(assets)
        contents[content_hash] = Content(
            content_hash, tuple(files[:1] if (content_hash, content_hash) in apart else files)
        )
    return contents


def physical_files(assets: Iterable[PhotoFacts]) -> list[PhotoFacts]:
    """One of each physical file, in the order of paths; of several names an untouchable one comes first."""
    ordered = sorted(assets, key=lambda facts: os.fsencode(facts.path))
    seen: dict[object, PhotoFacts] = {}
    for facts in sorted(ordered, key=lambda facts: facts.untouchable is None):
        file = facts.asset.primary
        seen.setdefault((file.device, file.inode) if file.inode else file.path, facts)  # no inode: FAT and the like
    kept = {id(facts) for facts in seen.values()}
    return [facts for facts in ordered if id(facts) in kept]


def capture_time(photo: Photo) -> datetime | None:
    """The EXIF capture time, or None if there is none or it is not a date; in UTC, as EXIF knows no zone."""
    if photo.taken_at is None:
        return None
    try:
        return datetime.fromisoformat(photo.taken_at).replace(tzinfo=UTC)
    except ValueError:
        return None


def different_shots(one: Photo, other: Photo) -> bool:
    """Whether time or camera say that these can't be copies of one shot, whatever they look like.

    The frames of a burst differ less than an edit does, so what the camera wrote outranks the pixels.
    """
    if one.camera is not None and other.camera is not None and one.camera != other.camera:
        return True
    first, second = capture_time(one), capture_time(other)
    if first is None or second is None:
        return False
    if first.microsecond and second.microsecond:
        return first != second
    return first.replace(microsecond=0) != second.replace(microsecond=0)
