"""A report shows what could go and why, in one file that nobody needs a program for, and changes nothing."""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from albumclean.cli.output import Output
from albumclean.domain import Action, Failure, GroupKind, Photo, PhotoFacts, Proposal, Stage
from albumclean.errors import OutputExists, OutputUnusable
from albumclean.report import page
from albumclean.report.charts import HEIGHT, WIDTH, score_bars, share, year_bars
from albumclean.report.document import to_json
from albumclean.report.gallery import Gallery
from albumclean.report.summary import Summary, bin_of, year_of
from tests.facts import group_of, low_quality, photo
from tests.pictures import save, scene

COMMAND = [sys.executable, "-m", "albumclean"]
JPEG = b"\xff\xd8\xff\xe0 a picture"


def albumclean(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True, check=False)


def taken(facts: PhotoFacts, at: str | None, camera: str | None = None) -> PhotoFacts:
    assert facts.photo is not None
    return replace(facts, photo=replace(facts.photo, taken_at=at, camera=camera))


def summed(*proposals: Proposal, failures: tuple[Failure, ...] = ()) -> Summary:
    summary = Summary(0.35, 1_700_000_000.0)
    for proposal in proposals:
        summary.meet(proposal.facts)
    for proposal in proposals:
        summary.hear(proposal)
    summary.fail(failures)
    return summary


def rendered(summary: Summary, *proposals: Proposal, photos: int = 300, jpeg: bytes | None = JPEG) -> str:
    gallery = Gallery(photos)
    for proposal in proposals:
        gallery.hear(proposal)
    return "".join(page.render(summary, gallery.sections(), lambda facts: jpeg, made_at=1_700_000_000.0))


# --- the numbers ------------------------------------------------------------------------------------------------


def test_the_sentence_counts_what_could_go_by_reason() -> None:
    copies = group_of(photo("a.jpg"), photo("a1.jpg", content="a.jpg"), photo("a2.jpg"), kind=GroupKind.EXACT)
    look = replace(low_quality(photo("night.jpg")), action=Action.REVIEW)
    failure = Failure(Path("/album/broken.jpg"), Stage.DECODE, "is damaged")
    summary = summed(*copies, low_quality(photo("bad.jpg")), look, failures=(failure,))
    assert (
        "3 photos (3.0 kB) could go: 2 exact copies, 1 photo with a low score; 1 more to look at; 1 could not be read."
        == summary.sentence
    )
    assert summary.has_findings


def test_a_clean_library_says_so() -> None:
    summary = Summary(0.35, None)
    summary.meet(photo("good.jpg", mos=0.9))
    assert ("Nothing of 1 photo could go without a look.", False) == (summary.sentence, summary.has_findings)
    assert "Nothing of 1 photo" in rendered(summary)


def test_what_stays_of_a_group_is_not_counted_as_going() -> None:
    summary = summed(*group_of(photo("a.jpg"), photo("b.jpg")))
    assert (2, 1, 1000) == (summary.known.photos, summary.going.photos, summary.going.bytes)


def test_years_cameras_and_folders_add_up_to_the_whole() -> None:
    proposals = [
        low_quality(taken(photo("2020/a.jpg"), "2020-01-01T10:00:00", "Canon")),
        low_quality(taken(photo("2020/b.jpg"), "2022-01-01T10:00:00", "")),
        low_quality(taken(photo("c.jpg"), None)),
        low_quality(taken(photo("d.jpg"), "0000-00-00T00:00:00")),
    ]
    summary = summed(*proposals)
    for lines in (summary.years, summary.cameras, summary.folders):
        assert 4 == sum(line.going.photos for line in lines.values())
        assert 4 == sum(line.known.photos for line in lines.values())
    assert {2020: 1, 2022: 1, None: 2} == {year: line.known.photos for year, line in summary.years.items()}
    assert {"Canon", None} == set(summary.cameras)
    assert ["2020", "2021", "2022"] == [bar.label for bar in year_bars(summary.years)]


@pytest.mark.parametrize(("taken_at", "year"), [("1999-12-31T23:59:59", 1999), ("9999-01-01", None), ("x", None)])
def test_years_come_from_sane_dates_only(taken_at: str, year: int | None) -> None:
    assert year == year_of(taken(photo("a.jpg"), taken_at))


def test_scores_fall_into_their_bins() -> None:
    assert [0, 0, 34, 35, 99, 99] == [bin_of(mos) for mos in (-0.01, 0.0, 0.349, 0.35, 0.999, 1.0)]
    bars = score_bars(summed(low_quality(photo("a.jpg", mos=0.2))).scores, [0] * 100)
    assert 1 == sum(bar.photos for bar in bars)
    assert all(0 <= bar.x and bar.x + bar.width <= WIDTH and bar.top + bar.height <= HEIGHT + 0.01 for bar in bars)
    assert (0.0, 100.0, 0.5) == (share(0, 9), share(9, 9), share(1, 100_000)), "what is there can be seen"


# --- which are shown --------------------------------------------------------------------------------------------


def test_the_worst_come_first_and_the_rest_is_counted() -> None:
    gallery = Gallery(3)
    for number in range(50):
        gallery.hear(low_quality(photo(f"{number}.jpg", mos=(number * 7 % 50) / 100)))
    (section,) = gallery.sections()
    assert [0.0, 0.01, 0.02] == [entry.proposals[0].facts.mos for entry in section.entries]
    assert (50, 47) == (section.total, section.hidden)


def test_every_kind_gets_its_turn_and_groups_stay_together() -> None:
    gallery = Gallery(6)
    groups = [group_of(photo(f"{n}.jpg"), photo(f"{n} copy.jpg")) for n in range(5)]
    for proposal in [proposal for group in groups for proposal in group]:
        gallery.hear(proposal)
    for number in range(5):
        gallery.hear(low_quality(photo(f"bad{number}.jpg")))
    copies, single = gallery.sections()
    assert (2, 2) == (len(copies.entries), len(single.entries))
    assert all(2 == len(entry.proposals) for entry in copies.entries)
    assert (5, 5) == (copies.total, single.total)


def test_a_large_group_is_cut_short() -> None:
    gallery = Gallery(300)
    for proposal in group_of(*(photo(f"{n}.jpg") for n in range(40))):
        gallery.hear(proposal)
    (section,) = gallery.sections()
    assert (12, 28) == (len(section.entries[0].proposals), section.entries[0].hidden)
    assert "and 28 photos more" in rendered(
        summed(*group_of(photo("a.jpg"))), *group_of(*(photo(f"{n}.jpg") for n in range(40)))
    )


def test_memory_is_bounded_by_what_is_shown() -> None:
    gallery = Gallery(10)
    for number in range(10_000):
        gallery.hear(low_quality(photo(f"{number}.jpg", mos=number / 10_000)))
        kept = sum(len(section.entries) for section in gallery._sections.values())
        assert kept <= 20
    assert 10 == len(gallery.sections()[0].entries)


# --- the page ---------------------------------------------------------------------------------------------------


class Reader(HTMLParser):
    """What a page asks the browser to do, and what it says."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.said.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.said).split())


def test_the_page_needs_nothing_else_and_forbids_everything_else() -> None:
    proposal = low_quality(photo("a.jpg"))
    text = rendered(summed(proposal), proposal)
    found = Reader(text)
    assert not {tag for tag, _ in found.tags} & {"script", "link", "iframe", "object", "embed", "form", "base"}
    for tag, attributes in found.tags:
        assert not any(name.startswith("on") or name == "style" for name in attributes), (tag, attributes)
        address = attributes.get("src") or attributes.get("href")
        assert address is None or address.startswith("data:image/jpeg;base64,")
    (policy,) = [a["content"] for _, a in found.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None and policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert "unsafe" not in policy
    assert base64.b64encode(JPEG).decode() in text
    assert page.MARK in text.encode()[:1024]


EVIL = "<img src=x onerror=alert(1)>\u202e\x1b[31m&amp;'\".jpg"


def test_hostile_names_are_text_wherever_they_stand() -> None:
    facts = replace(taken(photo(f"{EVIL}/{EVIL}"), "2020-01-01T00:00:00", EVIL), mos=0.1)
    proposal = replace(low_quality(facts), sentence=f"A copy of {EVIL}")
    failure = Failure(Path("/album") / EVIL, Stage.READ, EVIL)
    summary = summed(proposal, *group_of(facts, photo(f"2 {EVIL}")), failures=(failure,))
    summary.stale.append(Path("/album") / EVIL)
    gallery = Gallery(9)
    gallery.hear(proposal)
    text = "".join(
        page.render(summary, gallery.sections(), lambda _: None, made_at=0.0, folders=[Path("/album") / EVIL])
    )
    found = Reader(text)
    assert not [tag for tag, attributes in found.tags if tag == "img" or "onerror" in attributes]
    assert "\x1b" not in text and "\u202e" not in text
    assert "<img src=x onerror=alert(1)>\\u202e\\x1b[31m&amp;'\"" in found.words


def test_names_that_are_not_text_do_not_break_the_page() -> None:
    plain = photo("cafe.jpg")
    file = replace(plain.asset.primary, path=Path("/album/caf\udce9.jpg"))
    proposal = low_quality(replace(plain, asset=replace(plain.asset, primary=file)))
    text = rendered(summed(proposal), proposal)
    assert "caf\\xe9.jpg" in text
    text.encode()


def test_the_same_bytes_are_shown_once() -> None:
    copies = group_of(photo("a.jpg"), photo("b.jpg", content="a.jpg"), kind=GroupKind.EXACT)
    text = rendered(summed(*copies), *copies)
    assert (1, 1) == (text.count("<img "), text.count("the same bytes"))


def test_a_photo_without_a_picture_is_told_of_all_the_same() -> None:
    proposal = low_quality(photo("gone.jpg"))
    text = rendered(summed(proposal), proposal, jpeg=None)
    assert "no picture" in text and "gone.jpg" in text and "<img" not in text


def test_every_chart_has_its_numbers_as_text() -> None:
    proposals = [low_quality(taken(photo(f"{n}.jpg", mos=n / 50), f"20{10 + n}-01-01T00:00:00")) for n in range(9)]
    found = Reader(rendered(summed(*proposals), *proposals))
    charts = [attributes for tag, attributes in found.tags if tag == "svg"]
    assert all((a.get("role") == "img" and a.get("aria-labelledby")) or a.get("aria-hidden") == "true" for a in charts)
    assert 2 == sum(tag == "details" for tag, _ in found.tags)
    assert "0.04 to 0.06 1 1" in found.words and "2013 1 1" in found.words


def test_the_json_numbers_are_those_of_the_page() -> None:
    summary = summed(*group_of(photo("a.jpg"), photo("b.jpg")), low_quality(photo("c.jpg")))
    document = json.loads(json.dumps(to_json(summary)))
    assert {"photos": 2, "bytes": 2000} == document["trash"]
    assert (2, 100, 3) == (len(document["causes"]), len(document["histogram"]["counts"]), document["known"]["photos"])
    assert sum(cause["trash"]["photos"] for cause in document["causes"]) == document["trash"]["photos"]


# --- the command ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    base = tmp_path_factory.mktemp("report")
    album, home = base / "album", base / "home"
    for seed in (1, 2):
        save(scene(seed, 640, 480), album / f"{seed}.jpg", taken_at=f"2024:05:06 07:08:0{seed}")
    (album / "=1+1 (1).jpg").write_bytes((album / "1.jpg").read_bytes())
    (album / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    environ = {**os.environ, "ALBUMCLEAN_HOME": str(home)}
    subprocess.run([*COMMAND, "scan", str(album), "-q"], env=environ, check=False)
    return home, album


@pytest.fixture
def library(scanned: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    home, album = scanned
    monkeypatch.setenv("ALBUMCLEAN_HOME", str(home))
    return album


def test_the_reports_proposals_are_those_of_propose(library: Path, tmp_path: Path) -> None:
    done = albumclean("report", "--json", tmp_path / "r.json", "--csv", tmp_path / "r.csv", "-o", tmp_path / "r.html")
    assert (0, "") == (done.returncode, done.stderr)
    lines = [json.loads(line) for line in albumclean("propose", "--json").stdout.splitlines()]
    document = json.loads((tmp_path / "r.json").read_text("utf-8"))
    assert lines == document["proposals"]
    rows = (tmp_path / "r.csv").read_text("utf-8")
    assert albumclean("propose", "--csv").stdout.splitlines() == rows.splitlines()
    words = Reader((tmp_path / "r.html").read_text("utf-8")).words
    assert lines
    for line in lines:
        assert line["sentence"] in words and Path(line["path"]).name in words
    assert document["sentence"] in words and document["sentence"] in done.stdout
    assert ["broken.jpg"] == [Path(failure["path"]).name for failure in document["failures"]]
    assert sum(line["action"] == "trash" for line in lines) == document["trash"]["photos"]
    assert "data:image/jpeg;base64," in (tmp_path / "r.html").read_text("utf-8")


def test_data_on_standard_output_is_nothing_but_data(library: Path) -> None:
    done = albumclean("report", "--json", "-")
    assert 1 == json.loads(done.stdout)["version"]
    assert "could not be read" in done.stderr
    table = list(csv.DictReader(io.StringIO(albumclean("report", "--csv", "-").stdout)))
    assert all(row["path"] and row["action"] for row in table)
    both = albumclean("report", "--csv", "-", "--json", "-")
    assert (2, "") == (both.returncode, both.stdout)


def test_cron_hears_only_of_what_needs_a_look(library: Path, tmp_path: Path) -> None:
    assert (1, 0) == (albumclean("report", "--exit-code").returncode, albumclean("report").returncode)
    clean = library.parent / "clean"
    save(scene(9, 640, 480), clean / "9.jpg")
    albumclean("scan", clean, "-q")
    done = albumclean("report", clean, "--quiet", "--exit-code", "--below", "0.0", "-o", tmp_path / "r.html")
    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)
    assert (tmp_path / "r.html").exists()
    unknown = albumclean("report", tmp_path)
    assert (3, True) == (unknown.returncode, "no photo is known" in unknown.stderr)


def test_a_report_replaces_its_own_and_nothing_else(library: Path, tmp_path: Path) -> None:
    mine, foreign = tmp_path / "r.html", tmp_path / "letter.html"
    foreign.write_text("<p>Dear Ana")
    assert [0, 0] == [albumclean("report", "-o", mine).returncode for _ in range(2)]
    for option in ("-o", "--json", "--csv"):
        done = albumclean("report", option, foreign)
        assert (2, True) == (done.returncode, "is there already" in done.stderr)
    assert "<p>Dear Ana" == foreign.read_text()
    assert {"r.html", "letter.html", "home"} == {each.name for each in tmp_path.iterdir()}
    assert 2 == albumclean("report", "-o", library / "1.jpg").returncode
    assert re.search("folder does not exist", albumclean("report", "-o", tmp_path / "no" / "r.html").stderr)


# --- writing ----------------------------------------------------------------------------------------------------


def test_a_run_that_fails_leaves_the_last_report(album: Path) -> None:
    path = album / "r.html"
    path.write_bytes(b"mark, the last one")
    output = Output.check(path, b"mark")
    assert output is not None
    with pytest.raises(RuntimeError), output.opened() as file:
        file.write(b"mark, half of")
        raise RuntimeError
    assert [("r.html", b"mark, the last one")] == [(each.name, each.read_bytes()) for each in album.iterdir()]


def test_a_full_disk_is_said_and_leaves_nothing(album: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = Output.check(album / "r.html", b"mark")
    assert output is not None

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputUnusable, match="No space left"):
        output.write(b"mark")
    assert [] == list(album.iterdir())


def test_a_file_that_came_meanwhile_is_not_written_over(album: Path) -> None:
    output = Output.check(album / "r.html", b"mark")
    assert output is not None
    with pytest.raises(OutputExists), output.opened() as file:
        file.write(b"mark")
        (album / "r.html").write_bytes(b"a letter")
    assert [b"a letter"] == [each.read_bytes() for each in album.iterdir()]


def test_a_device_is_written_to_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "replace", lambda *_: pytest.fail("a device was to be replaced"))
    null = Output.check(Path(os.devnull), b"mark")
    assert null is not None
    null.write(b"mark")
    assert not Path(os.devnull).is_file() and Path(os.devnull).exists()


def test_a_photo_without_facts_is_counted() -> None:
    summary = Summary(0.35, None)
    bare = replace(photo("new.jpg"), photo=None, mos=None)
    summary.meet(bare)
    summary.meet(replace(photo("x.jpg"), photo=Photo(b"x", 1, 1, "JPEG", taken_at="2020-01-01"), mos=None))
    assert (2, 2) == (summary.unread, summary.known.photos)
    assert "2 not scored yet" in summary.sentence
