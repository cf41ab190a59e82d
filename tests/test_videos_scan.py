"""Videos in the library: how a scan takes them in, what is known of them then, and that no later scan loses them."""

from __future__ import annotations

import io
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from albumclean.catalogue import Catalogue
from albumclean.cli.main import app
from albumclean.cli.videos import sparkline
from albumclean.config import CrawlSettings, Locations, ScreenshotSettings, Settings, VideoSettings
from albumclean.crawl import SkipReason, crawl
from albumclean.crawl.films import group_films
from albumclean.domain import (
    Action,
    Asset,
    CompanionKind,
    Failure,
    FileIdentity,
    FrameScore,
    MomentFacts,
    Photo,
    PhotoFacts,
    PhotoKind,
    Root,
    Score,
    UserMarks,
)
from albumclean.engines.analyse import Question, Wanted
from albumclean.engines.scan import ScanSummary, ScanWatcher, scan
from albumclean.engines.videos import FrameScores, Seen, VideoJob, Watched, watch
from albumclean.errors import DecodeError, NoVideoKnown, ReadError, VideoSupportMissing
from albumclean.media import video
from albumclean.media.thumbnail import REVISION as THUMBNAIL
from albumclean.media.workers import FailureKind, WorkerFailure, WorkerPool
from albumclean.plan import build_plan
from albumclean.policy.registry import all_rules
from albumclean.review.drawing import draw
from albumclean.review.wishes import Kind, Wish
from albumclean.scoring import registry
from albumclean.scoring.findings import Findings
from albumclean.store.cache import Cache
from albumclean.store.database import open_database
from albumclean.store.ledger import Ledger
from albumclean.store.schema_cache import MIGRATIONS
from albumclean.store.thumbnails import Thumbnails
from albumclean.unattended.auto import may_ever_go
from albumclean.words import clock
from tests.films import film, pan, saved
from tests.pictures import save, scene

JUDGE, KIND = registry.spec(registry.JUDGE), registry.spec(registry.KIND)
FRAMES = 4


class Library:
    """One cache, scanned again and again."""

    def __init__(self, home: Path) -> None:
        self.locations = Locations.from_environment({"ALBUMCLEAN_HOME": str(home)})
        self.cache = Cache.open(self.locations.cache)
        self.failures: dict[str, Failure] = {}
        self.stop_at: int | None = None  # of the files that are read: Ctrl-C

    def scan(self, album: Path, *, videos: bool, **changes: object) -> ScanSummary:
        self.failures.clear()
        base = Settings()
        settings = replace(
            base,
            scan=replace(base.scan, workers=1, **changes),  # type: ignore[arg-type]
            videos=replace(base.videos, scan=videos, frames=FRAMES),
        )
        watcher = ScanWatcher(_ignore, self._read, _ignore, self._failed)
        return scan([Root(album)], self.cache, settings, watcher, thumbnails=self.locations.thumbnails)

    def _read(self, summary: ScanSummary, _: Path) -> None:
        if self.stop_at == summary.done:
            raise KeyboardInterrupt

    def _failed(self, failure: Failure) -> None:
        self.failures[failure.path.name] = failure

    @contextmanager
    def catalogue(self, settings: Settings | None = None) -> Iterator[Catalogue]:
        with Ledger.open(self.locations.ledger) as ledger:
            yield Catalogue(self.cache, ledger, settings or Settings())

    def names(self) -> dict[str, bool]:
        """Every known file, and whether it counts as a video."""
        return {known.asset.primary.path.name: known.asset.video for known in self.cache.known()}


def _ignore(*_: object) -> None:
    """Nobody watches."""


@pytest.fixture
def library(home: Path) -> Iterator[Library]:
    made = Library(home)
    yield made
    made.cache.__exit__(None, None, None)


# --- a whole scan ---------------------------------------------------------------------------------------------------


def test_videos_are_taken_in_beside_the_photos_and_stay(library: Library, album: Path) -> None:
    photo = save(scene(1), album / "photo.jpg")
    clip = saved(film(pan(24, seed=3), "mov"), album / "clip.MOV")
    shutil.copy(clip, album / "copy.mov")
    save(scene(2), album / "IMG_1.jpg")
    saved(film(pan(6, seed=4), "mov"), album / "IMG_1.MOV")  # half of a Live Photo
    shutil.copy(photo, album / "picture.mp4")
    shutil.copy(clip, album / "wrong.jpg")
    (album / "empty.mp4").touch()

    without = library.scan(album, videos=False)
    assert (3, 0, 4) == (without.found, without.videos, without.skipped[SkipReason.VIDEO])
    assert "video" in library.failures["wrong.jpg"].reason

    library.stop_at = 1
    with pytest.raises(KeyboardInterrupt):
        library.scan(album, videos=True)
    library.stop_at = None
    summary = library.scan(album, videos=True)
    assert (7, 4) == (summary.found, summary.videos)
    assert {"photo.jpg", "IMG_1.jpg", "wrong.jpg"} == {
        name for name, is_video in library.names().items() if not is_video
    }
    assert "is empty (0 bytes)" == library.failures["empty.mp4"].reason

    with library.catalogue() as catalogue:
        by_name = {facts.path.name: facts for facts in catalogue.photos()}
        found = by_name["clip.MOV"]
        assert PhotoKind.VIDEO is found.kind
        assert found.photo is not None
        assert ("MOV", 64, 48, 24) == (found.photo.format, found.photo.width, found.photo.height, found.photo.pictures)
        assert FRAMES == len(found.moments)
        assert found.mos == pytest.approx(sum(moment.mos for moment in found.moments) / FRAMES)
        assert found.worst == min(found.moments, key=lambda moment: moment.mos)
        assert by_name["copy.mov"].mos == found.mos
        assert [["clip.MOV", "copy.mov"]] == [
            sorted(facts.path.name for facts in group.members) for group in catalogue.groups()
        ]
        # A picture that is known is known, whatever its name; nothing is said of a video by the rules for photos.
        singles = [each.facts.path.name for each in catalogue.proposals() if each.group is None]
        assert not {"clip.MOV", "copy.mov"} & set(singles)
        assert 2 == sum(catalogue.mos_histogram().counts)  # photos
        assert ["clip.MOV", "copy.mov", "empty.mp4", "picture.mp4"] == [facts.path.name for facts in catalogue.videos()]
        with Thumbnails.open(library.locations.thumbnails, THUMBNAIL) as kept:
            assert kept.has(found.content)
    assert 0 == library.scan(album, videos=True).to_do

    # A scan without videos: those that are known are neither lost nor read, and new ones are left out.
    saved(film(pan(3, seed=9)), album / "new.mp4")
    again = library.scan(album, videos=False)
    assert (0, 0, 1) == (again.to_do, again.forgotten, again.skipped[SkipReason.VIDEO])
    assert again.met == {album: 7}
    (album / "copy.mov").unlink()
    assert 1 == library.scan(album, videos=False).forgotten
    assert "clip.MOV" in library.names()
    (album / "clip.MOV").rename(album / "renamed.mov")
    library.scan(album, videos=False)
    back = library.scan(album, videos=True)
    assert (1, 1) == (back.recognised, back.decoded)  # the renamed one by its content; the new one


# --- by hand: a library without networks ----------------------------------------------------------------------------


def known_video(library: Library, path: Path, values: list[float], *, favourite: bool = False) -> FileIdentity:
    """Put a video into the cache as a scan does, with these scores of its frames, a second apart."""
    path = saved(film(pan(2, seed=len(path.name))), path)
    identity = FileIdentity.of(path, path.stat())
    content = path.name.encode().ljust(32)
    cache = library.cache
    number = cache.begin_scan([path.parent])
    cache.meet(number, [(Asset(identity, video=True), UserMarks(favourite=favourite))])
    named = [(JUDGE, quantity) for quantity in JUDGE.quantities] + [(KIND, quantity) for quantity in KIND.quantities]
    frames = [
        FrameScore(content, float(at), spec.name, spec.revision, quantity, value)
        for spec, quantity in named
        for at, value in enumerate(values)
    ]
    mean = sum(values) / len(values)
    cache.write(
        hashes=[(identity, content)],
        photos=[(Photo(content, 64, 48, "MP4", "2024-05-06T07:08:09", pictures=2), None, "")],
        scores=[Score(content, spec.name, spec.revision, quantity, mean) for spec, quantity in named],
        frames=frames,
    )
    cache.finish_scan(number)
    return identity


def command(*words: str, code: int = 0) -> str:
    result: Result = CliRunner().invoke(app, words)
    assert code == result.exit_code, result.output
    return result.output


def test_the_list_names_the_worst_first_with_its_worst_moment(library: Library, album: Path) -> None:
    known_video(library, album / "good.mp4", [0.8, 0.9])
    known_video(library, album / "bad.mp4", [0.5, 0.1, 0.3])
    save(scene(1), album / "photo.jpg")
    first, second, summary, advice = command("videos").splitlines()
    assert first.split() == ["0.30", "worst", "0.10", "at", "0:01", "▅▁▃", str(album / "bad.mp4")]
    assert second.startswith("0.85")
    assert summary.startswith("2 videos, ")
    assert "review --videos" in advice
    assert "good.mp4" not in command("videos", "--below", "0.5")
    bad, good = (json.loads(line) for line in command("videos", "--json").splitlines())
    assert {"seconds": 1.0, "mos": pytest.approx(0.1)} == bad["worst"]
    assert [0.8, 0.9] == [moment["mos"] for moment in good["moments"]]


def test_where_no_video_is_known_the_list_says_how_to_scan_them(album: Path) -> None:
    for words in (("videos",), ("propose", "--videos"), ("review", "--videos"), ("videos", str(album))):
        result = CliRunner().invoke(app, words)
        assert isinstance(result.exception, NoVideoKnown)
        assert "albumclean scan --videos FOLDER" in str(result.exception)


def test_videos_are_proposed_for_a_look_only_and_only_where_that_was_asked(library: Library, album: Path) -> None:
    known_video(library, album / "bad.mp4", [0.1, 0.06])
    known_video(library, album / "loved.mp4", [0.1, 0.1], favourite=True)
    known_video(library, album / "good.mp4", [0.9, 0.9])
    asked = {
        "nothing": (Settings(), []),
        "by the setting": (replace(Settings(), videos=VideoSettings(below=0.35)), ["bad.mp4"]),
    }
    for settings, expected in asked.values():
        with library.catalogue(settings) as catalogue:
            found = list(catalogue.proposals())
        assert expected == [proposal.facts.path.name for proposal in found]
        assert {Action.REVIEW} >= {proposal.action for proposal in found}
    out = [json.loads(line) for line in command("propose", "--videos", "--json").splitlines()]
    assert [("bad.mp4", "review", "low-quality-videos")] == [
        (Path(each["path"]).name, each["action"], each["rule"]) for each in out
    ]
    sentence = "A video whose pictures score 0.08 of 1 on average, below 0.35; it is worst at 0:01 (0.06)."
    assert sentence == out[0]["sentence"]


def test_no_video_goes_without_a_question_not_even_an_exact_copy(library: Library, album: Path) -> None:
    identity = known_video(library, album / "a.mp4", [0.5])
    copy = saved(identity.path.read_bytes(), album / "copy of a.mp4")
    again = FileIdentity.of(copy, copy.stat())
    number = library.cache.begin_scan([album])
    library.cache.meet(number, [(Asset(each, video=True), UserMarks()) for each in (identity, again)])
    library.cache.write(hashes=[(each, b"a.mp4".ljust(32)) for each in (identity, again)])
    with library.catalogue() as catalogue:
        going = [proposal for proposal in catalogue.proposals() if proposal.action is Action.TRASH]
    assert [copy] == [proposal.facts.path for proposal in going]  # to the person who reviews
    assert [False] == [may_ever_go(proposal) for proposal in going]
    photos = [replace(p, facts=replace(p.facts, asset=replace(p.facts.asset, video=False))) for p in going]
    assert [True] == [may_ever_go(proposal) for proposal in photos]


def test_no_rule_speaks_of_a_video_but_its_own(library: Library, album: Path) -> None:
    known_video(library, album / "bad.mp4", [0.01, 0.01])
    settings = replace(Settings(), videos=VideoSettings(below=1.0), screenshots=ScreenshotSettings(older_than_days=1))
    with library.catalogue(settings) as catalogue:
        (facts,) = catalogue.videos()
    answers = {rule.name: rule.on_photo(facts, settings) for rule in all_rules()}
    assert ["low-quality-videos"] == [name for name, answer in answers.items() if answer is not None]


def test_the_rule_for_videos_is_silent_on_photos(library: Library) -> None:
    photo = PhotoFacts(
        Asset(FileIdentity(Path("a.jpg"), 1, 1, 1, 1)), Photo(bytes(32), 640, 480, "JPEG"), 0.0, kind=PhotoKind.PHOTO
    )
    settings = replace(Settings(), videos=VideoSettings(below=1.0))
    (rule,) = (rule for rule in all_rules() if rule.name == "low-quality-videos")
    assert rule.on_photo(photo, settings) is None


def test_videos_are_no_part_of_series_look_alikes_or_the_histogram_of_photos(library: Library, album: Path) -> None:
    known_video(library, album / "a.mp4", [0.2, 0.2])
    with library.catalogue() as catalogue:
        assert [] == list(catalogue.cache.dated_photos())
        assert [] == list(catalogue.cache.fingerprints("any"))
        assert 0 == sum(catalogue.mos_histogram().counts)
        assert [] == list(catalogue.groups())


def test_another_look_at_a_video_replaces_its_moments(library: Library, album: Path) -> None:
    known_video(library, album / "a.mp4", [0.2, 0.4, 0.6])
    known_video(library, album / "a.mp4", [0.5])
    with library.catalogue() as catalogue:
        (facts,) = catalogue.videos()
    assert (MomentFacts(0.0, 0.5),) == facts.moments


def test_long_videos_fit_a_line_and_show_the_worst_of_each_part() -> None:
    moments = [MomentFacts(float(at), 0.0 if at == 50 else 1.0) for at in range(100)]
    line = sparkline(moments)
    assert 24 == len(line)
    assert 12 == line.index("▁")
    assert {"▁", "█"} == set(line)
    assert ["0:07", "12:34", "1:02:03"] == [clock(seconds) for seconds in (7.9, 754.0, 3723)]


def test_an_older_cache_learns_of_videos_and_forgets_nothing(home: Path, album: Path) -> None:
    path = home / "old.sqlite"
    connection = open_database(path, MIGRATIONS[:4], backup=False)
    connection.execute(
        """INSERT INTO file (path, size, mtime_ns, inode, device, role, favourite, marks_unknown, content_hash, seen)
        VALUES (?, 1, 2, '3', '4', 'normal', 1, 0, ?, 5)""",
        (bytes(album / "a.jpg"), bytes(32)),
    )
    connection.close()
    with Cache.open(path) as cache:
        (known,) = cache.known()
        assert (False, True, bytes(32)) == (known.asset.video, known.marks.favourite, known.content_hash)
        assert not cache.has_videos()


# --- what belongs to a video ----------------------------------------------------------------------------------------


def grouped(*names: str) -> dict[str, list[str]]:
    files = [FileIdentity(Path("/f") / name, 1, 1, 1, 1) for name in names]
    assets = group_films(files).assets
    assert all(asset.video for asset in assets)
    return {asset.primary.path.name: [each.file.path.name for each in asset.companions] for asset in assets}


def test_sidecars_go_with_the_video_that_they_name() -> None:
    assert {"a.mp4": ["a.mp4.xmp", "a.mp4.json"]} == grouped("a.mp4", "a.mp4.xmp", "a.mp4.json")
    assert {"MVI_1.AVI": ["MVI_1.THM"]} == grouped("MVI_1.AVI", "MVI_1.THM")
    assert {"b.mov": ["b.mov.supplemental-metadata.json"]} == grouped("b.mov", "b.mov.supplemental-metadata.json")


def test_a_sidecar_in_doubt_is_left_behind() -> None:
    assert {"a.mov": [], "a.mp4": []} == grouped("a.mp4", "a.mov", "a.xmp", "other.xmp", "metadata.json", "notes.txt")


def test_the_sidecars_of_photos_are_never_a_videos(album: Path) -> None:
    for name in ("IMG_1.jpg", "IMG_1.xmp", "IMG_1.avi", "IMG_1.jpg.json"):
        (album / name).write_bytes(b"x")
    for videos in (False, True):
        assets = {
            asset.primary.path.name: [each.kind for each in asset.companions]
            for asset in crawl([Root(album)], CrawlSettings(), videos=videos)
            if isinstance(asset, Asset)
        }
        assert [CompanionKind.XMP, CompanionKind.TAKEOUT_JSON] == assets["IMG_1.jpg"]
        assert ([] if videos else None) == assets.get("IMG_1.avi")


# --- scores of frames -----------------------------------------------------------------------------------------------


def found(key: bytes, value: float, quantity: str = "mos") -> Findings:
    return Findings([Score(key, JUDGE.name, JUDGE.revision, quantity, value)])


@pytest.mark.parametrize("late", [False, True])
def test_a_video_has_a_score_once_all_of_its_frames_have(late: bool) -> None:
    frames, content = FrameScores((JUDGE,)), bytes(range(32))
    if not late:
        frames.expect(content, {0: 0.5, 2: 2.5})
    for number, value in ((2, 0.4), (0, 0.2)):
        assert [] == list(frames.finished())
        frames.add(found(frames.key(content, number), value))
    if late:
        assert [] == list(frames.finished())
        frames.expect(content, {0: 0.5, 2: 2.5})
    [([score], moments)] = frames.finished()
    assert (content, "mos") == (score.content_hash, score.quantity)
    assert score.value == pytest.approx(0.3)
    assert [(0.5, 0.2), (2.5, 0.4)] == [(each.seconds, each.value) for each in moments]
    assert [] == list(frames.finished())


def test_a_video_that_broke_off_gets_no_score_from_its_first_frames() -> None:
    frames, content = FrameScores((JUDGE,)), bytes(32)
    frames.add(found(frames.key(content, 0), 0.9))
    frames.forget(content)
    for number in (0, 1):  # what was on its way
        frames.add(found(frames.key(content, number), 0.9))
    frames.expect(content, {0: 0.0, 1: 1.0})
    assert [] == list(frames.finished())


# --- the worker -----------------------------------------------------------------------------------------------------


def test_the_worker_hands_over_each_frame_and_says_where_it_lies(album: Path) -> None:
    path = saved(film(pan(24)), album / "a.mp4")
    heard: list[Question | Seen] = []

    def ask(question: Question | Seen) -> Wanted | None:
        heard.append(question)
        return Wanted((JUDGE, KIND), thumbnail=True) if isinstance(question, Question) else None

    watched = watch(VideoJob(FileIdentity.of(path, path.stat()), 10_000_000, 3), ask)
    assert isinstance(watched, Watched)
    assert [0, 1, 2] == [each.number for each in heard if isinstance(each, Seen)]
    assert {0: 0.333, 1: 1.0, 2: 1.667} == watched.moments
    assert {"judge"} == watched.networks
    assert watched.photo is not None
    assert watched.photo.is_video
    assert watched.fingerprint is None
    assert watched.thumbnail is not None
    assert watched.views == {}


def test_a_video_that_is_known_is_not_decoded(album: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(film(pan(4)), album / "a.mp4")
    monkeypatch.setattr("albumclean.engines.videos.open_video", None)
    watched = watch(VideoJob(FileIdentity.of(path, path.stat()), 10_000_000, 3), lambda _: None)
    assert watched.photo is None


def test_what_is_no_video_is_not_read_to_its_end(album: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(b"no video" * 1000, album / "a.mp4")
    monkeypatch.setattr("albumclean.engines.videos.hash_of", None)
    with pytest.raises(DecodeError, match="is not a video"):
        watch(VideoJob(FileIdentity.of(path, path.stat()), 10_000_000, 3), lambda _: None)


def _hang(seconds: float, _: object) -> None:
    time.sleep(seconds)


def test_a_worker_gets_the_time_that_its_job_is_worth() -> None:
    pool: WorkerPool[float, None] = WorkerPool(_hang, workers=1, timeout=lambda job: 30.0 if job < 1 else 0.3)
    (ready, hung) = pool.run([0.01, 60.0], lambda _: None)
    assert (0.01, None) == ready
    assert WorkerFailure(FailureKind.TIMEOUT, "took longer than 0.3 seconds") == hung[1]


def test_without_pyav_a_scan_of_videos_says_what_to_install(
    library: Library, album: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video, "find_spec", lambda _: None)
    with pytest.raises(VideoSupportMissing, match=r"pip install 'albumclean\[video\]'"):
        library.scan(album, videos=True)


# --- the review -----------------------------------------------------------------------------------------------------


def test_the_review_draws_the_middle_of_a_video(album: Path) -> None:
    path = saved(film(pan(24, (96, 64))), album / "a.mp4")
    wish = Wish(Kind.VIEW, FileIdentity.of(path, path.stat()), bytes(32), (96, 64), (48, 48), 10_000_000)
    drawn = draw(wish, None)
    assert ((48, 32), 0.5) == (Image.open(io.BytesIO(drawn.data)).size, drawn.scale)
    for kind in (Kind.THUMBNAIL, Kind.FULL):
        assert (96, 64) == Image.open(io.BytesIO(draw(replace(wish, kind=kind), None).data)).size
    path.write_bytes(b"changed")
    with pytest.raises(ReadError):
        draw(wish, None)


def test_a_video_that_the_user_chose_is_planned_like_a_photo(library: Library, album: Path) -> None:
    known_video(library, album / "bad.mp4", [0.1, 0.1])
    with library.catalogue(replace(Settings(), videos=VideoSettings(below=0.35))) as catalogue:
        (proposal,) = catalogue.proposals()
    plan = build_plan([proposal])
    assert ([album / "bad.mp4"], ()) == ([item.path for item in plan.plan.items], plan.refused)
