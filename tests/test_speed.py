"""What makes a scan quick must not make it wrong: work that is marked as done, and libraries that stay unloaded."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from albumclean.comparison import REVISION
from albumclean.config import Settings
from albumclean.domain import Asset, Comparison, FileIdentity, Fingerprint, Photo, Relation, UserMarks
from albumclean.engines import compare
from albumclean.engines.look import Look
from albumclean.engines.search import Found, SearchJob
from albumclean.similar.fingerprint import REVISION as FINGERPRINT
from albumclean.store.cache import Cache

SOURCE, COPY, OTHER, NEW = (bytes([at]) * 32 for at in (1, 2, 3, 4))


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    with Cache.open(tmp_path / "cache.sqlite") as opened:
        yield opened


def path_of(content: bytes) -> Path:
    return Path(f"/p/{content.hex()[:2]}.jpg")


def scan(cache: Cache, *contents: bytes) -> None:
    """A library that holds just these contents."""
    number = cache.begin_scan([Path("/p")])
    files = [FileIdentity(path_of(content), 10, 20, content[0], 40) for content in contents]
    cache.meet(number, [(Asset(file), UserMarks()) for file in files])
    prints = [Fingerprint(each, 0, 0, bytes(192), 50.0) for each in contents]
    cache.write(
        hashes=list(zip(files, contents, strict=True)),
        photos=[(Photo(each.content_hash, 40, 30, "JPEG"), each, FINGERPRINT) for each in prints],
    )


def searching(monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], None]) -> list[set[bytes]]:
    """Let the search find no pairs while something else goes on; what each search was asked for."""
    asked: list[set[bytes]] = []

    def found(job: SearchJob) -> Found:
        with Cache.open(Path(str(job.cache))) as cache:
            new = set(cache.contents()) - cache.comparisons.searched(job.key)
        asked.append(new)
        meanwhile()
        return Found(sorted(new), [], np.empty((0, 2), np.int32), np.empty(0, np.bool_))

    monkeypatch.setattr(compare, "find_candidates", found)
    return asked


def compared(cache: Cache) -> None:
    compare.compare_new(cache, Settings(), lambda _: None)


def test_what_apply_forgets_while_photos_are_compared_is_dealt_with_by_the_next_scan(
    cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copies of a vanished source know nothing of each other until they are searched again."""
    scan(cache, SOURCE, COPY, OTHER)
    asked = searching(monkeypatch, lambda: None)
    compared(cache)
    looks = [Comparison(SOURCE, each, Relation.DERIVED, 0.9, SOURCE, ()) for each in (COPY, OTHER)]
    cache.comparisons.write(looks, REVISION)
    scan(cache, SOURCE, COPY, OTHER, NEW)

    def apply() -> None:
        with Cache.open(tmp_path / "cache.sqlite") as other:
            other.forget([path_of(SOURCE)])

    asked = searching(monkeypatch, apply)
    compared(cache)
    assert [{NEW}] == asked
    asked = searching(monkeypatch, lambda: None)
    compared(cache)
    assert [{COPY, OTHER}] == asked


def test_what_was_compared_in_peace_is_not_compared_again(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    scan(cache, SOURCE, COPY)
    cache.comparisons.write([Comparison(SOURCE, COPY, Relation.DERIVED, 0.9, SOURCE, ())], REVISION)
    cache.forget([path_of(SOURCE)])
    asked = searching(monkeypatch, lambda: None)
    compared(cache)  # forgets the comparison by itself
    assert [{COPY}] == asked
    monkeypatch.setattr("albumclean.store.comparisons.Comparisons.forget_vanished", None)
    compared(cache)
    assert [{COPY}] == asked


def test_looks_that_are_remembered_do_not_count_as_changes_from_outside(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan(cache, SOURCE, COPY)
    searching(monkeypatch, lambda: None)

    def run(looks: compare._Looks, _: object) -> None:
        outcome = Comparison(SOURCE, COPY, Relation.DIFFERENT, 0.1, None, ())
        looks._remember([Look(outcome, ((SOURCE, b"1"), (COPY, b"2")))])
        looks._remember([])

    monkeypatch.setattr(compare._Looks, "run", run)
    compared(cache)
    assert cache.state.is_done("compared", compare.searched_key())


def test_a_decoder_loads_none_of_the_large_libraries() -> None:
    """Each of its kind would be loaded by every worker of every scan, at a third of a second of a core and more."""
    code = """
import sys
from PIL import Image
import albumclean.engines.analyse
from albumclean.similar.fingerprint import fingerprint
fingerprint(Image.effect_noise((160, 128), 60).convert("RGB"), b"")
print(*sorted({"torch", "cv2", "faiss", "rich"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "" == done.stdout.strip()
