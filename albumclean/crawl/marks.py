"""What the user said of a photo in other programs, as far as it lies beside the photo: stars, favourites, albums.

XMP is read with expat itself rather than a tree: events need no memory, and a document type declaration, the door of
every XML attack, is refused in whatever encoding it comes. No XMP writer needs one.

A sidecar that can't be read may hide five stars, so it is a Failure that names it, and whoever proposes must leave
the photo alone.

Sources: XMP part 1 (ISO 16684-1); ExifTool's lists of XMP tags for the properties of digiKam, Microsoft, Lightroom
and Media Pro; RawPedia for RawTherapee's files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from xml.parsers import expat

from albumclean.crawl.albums import NO_NOTES, FolderNotes, clean_title
from albumclean.crawl.sidecar import MAX_SIDECAR_BYTES, BrokenSidecarError, content_of, failure_of, json_of
from albumclean.domain import Asset, CompanionKind, Failure, UserMarks

# Expat joins namespace and name with the separator that it is given.
_RATING = "http://ns.adobe.com/xap/1.0/ Rating"
_PERCENT = frozenset({"http://ns.microsoft.com/photo/1.0/ Rating", "http://ns.microsoft.com/photo/1.0 Rating"})
_PICK_LABEL, _ACCEPTED = "http://www.digikam.org/ns/1.0/ PickLabel", "3"
_PICK = "http://ns.adobe.com/xmp/1.0/DynamicMedia/ pick"  # Lightroom's flag: 1, 0 or -1
_ALBUM = "http://ns.adobe.com/xmp/1.0/DynamicMedia/ album"
_KEYWORDS = {  # lists of keywords, with what stands between the parts of one
    "http://www.digikam.org/ns/1.0/ TagsList": "/",
    "http://ns.adobe.com/lightroom/1.0/ hierarchicalSubject": "|",
    "http://ns.iview-multimedia.com/mediapro/1.0/ CatalogSets": "|",
    "http://purl.org/dc/elements/1.1/ subject": "|",
}
_WANTED = frozenset({_RATING, *_PERCENT, _PICK_LABEL, _PICK, _ALBUM, *_KEYWORDS})
_ALBUM_WORDS = frozenset(
    {
        "album", "albums", "alben", "álbum", "álbumes", "álbuns", "àlbum", "àlbums", "albumy", "albumi", "альбом",
        "альбомы", "アルバム", "相册", "相簿", "앨범",
    }
)  # fmt: skip
_STARS_FROM = (1, 13, 38, 63, 88)  # percent: Windows writes 1, 25, 50, 75 and 99
_MOST_ALBUMS = 100  # of one photo
_MAX_SETTINGS_BYTES = 32 << 20  # ON1 keeps its masks in them
# RawTherapee's and ART's `Rank=4`, DxO's `Rating = 4,`, Capture One's `K="Basic_Rating" V="4"`, ON1's `"rating": 4`.
_SETTINGS_RATING = re.compile(rb'(?mi)(?:^Rank\s*=\s*|\bRating"?\s*[=:]\s*|\bK="(?:Basic_)?Rating"\s+V=")(-?\d)\b')


def read_marks(asset: Asset, folder: FolderNotes = NO_NOTES) -> tuple[UserMarks, tuple[Failure, ...]]:
    """The marks in the photo's sidecars and in what its folder says; of ratings the highest. And the sidecars that
    can't be read.

    Never raises. After a Failure, what is missing from the marks is unknown, not absent; `unknown` is set then.
    """
    found = [_notes_of(asset, folder)]
    failures = []
    for companion in asset.companions:
        reader = _READERS.get(companion.kind)
        if reader is None:
            continue
        path = companion.file.path
        try:
            limit = _MAX_SETTINGS_BYTES if companion.kind is CompanionKind.SETTINGS else MAX_SIDECAR_BYTES
            found.append(reader(content_of(path, limit)))
        except (OSError, BrokenSidecarError) as error:
            failures.append(failure_of(path, error))
    return replace(_together(found), unknown=bool(failures) or folder.unknown), tuple(failures)


def _notes_of(asset: Asset, folder: FolderNotes) -> UserMarks:
    if folder.is_empty:
        return UserMarks()
    names = [file.path.name.lower() for file in asset.files]
    single = (album for name in names for album in folder.albums_of.get(name, ()))
    return UserMarks(favourite=not folder.favourites.isdisjoint(names), albums=(*folder.albums, *single))


def _together(found: Iterable[UserMarks]) -> UserMarks:
    found = tuple(found)
    return UserMarks(
        rating=max((marks.rating for marks in found if marks.rating is not None), default=None),
        favourite=any(marks.favourite for marks in found),
        albums=tuple(sorted({album for marks in found for album in marks.albums})[:_MOST_ALBUMS]),
    )


def _xmp_marks(content: bytes) -> UserMarks:
    values = list(_properties(content))
    ratings = [_stars(text) for name, text in values if name == _RATING]
    ratings += [_stars_of_percent(text) for name, text in values if name in _PERCENT]
    picked = any((name, text) in {(_PICK_LABEL, _ACCEPTED), (_PICK, "1")} for name, text in values)
    albums = [clean_title(text) for name, text in values if name == _ALBUM]
    albums += [album for name, text in values if name in _KEYWORDS and (album := _album_in(text, _KEYWORDS[name]))]
    return UserMarks(max(ratings, default=None), picked, albums=tuple(album for album in albums if album))


def _properties(content: bytes) -> list[tuple[str, str]]:
    """Name and text of each property that is wanted and not blank, whether attribute or element; of lists each item."""
    found: list[tuple[str, str]] = []
    inside: list[str] = []  # the wanted property that is open, and the elements within it
    texts: list[str] = []

    def keep() -> None:
        if text := "".join(texts).strip():
            found.append((inside[0], text))
        texts.clear()

    def start(name: str, attributes: dict[str, str]) -> None:
        found.extend((key, text.strip()) for key, text in attributes.items() if key in _WANTED and text.strip())
        if inside or name in _WANTED:
            inside.append(name)

    def text(data: str) -> None:
        if inside:
            texts.append(data)

    def end(_name: str) -> None:
        if inside:
            keep()
            inside.pop()

    def doctype(*_declaration: object) -> None:
        raise BrokenSidecarError("it has a document type declaration, which is refused")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = start
    parser.CharacterDataHandler = text
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError) as error:  # the last two: encodings that Python doesn't know
        raise error if isinstance(error, BrokenSidecarError) else BrokenSidecarError(str(error)) from error
    return found


def _stars(rating: str) -> int:
    try:
        return max(-1, min(5, int(float(rating))))  # some programs write "4.0"
    except (ValueError, OverflowError):
        raise BrokenSidecarError(f"its rating is {rating.strip()[:20]!r}") from None


def _stars_of_percent(rating: str) -> int:
    try:
        percent = float(rating)
    except ValueError:
        raise BrokenSidecarError(f"its rating is {rating.strip()[:20]!r}") from None
    return sum(percent >= least for least in _STARS_FROM)


def _album_in(keyword: str, separator: str) -> str | None:
    """The album that a keyword names: "Albums|Family|Trip" is "Family/Trip"."""
    first, *rest = (part.strip() for part in keyword.split(separator))
    return clean_title("/".join(rest)) if rest and first.casefold() in _ALBUM_WORDS else None


def _json_marks(content: bytes) -> UserMarks:
    """Google's, or ExifTool's as osxphotos writes it: a list with one object."""
    document = json_of(content)
    if isinstance(document, list) and len(document) == 1:
        document = document[0]
    if not isinstance(document, dict):
        return UserMarks()
    ratings = [rating for key in ("XMP:Rating", "Rating") if type(rating := document.get(key)) is int]
    return UserMarks(max((_stars(str(rating)) for rating in ratings), default=None), document.get("favorited") is True)


def _settings_marks(content: bytes) -> UserMarks:
    return UserMarks(max((_stars(found[1].decode()) for found in _SETTINGS_RATING.finditer(content)), default=None))


_READERS: dict[CompanionKind, Callable[[bytes], UserMarks]] = {
    CompanionKind.XMP: _xmp_marks,
    CompanionKind.TAKEOUT_JSON: _json_marks,
    CompanionKind.SETTINGS: _settings_marks,
}
