"""What sort of picture a file holds, and what follows from it: never a guess about what may be no photo."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from albumclean.catalogue import Catalogue
from albumclean.config import Settings
from albumclean.domain import (
    Action,
    Asset,
    Companion,
    CompanionKind,
    FileIdentity,
    Photo,
    PhotoFacts,
    PhotoKind,
    Proposal,
    Score,
    Shot,
    UserMarks,
)
from albumclean.engines.analyse import Job, Wanted, analyse
from albumclean.engines.scan import needs
from albumclean.media.picture import Picture
from albumclean.media.statistics import COUNT, NAMES, statistics
from albumclean.media.view import network_view
from albumclean.policy.engine import propose
from albumclean.policy.kinds import days_since, is_from_camera, kind_of, may_be_captured
from albumclean.policy.rules.low_quality import RULE as LOW_QUALITY
from albumclean.policy.rules.old_screenshots import RULE as OLD_SCREENSHOTS
from albumclean.policy.sizes import is_size_of_a_screen, is_size_of_a_sheet
from albumclean.scoring import registry
from albumclean.scoring.batches import NetworkBatches
from albumclean.scoring.depth import judge_in_depth
from albumclean.scoring.findings import Findings
from albumclean.similar.fingerprint import REVISION, fingerprint
from albumclean.store.cache import Cache
from albumclean.store.ledger import Ledger
from tests.pictures import save, scene

KINDS = [kind for kind in PhotoKind if kind not in {PhotoKind.VIDEO, PhotoKind.UNSURE}]  # what the scorer tells
BARE = Photo(b"h", 4000, 3000, "JPEG")
TAKEN = replace(BARE, format="JPEG", camera="Maker Model 1", shot=Shot(exposure=0.01))
CAPTURED = replace(BARE, width=1920, height=1080, format="PNG")
SHEET = replace(BARE, width=1654, height=2339)  # A4 at 200 dots per inch
NOT_JUDGED = [kind for kind in PhotoKind if not kind.is_judged]


def likely(**shares: float) -> dict[PhotoKind, float]:
    return {kind: shares.get(kind.value, 0.0) for kind in KINDS}


def facts(kind: PhotoKind, mos: float = 0.1, **changes: object) -> PhotoFacts:
    identity = FileIdentity(Path("/album/a.png"), 1000, 1, 1, 1)
    return replace(PhotoFacts(Asset(identity), BARE, mos, kind=kind), **changes)  # type: ignore[arg-type]


# --- from probabilities to a kind -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_scorer_is_sure_of_is_that_kind(kind: PhotoKind) -> None:
    assert kind is kind_of(likely(**{kind.value: 1.0}), BARE)


def test_between_a_photo_and_a_page_or_a_drawing_it_is_unsure() -> None:
    assert PhotoKind.UNSURE is kind_of(likely(photo=0.5, document=0.5), BARE)
    assert PhotoKind.UNSURE is kind_of(likely(photo=0.3, graphic=0.7), BARE)


def test_what_is_no_photo_has_a_name_even_if_it_may_be_two_things() -> None:
    assert PhotoKind.SCREENSHOT is kind_of(likely(document=0.5, screenshot=0.5), BARE)
    assert PhotoKind.SCREENSHOT is kind_of(likely(document=0.6, screenshot=0.4), BARE)
    assert PhotoKind.DOCUMENT is kind_of(likely(document=0.8, screenshot=0.2), BARE)
    assert PhotoKind.DOCUMENT is kind_of(likely(photo=0.2, document=0.55, graphic=0.25), BARE)


def test_what_was_not_looked_at_is_unsure() -> None:
    assert PhotoKind.UNSURE is kind_of({}, BARE)
    assert PhotoKind.UNSURE is kind_of(likely(photo=1.0), None)


def test_a_photo_or_its_scan_is_judged_even_if_nothing_tells_which_of_both() -> None:
    assert kind_of(likely(photo=0.5, scan=0.45), BARE).is_judged
    assert PhotoKind.SCAN is kind_of(likely(photo=0.4, scan=0.55), BARE)


@given(shares=st.lists(st.floats(0, 1), min_size=5, max_size=5))
def test_what_a_camera_took_is_never_a_screenshot_or_a_graphic(shares: list[float]) -> None:
    found = kind_of(dict(zip(KINDS, shares, strict=True)), TAKEN)
    assert found not in {PhotoKind.SCREENSHOT, PhotoKind.GRAPHIC}


def test_a_page_that_a_camera_took_is_a_document() -> None:
    assert PhotoKind.DOCUMENT is kind_of(likely(document=0.9, photo=0.1), TAKEN)


@pytest.mark.parametrize(
    "photo",
    [
        replace(TAKEN, camera=None),
        replace(TAKEN, shot=Shot()),
        replace(TAKEN, format="PNG"),  # phones write their name into screenshots, too
    ],
)
def test_only_all_signs_of_a_camera_together_count(photo: Photo) -> None:
    assert not is_from_camera(photo)
    assert PhotoKind.SCREENSHOT is kind_of(likely(screenshot=1.0), photo)


def test_a_game_or_a_film_on_the_whole_screen_is_a_screenshot_though_it_looks_like_a_photo() -> None:
    looks = likely(photo=0.9, screenshot=0.06, graphic=0.04)
    assert PhotoKind.SCREENSHOT is kind_of(looks, CAPTURED)
    assert PhotoKind.SCREENSHOT is kind_of(looks, replace(CAPTURED, width=1080, height=1920))


@pytest.mark.parametrize(
    "photo",
    [
        replace(CAPTURED, format="JPEG"),  # messengers scale photos to these sizes, too
        replace(CAPTURED, width=1918),
        replace(CAPTURED, shot=Shot(exposure=0.01)),  # a program made it of a camera's file
    ],
)
def test_only_all_signs_of_a_captured_screen_together_count(photo: Photo) -> None:
    assert not may_be_captured(photo)
    assert PhotoKind.PHOTO is kind_of(likely(photo=0.9, screenshot=0.06, graphic=0.04), photo)


def test_what_is_surely_a_photo_is_one_though_it_has_the_size_of_a_screen() -> None:
    assert PhotoKind.PHOTO is kind_of(likely(photo=0.99, screenshot=0.01), CAPTURED)


def test_text_in_the_size_of_a_screen_is_a_screenshot_and_in_the_size_of_a_sheet_a_document() -> None:
    looks = likely(document=0.6, screenshot=0.4)
    assert PhotoKind.SCREENSHOT is kind_of(likely(document=0.8, screenshot=0.2), CAPTURED)
    assert PhotoKind.SCREENSHOT is kind_of(looks, BARE)
    assert PhotoKind.DOCUMENT is kind_of(looks, SHEET)
    assert PhotoKind.DOCUMENT is kind_of(looks, replace(SHEET, width=SHEET.height, height=SHEET.width))


@pytest.mark.parametrize("size", [(1080, 2400), (2400, 1080), (1170, 2532), (1366, 768), (3840, 2160), (2048, 2732)])
def test_a_screen_is_known_by_its_size_however_it_is_turned(size: tuple[int, int]) -> None:
    assert is_size_of_a_screen(*size)
    assert not is_size_of_a_sheet(*size)


@pytest.mark.parametrize("size", [(4000, 3000), (640, 480), (1600, 1200), (1920, 1079), (0, 0)])
def test_cameras_take_pictures_in_no_size_of_a_screen_or_a_sheet(size: tuple[int, int]) -> None:
    assert not is_size_of_a_screen(*size)
    assert not is_size_of_a_sheet(*size)


@pytest.mark.parametrize("size", [(2480, 3508), (2479, 3508), (1654, 2339), (1754, 1240), (1700, 2200), (2550, 4200)])
def test_a_sheet_is_known_by_its_size_whichever_way_it_was_rounded(size: tuple[int, int]) -> None:
    assert is_size_of_a_sheet(*size)
    assert not is_size_of_a_screen(*size)


@pytest.mark.parametrize("photo", [BARE, TAKEN, CAPTURED, SHEET])
@given(shares=st.lists(st.floats(0, 1), min_size=5, max_size=5), more=st.floats(0, 1))
def test_more_likely_to_be_a_photo_never_makes_it_less_of_one(photo: Photo, shares: list[float], more: float) -> None:
    before = kind_of(dict(zip(KINDS, shares, strict=True)), photo)
    after = kind_of(dict(zip(KINDS, [shares[0] + more, *shares[1:]], strict=True)), photo)
    assert after.is_judged or not before.is_judged


# --- what the rules make of it --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", NOT_JUDGED)
def test_what_may_be_no_photo_is_never_proposed_for_low_quality(kind: PhotoKind) -> None:
    assert LOW_QUALITY.on_photo(facts(kind, 0.0), Settings()) is None


@pytest.mark.parametrize("kind", [kind for kind in PhotoKind if kind.is_judged])
def test_bad_photos_and_bad_scans_are_proposed_whatever_their_format(kind: PhotoKind) -> None:
    found = LOW_QUALITY.on_photo(facts(kind), Settings())
    assert found is not None
    assert Action.TRASH is found.action


SETTINGS = replace(Settings(), screenshots=replace(Settings().screenshots, older_than_days=90))


def old(**changes: object) -> Proposal | None:
    kind = changes.pop("kind", PhotoKind.SCREENSHOT)
    return OLD_SCREENSHOTS.on_photo(replace(facts(kind, 0.9), **{"days_old": 91, **changes}), SETTINGS)  # type: ignore[arg-type]


def test_an_old_screenshot_is_a_question_and_never_goes_by_itself() -> None:
    found = old()
    assert found is not None
    assert (Action.REVIEW, "old-screenshots") == (found.action, found.rule)
    assert "A screenshot, 91 days old. You asked for those older than 90 days." == found.sentence


def test_the_rule_for_old_screenshots_is_off_until_the_user_asks() -> None:
    screenshot = replace(facts(PhotoKind.SCREENSHOT), days_old=5000)
    assert OLD_SCREENSHOTS.on_photo(screenshot, Settings()) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"days_old": 90},
        {"days_old": None},
        {"days_old": -5000},
        {"marks": UserMarks(albums=("Tickets",))},
        *({"kind": kind} for kind in PhotoKind if kind is not PhotoKind.SCREENSHOT),
    ],
)
def test_young_screenshots_those_in_albums_and_other_pictures_are_left_in_peace(changes: dict[str, object]) -> None:
    assert old(**changes) is None


@pytest.mark.parametrize("marks", [UserMarks(rating=1), UserMarks(favourite=True), UserMarks(unknown=True)])
def test_a_screenshot_that_the_user_treasures_is_never_proposed(marks: UserMarks) -> None:
    screenshot = replace(facts(PhotoKind.SCREENSHOT), days_old=5000, marks=marks)
    assert [] == list(propose([screenshot], [], SETTINGS, lambda _: frozenset()))


def test_age_counts_from_the_shot_or_else_from_the_file() -> None:
    noon = int(datetime(2024, 1, 31, 12).timestamp() * 1e9)
    asset = Asset(FileIdentity(Path("/a"), 1, noon, 1, 1))
    today = date(2024, 3, 1)
    assert 30 == days_since(asset, BARE, today)
    assert 60 == days_since(asset, replace(BARE, taken_at="2024-01-01T07:08:09"), today)
    assert days_since(asset, replace(BARE, taken_at="2024-99-99T00:00:00"), today) is None


# --- statistics and scorer ------------------------------------------------------------------------------------------


def chat(width: int = 540, height: int = 1170) -> Image.Image:
    """A drawn phone screen."""
    screen = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(screen)
    draw.rectangle((0, 0, width, 90), fill="#075e54")
    draw.text((20, 10), "12:34", fill="white", font_size=22)
    draw.text((60, 45), "Family", fill="white", font_size=30)
    for number in range(9):
        left, top = (20, 150)[number % 2], 120 + number * 105
        draw.rounded_rectangle((left, top, left + 350, top + 80), 16, fill="#dcf8c6" if number % 2 else "#eeeeee")
        draw.text((left + 16, top + 14), f"See you at {number + 8} o'clock?", fill="black", font_size=24)
        draw.text((left + 280, top + 50), f"{number + 8}:15", fill="gray", font_size=18)
    draw.rectangle((0, height - 70, width, height), fill="#f0f0f0")
    draw.text((30, height - 50), "Type a message", fill="gray", font_size=24)
    return screen


def page(width: int = 900, height: int = 1270) -> Image.Image:
    """A drawn page of text, as a scanner gives it."""
    sheet = Image.new("RGB", (width, height), (250, 249, 246))
    draw = ImageDraw.Draw(sheet)
    for number in range(38):
        line = "the quick brown fox jumps over the lazy dog and goes home to write it all down"
        draw.text((80, 80 + number * 29), line[: 74 - 30 * (number % 9 == 8)], fill=(40, 40, 45), font_size=20)
    noise = np.random.default_rng(1).normal(0, 2, (height, width, 1))
    pixels = np.asarray(sheet.rotate(0.5, fillcolor=(250, 249, 246)), np.float64) + noise
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def table(width: int = 1000, height: int = 700) -> Image.Image:
    """A table as a program drew it, which no camera and no scanner saw."""
    sheet = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(sheet)
    for row in range(14):
        draw.line((40, 40 + row * 44, 960, 40 + row * 44), fill=(90, 90, 90))
    for column in range(6):
        draw.line((40 + column * 184, 40, 40 + column * 184, 612), fill=(90, 90, 90))
    for row in range(13):
        for column in range(5):
            text = f"{(row * 7 + column * 13) % 97}.{column}0"
            draw.text((52 + column * 184, 50 + row * 44), text, fill="black", font_size=22)
    return sheet


def forwarded(image: Image.Image) -> Image.Image:
    buffer = io.BytesIO()
    image.resize((image.width * 2 // 3, image.height * 2 // 3)).save(buffer, "JPEG", quality=60)
    return Image.open(buffer).convert("RGB")


def probabilities(image: Image.Image) -> dict[PhotoKind, float]:
    picture = Picture(image)
    view = replace(network_view(picture, registry.spec(registry.JUDGE).input), statistics=statistics(picture))
    return {PhotoKind(name): value for name, value in judge_in_depth(view, "cpu").read[registry.KIND].items()}


@pytest.mark.parametrize("change", [lambda image: image, forwarded], ids=["as it was", "forwarded"])
def test_a_drawn_screen_is_a_screenshot_and_a_drawn_page_a_document(change: object) -> None:
    assert callable(change)
    assert PhotoKind.SCREENSHOT is kind_of(probabilities(change(chat())), BARE)
    assert PhotoKind.DOCUMENT is kind_of(probabilities(change(page())), BARE)
    assert PhotoKind.DOCUMENT is kind_of(probabilities(change(table())), BARE)


@pytest.mark.parametrize(
    "size", [(1, 1), (2, 300), (300, 2), (7, 7), (128, 128), (640, 480)], ids=lambda size: f"{size[0]}x{size[1]}"
)
def test_pictures_of_every_size_and_colour_have_statistics(size: tuple[int, int]) -> None:
    for colour in ("black", "white", "red"):
        found = statistics(Picture(Image.new("RGB", size, colour)))
        assert (COUNT,) == found.shape == (len(NAMES),)
        assert np.float32 == found.dtype
        assert np.isfinite(found).all()


def test_statistics_tell_flat_drawings_from_grain() -> None:
    at = {name: number for number, name in enumerate(NAMES)}
    noise = np.random.default_rng(1).normal(0, 4, (480, 640, 3))
    shot = Image.fromarray((np.asarray(scene(1, 640, 480)) + noise).clip(0, 255).astype(np.uint8))
    drawn, grainy = (statistics(Picture(image)) for image in (chat(), shot))
    assert drawn[at["tile-same-across"]] > 0.8 > 0.5 > grainy[at["tile-same-across"]]
    assert drawn[at["three-colours"]] > 0.6 > grainy[at["three-colours"]]


def test_the_same_picture_has_the_same_statistics() -> None:
    assert (statistics(Picture(chat())) == statistics(Picture(chat()))).all()


def test_the_kind_comes_out_of_the_judge_s_own_pass_and_changes_none_of_its_scores() -> None:
    spec, kind = registry.spec(registry.JUDGE), registry.spec(registry.KIND)
    plain = network_view(scene(3), spec.input)
    reading = replace(plain, statistics=statistics(Picture(scene(3))))
    found = []
    for view in (plain, reading):
        network = NetworkBatches(registry.shipped(registry.JUDGE), "cpu", 1)
        found.append(network.add(b"x", view))
    judged = [[score.value for score in each.scores if score.scorer == spec.name] for each in found]
    assert judged[0] == judged[1]
    assert [score.quantity for score in found[1].scores if score.scorer == kind.name] == list(kind.quantities)
    assert [] == [score for score in found[0].scores if score.scorer == kind.name]
    assert pytest.approx(1, abs=1e-4) == sum(score.value for score in found[1].scores if score.scorer == kind.name)


def test_views_with_and_without_statistics_are_never_mixed_in_one_batch() -> None:
    plain = network_view(scene(3), registry.spec(registry.JUDGE).input)
    network = NetworkBatches(registry.shipped(registry.JUDGE), "cpu", 2)
    found = Findings()
    found += network.add(b"a", plain)
    found += network.add(b"b", replace(plain, statistics=statistics(Picture(scene(3)))))
    found += network.flush()
    with_kind = {score.content_hash for score in found.scores if score.scorer == registry.KIND}
    assert {b"b"} == with_kind


def test_the_revision_of_the_kind_follows_the_judge_it_reads() -> None:
    assert registry.spec(registry.JUDGE).revision in registry.spec(registry.KIND).revision
    assert (registry.JUDGE, registry.KIND) == registry.DEFAULT


def test_a_worker_gives_the_judge_s_view_with_statistics_where_only_the_kind_is_missing(tmp_path: Path) -> None:
    path = save(scene(1), tmp_path / "a.jpg")
    job = Job(FileIdentity.of(path, path.stat()), 10**8)
    found = analyse(job, lambda _: Wanted((registry.spec(registry.KIND),)))
    assert [registry.JUDGE] == list(found.views)
    assert (COUNT,) == found.views[registry.JUDGE].statistics.shape
    assert 0 == analyse(job, lambda _: Wanted((registry.spec(registry.JUDGE),))).views[registry.JUDGE].statistics.size


# --- the library ----------------------------------------------------------------------------------------------------


@pytest.fixture
def library(tmp_path: Path) -> Iterator[tuple[Cache, Ledger, Path, bytes]]:
    """A cache that was written before there were kinds: one photo with a low score."""
    path = save(scene(1, 640, 480), tmp_path / "album" / "a.jpg", taken_at="2024:05:06 07:08:09")
    digest, judge = b"h" * 32, registry.spec(registry.JUDGE)
    with Cache.open(tmp_path / "cache.sqlite") as cache, Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        scan = cache.begin_scan([path.parent])
        file = FileIdentity.of(path, path.stat())
        cache.meet(scan, [(Asset(file), UserMarks())])
        cache.write(
            hashes=[(file, digest)],
            photos=[(Photo(digest, 640, 480, "JPEG"), fingerprint(scene(1), digest), REVISION)],
            scores=[Score(digest, judge.name, judge.revision, name, 0.1) for name in judge.quantities],
        )
        yield cache, ledger, path, digest


def test_photos_without_a_kind_are_read_once_more_and_proposed_for_nothing_until_then(
    library: tuple[Cache, Ledger, Path, bytes],
) -> None:
    cache, ledger, path, digest = library
    assert ((registry.spec(registry.KIND),), False) == cache.missing(digest, needs())
    (seen,) = Catalogue(cache, ledger, Settings()).photos()
    assert (PhotoKind.UNSURE, 0.1) == (seen.kind, seen.mos)
    assert [] == list(Catalogue(cache, ledger, Settings()).proposals())

    spec = registry.spec(registry.KIND)
    sure = [Score(digest, spec.name, spec.revision, name, float(name == "photo")) for name in spec.quantities]
    cache.write(scores=sure)
    assert ((), False) == cache.missing(digest, needs())
    (proposal,) = Catalogue(cache, ledger, Settings()).proposals()
    assert (path, PhotoKind.PHOTO) == (proposal.facts.path, proposal.facts.kind)


def test_days_count_from_the_day_that_the_catalogue_was_given(library: tuple[Cache, Ledger, Path, bytes]) -> None:
    cache, ledger, path, digest = library
    spec = registry.spec(registry.KIND)
    scores = [Score(digest, spec.name, spec.revision, name, float(name == "screenshot")) for name in spec.quantities]
    cache.write(scores=scores)
    made = date.fromtimestamp(path.stat().st_mtime)
    for days, expected in ((90, []), (91, [Action.REVIEW])):
        today = date.fromordinal(made.toordinal() + days)
        found = list(Catalogue(cache, ledger, SETTINGS, today).proposals())
        assert expected == [proposal.action for proposal in found]


def test_an_edit_beside_a_bad_photo_is_named_and_the_photo_only_a_question() -> None:
    edit = FileIdentity(Path("/album/IMG_E1.jpg"), 10, 1, 9, 1)
    asset = Asset(FileIdentity(Path("/album/IMG_1.jpg"), 10, 1, 8, 1), (Companion(CompanionKind.EDIT, edit),))
    found = LOW_QUALITY.on_photo(facts(PhotoKind.PHOTO, asset=asset), Settings())
    assert found is not None
    assert Action.REVIEW is found.action
    assert "IMG_E1.jpg" in found.sentence
