"""Which files of a folder are one photo. Pure: names and sizes in, assets out; nothing is opened.

A companion moves with its photo, so a wrong companion is a lost file, while a missed one is only left behind.
Whatever is in doubt is therefore left over:

- A moving half of a Live Photo is found by name. Cameras and phones number photos and videos alike, and folders merged
  from two phones hold an unrelated `IMG_0001.MOV` beside `IMG_0001.JPG`. A Live Photo is 3 seconds and takes 2 to 10
  MB; anything of LIVE_VIDEO_LIMIT or more is a film of its own. Only formats that phones take Live Photos in own one.
- A RAW belongs to the JPEG or HEIC of the same name that the camera wrote with it, not to a PNG or TIFF made from it.
- A sidecar that names the whole file (`IMG.jpg.xmp`) goes there; one that names the stem (`IMG.xmp`) goes to the
  HEIC, else the JPEG, else the RAW, else another photo of that stem, the same upper and lower case first.
- Takeout JSON is matched from the photo's name by Google's rules; a name that fits two photos fits none.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from albumclean.crawl.kinds import Kind, kind_of, split_name
from albumclean.domain import Asset, Companion, CompanionKind, FileIdentity, RootRole

LIVE_VIDEO_LIMIT = 30_000_000  # bytes

_LIVE_OWNERS = frozenset({Kind.HEIF, Kind.JPEG})
_SIDECARS = {Kind.XMP: CompanionKind.XMP, Kind.AAE: CompanionKind.AAE, Kind.THM: CompanionKind.THUMBNAIL}
_COMPANION_ORDER = {kind: place for place, kind in enumerate(CompanionKind)}

_SUPPLEMENT = "supplemental-metadata"
_NUMBERED = re.compile(r"(.+)(\(\d+\))", re.DOTALL)
_CLIPPED_FROM = 45  # characters of a Takeout name, without ".json", from which Google may have cut the photo's own name
_APPLE_EDIT = re.compile(r"(IMG_)([OE])(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Grouping:
    """One folder's files: each is in exactly one asset or in the leftovers."""

    assets: tuple[Asset, ...]  # by name
    leftovers: tuple[FileIdentity, ...]  # no photos, by name: videos, sidecars without a photo, other files


def group_assets(entries: Iterable[FileIdentity], role: RootRole = RootRole.NORMAL) -> Grouping:
    """Group the files of one folder into assets; the result does not depend on their order."""
    return _Folder(entries).grouping(role)


class _Folder:
    def __init__(self, entries: Iterable[FileIdentity]) -> None:
        self._files = {file.path.name: file for file in sorted(entries, key=lambda file: os.fsencode(file.path.name))}
        self._by_kind: dict[Kind, list[str]] = {kind: [] for kind in Kind}
        for name in self._files:
            if kind := kind_of(name):
                self._by_kind[kind].append(name)
        self._companions: dict[str, list[Companion]] = {}  # by the name of the primary, in the order of names
        self._owner_by_name: dict[str, str] = {}  # a photo's, twin's or video's full name -> its primary
        self._owner_by_folded_name: dict[str, str] = {}  # the same in lower case
        self._clippable: dict[str, list[str]] | None = None
        self._owners_by_stem: dict[str, list[str]] = {}  # a stem in lower case -> primaries

    def grouping(self, role: RootRole) -> Grouping:
        for kind in (Kind.HEIF, Kind.JPEG, Kind.PICTURE):
            for name in self._by_kind[kind]:
                self._add_primary(name)
        self._place_raws()
        self._place_videos()
        for kind, companion in _SIDECARS.items():
            for name in self._by_kind[kind]:
                self._attach(self._sidecar_owner(name), name, companion)
        for name in self._by_kind[Kind.JSON]:
            self._attach(self._takeout_owner(name), name, CompanionKind.TAKEOUT_JSON)
        return self._result(role)

    def _result(self, role: RootRole) -> Grouping:
        assets, taken = [], set(self._companions)
        for name in sorted(self._companions, key=os.fsencode):
            companions = sorted(self._companions[name], key=lambda companion: _COMPANION_ORDER[companion.kind])
            taken.update(companion.file.path.name for companion in companions)
            assets.append(Asset(self._files[name], tuple(companions), role))
        return Grouping(tuple(assets), tuple(file for name, file in self._files.items() if name not in taken))

    def _add_primary(self, name: str) -> None:
        self._companions[name] = []
        self._owners_by_stem.setdefault(split_name(name)[0].lower(), []).append(name)
        self._own(name, name)

    def _own(self, name: str, owner: str) -> None:
        self._owner_by_name[name] = owner
        self._owner_by_folded_name.setdefault(name.lower(), owner)

    def _attach(self, owner: str | None, name: str, kind: CompanionKind) -> None:
        if owner is not None:
            self._companions[owner].append(Companion(kind, self._files[name]))

    def _place_raws(self) -> None:
        alone = []
        for name in self._by_kind[Kind.RAW]:
            owner = self._stem_owner(split_name(name)[0], _LIVE_OWNERS)
            if owner is None:
                alone.append(name)  # a photo of its own, which the decoder then reports
            else:
                self._attach(owner, name, CompanionKind.RAW)
                self._own(name, owner)
        for name in alone:
            self._add_primary(name)

    def _place_videos(self) -> None:
        """Give each photo at most one video: the first of the names in which they are known to come."""
        claims: dict[str, list[tuple[int, str]]] = {}
        for name in self._by_kind[Kind.VIDEO]:
            if self._files[name].size >= LIVE_VIDEO_LIMIT:
                continue
            for place, stem in _live_stems(name):
                owner = self._stem_owner(stem, _LIVE_OWNERS)
                if owner is not None:
                    exact = stem == split_name(owner)[0]
                    claims.setdefault(owner, []).append((2 * place + (not exact), name))
                    break
        for owner, candidates in claims.items():
            video = min(candidates, key=lambda candidate: (candidate[0], os.fsencode(candidate[1])))[1]
            self._attach(owner, video, CompanionKind.LIVE_VIDEO)
            self._own(video, owner)

    def _named_owner(self, name: str) -> str | None:
        return self._owner_by_name.get(name) or self._owner_by_folded_name.get(name.lower())

    def _stem_owner(self, stem: str, kinds: frozenset[Kind] = frozenset(Kind)) -> str | None:
        def order(name: str) -> tuple[bool, int, bytes]:
            kind = kind_of(name)
            return split_name(name)[0] != stem, kind.value if kind else len(Kind), os.fsencode(name)

        fitting = [name for name in self._owners_by_stem.get(stem.lower(), ()) if kind_of(name) in kinds]
        return min(fitting, key=order, default=None)

    def _sidecar_owner(self, name: str) -> str | None:
        stem = split_name(name)[0]
        owner = self._named_owner(stem) or self._stem_owner(stem)
        # Apple's importers write the edits of IMG_1234 to IMG_O1234.AAE (the original's) or IMG_E1234.AAE.
        if owner is None and kind_of(name) is Kind.AAE and (edit := _APPLE_EDIT.fullmatch(stem)):
            owner = self._stem_owner(edit[1] + edit[3])
        return owner

    def _takeout_owner(self, name: str) -> str | None:
        base = split_name(name)[0]
        for photo in _takeout_photos(base):
            if owner := self._named_owner(photo):
                return owner
        plain, number = _without_number(base)
        if len(plain) < _CLIPPED_FROM:
            return None
        names = self._long_names().get(number, [])
        fitting: set[str] = set()
        for place in range(bisect_left(names, plain), len(names)):
            if not names[place].startswith(plain) or len(fitting) > 1:
                break
            if _was_clipped_to(names[place], plain, number):
                fitting.add(self._owner_by_name[names[place]])
        return fitting.pop() if len(fitting) == 1 else None

    def _long_names(self) -> dict[str, list[str]]:
        """The names that Google may have clipped, by their number, in order, and all of them under "".

        Made when the first sidecar asks, as all photos have their owners by then.
        """
        if self._clippable is None:
            self._clippable = {"": sorted(name for name in self._owner_by_name if len(name) >= _CLIPPED_FROM)}
            for name in self._clippable[""]:
                if number := _without_number(split_name(name)[0])[1]:
                    self._clippable.setdefault(number, []).append(name)
        return self._clippable


def _live_stems(name: str) -> Iterator[tuple[int, str]]:
    """The stems of the photo that a video may belong to, most likely first, each with its place in that order."""
    stem, extension = split_name(name)
    if extension == "mov":
        yield 0, stem
        if stem.upper().endswith("_HEVC"):  # icloudpd: IMG_1234.HEIC with IMG_1234_HEVC.MOV
            yield 2, stem[: -len("_HEVC")]
    elif extension == "mp4":
        yield 1, stem
    else:  # Takeout of a Pixel's motion photo: PXL_1.MP.jpg with PXL_1.MP
        yield 3, name


def _without_number(base: str) -> tuple[str, str]:
    match = _NUMBERED.fullmatch(base)
    return (match[1], match[2]) if match else (base, "")


def _was_clipped_to(photo: str, plain: str, number: str) -> bool:
    """Whether Google may have cut a photo's name to `plain`, in which a number may lie that is part of the title."""
    body, own_number = _without_number(split_name(photo)[0])
    if number:
        return own_number == number and body.startswith(plain)
    return photo.startswith(plain) and (not own_number or len(plain) > len(body))


def _takeout_photos(base: str) -> Iterator[str]:
    """The names of the photo that Google's `base + ".json"` may describe, most likely first.

    `IMG.jpg.json`, since 2024 `IMG.jpg.supplemental-metadata.json`, whose base is cut at 46 characters
    (`.supplemental-me`, `.su`); the number of a repeated name stands last (`IMG.jpg(1).json` or
    `IMG.jpg.supplemental-metadata(1).json` for `IMG(1).jpg`).
    """
    yield base
    if trimmed := _without_supplement(base):
        yield trimmed
    plain, number = _without_number(base)
    if number:
        for photo in (plain, _without_supplement(plain)):
            if photo:
                stem, dot, extension = photo.rpartition(".")
                if dot:
                    yield f"{stem}{number}.{extension}"


def _without_supplement(base: str) -> str | None:
    photo, dot, tail = base.rpartition(".")
    return photo if dot and _SUPPLEMENT.startswith(tail.lower()) else None
