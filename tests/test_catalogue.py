"""What is known put together: real scans would be slow here, so the cache is written by hand; the files are real."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from albumclean.catalogue import Catalogue, LeftOut
from albumclean.comparison import REVISION as COMPARISON
from albumclean.config import Settings
from albumclean.domain import (
    Action,
    Asset,
    Comparison,
    Decision,
    Failure,
    FileIdentity,
    Photo,
    PhotoKind,
    Proposal,
    Relation,
    RootRole,
    Score,
    Stage,
    UserMarks,
)
from albumclean.media.reading import content_hash
from albumclean.scoring import registry
from albumclean.similar.fingerprint import REVISION, fingerprint
from albumclean.store.cache import Cache
from albumclean.store.ledger import Ledger
from tests.pictures import save, scene

NO_MARKS = UserMarks()


def kinds_of(digest: bytes, sure: PhotoKind) -> list[Score]:
    """What the kind scorer says where it is sure; nothing for UNSURE."""
    spec = registry.spec(registry.KIND)
    if sure is PhotoKind.UNSURE:
        return []
    return [Score(digest, spec.name, spec.revision, name, float(name == sure.value)) for name in spec.quantities]


class Library:
    """An album whose scan is written by hand."""

    def __init__(self, folder: Path, cache: Cache, ledger: Ledger) -> None:
        self.folder, self.cache, self.ledger = folder, cache, ledger
        self.scan = cache.begin_scan([folder])
        self.left_out = LeftOut()

    def add(
        self,
        name: str,
        seed: int,
        mos: float = 0.8,
        *,
        size: tuple[int, int] = (320, 240),
        role: RootRole = RootRole.NORMAL,
        marks: UserMarks = NO_MARKS,
        failure: str = "",
        kind: PhotoKind = PhotoKind.PHOTO,
    ) -> Path:
        image = scene(seed).resize(size)
        path = save(image, self.folder / name, taken_at=f"2024:05:06 07:08:{seed:02}")
        seen, digest = path.stat(), content_hash(path.read_bytes())
        file = FileIdentity(path, seen.st_size, seen.st_mtime_ns, seen.st_ino, seen.st_dev)
        self.cache.meet(self.scan, [(Asset(file, (), role), marks)])
        spec = registry.spec(registry.JUDGE)
        self.cache.write(
            hashes=[(file, digest)],
            photos=[(Photo(digest, *size, "JPEG", None, "Maker"), fingerprint(image, digest), REVISION)],
            scores=[Score(digest, spec.name, spec.revision, "mos", mos), *kinds_of(digest, kind)],
            failures=[(file, Failure(path, Stage.DECODE, failure), digest)] if failure else [],
        )
        return path

    def proposals(self, *under: Path) -> list[Proposal]:
        return list(Catalogue(self.cache, self.ledger, Settings()).proposals(under, None, self.left_out))

    def going(self, *under: Path) -> set[str]:
        return {p.facts.path.name for p in self.proposals(*under) if p.action is not Action.KEEP}


@pytest.fixture
def library(album: Path, home: Path) -> Iterator[Library]:
    with Cache.open(home / "cache.sqlite") as cache, Ledger.open(home / "ledger.sqlite") as ledger:
        yield Library(album, cache, ledger)


def test_bad_photos_and_copies_are_proposed_and_good_ones_are_not(library: Library) -> None:
    library.add("good.jpg", 1)
    library.add("bad.jpg", 2, mos=0.1)
    library.add("twin.jpg", 3)
    library.add("twin (1).jpg", 3)
    assert {"bad.jpg", "twin (1).jpg"} == library.going()


@pytest.mark.parametrize(
    "precious",
    [
        {"role": RootRole.PROTECTED},
        {"marks": UserMarks(favourite=True)},
        {"marks": UserMarks(rating=5)},
        {"marks": UserMarks(unknown=True)},
        {"failure": "is cut off"},
    ],
)
def test_what_is_precious_or_unreadable_is_never_proposed(library: Library, precious: dict[str, object]) -> None:
    library.add("bad.jpg", 2, mos=0.1, **precious)  # type: ignore[arg-type]
    assert set() == library.going()


def test_a_photo_that_changed_after_the_scan_is_left_out_and_counted(library: Library) -> None:
    path = library.add("bad.jpg", 2, mos=0.1)
    path.write_bytes(b"something else")
    assert (set(), {path}) == (library.going(), library.left_out.stale)


def test_a_copy_whose_original_is_gone_is_no_copy(library: Library) -> None:
    library.add("twin (1).jpg", 3)
    original = library.add("twin.jpg", 3)
    original.rename(library.folder / "elsewhere.jpg")
    assert set() == library.going()


def test_a_copy_under_the_named_folder_may_have_its_keeper_elsewhere(library: Library) -> None:
    library.add("albums/twin.jpg", 3)
    library.add("downloads/twin.jpg", 3)
    below = library.folder / "downloads"
    assert {below / "twin.jpg"} == {p.facts.path for p in library.proposals(below) if p.action is Action.TRASH}
    assert set() == library.going(library.folder / "albums")


def test_keep_is_remembered_when_the_photo_is_renamed(library: Library) -> None:
    path = library.add("bad.jpg", 2, mos=0.1)
    digest = content_hash(path.read_bytes())
    library.ledger.remember([Decision(digest, path, Action.KEEP, "low-quality", 1.0)])
    path.rename(library.folder / "gone")
    library.add("renamed.jpg", 2, mos=0.1)
    assert set() == library.going()


def test_not_a_duplicate_is_remembered(library: Library) -> None:
    one = library.add("a.jpg", 3)
    other = library.add("b.jpg", 3, size=(240, 180))
    first, second = sorted(content_hash(path.read_bytes()) for path in (one, other))
    library.cache.comparisons.write([Comparison(first, second, Relation.DERIVED, 0.99)], COMPARISON)
    assert {"b.jpg"} == library.going()
    library.ledger.remember([], apart=[(content_hash(one.read_bytes()), content_hash(other.read_bytes()))])
    assert set() == library.going()


def test_proposals_do_not_depend_on_the_order_of_the_scan(library: Library, home: Path) -> None:
    names = [("c.jpg", 3), ("a.jpg", 3), ("b.jpg", 3), ("d.jpg", 4)]
    for name, seed in names:
        library.add(name, seed, mos=0.2)
    with Cache.open(home / "other.sqlite") as cache:
        other = Library(library.folder, cache, library.ledger)
        for known in sorted(library.cache.known(), key=lambda known: known.asset.primary.path, reverse=True):
            other.cache.meet(other.scan, [(known.asset, NO_MARKS)])
        other.cache.write(
            hashes=[(known.asset.primary, known.content_hash) for known in library.cache.known() if known.content_hash],
            photos=[
                (known.photo, print_, REVISION)
                for known in library.cache.known()
                for print_, _ in library.cache.fingerprints(REVISION)
                if known.photo and print_.content_hash == known.content_hash
            ],
            scores=[
                score
                for known in library.cache.known()
                if known.content_hash
                for score in (
                    Score(known.content_hash, registry.JUDGE, registry.spec(registry.JUDGE).revision, "mos", 0.2),
                    *kinds_of(known.content_hash, PhotoKind.PHOTO),
                )
            ],
        )
        expected = [(p.facts.path, p.action, p.sentence) for p in library.proposals()]
        assert expected == [(p.facts.path, p.action, p.sentence) for p in other.proposals()]
