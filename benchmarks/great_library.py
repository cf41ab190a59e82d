"""A library of any size as a scan leaves it: `python -m benchmarks.great_library DIR --count 1000000 [--fit FIT.npz]`.

DIR/photos holds real files of a few bytes with a block each on the disk, in folders of 50 to 800, with XMP sidecars and
RAW twins beside some. DIR/home is an ALBUMCLEAN_HOME whose cache knows all of them: facts, fingerprints, embeddings,
scores, close looks (`benchmarks.made_facts` says what is true of them). Only the pixels were never there. It is written
through the cache's own methods, in pieces of 50,000 photos; then a real scan goes over the tree, and finds nothing left
to do, or this ends with an error.

`--fit`: what `benchmarks.million` has made of a real library, for the looks; without it they are random, which is
enough for all that does not search. Prints CPU time and bytes for each photo.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from albumclean.comparison import REVISION as LOOKED
from albumclean.config import Locations, Settings
from albumclean.domain import (
    Asset,
    Companion,
    CompanionKind,
    Comparison,
    Degradation,
    Embedding,
    FileIdentity,
    Fingerprint,
    Photo,
    Reason,
    Relation,
    Root,
    Score,
    UserMarks,
)
from albumclean.engines.compare import searched_key
from albumclean.engines.scan import ScanWatcher, scan
from albumclean.media.reading import content_hash
from albumclean.scoring import registry
from albumclean.similar.fingerprint import REVISION as FINGERPRINT
from albumclean.store.cache import Cache
from benchmarks.common import fresh
from benchmarks.made_facts import KINDS, MadeLibrary
from benchmarks.simulated_library import Fit

SEED = 2026
AT_ONCE = 50_000  # photos in one transaction
MEETING = 1000  # assets met at once
RAW_TWINS, SIDECARS = 50, 100  # one photo in so many
TOLD_APART = 0.03  # pairs for each photo that a close look found to be different
_LONG_AGO = 1_600_000_000  # seconds since the epoch, when the files were written
_NO_PHOTO = b"a photo of benchmarks.great_library, number "
_XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="{}"/></rdf:RDF></x:xmpmeta>'
)
_JUDGE, _KIND = registry.spec(registry.JUDGE), registry.spec(registry.KIND)

Digests = npt.NDArray[np.uint8]  # (N, 32)


@dataclass(slots=True)
class Spent:
    """CPU seconds by what they were spent on; `mark` enters what has gone by since the last one."""

    seconds: dict[str, float] = field(default_factory=dict)
    _last: float = field(default_factory=time.process_time)

    def mark(self, name: str) -> None:
        now = time.process_time()
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self._last
        self._last = now


def make(folder: Path, files: int, fit: Fit, seed: int = SEED) -> Spent:
    """The whole library in an empty folder; raises SystemExit if a scan would still find something to do."""
    spent = Spent()
    library = MadeLibrary.make(fit, files, seed)
    spent.mark("facts")
    photos, home = folder / "photos", folder / "home"
    for name in library.folders:
        (photos / name).mkdir(parents=True, exist_ok=True)
    places = Locations.from_environment({"ALBUMCLEAN_HOME": str(home)})
    with Cache.open(places.cache) as cache:
        number = cache.begin_scan([photos])
        digests = np.empty((len(library), 32), np.uint8)
        for start, stop in _pieces(len(library)):
            met = _files(photos, library, range(start, stop), seed)
            spent.mark("files")
            _meet(cache, number, met)
            contents = [(asset.primary, digest) for (asset, _), digest in met]
            digests[start:stop] = [list(digest) for _, digest in contents]
            spent.mark("file rows")
            _write(cache, library, start, contents)
            spent.mark("findings")
        _meet_doubles(cache, number, photos, library, digests, seed)
        _compare(cache, library, digests, np.random.default_rng(seed + 1))
        cache.finish_scan(number)
        _grow_old(photos)
        spent.mark("comparisons")
        summary = scan([Root(photos)], cache, Settings(), _watcher(), thumbnails=places.thumbnails)
        spent.mark("scan")
    if (summary.found, summary.to_do, summary.compared) != (files, 0, 0) or summary.crawl_failures:
        sys.exit(f"a scan would still find something to do: {summary}")
    return spent


def _pieces(count: int) -> Iterator[tuple[int, int]]:
    for start in range(0, count, AT_ONCE):
        yield start, min(start + AT_ONCE, count)


# --- files ----------------------------------------------------------------------------------------------------------

Met = tuple[tuple[Asset, UserMarks], bytes]  # and the hash of the photo's bytes


def _files(photos: Path, library: MadeLibrary, numbers: Sequence[int], seed: int, below: str = "") -> list[Met]:
    found = []
    place = str(photos / below)  # a million joined paths cost more than the files
    for number in numbers:
        data = _NO_PHOTO + b"%d of %d" % (number, seed)
        name = f"{place}/{library.name(number)}"
        when = (_LONG_AGO + number) * 10**9
        primary, marks = _file(f"{name}.jpg", data, when), UserMarks()
        companions: tuple[Companion, ...] = ()
        if not below and number % RAW_TWINS == 0:
            raw = _file(f"{name}.CR2", b"the RAW twin of " + data, when)
            companions = (Companion(CompanionKind.RAW, raw),)
        elif not below and number % SIDECARS == 1:
            rating = number // SIDECARS % 6
            xmp = _file(f"{name}.xmp", _XMP.format(rating).encode(), when)
            companions, marks = (Companion(CompanionKind.XMP, xmp),), UserMarks(rating=rating)
        found.append(((Asset(primary, companions), marks), content_hash(data)))
    return found


def _file(path: str, data: bytes, when: int) -> FileIdentity:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        os.write(handle, data)
        os.utime(handle, ns=(when, when))
        seen = os.fstat(handle)
    finally:
        os.close(handle)
    if hasattr(seen, "st_blocks") and not seen.st_blocks:
        sys.exit(f"{path} takes no block on this disk, so a scan would take it for a placeholder: choose another disk")
    return FileIdentity.of(Path(path), seen)


def _grow_old(photos: Path) -> None:
    for place, _, _ in os.walk(photos, topdown=False):
        os.utime(place, (_LONG_AGO, _LONG_AGO))


# --- rows -----------------------------------------------------------------------------------------------------------


def _meet(cache: Cache, scan_number: int, met: Sequence[Met]) -> None:
    for start in range(0, len(met), MEETING):
        cache.meet(scan_number, [each for each, _ in met[start : start + MEETING]])


def _meet_doubles(
    cache: Cache, scan_number: int, photos: Path, library: MadeLibrary, digests: Digests, seed: int
) -> None:
    for name in sorted({library.folders[library.folder[number]] for number in library.doubles.tolist()}):
        (photos / "Backup" / name).mkdir(parents=True, exist_ok=True)
    met = _files(photos, library, library.doubles.tolist(), seed, below="Backup")
    _meet(cache, scan_number, met)
    cache.write(hashes=[(asset.primary, digest) for (asset, _), digest in met])


def _write(cache: Cache, library: MadeLibrary, start: int, contents: Sequence[tuple[FileIdentity, bytes]]) -> None:
    """By ascending content, as the tables lie: a scan's order costs much more and leaves the same rows."""
    order = sorted(range(len(contents)), key=lambda at: contents[at][1])
    photos: list[tuple[Photo, Fingerprint | None, str]] = []
    scores: list[Score] = []
    embeddings: list[tuple[Embedding, str]] = []
    for at in order:
        number, digest = start + at, contents[at][1]
        row = int(library.row[number])
        looks = library.looks
        bits = int(looks.phash[row])
        print_ = Fingerprint(digest, bits, bits, looks.layout[row].tobytes(), float(looks.detail[row]))
        photos.append((library.photo(number, digest), print_, FINGERPRINT))
        embeddings.append((Embedding(digest, looks.vectors[row].tobytes()), _JUDGE.revision))
        scores += _scores(library, number, digest)
    cache.write(hashes=contents, photos=photos, scores=scores, embeddings=embeddings)


def _scores(library: MadeLibrary, number: int, digest: bytes) -> Iterator[Score]:
    mos, faults = float(library.mos[number]), library.faults[number].tolist()
    known = {"mos": mos, "mos_std": 0.06 + 0.04 * faults[0], "preference": 2 * mos - 1 + 0.3 * faults[1]}
    known |= {kind.value: severity for kind, severity in zip(Degradation, faults, strict=True)}
    sure, doubt = list(KINDS)[library.kind[number]].value, 0.02 * faults[2]
    kinds = {quantity: 1 - 4 * doubt if quantity == sure else doubt for quantity in _KIND.quantities}
    for spec, values in ((_JUDGE, known), (_KIND, kinds)):
        said = np.array([values[quantity] for quantity in spec.quantities], np.float32).tolist()  # as networks say it
        for quantity, value in zip(spec.quantities, said, strict=True):
            yield Score(digest, spec.name, spec.revision, quantity, value)


def _compare(cache: Cache, library: MadeLibrary, digests: Digests, rng: np.random.Generator) -> None:
    """Each copy beside its original, and some pairs that only looked alike; then everything counts as searched."""
    count = len(library)
    copies = np.flatnonzero(library.original != np.arange(count))
    pairs = [(int(library.original[copy]), int(copy), True) for copy in copies]
    strangers = rng.integers(0, count, (round(count * TOLD_APART), 2))
    pairs += [
        (one, other, False) for one, other in strangers.tolist() if library.original[one] != library.original[other]
    ]
    for start, stop in _pieces(len(pairs)):
        found: list[Comparison] = []
        pixels: dict[bytes, bytes] = {}
        for one, other, is_copy in pairs[start:stop]:
            left, right = digests[one].tobytes(), digests[other].tobytes()
            found.append(_comparison(left, right, is_copy=is_copy))
            pixels |= {digest: content_hash(digest) for digest in (left, right)}
        cache.comparisons.write(found, LOOKED, pixels.items())
    key = searched_key()
    for start, stop in _pieces(count):
        cache.comparisons.mark_searched(sorted(digest.tobytes() for digest in digests[start:stop]), key)


def _comparison(original: bytes, other: bytes, *, is_copy: bool) -> Comparison:
    one, two = sorted((original, other))
    if not is_copy:
        return Comparison(one, two, Relation.DIFFERENT, 0.35)
    reason = Reason("pixels", 2.0, 1.0, "has twice the pixels on a side")
    return Comparison(one, two, Relation.DERIVED, 0.97, original, (reason,))


def _watcher() -> ScanWatcher:
    def nothing(*_: object) -> None:
        """Nobody watches."""

    return ScanWatcher(nothing, nothing, nothing, nothing)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--count", type=int, default=1_000_000, help="photos, exact copies included")
    parser.add_argument("--fit", type=Path)
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    folder = fresh(arguments.folder.absolute())
    fit = Fit.load(arguments.fit) if arguments.fit else Fit.plain(_JUDGE.embedding)
    spent = make(folder, arguments.count, fit, arguments.seed)
    size = sum(path.stat().st_size for path in (folder / "home").glob("cache.sqlite*"))
    (folder / "made.json").write_text(json.dumps({"photos": arguments.count, "cache": size, "cpu": spent.seconds}))
    for name, seconds in spent.seconds.items():
        print(f"{name:12} {1e6 * seconds / arguments.count:8.1f} us of CPU a photo")
    print(f"the cache has {size / arguments.count:.0f} bytes a photo")


if __name__ == "__main__":
    main()
