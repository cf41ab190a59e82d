"""How Google Takeout names the JSON of a photo. Pure: names only.

`IMG.jpg.json`, since 2024 `IMG.jpg.supplemental-metadata.json`, whose part before `.json` is cut at 46 characters
(`.supplemental-me`, `.su`, even the photo's own name); the number of a repeated name stands last
(`IMG.jpg(1).json` or `IMG.jpg.supplemental-metadata(1).json` for `IMG(1).jpg`) and is never cut. Sometimes the photo's
extension is missing (`IMG.supplemental-metadata.json` for `IMG.jpg`).

Sources, as Google documents nothing: the lists of real names in the trackers of immich-go (issues 405, 613, 652, 673,
674, 756), ente (pull request 4956) and GooglePhotosTakeoutHelper (353, 449).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from albumclean.crawl.kinds import split_name, split_number

_SUPPLEMENT = "supplemental-metadata"
_CLIPPED_FROM = 45  # characters of a name, without ".json", from which Google may have cut the photo's own name


def photo_names(base: str) -> Iterator[str]:
    """The names of the photo that `base + ".json"` may describe, most likely first."""
    yield base
    if trimmed := _without_supplement(base):
        yield trimmed
    plain, number = split_number(base)
    if number:
        for photo in (plain, _without_supplement(plain)):
            if photo:
                stem, dot, extension = photo.rpartition(".")
                if dot:
                    yield f"{stem}{number}.{extension}"


def photo_stem(base: str) -> str | None:
    """The stem of the photo that `base + ".json"` describes without its extension; None if it does nothing the like.

    Only the whole supplement counts: `IMG.s` may be anything.
    """
    plain, number = split_number(base)
    stem, dot, tail = plain.rpartition(".")
    return stem + number if dot and stem and tail.lower() == _SUPPLEMENT else None


class ClippedNames:
    """The names of a folder that Google may have cut in those of their JSON."""

    def __init__(self, names: Iterable[str]) -> None:
        every = sorted(name for name in names if _units(name) >= _CLIPPED_FROM)
        # Name without its number, name; those of one number, and all of them as they are under "".
        self._by_number: dict[str, list[tuple[str, str]]] = {"": [(name, name) for name in every]}
        for name in every:
            body, number = split_number(split_name(name)[0])
            if number:
                bare = body + name[len(body) + len(number) :]
                self._by_number.setdefault(number, []).append((bare, name))
        for known in self._by_number.values():
            known.sort()

    def fitting(self, base: str) -> Iterator[str]:
        """The names that may have been cut to `base`, in order."""
        plain, number = split_number(base)
        if _units(plain) < _CLIPPED_FROM:
            return
        names = self._by_number.get(number, [])
        for place in range(bisect_left(names, (plain, "")), len(names)):
            bare, name = names[place]
            if not bare.startswith(plain):
                return
            if number or _is_unnumbered(name, plain):
                yield name


def _is_unnumbered(name: str, plain: str) -> bool:
    """Whether what looks like a number in the name is a part of its title, or is not there."""
    body, number = split_number(split_name(name)[0])
    return not number or len(plain) > len(body)


def _units(name: str) -> int:
    """How long Google takes it to be: in UTF-16, where an emoji counts twice."""
    return len(name) if name.isascii() else sum(1 + (letter > "\uffff") for letter in name)


def _without_supplement(base: str) -> str | None:
    photo, dot, tail = base.rpartition(".")
    return photo if dot and _SUPPLEMENT.startswith(tail.lower()) else None
