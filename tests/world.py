"""A small library that lives: a user adds, changes and loses files, the program scans, proposes and moves them.

The files, the crawl, cache, ledger, rules, review, plan and trash are the real ones; only decoding and scoring are
replaced by what is known of the pictures that were made here. The world keeps a book of its own on every byte, and
compares the disk with it: it believes nothing that the program says.
"""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from io import BytesIO
from itertools import combinations
from pathlib import Path

from albumclean.catalogue import Catalogue
from albumclean.comparison import REVISION as COMPARISON
from albumclean.config import AutoSettings, Settings
from albumclean.crawl import crawl, read_marks
from albumclean.domain import (
    Action,
    Asset,
    Comparison,
    Failure,
    Fingerprint,
    Photo,
    Proposal,
    Relation,
    Root,
    RootRole,
    Score,
    Stage,
    UserMarks,
)
from albumclean.errors import AlbumcleanError
from albumclean.media.reading import content_hash
from albumclean.plan import PlanResult
from albumclean.scoring import registry
from albumclean.similar.fingerprint import REVISION as FINGERPRINT
from albumclean.similar.fingerprint import fingerprint
from albumclean.store.cache import Cache
from albumclean.store.ledger import Ledger
from tests.pictures import scene
from tests.striking import Fault, Killed, struck

_BEGINNING = 1_500_000_000  # seconds since the epoch: long ago, so that nothing is fresh
_SIZES = ((96, 72), (64, 48))
Key = tuple[Path, bytes]  # a file with its bytes: the same name can be used twice


@dataclass(frozen=True, slots=True)
class Picture:
    """What the world knows of some bytes."""

    seed: int
    size: tuple[int, int]
    mos: float
    broken: bool


@lru_cache(maxsize=256)
def _jpeg(seed: int, size: tuple[int, int], quality: int) -> bytes:
    stream = BytesIO()
    scene(seed, 96, 72).resize(size).save(stream, "JPEG", quality=quality)
    return stream.getvalue()


@lru_cache(maxsize=256)
def _analysed(content: bytes, picture: Picture) -> tuple[Photo, Fingerprint]:
    digest = content_hash(content)
    return Photo(digest, *picture.size, "JPEG"), fingerprint(scene(picture.seed, 96, 72).resize(picture.size), digest)


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it lies there."""

    content: bytes
    mtime_ns: int
    inode: int


Listing = dict[Path, Seen]


@dataclass(slots=True)
class Planned:
    """What the user has let go: an asset, the photo that is to stay for it, and its whole group."""

    files: frozenset[Key]
    keeper: Path | None
    group: tuple[Path, ...]


@dataclass
class World:
    """The album, the program's own files, and the book."""

    base: Path
    tick: int = 0
    owned: Counter[bytes] = field(default_factory=Counter)  # the user's files, wherever they are, by their bytes
    pictures: dict[bytes, Picture] = field(default_factory=dict)
    links: set[Path] = field(default_factory=set)
    scanned: Listing = field(default_factory=dict)  # the album as the last scan saw it
    away: dict[Key, Seen] = field(default_factory=dict)  # what the program has taken from its place
    let_go: list[Planned] = field(default_factory=list)  # all that a user or a named rule has decided
    interrupted: bool = False  # caught half-way, and not recovered yet
    seen: Counter[str] = field(default_factory=Counter)  # how often that happened for which faults are made

    def __post_init__(self) -> None:
        for folder in (self.album, self.safe, self.home):
            folder.mkdir(parents=True)
        os.environ["XDG_DATA_HOME"] = str(self.home / "share")
        self.cache = Cache.open(self.home / "cache.sqlite").__enter__()
        self.ledger = Ledger.open(self.home / "ledger.sqlite")

    def close(self) -> None:
        self.cache.__exit__(None, None, None)
        self.ledger.close()

    @property
    def album(self) -> Path:
        return self.base / "album"

    @property
    def safe(self) -> Path:
        return self.base / "album" / "protected"

    @property
    def home(self) -> Path:
        return self.base / "home"

    @property
    def settings(self) -> Settings:
        return Settings(auto=AutoSettings(rules=("exact-copies",), max_photos=2, max_share=0.5))

    # --- what the user does -------------------------------------------------------------------------------------

    def photos(self) -> list[Path]:
        return [path for path in self.listing() if path.suffix == ".jpg"]

    def write(self, path: Path, content: bytes) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.tick += 1
        os.utime(path, ns=(_BEGINNING * 10**9, (_BEGINNING + self.tick) * 10**9))
        self.owned[content] += 1
        return path

    def add(self, folder: Path, seed: int, variant: int, *, bad: bool, broken: bool, with_: Sequence[str]) -> Path:
        path = folder / f"IMG_{self.tick:04}.jpg"
        content = _jpeg(seed, _SIZES[variant % 2], 60 + 10 * variant)
        if broken:
            content = content[: len(content) // 2] + b"%d" % self.tick
        self.pictures.setdefault(content, Picture(seed, _SIZES[variant % 2], 0.1 if bad else 0.8, broken))
        self.write(path, content)
        for ending in with_:
            self.write(path.with_suffix(ending), f"{ending} of {path.name}".encode())
        return path

    def copy(self, path: Path, folder: Path) -> Path:
        return self.write(folder / f"COPY_{self.tick:04}.jpg", path.read_bytes())

    def copy_whole(self, path: Path, folder: Path) -> None:
        """With its companions, as after a second import."""
        copy = self.copy(path, folder)
        for ending in (".mov", ".aae", ".xmp"):
            if (companion := path.with_suffix(ending)).exists():
                self.write(copy.with_suffix(ending), companion.read_bytes())

    def hard_link(self, path: Path, folder: Path) -> None:
        self.tick += 1
        folder.mkdir(parents=True, exist_ok=True)
        os.link(path, folder / f"LINK_{self.tick:04}.jpg")
        self.owned[path.read_bytes()] += 1

    def symlink(self, path: Path, folder: Path) -> None:
        self.tick += 1
        folder.mkdir(parents=True, exist_ok=True)
        link = folder / f"SYM_{self.tick:04}.jpg"
        link.symlink_to(path)
        self.links.add(link)

    def change(self, path: Path, *, silently: bool) -> None:
        """Other bytes; `silently`: of the same length, with the time of before.

        Only of photos: companions are not read by a scan, so that nobody could tell.
        """
        silently = silently and path.suffix == ".jpg"
        old, state = path.read_bytes(), path.stat()
        self.tick += 1
        new = old[:-4] + b"%04d" % (self.tick % 10_000) if silently else old + b"%d" % self.tick
        names = [each for each, seen in self.listing().items() if seen.inode == state.st_ino]
        if len(names) < state.st_nlink:  # another name lies in a trash, and what is there is not the user's to change
            self.replace_file(path)
            names = [path]
        for name in names:
            self._no_longer(name, old)
            self.owned[old] -= 1
            self.owned[new] += 1
        with path.open("r+b") as file:
            file.write(new)
        mtime_ns = state.st_mtime_ns if silently else (_BEGINNING + self.tick) * 10**9
        os.utime(path, ns=(mtime_ns, mtime_ns))
        self.pictures[new] = (
            replace(self.pictures[old], broken=False) if old in self.pictures else Picture(0, _SIZES[0], 0.8, False)
        )

    def replace_file(self, path: Path) -> None:
        """The same bytes and time in another file."""
        content, mtime_ns = path.read_bytes(), path.stat().st_mtime_ns
        new = path.with_name("new.part")
        new.write_bytes(content)
        os.utime(new, ns=(mtime_ns, mtime_ns))
        os.replace(new, path)

    def lose(self, path: Path) -> None:
        self._no_longer(path, path.read_bytes())
        self.owned[path.read_bytes()] -= 1
        path.unlink()

    def _no_longer(self, path: Path, content: bytes) -> None:
        """What was decided of an asset that had this file is void: it is another asset now."""
        self.let_go = [each for each in self.let_go if (path, content) not in each.files]

    def rate(self, path: Path) -> None:
        xmp = path.with_suffix(".xmp")
        if xmp.exists():
            self.lose(xmp)
        ns = "http://ns.adobe.com/xap/1.0/"
        self.write(
            xmp,
            b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
            b"<rdf:Description xmlns:xmp='%s' xmp:Rating='4' rdf:about='%s'/></rdf:RDF></x:xmpmeta>"
            % (ns.encode(), path.name.encode()),
        )

    # --- what the program does ----------------------------------------------------------------------------------

    def scan(self) -> None:
        number = self.fill(self.cache)
        for root in (self.album, self.safe):
            self.cache.forget_unseen(number, root, [])
        self.cache.finish_scan(number)
        self.scanned = self.listing()

    def fill(self, cache: Cache, *, backwards: bool = False) -> int:
        """What a scan writes, with the known facts in place of decoding and networks."""
        roots = [Root(self.album), Root(self.safe, RootRole.PROTECTED)]
        assets = [found for found in crawl(roots, self.settings.crawl) if isinstance(found, Asset)]
        number = cache.begin_scan([root.path for root in roots])
        contents = {}
        for asset in assets[::-1] if backwards else assets:
            content = asset.primary.path.read_bytes()
            picture = self.pictures[content]
            digest = content_hash(content)
            marks, _ = read_marks(asset) if asset.companions else (UserMarks(), [])
            cache.meet(number, [(asset, marks)])
            failure = Failure(asset.primary.path, Stage.DECODE, "is cut off")
            photo, found = _analysed(content, picture)
            cache.write(
                failures=[(asset.primary, failure, digest)] if picture.broken else [],
                hashes=[(asset.primary, digest)],
                photos=[(photo, found, FINGERPRINT)],
                scores=_scores(digest, picture),
            )
            contents[digest] = picture
        alike = [
            Comparison(one, other, Relation.DERIVED, 0.99)
            for one, other in combinations(sorted(contents), 2)
            if contents[one].seed == contents[other].seed
        ]
        cache.comparisons.write(alike, COMPARISON)
        return number

    def catalogue(self, cache: Cache | None = None) -> Catalogue:
        return Catalogue(cache or self.cache, self.ledger, self.settings)

    def proposals(self) -> list[Proposal]:
        return list(self.catalogue().proposals())

    def decide(self, result: PlanResult, chosen: Sequence[Proposal]) -> None:
        """Write into the world's own book what may move from now on."""
        groups = {each.facts.path: each.group for each in chosen}
        now = self.listing()
        for item in result.plan.items:
            files = frozenset(
                (f.identity.path, now[f.identity.path].content) for f in item.files if f.identity.path in now
            )
            group = groups.get(item.path)
            members = tuple(facts.path for facts in group.members) if group else ()
            self.let_go.append(Planned(files, item.keeper.identity.path if item.keeper else None, members))

    @contextmanager
    def program(self, fault: Fault | None) -> Iterator[None]:
        """A run of the program, perhaps with a fault; then the disk is compared with the book."""
        before = self.listing()
        told: AlbumcleanError | None = None
        strikes = fault or Fault(None, "rename", -1, after=False)  # there is no call with that number
        try:
            with struck(str(self.base), strikes.at, strikes.error, after=strikes.after, call=strikes.call):
                yield
        except Killed:
            self.ledger.close()
            self.ledger = Ledger.open(self.home / "ledger.sqlite")
            self.seen["kills"] += 1
            self.seen["kills half-way"] += bool(self.ledger.unsettled())
        except AlbumcleanError as failure:
            told = failure
        self.interrupted = bool(self.ledger.unsettled())
        self._compare(before, self.listing())
        torn = any(0 < sum(key in self.away for key in each.files) < len(each.files) for each in self.let_go)
        self.seen["photos left torn"] += self.interrupted and torn
        if told is not None:
            assert str(told), "an error without a word"

    def _compare(self, before: Listing, after: Listing) -> None:
        allowed = {key for planned in self.let_go for key in planned.files}
        for path in before.keys() - after.keys():
            key = (path, before[path].content)
            assert key in allowed, f"invariant 2: {path} moved though nobody decided that"
            assert not path.is_relative_to(self.safe), f"invariant 6: {path} moved out of a protected folder"
            assert path.suffix != ".jpg" or not self.pictures[key[1]].broken, f"invariant 7: {path} can't be read"
            assert self.scanned.get(path) == before[path], (
                f"invariant 3: {path} moved though it is not what was scanned"
            )
            self.away[key] = before[path]
            self.seen["moved"] += 1
        for path in after.keys() - before.keys():
            key = (path, after[path].content)
            assert key in self.away, f"invariant 1: {path} appeared from nowhere"
            assert self.away[key].mtime_ns == after[path].mtime_ns, f"{path} came back with another time"
            del self.away[key]
            # Known from the scan before it went: where an undo was cut short it may follow the rest of its photo again.
            self.scanned[path] = after[path]
            self.seen["brought back"] += 1
        for path in before.keys() & after.keys():
            assert before[path] == after[path], f"invariant 1: {path} was changed or overwritten"
        for path in before.keys() - after.keys():
            plans = [each for each in self.let_go if (path, before[path].content) in each.files]
            problems = [self._nothing_stays(plan, before, after) for plan in plans]
            assert None in problems, f"invariants 3 and 4: {path} moved, and {problems}"

    def _nothing_stays(self, planned: Planned, before: Listing, after: Listing) -> str | None:
        """What is wrong with the photo that should stay for `planned`, and with its whole group."""
        gone = {before[path].inode for path, _ in planned.files if path in before}
        if planned.keeper is not None and not self.interrupted:
            if planned.keeper not in after or after[planned.keeper] != self.scanned.get(planned.keeper):
                return f"the keeper {planned.keeper} is not there as it was scanned"
            if after[planned.keeper].inode in gone:
                return f"the keeper {planned.keeper} is the very file that moved"
        if planned.group and not any(path in after and after[path].inode not in gone for path in planned.group):
            return f"nothing of the group {planned.group} stays"
        return None

    # --- what must hold -----------------------------------------------------------------------------------------

    def listing(self) -> Listing:
        """Every ordinary file of the user's in the album."""
        found = {}
        for path in sorted(self.album.rglob("*")):
            if path.is_file() and not path.is_symlink():
                state = path.stat()
                found[path] = Seen(path.read_bytes(), state.st_mtime_ns, state.st_ino)
        return found

    def check_every_byte_is_there(self) -> None:
        there = Counter(path.read_bytes() for path in self._everything())
        lost, more = self.owned - there, there - self.owned
        assert not lost, f"invariant 1: {sum(lost.values())} files are gone: {[each[-30:] for each in lost]}"
        if not self.interrupted:
            assert not more, f"{sum(more.values())} files too many: {[each[:60] for each in more]}"
        assert all(link.is_symlink() for link in self.links), "invariant 4: a link was moved in place of a file"

    def check_assets_are_whole(self) -> None:
        for planned in self.let_go:
            assert len({key in self.away for key in planned.files}) <= 1, f"invariant 5: torn: {sorted(planned.files)}"

    def check_the_journal_is_true(self) -> None:
        """What is away has one line MOVED that leads to it, and nothing else has."""
        with closing(sqlite3.connect(self.home / "ledger.sqlite")) as connection:
            rows = connection.execute("SELECT source, destination, info FROM move WHERE state = 'moved'").fetchall()
        explained = {}
        for source, destination, info in rows:
            place = Path(os.fsdecode(destination))
            assert place.is_file(), f"the journal says that {place} has moved, but it is not there"
            assert info is None or os.path.exists(info), f"{place} lies in the trash without a note"
            explained[place] = Path(os.fsdecode(source)), place.read_bytes()
        assert set(self.away) == set(explained.values()), "the journal does not explain what is away"
        places = {path for path in self._everything() if not path.is_relative_to(self.album)}
        assert places == set(explained), "a file lies in a trash and no line leads to it"

    def check_nothing_is_half_way(self) -> None:
        """After a recovery; but for what can't come back as the user has put something else there."""
        taken = {path for path, _ in self.away}
        for asset in self.ledger.unsettled():
            blocked = any(move.path in taken and move.path.exists() for move in asset)
            assert blocked, f"{asset[0].path} is still half-way after a recovery"

    def _everything(self) -> Iterator[Path]:
        for path in self.base.rglob("*"):
            ours = path.suffix == ".trashinfo" or path.name == ".albumcleanignore" or path.parent == self.home
            if path.is_file() and not path.is_symlink() and not ours:
                yield path

    def check_proposals(self, proposals: Sequence[Proposal]) -> None:
        for each in proposals:
            path = each.facts.path
            if each.action is Action.KEEP:
                continue
            assert not path.is_relative_to(self.safe), f"invariant 6: {path} lies in a protected folder"
            sidecar = self.scanned.get(path.with_suffix(".xmp"))
            rated = sidecar is not None and b"xmp:Rating" in sidecar.content
            assert not rated, f"invariant 6: {path} is rated"
            assert not self.pictures[path.read_bytes()].broken, f"invariant 7: {path} can't be read"
            if each.group is not None:
                inodes = {os.stat(facts.path).st_ino for facts in each.group.members}
                assert len(inodes) == len(each.group.members), "invariant 4: one file counts twice"
                assert all(facts.path.is_relative_to(self.album) for facts in each.group.members), "a trash counts"


def _scores(digest: bytes, picture: Picture) -> list[Score]:
    values = {"mos": picture.mos, "photo": 1.0}
    return [
        Score(digest, spec.name, spec.revision, quantity, values.get(quantity, 0.0))
        for spec in map(registry.spec, registry.DEFAULT)
        for quantity in spec.quantities
    ]
