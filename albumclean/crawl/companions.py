"""Which files of a folder are one photo. Pure: names and sizes in, assets out; nothing is opened here.

A companion moves with its photo, so a wrong companion is a lost file, while a missed one is only left behind.
Whatever is in doubt is therefore left over:

- The moving half of a Live Photo is found by Apple's identifier, else by name (`crawl.live`). A Live Photo is 3 seconds
  and takes 2 to 10 MB; anything of LIVE_VIDEO_LIMIT or more is a film of its own. Only formats that phones take Live
  Photos in own one.
- A RAW belongs to the JPEG or HEIC of the same name that the camera wrote with it, not to a PNG or TIFF made from it.
- An edit that a phone or a service keeps beside the original belongs to that (`crawl.edits`), with all that is its own.
- A sidecar that names the whole file (`IMG.jpg.xmp`) goes there; one that names the stem (`IMG.xmp`) goes to the
  HEIC, else the JPEG, else the RAW, else another photo of that stem, the same upper and lower case first. How other
  programs develop a photo (`IMG.on1`) goes by the stem only where there is one photo of that.
- Takeout JSON is matched by Google's rules (`crawl.takeout`); a name that fits two photos fits none.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from albumclean.crawl import live
from albumclean.crawl.edits import find_edits
from albumclean.crawl.kinds import Kind, kind_of, split_name
from albumclean.crawl.live import Clip, Identifiers
from albumclean.crawl.takeout import ClippedNames, photo_names, photo_stem
from albumclean.domain import Asset, Companion, CompanionKind, FileIdentity, RootRole

LIVE_VIDEO_LIMIT = 30_000_000  # bytes

_LIVE_OWNERS = frozenset({Kind.HEIF, Kind.JPEG})
_EVERY_KIND = frozenset(Kind)
_SIDECARS = {
    Kind.XMP: CompanionKind.XMP,
    Kind.AAE: CompanionKind.AAE,
    Kind.THM: CompanionKind.THUMBNAIL,
    Kind.SETTINGS: CompanionKind.SETTINGS,
}
_COMPANION_ORDER = {kind: place for place, kind in enumerate(CompanionKind)}

_APPLE_EDIT = re.compile(r"(IMG_)([OE])(\d+)", re.IGNORECASE)
_DARKTABLE_COPY = re.compile(r"(.+)_\d\d(\.[^.]+)", re.DOTALL)  # IMG_01.jpg.xmp: a second way to develop IMG.jpg
_PIXEL_RAW, _PIXEL_COVERS = ".RAW-02.ORIGINAL", (".RAW-01.COVER", ".RAW-01.MP.COVER")


@dataclass(frozen=True, slots=True)
class Grouping:
    """One folder's files: each is in exactly one asset or in the leftovers."""

    assets: tuple[Asset, ...]  # by name
    leftovers: tuple[FileIdentity, ...]  # no photos, by name: videos, sidecars without a photo, other files


def group_assets(
    entries: Iterable[FileIdentity], role: RootRole = RootRole.NORMAL, identifiers: Identifiers | None = None
) -> Grouping:
    """Group the files of one folder into assets; the result does not depend on their order.

    `identifiers` gives the ContentIdentifier of a file; without it Live Photos are found by name alone.
    """
    return _Folder(entries, identifiers).grouping(role)


class _Folder:
    def __init__(self, entries: Iterable[FileIdentity], identifiers: Identifiers | None) -> None:
        self._files = {file.path.name: file for file in sorted(entries, key=lambda file: os.fsencode(file.path.name))}
        self._identifiers = identifiers
        self._by_kind: dict[Kind, list[str]] = {kind: [] for kind in Kind}
        for name in self._files:
            if kind := kind_of(name):
                self._by_kind[kind].append(name)
        self._companions: dict[str, list[Companion]] = {}  # by the name of the primary, in the order of names
        self._owner_by_name: dict[str, str] = {}  # a photo's, edit's, twin's or video's full name -> its primary
        self._owner_by_folded_name: dict[str, str] = {}  # the same in lower case
        self._photos_by_stem: dict[str, list[str]] = {}  # a stem in lower case -> photos, edits among them
        self._clippable: ClippedNames | None = None

    def grouping(self, role: RootRole) -> Grouping:
        for kind in (Kind.HEIF, Kind.JPEG, Kind.PICTURE):
            for name in self._by_kind[kind]:
                self._add_primary(name)
        self._place_raws()
        self._place_edits()
        self._place_videos()
        for kind, companion in _SIDECARS.items():
            for name in self._by_kind[kind]:
                self._attach(self._sidecar_owner(name, kind), name, companion)
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
        self._photos_by_stem.setdefault(split_name(name)[0].lower(), []).append(name)
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
            stems = _raw_stems(split_name(name)[0])
            owner = next((owner for stem in stems if (owner := self._stem_owner(stem, _LIVE_OWNERS))), None)
            if owner is None:
                alone.append(name)  # a photo of its own
            else:
                self._attach(owner, name, CompanionKind.RAW)
                self._own(name, owner)
        for name in alone:
            self._add_primary(name)

    def _place_edits(self) -> None:
        # What has a RAW of its own was taken by a camera, and a RAW was made by nobody's hand.
        kinds = (Kind.HEIF, Kind.JPEG, Kind.PICTURE)
        candidates = (name for kind in kinds for name in self._by_kind[kind] if not self._companions[name])
        edits = find_edits(candidates, self._companions)
        for edit, original in edits.items():
            del self._companions[edit]
            self._owner_by_name[edit] = original
            if self._owner_by_folded_name[edit.lower()] == edit:
                self._owner_by_folded_name[edit.lower()] = original
            self._attach(original, edit, CompanionKind.EDIT)

    def _place_videos(self) -> None:
        owners = {name: self._owner_by_name[name] for kind in (Kind.HEIF, Kind.JPEG) for name in self._by_kind[kind]}
        clips = [
            Clip(name, tuple(self._namesakes(name)))
            for name in (self._by_kind[Kind.VIDEO] if owners else ())
            if self._files[name].size < LIVE_VIDEO_LIMIT
        ]
        for video, photo in live.pair(clips, owners, self._files, self._identifiers).items():
            owner = self._owner_by_name[photo]
            self._attach(owner, video, CompanionKind.LIVE_VIDEO)
            self._own(video, owner)

    def _namesakes(self, video: str) -> Iterator[tuple[int, str]]:
        for place, stem in _live_stems(video):
            for photo in self._of_stem(stem, _LIVE_OWNERS):
                yield 2 * place + (stem != split_name(photo)[0]), photo

    def _named_owner(self, name: str) -> str | None:
        return self._owner_by_name.get(name) or self._owner_by_folded_name.get(name.lower())

    def _of_stem(self, stem: str, kinds: frozenset[Kind] = _EVERY_KIND) -> list[str]:
        """The photos of a stem, the one first that owns what they share."""
        fitting = [name for name in self._photos_by_stem.get(stem.lower(), ()) if kind_of(name) in kinds]
        return sorted(fitting, key=lambda name: _rank(name, stem)) if len(fitting) > 1 else fitting

    def _stem_owner(self, stem: str, kinds: frozenset[Kind] = _EVERY_KIND) -> str | None:
        photos = self._of_stem(stem, kinds)
        return self._owner_by_name[photos[0]] if photos else None

    def _only_owner(self, stem: str) -> str | None:
        """The photo that all files of a stem belong to, if there is one alone."""
        owners = {self._owner_by_name[name] for name in self._of_stem(stem)}
        return owners.pop() if len(owners) == 1 else None

    def _sidecar_owner(self, name: str, kind: Kind) -> str | None:
        stem = split_name(name)[0]
        if owner := self._named_owner(stem):
            return owner
        if kind is Kind.SETTINGS:
            return self._only_owner(stem)
        if owner := self._stem_owner(stem):
            return owner
        # Apple's importers write the edits of IMG_1234 to IMG_O1234.AAE (the original's) or IMG_E1234.AAE.
        if kind is Kind.AAE and (edit := _APPLE_EDIT.fullmatch(stem)):
            return self._stem_owner(edit[1] + edit[3])
        if kind is Kind.XMP and (copy := _DARKTABLE_COPY.fullmatch(stem)):
            photo = copy[1] + copy[2]
            return self._owner_by_name.get(photo) if f"{photo}.xmp" in self._files else None
        return None

    def _takeout_owner(self, name: str) -> str | None:
        base = split_name(name)[0]
        for photo in photo_names(base):
            if owner := self._named_owner(photo):
                return owner
        if stem := photo_stem(base):
            return self._only_owner(stem)
        if self._clippable is None:  # by now all photos have their owners
            self._clippable = ClippedNames(self._owner_by_name)
        owners: set[str] = set()
        for photo in self._clippable.fitting(base):
            owners.add(self._owner_by_name[photo])
            if len(owners) > 1:
                return None
        return owners.pop() if owners else None


def _rank(name: str, stem: str) -> tuple[bool, int, bytes]:
    kind = kind_of(name)
    return split_name(name)[0] != stem, kind.value if kind else len(Kind), os.fsencode(name)


def _raw_stems(stem: str) -> Iterator[str]:
    """The stems of the picture that a camera or a Pixel wrote with a RAW, most likely first."""
    yield stem
    if stem.endswith(_PIXEL_RAW):
        for cover in _PIXEL_COVERS:
            yield stem.removesuffix(_PIXEL_RAW) + cover
    elif stem.startswith("PXL_"):
        yield f"{stem}.MP"


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
