"""The benchmarks of speed and memory: made libraries, verdicts, plots and the page, at sizes that take a moment."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from albumclean.config import Locations
from albumclean.domain import PhotoKind
from albumclean.evaluation import drawing
from albumclean.evaluation.scatter import WIDTH, Dot, Line
from albumclean.scoring import registry
from albumclean.store.cache import Cache
from benchmarks import great_library, memory
from benchmarks.made_facts import KINDS, MadeLibrary
from benchmarks.memory import PIECE, make_pieces
from benchmarks.peers_cpu import verdicts
from benchmarks.performance_page import SECTIONS, page
from benchmarks.plots import Bar, bars, curves
from benchmarks.simulated_library import Fit
from tests.pictures import save, scene

FILES = 600


@pytest.fixture(scope="module")
def fit() -> Fit:
    return Fit.plain(registry.spec(registry.JUDGE).embedding, photos=200)


@pytest.fixture(scope="module")
def made(fit: Fit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("great")
    great_library.make(folder, FILES, fit)  # ends the test if a scan would still find something to do
    return folder


def test_a_made_library_is_known_as_after_a_scan(made: Path) -> None:
    with Cache.open(Locations.from_environment({"ALBUMCLEAN_HOME": str(made / "home")}).cache) as cache:
        known = list(cache.known((), [registry.spec(name) for name in registry.DEFAULT]))
        counts = cache.counts()
    assert FILES == len(known) == counts.files
    assert 0 == counts.unread + counts.failed
    assert FILES - round(FILES * 0.01) == counts.contents
    for each in known:
        seen = each.asset.primary.path.lstat()
        assert (seen.st_size, seen.st_mtime_ns, seen.st_ino) == (
            each.asset.primary.size,
            each.asset.primary.mtime_ns,
            each.asset.primary.inode,
        )
        assert each.photo is not None
        assert {quantity for _, quantity in each.scores} >= {"mos", "preference", "photo"}
        assert seen.st_mtime == pytest.approx(each.asset.primary.path.parent.stat().st_mtime, abs=FILES)  # long ago
    assert any(each.asset.companions for each in known)
    assert any(each.marks.rating for each in known)


def test_a_made_library_is_never_written_over_files(made: Path) -> None:
    with pytest.raises(FileExistsError):
        great_library._file(str(next((made / "photos").rglob("*.jpg"))), b"x", 0)


def test_made_facts_are_always_the_same_and_as_common_as_they_say(fit: Fit) -> None:
    one, other = MadeLibrary.make(fit, 20_000, 1), MadeLibrary.make(fit, 20_000, 1)
    assert [one.photo(number, b"") for number in range(0, 20_000 - 200, 97)] == [
        other.photo(number, b"") for number in range(0, 20_000 - 200, 97)
    ]
    count = len(one)
    copies = one.original != range(count)
    assert 0.05 == pytest.approx((one.mos < 0.35).mean(), abs=0.012)
    assert 0.06 == pytest.approx(copies.mean(), abs=0.02)
    assert 0.08 == pytest.approx((one.kind == list(KINDS).index(PhotoKind.SCREENSHOT)).mean(), abs=0.012)
    assert (one.looks.shot[one.row] == one.looks.shot[one.row[one.original]]).all()
    assert not copies[one.original].any()  # a copy's original is none itself
    sizes = [int((one.folder == number).sum()) for number in range(len(one.folders) - 1)]
    assert 50 <= min(sizes)
    assert max(sizes) <= 800


def test_pieces_for_the_memory_benchmark_all_differ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "DETAIL", 4.0)  # made scenes are smoother than photos
    for number in range(3):
        save(scene(number), tmp_path / "real" / f"{number}.jpg")
    save(scene(0), tmp_path / "real" / "0 again.jpg")  # the same photo gives no piece twice
    folder = make_pieces(tmp_path / "real", tmp_path / "made", 24)
    pieces = [path.read_bytes() for path in sorted(folder.rglob("*.jpg"))]
    assert 24 == len(pieces) == len(set(pieces))
    with Image.open(next(folder.rglob("*.jpg"))) as piece:
        assert PIECE == piece.size
    save(Image.linear_gradient("L").point(lambda level: level // 32).convert("RGB"), tmp_path / "flat" / "sky.jpg")
    for name in ("nothing here", "flat"):
        with pytest.raises(SystemExit):
            make_pieces(tmp_path / name, tmp_path / "none", 2)


def test_peers_bars_hold_ours_against_each_and_against_the_fastest_finder() -> None:
    seconds = {"albumclean": 0.11, "bppicker": 0.3, "cleanvision": 0.1, "image-dedup-ai": 0.06, "imagededup": 0.05}
    assert {
        "less than bppicker, which scores quality": True,
        "less than cleanvision, which scores quality": False,
        "within 2x of imagededup, the fastest that only hashes": False,
    } == verdicts(seconds)
    assert verdicts({**seconds, "imagededup": 0.07})["within 2x of image-dedup-ai, the fastest that only hashes"]


def test_bars_are_as_long_as_their_values_and_curves_rise_by_powers() -> None:
    shapes = bars("title", "unit", [Bar("one", 2.0, mark=1.0), Bar("two", 4.0)])
    long = [each.points[1][0] - each.points[0][0] for each in shapes if isinstance(each, Line) and each.width > 10]
    assert long[1] == pytest.approx(2 * long[0])
    places = [(each.x, each.y) for each in curves("t", "x", "y", {"a": [(10, 1.0), (100, 10.0)]}) if type(each) is Dot]
    (left, low), (right, high) = places[:2]
    assert left < right <= WIDTH
    assert high < low  # upwards


def result(part: str, numbers: object, code: int = 0, out: str = "") -> dict[str, object]:
    return {
        "part": part,
        "command": f"python -m {part}",
        "code": code,
        "seconds": 1.0,
        "out": out,
        "numbers": numbers,
        "quick": False,
        "machine": "a machine",
        "load": 0.1,
        "at": "2026-01-01",
        "revision": "abc",
        "err": "",
    }


def test_the_page_says_what_is_missing_what_failed_and_where_it_was_measured() -> None:
    growth = {
        "sizes": [
            {"photos": count, "cache": 1500 * count, "taken": {"status": {"cpu": 0.1, "seconds": 0.2, "peak": 5e7}}}
            for count in (100, 1000)
        ]
    }
    files = page(
        {
            "growth": result("growth", growth, out="nothing\nratio 1: within the bar"),
            "engine": result("engine", None, 1, "it took 3 s\nMISSED"),
            "rescan": result("rescan", {"of": {"find": 1.5}}),
        }
    )
    text = files["performance.md"].decode()
    assert "| 1,000 | 0.10 | 50 | 1,500 |" in text
    assert "- ratio 1: within the bar" in text
    assert "it took 3 s" in text
    assert "exit code 1" in text
    assert "| of find | 1.5 |" in text
    assert "Not measured in this run: Beside other programs" in text
    assert 3 == text.count("a machine · load 0.1")
    assert files["performance-growth.svg"].startswith(b"<svg")
    assert drawing.MARK in files["performance-growth.svg"]


def test_the_page_of_nothing_names_every_section() -> None:
    text = page({})["performance.md"].decode()
    assert all(section.title in text for section in SECTIONS)
