"""What the user said of a photo in other programs, as far as it lies in a sidecar: stars and favourites.

XMP is read with expat itself rather than a tree: events need no memory, and a document type declaration, the door of
every XML attack, is refused in whatever encoding it comes. No XMP writer needs one.

A sidecar that can't be read may hide five stars, so it is a Failure that names it, and whoever proposes must leave
the photo alone.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from xml.parsers import expat

from albumclean.domain import Asset, CompanionKind, Failure, Stage, UserMarks

MAX_SIDECAR_BYTES = 1 << 20  # darktable's, with long histories, stay below

_RATING = "http://ns.adobe.com/xap/1.0/ Rating"  # expat joins namespace and name with the separator that it is given


class _BrokenSidecarError(ValueError):
    """The message is for people."""


def read_marks(asset: Asset) -> tuple[UserMarks, tuple[Failure, ...]]:
    """The marks in the photo's XMP and Takeout JSON (of ratings the highest), and the sidecars that can't be read.

    Never raises. After a Failure, what is missing from the marks is unknown, not absent.
    """
    ratings: list[int] = []
    favourite = False
    failures = []
    for companion in asset.companions:
        reader = _READERS.get(companion.kind)
        if reader is None:
            continue
        path = companion.file.path
        try:
            marks = reader(_content(path))
        except OSError as error:
            reason = f"the sidecar can't be read: {error.strerror or error}"
            failures.append(Failure(path, Stage.READ, reason, transient=True))
        except _BrokenSidecarError as error:
            failures.append(Failure(path, Stage.READ, f"the sidecar is not valid: {error}"))
        else:
            favourite = favourite or marks.favourite
            if marks.rating is not None:
                ratings.append(marks.rating)
    return UserMarks(max(ratings, default=None), favourite), tuple(failures)


def _content(path: Path) -> bytes:
    # What was a file at the crawl may have become a named pipe: neither wait for it nor read it.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise _BrokenSidecarError("it is not a regular file")
        content = file.read(MAX_SIDECAR_BYTES + 1)
    if len(content) > MAX_SIDECAR_BYTES:
        raise _BrokenSidecarError(f"it is larger than {MAX_SIDECAR_BYTES >> 20} MB")
    return content


def _xmp_marks(content: bytes) -> UserMarks:
    ratings: list[str] = []  # the text of each, as attribute or element
    inside = False

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal inside
        if _RATING in attributes:
            ratings.append(attributes[_RATING])
        inside = name == _RATING
        if inside:
            ratings.append("")

    def text(data: str) -> None:
        if inside:
            ratings[-1] += data

    def end(_name: str) -> None:
        nonlocal inside
        inside = False

    def doctype(*_declaration: object) -> None:
        raise _BrokenSidecarError("it has a document type declaration, which is refused")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = start
    parser.CharacterDataHandler = text
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError) as error:  # the last two: encodings that Python doesn't know
        raise error if isinstance(error, _BrokenSidecarError) else _BrokenSidecarError(str(error)) from error
    return UserMarks(max((_stars(rating) for rating in ratings if rating.strip()), default=None))


def _stars(rating: str) -> int:
    try:
        return max(-1, min(5, int(float(rating))))  # some programs write "4.0"
    except (ValueError, OverflowError):
        raise _BrokenSidecarError(f"its rating is {rating.strip()[:20]!r}") from None


def _takeout_marks(content: bytes) -> UserMarks:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _BrokenSidecarError(str(error)) from error
    return UserMarks(favourite=isinstance(document, dict) and document.get("favorited") is True)


_READERS: dict[CompanionKind, Callable[[bytes], UserMarks]] = {
    CompanionKind.XMP: _xmp_marks,
    CompanionKind.TAKEOUT_JSON: _takeout_marks,
}
