"""What a folder says of all photos in it: the album that it is, and the favourites among them.

- Google Takeout keeps the title of an album beside its photos, in `metadata.json`, whose name is translated.
- Apple's data export has `Photo Details.csv` (favourites) in the folder `Photos`, and beside that folder `Albums/*.csv`
  with the names of the photos in each album.
- Picasa has `.picasa.ini`: stars, and the albums of each photo.

Sources: immich-go (docs/misc/google-takeout.md; issues 791 and 924) and ente (issue 4876) for Takeout, PhotoMigrator's
help page on Apple's export, and digiKam's notes on Picasa's files.
"""

from __future__ import annotations

import configparser
import csv
import io
import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from albumclean.crawl.kinds import split_number
from albumclean.crawl.sidecar import BrokenSidecarError, content_of, failure_of, json_of
from albumclean.domain import Failure

_METADATA = frozenset(
    {
        "metadata", "metadaten", "métadonnées", "metadatos", "metadades", "metadati", "metadados", "metadáta",
        "metadane", "metagegevens", "metatiedot", "metaadatok", "metadate", "metapodaci", "metapodatki", "metaandmed",
        "metaveri", "meta veriler", "метаданные", "метаданни", "метадані", "μεταδεδομένα", "元数据", "中繼資料",
        "メタデータ", "메타데이터", "siêu dữ liệu", "מטא-נתונים",
    }
)  # fmt: skip
# What Google makes by itself: a folder for each year, in the words of the account's language, or for each day.
_GOOGLES_OWN = re.compile(
    r"(?:photos (?:from|de)|fotos? (?:von|de|del|dal|da|uit|från|fra)|zdjęcia z|фото за|fotky z) \d{4}"
    r"|\d{4}-\d\d-\d\d(?: #\d+)?(?: - .*)?",
    re.IGNORECASE,
)
_DETAILS = re.compile(r"photo details(?:-\d+)?\.csv", re.IGNORECASE)
_PICASA = frozenset({".picasa.ini", "picasa.ini"})
_NAME_COLUMNS = ("imgname", "imagename", "images")
_FAVOURITES = "favorites"
_MOST_FILES = 2000  # of lists beside a folder
_LONGEST_TITLE = 200


@dataclass(frozen=True, slots=True)
class FolderNotes:
    """What a folder says of its photos; names of files are in lower case."""

    albums: tuple[str, ...] = ()  # that all of its photos are in
    favourites: frozenset[str] = frozenset()
    albums_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # of single photos
    unknown: bool = False  # a list that can't be read may name favourites

    @property
    def is_empty(self) -> bool:
        """Whether nothing is said."""
        return not (self.albums or self.favourites or self.albums_of or self.unknown)


NO_NOTES = FolderNotes()


def clean_title(text: str) -> str:
    """An album's name on one line, not longer than people read."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:_LONGEST_TITLE]


class NotesOfFolders:
    """Reads the notes of one folder after the other, as the crawl comes along, and remembers the last."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._notes = NO_NOTES

    def of(self, folder: Path) -> tuple[FolderNotes, tuple[Failure, ...]]:
        """The notes of a folder, and lists that can't be read, which are told once."""
        if folder == self._folder:
            return self._notes, ()
        self._notes, failures = read_notes(folder)
        self._folder = folder
        return self._notes, failures


def read_notes(folder: Path) -> tuple[FolderNotes, tuple[Failure, ...]]:
    """What a folder says of its photos, and the lists that can't be read. Never raises."""
    try:
        with os.scandir(folder) as entries:
            names = sorted((entry.name for entry in entries if _may_say(entry.name)), key=os.fsencode)
    except OSError:  # the crawl has told of it
        return NO_NOTES, ()
    return _Reader(folder).read(names) if names else (NO_NOTES, ())


def has_lists_elsewhere(names: Iterable[str]) -> bool:
    """Whether what the folder of these names says of its photos also stands in lists outside of it."""
    return any(_DETAILS.fullmatch(name) for name in names if name.lower().endswith(".csv"))


def _may_say(name: str) -> bool:
    lower = name.lower()
    return lower in _PICASA or (lower.endswith((".json", ".csv")) and _is_list(lower))


def _is_list(name: str) -> bool:
    return _DETAILS.fullmatch(name) is not None if name.endswith(".csv") else _is_metadata(name)


def _is_metadata(name: str) -> bool:
    stem = unicodedata.normalize("NFC", name.lower()).removesuffix(".json")
    return split_number(stem)[0] in _METADATA


class _Reader:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._titles: set[str] = set()
        self._favourites: set[str] = set()
        self._albums_of: dict[str, set[str]] = {}
        self._failures: list[Failure] = []
        self._unknown = False

    def read(self, names: Sequence[str]) -> tuple[FolderNotes, tuple[Failure, ...]]:
        for name in names:
            lower = name.lower()
            if lower in _PICASA:
                self._take(self._folder / name, self._picasa, hides_favourites=True)
            elif lower.endswith(".csv"):
                self._take(self._folder / name, self._details, hides_favourites=True)
            else:
                self._take(self._folder / name, self._metadata, hides_favourites=False)
        if any(_DETAILS.fullmatch(name) for name in names):
            for path in _album_lists(self._folder.parent / "Albums"):
                self._take(path, self._album, hides_favourites=path.stem.lower() == _FAVOURITES)
        albums_of = {name: tuple(sorted(albums)) for name, albums in sorted(self._albums_of.items())}
        notes = FolderNotes(tuple(sorted(self._titles)), frozenset(self._favourites), albums_of, self._unknown)
        return notes, tuple(self._failures)

    def _take(self, path: Path, reader: Callable[[Path, bytes], None], *, hides_favourites: bool) -> None:
        try:
            reader(path, content_of(path))
        except (OSError, BrokenSidecarError) as error:
            self._failures.append(failure_of(path, error))
            self._unknown = self._unknown or hides_favourites

    def _metadata(self, _path: Path, content: bytes) -> None:
        document = json_of(content)
        if isinstance(document, dict) and isinstance(document.get("albumData"), dict):
            document = document["albumData"]  # until 2021
        if not isinstance(document, dict) or "photoTakenTime" in document:
            return
        title = document.get("title")
        if isinstance(title, str) and (title := clean_title(title)) and not _GOOGLES_OWN.fullmatch(title):
            self._titles.add(title)

    def _details(self, _path: Path, content: bytes) -> None:
        for row in _rows(content):
            if row.get("favorite", "").strip().lower() in {"yes", "true"}:
                self._favourites.update(_names(row))

    def _album(self, path: Path, content: bytes) -> None:
        title = clean_title(path.stem)
        for row in _rows(content):
            if title.lower() == _FAVOURITES:
                self._favourites.update(_names(row))
            else:
                for name in _names(row):
                    self._albums_of.setdefault(name, set()).add(title)

    def _picasa(self, _path: Path, content: bytes) -> None:
        parser = configparser.RawConfigParser(strict=False, delimiters="=", comment_prefixes=(), allow_no_value=True)
        try:
            parser.read_string(content.decode("utf-8-sig", "replace"))
        except configparser.Error as error:
            raise BrokenSidecarError(str(error).partition("\n")[0]) from error
        titles = {
            section.partition(":")[2]: clean_title(parser.get(section, "name", fallback="") or "")
            for section in parser.sections()
            if section.startswith(".album:")
        }
        for section in parser.sections():
            if (parser.get(section, "star", fallback="") or "").lower() in {"yes", "1"}:
                self._favourites.add(section.lower())
            for album in (parser.get(section, "albums", fallback="") or "").split(","):
                if title := titles.get(album.strip()):
                    self._albums_of.setdefault(section.lower(), set()).add(title)


def _album_lists(folder: Path) -> list[Path]:
    try:
        lists = sorted((path for path in folder.iterdir() if path.suffix.lower() == ".csv"), key=os.fsencode)
    except OSError:  # most exports have none
        return []
    return lists[:_MOST_FILES]


def _rows(content: bytes) -> Iterator[dict[str, str]]:
    """The rows of a list, each with its columns' names in lower case."""
    reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig", "replace"), newline=""))
    try:
        for row in reader:
            yield {key.strip().lower(): value for key, value in row.items() if key and isinstance(value, str)}
    except csv.Error as error:
        raise BrokenSidecarError(str(error)) from error


def _names(row: Mapping[str, str]) -> Iterator[str]:
    yield from (row[column].strip().lower() for column in _NAME_COLUMNS if row.get(column, "").strip())
