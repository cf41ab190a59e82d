"""Which pictures the kind head learns from, and on which it is measured. Sources are split, not files.

The pictures lie outside the repository; `kind_sources.csv` lists where they come from. What is made of them
(`kind_made`) is named here; its randomness comes from the names alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from albumclean.domain import PhotoKind
from models import biq2021

KINDS: Final = (PhotoKind.PHOTO, PhotoKind.SCREENSHOT, PhotoKind.DOCUMENT, PhotoKind.GRAPHIC, PhotoKind.SCAN)
SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp"})
POOL: Final = "pool"  # documents and look-alikes of many sources, gathered together with the fourth test
MANY: Final = "zzzDavid+ICDAR-2019-SROIE"  # receipts, all scanned in one way
WRONG: Final = frozenset(  # a receipt among photos, and a chart among documents
    {"6e32cec2bc4abb12798037542a1f04506b414b7e", "gwxie+Document-Dewarping-with-Control-Points__958bf7aa48"}
)
PHOTO_CLASSES: Final = (  # of the set that must not fool the judge: all but its screenshots and documents
    *("snow", "sky", "macro", "night", "film-grain", "low-key", "black-and-white", "fog", "silhouette", "bokeh"),
)
LEFT_OUT: Final = ("nextcloud",)  # sources of the hard set that are trained on here
STILL_TEST: Final = (  # sources of documents with other pictures in a test, here or in the hard set: never learned from
    *("andrewdcampbell+OpenCV-Document-Scanner", "aniruddhadave+Document-Scanner", "mzucker+noteshrink"),
    *("mzucker+page_dewarp", "ocrmypdf+OCRmyPDF", "edsu+inkdroid.org", "udiboy1209+SoC-document-scanner"),
    "ChungKein4320+vietnamese-receipt-ocr",
)
_WITHOUT_SCANS: Final = (PhotoKind.PHOTO, PhotoKind.SCREENSHOT, PhotoKind.DOCUMENT, PhotoKind.GRAPHIC)
_KEPT: Final = (
    *((PhotoKind.SCREENSHOT, "screen", 160), (PhotoKind.SCREENSHOT, "screen+forwarded", 80)),
    *((PhotoKind.DOCUMENT, "page+photographed", 160), (PhotoKind.DOCUMENT, "page+scanned", 60)),
    *((PhotoKind.DOCUMENT, "magazine+bent", 100), (PhotoKind.GRAPHIC, "meme", 80), (PhotoKind.SCAN, "paper", 160)),
    *((PhotoKind.DOCUMENT, "page", 160), (PhotoKind.DOCUMENT, "page+forwarded", 80)),
    *((PhotoKind.DOCUMENT, "squared+scanned", 40), (PhotoKind.DOCUMENT, "squared+bent", 40)),
    *((PhotoKind.DOCUMENT, "board+photographed+forwarded", 30), (PhotoKind.DOCUMENT, "card+photographed", 30)),
)


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture to look at: a file, or what is made of it."""

    path: Path
    kind: PhotoKind
    make: str = "plain"  # steps of `kind_made`, with + between

    @property
    def name(self) -> str:
        """Unique among all."""
        return f"{self.kind.value}:{self.make}:{self.path.parent.name}/{self.path.name}"

    @property
    def source(self) -> str:
        """Whose picture it is, as far as the file's name says so."""
        return self.path.name.partition("__")[0] if "__" in self.path.name else ""

    @property
    def is_lookalike(self) -> bool:
        """A photo that was gathered because it looks like a document; no album holds as many of them."""
        return self.kind is PhotoKind.PHOTO and self.path.parent.parent.name == POOL


@dataclass(frozen=True, slots=True)
class Places:
    """Where the pictures lie."""

    pictures: Path  # of `kind_sources.csv`: a folder a split, in it one a kind; files begin with "owner+name__"
    biq2021: Path
    photos: Path  # clean photos for training (models.clean)
    hard: Path  # benchmarks/must_not_fool.csv: tune and test
    others: tuple[Path, ...] = ()  # folders of photos for the test


def _files(*folders: Path) -> list[Path]:
    found = (path for folder in folders for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    return sorted(path for path in found if path.is_file())


def _shuffled(files: Sequence[Path]) -> list[Path]:
    return sorted(files, key=lambda path: hashlib.md5(path.name.encode(), usedforsecurity=False).hexdigest())


def _alternating(files: Sequence[Path], kind: PhotoKind, often: str, third: str) -> Iterator[Sample]:
    return (Sample(path, kind, often if at % 3 else third) for at, path in enumerate(files))


def _tested(places: Places, split: str) -> tuple[list[Path], list[Path]]:
    """The documents of a split that was a test when the first head was made: still a test, and learned from since."""
    files = _files(places.pictures / split / "document")
    still = [path for path in files if path.name.partition("__")[0] in STILL_TEST]
    return still, [path for path in files if path not in still]


def train_samples(places: Places) -> list[Sample]:
    """All of training, sorted by name."""
    rated = _shuffled([photo.path for photo in biq2021.read(places.biq2021, "train")])
    own, clean = rated[:700], _files(places.photos)
    phones = _files(places.pictures / "train" / "photo")
    tune = [path for name in PHOTO_CLASSES for path in _files(places.hard / "tune" / name)]
    mixed = _shuffled([*own, *clean, *phones])
    made: list[Sample] = []
    made += [Sample(path, PhotoKind.PHOTO) for path in (*own, *clean, *phones, *tune)]
    made += [Sample(path, PhotoKind.PHOTO, "forwarded") for path in (*mixed[:220], *tune[::2])]
    made += [Sample(path, PhotoKind.PHOTO, "noir") for path in mixed[220:340]]
    made += _alternating(mixed[340:560], PhotoKind.SCAN, "paper", "paper+forwarded")
    screens = [*_files(places.pictures / "train" / "screenshot"), *_files(places.hard / "tune" / "screenshot")]
    for at, path in enumerate(screens):
        made += [Sample(path, PhotoKind.SCREENSHOT), Sample(path, PhotoKind.SCREENSHOT, "forwarded")]
        made.append(Sample(path, PhotoKind.SCREENSHOT, "cropped" if at % 2 else "cropped+forwarded"))
    made += _alternating(mixed[560:810], PhotoKind.SCREENSHOT, "screen", "screen+forwarded")
    papers = [*_files(places.pictures / "train" / "document"), *_files(places.hard / "tune" / "document")]
    made += [Sample(path, PhotoKind.DOCUMENT) for path in papers]
    made += [Sample(path, PhotoKind.DOCUMENT, "forwarded") for path in papers[::2]]
    made += _alternating(papers[:120], PhotoKind.DOCUMENT, "photographed", "photographed+forwarded")
    made += _alternating(mixed[810:1140], PhotoKind.DOCUMENT, "page+photographed", "page+photographed+forwarded")
    made += _alternating(mixed[1140:1260], PhotoKind.DOCUMENT, "page+scanned", "page+scanned+forwarded")
    made += _alternating(_files(places.pictures / "train" / "graphic"), PhotoKind.GRAPHIC, "plain", "forwarded")
    made += [Sample(path, PhotoKind.GRAPHIC, "meme") for path in mixed[1260:1400]]
    templates = _files(places.pictures / "train" / "template")
    made += [Sample(path, PhotoKind.GRAPHIC, "meme+forwarded") for path in templates]
    made += _later(places, rated, mixed, papers)
    return sorted((sample for sample in made if sample.path.stem not in WRONG), key=lambda sample: sample.name)


def _later(places: Places, rated: Sequence[Path], mixed: Sequence[Path], papers: Sequence[Path]) -> list[Sample]:
    """What was added after documents had been missed on a test: mostly documents, real, printed and made."""
    later = [path for split in ("test", "fresh", "later", "third") for path in _tested(places, split)[1]]
    pool = _files(places.pictures / POOL / "document")
    made = [Sample(path, PhotoKind.DOCUMENT, make) for path in (*later, *pool) for make in ("plain", "forwarded")]
    alike = _files(places.pictures / POOL / "photo")
    made += [Sample(path, PhotoKind.PHOTO, make) for path in alike for make in ("plain", "forwarded")]
    real = [path for path in (*papers, *later) if not path.name.startswith(MANY)]
    made += _alternating(real, PhotoKind.DOCUMENT, "cropped", "cropped+forwarded")
    made += _alternating(real, PhotoKind.DOCUMENT, "turned", "turned+cropped")
    printed = _shuffled(_files(places.pictures / "train" / "page"))
    made += _alternating(printed, PhotoKind.DOCUMENT, "bent", "bent+forwarded")
    made += _alternating(printed[:150], PhotoKind.DOCUMENT, "photographed", "scanned+forwarded")
    made += _alternating(printed[150:400], PhotoKind.DOCUMENT, "plain", "forwarded")  # as a program drew them
    made += _alternating(mixed[340:560], PhotoKind.DOCUMENT, "magazine+bent", "magazine+bent+forwarded")
    made += _alternating(mixed[560:660], PhotoKind.DOCUMENT, "squared+bent", "squared+scanned")
    made += _alternating(mixed[660:740], PhotoKind.DOCUMENT, "board", "board+photographed+forwarded")
    made += _alternating(mixed[740:810], PhotoKind.DOCUMENT, "card+photographed", "card+photographed+forwarded")
    made += [Sample(path, PhotoKind.PHOTO) for path in rated[700:1900]]
    made += [Sample(path, PhotoKind.PHOTO, "forwarded") for path in rated[700:1900:4]]
    return made


def test_samples(places: Places) -> list[Sample]:
    """All of the test, each content once, sorted by name. Nothing was chosen by what is still in it."""
    hard = places.hard / "test"
    photos = _shuffled([photo.path for photo in biq2021.read(places.biq2021, "test")])[:400]
    photos += [path for name in PHOTO_CLASSES for path in _files(hard / name)]
    photos += _files(*places.others)
    named = {
        PhotoKind.PHOTO: photos,
        PhotoKind.SCREENSHOT: [*_files(hard / "screenshot"), *_files(places.pictures / "test" / "screenshot")],
        PhotoKind.DOCUMENT: [*_files(hard / "document"), *_tested(places, "test")[0]],
        PhotoKind.GRAPHIC: _files(places.pictures / "test" / "graphic"),
    }
    made: list[Sample] = []
    for kind, files in named.items():
        seen: set[str] = set()
        for path in files:
            content = hashlib.sha1(path.read_bytes(), usedforsecurity=False).hexdigest()
            if content in seen or path.name.startswith(LEFT_OUT):
                continue
            seen.add(content)
            makes = {PhotoKind.SCREENSHOT: ("forwarded", "cropped"), PhotoKind.DOCUMENT: ("forwarded",)}.get(kind, ())
            made += [Sample(path, kind, make) for make in ("plain", *makes)]
    return sorted(made, key=lambda sample: sample.name)


def fresh_samples(places: Places) -> list[Sample]:
    """The second test, sorted by name: gathered and sorted by eye after the first head was made."""
    kinds = (PhotoKind.PHOTO, PhotoKind.SCREENSHOT, PhotoKind.DOCUMENT)
    made: list[Sample] = []
    for kind in kinds:
        makes = ("plain",) if kind is PhotoKind.PHOTO else ("plain", "forwarded")
        files = _files(places.pictures / "fresh" / kind.value)
        if kind is PhotoKind.DOCUMENT:
            files = _tested(places, "fresh")[0]
        made += [Sample(path, kind, make) for path in files for make in makes]
    return sorted(made, key=lambda sample: sample.name)


def fourth_samples(places: Places) -> list[Sample]:
    """The fourth test, sorted by name: documents, and photos that look like some, of sources in no other split."""
    return _plain_and_forwarded(places, "fourth", PhotoKind.DOCUMENT, PhotoKind.PHOTO)


def fifth_samples(places: Places) -> list[Sample]:
    """The fifth test, sorted by name: ordinary photos of sources in no other split."""
    return _plain_and_forwarded(places, "fifth", PhotoKind.PHOTO)


def sixth_samples(places: Places) -> list[Sample]:
    """The sixth test, sorted by name: all but documents, of owners of whom nothing was ever learned from."""
    return _plain_and_forwarded(places, "sixth", PhotoKind.PHOTO, PhotoKind.SCREENSHOT, PhotoKind.GRAPHIC)


def seventh_samples(places: Places) -> list[Sample]:
    """The seventh test, sorted by name: documents of owners in no other split."""
    return _plain_and_forwarded(places, "seventh", PhotoKind.DOCUMENT)


def more_samples(places: Places) -> list[Sample]:
    """What the head goes on learning from, sorted by name: gathered with the sixth test, of other owners."""
    found = _plain_and_forwarded(places, "more", *_WITHOUT_SCANS)
    screens = [sample.path for sample in found if sample.kind is PhotoKind.SCREENSHOT and sample.make == "plain"]
    return [*found, *(Sample(path, PhotoKind.SCREENSHOT, "cropped") for path in screens)]


def kept_samples(places: Places) -> list[Sample]:
    """What the head shall not forget meanwhile: of every kind something that is made of BIQ2021's `train`."""
    rated = _shuffled([photo.path for photo in biq2021.read(places.biq2021, "train")])[:1200]
    made = [Sample(path, PhotoKind.PHOTO) for path in rated]
    made += [Sample(path, PhotoKind.PHOTO, "forwarded") for path in rated[::3]]
    at = 0
    for kind, make, count in _KEPT:
        made += [Sample(path, kind, make) for path in rated[at : at + count]]
        at += count
    return made


def _plain_and_forwarded(places: Places, split: str, *kinds: PhotoKind) -> list[Sample]:
    files = [(path, kind) for kind in kinds for path in _files(places.pictures / split / kind.value)]
    made = [Sample(path, kind, make) for path, kind in files for make in ("plain", "forwarded")]
    return sorted(made, key=lambda sample: sample.name)


TESTS: Final[Mapping[str, Callable[[Places], list[Sample]]]] = {
    "test": test_samples,
    "fresh": fresh_samples,
    "fourth": fourth_samples,
    "fifth": fifth_samples,
    "sixth": sixth_samples,
    "seventh": seventh_samples,
}
