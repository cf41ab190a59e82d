"""A library made for reviews: real JPEG files, and all that a scan would have found out, written without the model.

Scoring thousands of photos takes minutes; drawing them takes seconds. So the scores are invented, with the files, the
fingerprints, the thumbnails and the close looks to match, and the groups that a review shows come out of the real
grouping. The same plan gives the same bytes.
"""

from __future__ import annotations

import io
import math
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image, ImageFilter

from albumclean.comparison import REVISION
from albumclean.config import CrawlSettings
from albumclean.crawl import crawl, read_marks
from albumclean.domain import (
    Asset,
    Comparison,
    Degradation,
    Embedding,
    FileIdentity,
    Fingerprint,
    Photo,
    PhotoKind,
    Reason,
    Relation,
    Root,
    Score,
    UserMarks,
)
from albumclean.engines.analyse import DECODER
from albumclean.media.reading import content_hash
from albumclean.media.thumbnail import REVISION as THUMBNAIL
from albumclean.scoring import registry
from albumclean.similar.fingerprint import REVISION as FINGERPRINT
from albumclean.similar.fingerprint import fingerprint
from albumclean.store.cache import Cache
from albumclean.store.thumbnails import Thumbnails

Size = tuple[int, int]

SMALL: Size = (400, 300)  # any smaller, and the rules say that it is too small to judge
LARGE: Size = (1000, 750)
HUGE: Size = (2560, 1920)  # too large to be seen at 100 % in what fits a screen
CAMERAS = (("Canon", "Canon EOS 80D"), ("Apple", "iPhone 12"), ("samsung", "SM-G991B"), ("FUJIFILM", "X-T3"))
FOLDERS = ("2009", "2012 Norway", "2015/Summer", "2015/Winter", "2018/Rome", "2021", "phone/DCIM", "to sort")
# Names that a page, a shell, a log or a database could stumble over.
_ODD = (
    "<img src=x onerror=alert(1)>.jpg",
    "'\"><svg onload=document.title='owned'>.jpg",
    "&lt;b&gt; & 'quotes' \"double\".jpg",
    "line\nbreak.jpg",
    "tab\tand \x1b[31mred.jpg",
    "   many   spaces  .jpg",
    "Ærøskøbing, sommerferie 100 %.jpg",
    "写真 の コピー.jpg",
    "שלום \u202egpj.exe.jpg",
    "🏔️ e\u0301te\u0301 🏝️.jpg",
    "#anchor?query=1&b=2.jpg",
    "-rf ~.jpg",
    os.fsdecode(b"not utf-8 \xff\xfe.jpg"),
    "a" * 180 + ".jpg",
)
# Other systems refuse some of them.
ODD_NAMES = _ODD if sys.platform == "linux" else tuple(name for name in _ODD if name.isprintable())
if sys.platform == "win32":
    ODD_NAMES = tuple(name for name in ODD_NAMES if not set(name) & set('<>"?*|:'))
_START = datetime(2009, 1, 3, 9, 30)  # as cameras write it, without a zone
_YEARS = 15


@dataclass(frozen=True, slots=True)
class Plan:
    """How many of each there shall be."""

    good: int = 1980  # single photos above every threshold that people use
    poor: int = 60  # single photos that are proposed
    exact: int = 8  # groups of each kind
    derived: int = 18  # the first of them with a huge original
    moments: int = 10
    drawn: int = 600  # different pictures at most; after these, old ones come back with a few other bytes
    group_size: Size = LARGE

    @property
    def groups(self) -> int:
        """Of all kinds."""
        return self.exact + self.derived + self.moments


@dataclass(frozen=True, slots=True)
class Made:
    """One file and what a scan would say of it."""

    name: PurePosixPath  # below the library's folder
    data: bytes
    photo: Photo
    fingerprint: Fingerprint
    thumbnail: bytes
    values: Mapping[str, float]  # by quantity of the judge
    vector: bytes
    sidecar: str | None = None  # text of an XMP


@dataclass(slots=True)
class Library:
    """All files, and the close looks at pairs of them."""

    made: list[Made] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)

    def write(self, folder: Path) -> None:
        """The files below `folder`; nothing else is there."""
        for each in self.made:
            path = folder / each.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(each.data)
            if each.sidecar is not None:
                path.with_suffix(".xmp").write_text(each.sidecar, "utf-8")

    def remember(self, folder: Path, home: Path) -> None:
        """What a scan of `folder` would have written into the databases of `home`."""
        home.mkdir(parents=True, exist_ok=True)
        by_content = {each.photo.content_hash: each for each in self.made}
        contents = {folder / each.name: each.photo.content_hash for each in self.made}
        revision, kinds = registry.spec(registry.JUDGE).revision, registry.spec(registry.KIND)
        with Cache.open(home / "cache.sqlite") as cache:
            meet(cache, folder, contents)
            cache.write(
                photos=[(each.photo, each.fingerprint, FINGERPRINT) for each in by_content.values()],
                scores=[
                    Score(content, registry.JUDGE, revision, quantity, value)
                    for content, each in by_content.items()
                    for quantity, value in each.values.items()
                ]
                + [
                    Score(content, kinds.name, kinds.revision, quantity, float(quantity == PhotoKind.PHOTO))
                    for content in by_content
                    for quantity in kinds.quantities
                ],
                embeddings=[(Embedding(content, each.vector), revision) for content, each in by_content.items()],
                decoder=DECODER,
            )
            cache.comparisons.write(self.comparisons, REVISION)
        with Thumbnails.open(home / "thumbnails.sqlite", THUMBNAIL) as thumbnails:
            thumbnails.put((content, each.thumbnail) for content, each in by_content.items())


def meet(cache: Cache, folder: Path, contents: Mapping[Path, bytes]) -> None:
    """Let the cache know the files below `folder` as they lie there, their contents being known already."""
    scan = cache.begin_scan([folder])
    assets = [entry for entry in crawl([Root(folder)], CrawlSettings()) if isinstance(entry, Asset)]
    met: list[tuple[Asset, UserMarks | None]] = [(asset, read_marks(asset)[0]) for asset in assets]
    cache.meet(scan, met)
    hashes: list[tuple[FileIdentity, bytes]] = [
        (asset.primary, contents[asset.primary.path]) for asset in assets if asset.primary.path in contents
    ]
    cache.write(hashes=hashes)
    cache.finish_scan(scan)


def build(plan: Plan, seed: int = 2026) -> Library:
    """The library of the plan, always the same."""
    return _Builder(plan, np.random.default_rng(seed)).build()


class _Builder:
    def __init__(self, plan: Plan, rng: np.random.Generator) -> None:
        self.plan = plan
        self.rng = rng
        self.library = Library()
        self.number = 0
        self._drawn: list[tuple[bytes, Fingerprint, bytes]] = []
        shots = plan.good + plan.poor + plan.groups
        self._dates: Iterator[datetime] = (
            _START + timedelta(minutes=_YEARS * 365 * 24 * 60 / shots) * at for at in range(shots)
        )
        self._odd = iter(ODD_NAMES)

    def build(self) -> Library:
        plan = self.plan
        makers = (
            [self._exact] * plan.exact
            + [self._derived] * plan.derived
            + [self._moment] * plan.moments
            + [self._poor] * plan.poor
            + [self._good] * plan.good
        )
        for at in self.rng.permutation(len(makers)):
            makers[at]()
        return self.library

    # --- one maker for each kind of photo and group -----------------------------------------------------------------

    def _good(self) -> None:
        # A few of them are undated, as scans and forwarded pictures are.
        taken = next(self._dates)
        self._single(self.rng.uniform(0.45, 0.92), None if self.number % 17 == 0 else taken)

    def _poor(self) -> None:
        self._single(self.rng.uniform(0.03, 0.34), next(self._dates), odd=True)

    def _single(self, mos: float, taken: datetime | None, *, odd: bool = False) -> None:
        camera = CAMERAS[self.number % len(CAMERAS)]
        if len(self._drawn) < self.plan.drawn:
            picture = draw(self.rng, SMALL, mos)
            small = _small(picture)
            data, thumbnail, look = _jpeg(picture, 80, taken, camera), _jpeg(small, 80), _look(small)
            self._drawn.append((data, look, thumbnail))
        else:
            data, look, thumbnail = self._drawn[self.number % len(self._drawn)]
            data += self.number.to_bytes(8, "big")  # behind the end of the picture, where no decoder looks
        self._add(self._name(odd=odd), data, SMALL, taken, camera, mos, look, thumbnail)

    def _exact(self) -> None:
        taken, camera = next(self._dates), CAMERAS[self.number % len(CAMERAS)]
        picture = draw(self.rng, self.plan.group_size, 0.7)
        data, thumbnail = _jpeg(picture, 85, taken, camera), _jpeg(_small(picture), 80)
        mos = self.rng.uniform(0.4, 0.9)
        for _ in range(self.rng.integers(2, 4)):
            look = _look(_small(picture))
            self._add(self._name(odd=True), data, picture.size, taken, camera, mos, look, thumbnail)

    def _derived(self) -> None:
        taken, camera = next(self._dates), CAMERAS[self.number % len(CAMERAS)]
        size = self.plan.group_size if self.library.comparisons else HUGE
        original = draw(self.rng, size, 0.7)
        mos = self.rng.uniform(0.55, 0.9)
        source = self._member(original, 92, taken, camera, mos)
        for copy in range(self.rng.integers(1, 5)):
            scale = (0.75, 0.5, 0.35, 0.25)[copy]
            width, height = (round(side * scale) for side in original.size)
            resized = original.resize((width, height), Image.Resampling.LANCZOS)
            made = self._member(resized, 70 - 5 * copy, taken if copy % 2 else None, camera, mos - 0.04 * (copy + 1))
            reasons = (Reason("pixels", width * height, None, f"has {1 / scale**2:.1f} times the pixels"),)
            one, other = sorted((source, made))
            self.library.comparisons.append(Comparison(one, other, Relation.DERIVED, 0.97, source, reasons))

    def _moment(self) -> None:
        taken, camera = next(self._dates), CAMERAS[self.number % len(CAMERAS)]
        width, height = self.plan.group_size
        scene = draw(self.rng, (width + 60, height + 45), 0.7)
        vector = _vector(self.rng)
        pauses = (0, 2, 5, 9, 10)  # seconds, as uneven as people's
        for frame in range(self.rng.integers(2, 6)):
            left, top = 6 * frame, 5 * ((frame * 3) % 5)
            picture = scene.crop((left, top, left + width, top + height))
            mos = self.rng.uniform(0.5, 0.8)
            self._member(picture, 85, taken + timedelta(seconds=pauses[frame]), camera, mos, vector)

    def _member(
        self,
        picture: Image.Image,
        quality: int,
        taken: datetime | None,
        camera: tuple[str, str],
        mos: float,
        vector: bytes | None = None,
    ) -> bytes:
        data, small = _jpeg(picture, quality, taken, camera), _small(picture)
        look, thumbnail = _look(small), _jpeg(small, 80)
        return self._add(self._name(), data, picture.size, taken, camera, mos, look, thumbnail, vector)

    def _add(
        self,
        name: PurePosixPath,
        data: bytes,
        size: Size,
        taken: datetime | None,
        camera: tuple[str, str],
        mos: float,
        look: Fingerprint,
        thumbnail: bytes,
        vector: bytes | None = None,
    ) -> bytes:
        digest = content_hash(data)
        photo = Photo(digest, *size, "JPEG", taken.isoformat() if taken else None, _camera(camera))
        sidecar = None
        if self.number % 29 == 0:
            sidecar = _XMP.format(rating=5 if self.number % 58 == 0 else 0)
        self.library.made.append(
            Made(
                name=name,
                data=data,
                photo=photo,
                fingerprint=replace(look, content_hash=digest),
                thumbnail=thumbnail,
                values=self._values(mos),
                vector=vector or _vector(self.rng),
                sidecar=sidecar,
            )
        )
        self.number += 1
        return digest

    def _values(self, mos: float) -> dict[str, float]:
        kinds = list(Degradation)
        values = {kind.value: float(self.rng.uniform(0.0, 0.15)) for kind in kinds}
        values[kinds[self.number % len(kinds)].value] = min(1.0, max(0.0, 1.05 - 1.6 * mos))
        return {**values, "mos": float(mos), "mos_std": 0.1, "preference": float(mos)}

    def _name(self, *, odd: bool = False) -> PurePosixPath:
        folder = FOLDERS[self.number % len(FOLDERS)]
        name = (next(self._odd, None) if odd else None) or f"IMG_{self.number:05}.jpg"
        return PurePosixPath(folder, name)


def draw(rng: np.random.Generator, size: Size, mos: float) -> Image.Image:
    """A picture with large shapes, small ones and grain; the lower the score, the softer it is."""
    width, height = size
    coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)).resize(size, Image.Resampling.BICUBIC)
    fine = Image.fromarray(rng.integers(0, 256, (height // 8, width // 8), dtype=np.uint8), "L")
    fine = fine.resize(size, Image.Resampling.BILINEAR).convert("RGB")
    picture = Image.blend(coarse, fine, 0.28)
    if mos < 0.35:
        picture = picture.filter(ImageFilter.BoxBlur(width / 320 * 6 * (0.4 - mos)))
    return picture


def _small(picture: Image.Image) -> Image.Image:
    width, height = picture.size
    scale = min(1.0, 320 / max(width, height))
    return picture.resize((round(width * scale), round(height * scale)), Image.Resampling.BOX)


def _look(small: Image.Image) -> Fingerprint:
    return fingerprint(small.reduce(2), b"")  # as small as the scan's own


def _jpeg(
    picture: Image.Image, quality: int, taken: datetime | None = None, camera: tuple[str, str] | None = None
) -> bytes:
    exif = Image.Exif()
    if camera is not None:
        exif[0x010F], exif[0x0110] = camera  # Make, Model
    if taken is not None:
        exif.get_ifd(0x8769)[0x9003] = taken.strftime("%Y:%m:%d %H:%M:%S")  # DateTimeOriginal
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality, exif=exif)
    return file.getvalue()


def _camera(camera: tuple[str, str]) -> str:
    make, model = camera
    return model if model.startswith(make) else f"{make} {model}"


def _vector(rng: np.random.Generator) -> bytes:
    values = rng.normal(size=registry.spec(registry.JUDGE).embedding)
    return np.round(values / math.sqrt(float(values @ values)) * 127).astype(np.int8).tobytes()


_XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="{rating}"/></rdf:RDF></x:xmpmeta>
"""


def odd_files(folder: Path, names: Sequence[str] = ODD_NAMES) -> list[Path]:
    """Where the files with odd names lie."""
    wanted = set(names)
    return sorted(path for path in folder.rglob("*.jpg") if path.name in wanted)
