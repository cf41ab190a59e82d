"""What counts as the picture within a frame, on made pictures; and that it leads to the source."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter

from albumclean.domain import Embedding, Fingerprint
from albumclean.similar import neighbours
from albumclean.similar.fingerprint import fingerprint
from albumclean.similar.index import FingerprintIndex
from albumclean.similar.inner import Box, inner_box
from albumclean.similar.neighbours import copy_candidates
from albumclean.similar.turns import TURNS, closest_turn
from benchmarks.near_duplicates import overlays
from tests.test_fingerprint import document, night, recompressed, scene
from tests.test_neighbours import DEFAULTS, content, embeddings, pairs_of, rows_of, turned, unit

Change = Callable[[Image.Image], Image.Image]
_SQUARES, _BORDERS = ("white", "black", "blurred"), ("thin-white", "white", "black", "instant")
_SCREENS = ("gallery-black", "gallery-white", "feed", "sideways")


def on_a_screen(image: Image.Image, how: str) -> Image.Image:
    return overlays.screenshot(image, how, np.random.default_rng(1))


FRAMES: dict[str, Change] = {
    **{f"square {how}": partial(overlays.squared, how=how) for how in _SQUARES},
    **{f"border {how}": partial(overlays.framed, how=how) for how in _BORDERS},
    **{f"screen {how}": partial(on_a_screen, how=how) for how in _SCREENS},
}
each_frame = pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)


def box_of(image: Image.Image) -> Box | None:
    return inner_box(np.asarray(image.convert("L")))


def bits(one: int, other: int) -> int:
    return int(closest_turn(np.array([one], np.uint64), np.array([other], np.uint64))[0][0])


# --- where it lies ---------------------------------------------------------------------------------------------------


@given(st.integers(0, 255), st.tuples(*[st.integers(4, 40)] * 4), st.integers(0, 99))
def test_a_picture_on_plain_paper_is_found_to_the_pixel(
    paper: int, margins: tuple[int, int, int, int], seed: int
) -> None:
    left, top, right, bottom = margins
    page = np.full((top + 100 + bottom, left + 130 + right), paper, np.uint8)
    rng = np.random.default_rng(seed)
    page[top : top + 100, left : left + 130] = rng.integers(0, 256, (100, 130))
    assert (left, top, left + 130, top + 100) == pytest.approx(inner_box(page), abs=1)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_an_edge_within_a_pixel_is_found_to_a_third_of_it(share: float) -> None:
    page = np.zeros((150, 150), np.uint8)
    page[30:120, 30:120] = 200
    page[29, 30:120] = round(200 * share)
    assert (30, 30 - share, 120, 120) == pytest.approx(inner_box(page), abs=0.33)


def test_a_night_in_a_black_frame_is_found() -> None:
    page = np.zeros((150, 190), np.uint8)
    page[15:135, 15:175] = 8
    page[90:120, 60:140] = 220
    assert (15, 15, 175, 135) == pytest.approx(inner_box(page), abs=1)


@pytest.mark.parametrize("turn", [0, 4])
def test_a_picture_on_its_own_blurred_copy_is_found_to_the_pixel(turn: int) -> None:
    square = turned(overlays.squared(scene(2, (160, 120)), "blurred"), turn)
    expected = (20, 0, 140, 160) if turn else (0, 20, 160, 140)
    assert expected == pytest.approx(box_of(square), abs=1)


def test_captions_and_bars_apart_from_the_picture_are_left_out() -> None:
    page = Image.new("RGB", (180, 300), "white")
    page.paste(scene(1, (180, 120)), (0, 60))
    draw = ImageDraw.Draw(page)
    for y in (10, 40, 200, 240):
        draw.rectangle((10, y, 120, y + 8), fill="black")
    assert (0, 60, 180, 180) == pytest.approx(box_of(page), abs=1)


def test_dust_on_the_paper_is_no_part_of_the_picture() -> None:
    dust = np.random.default_rng(1).random((180, 230)) < 0.005
    page = Image.fromarray(np.where(dust, 0, 255).astype(np.uint8)).convert("RGB")
    page.paste(scene(1, (170, 120)), (30, 30))
    assert (30, 30, 200, 150) == pytest.approx(box_of(page), abs=1)


def test_where_a_white_sky_meets_white_paper_the_edge_lies_as_the_one_across() -> None:
    photo = scene(1, (160, 120))
    ImageDraw.Draw(photo).polygon([(0, 0), (160, 0), (160, 12), (0, 70)], fill="white")
    page = Image.new("RGB", (190, 150), "white")
    page.paste(photo, (15, 15))
    assert (15, 15, 175, 135) == pytest.approx(box_of(page), abs=1)


@given(st.tuples(st.integers(1, 60), st.integers(1, 60)), st.integers(0, 255), st.integers(1, 60), st.integers(0, 9))
def test_a_box_lies_within_the_picture_whatever_that_is(
    size: tuple[int, int], level: int, contrast: int, seed: int
) -> None:
    noise = np.random.default_rng(seed).integers(0, contrast, size)
    page = np.where(noise > contrast // 2, level, noise).astype(np.uint8)
    found = inner_box(page)
    if found is not None:
        left, top, right, bottom = found
        assert 0 <= left < right <= size[1]
        assert 0 <= top < bottom <= size[0]


# --- where there is none ---------------------------------------------------------------------------------------------


def on_black(shape: Callable[[ImageDraw.ImageDraw], None], soft: float = 1.0) -> Image.Image:
    image = Image.new("RGB", (640, 480), (2, 2, 2))
    shape(ImageDraw.Draw(image))
    return image.filter(ImageFilter.GaussianBlur(soft))


def faded(rows: npt.NDArray[np.float64]) -> Image.Image:
    """Rows of one level each, with a little grain."""
    grain = np.random.default_rng(1).normal(0, 1.5, (len(rows), 640))
    return Image.fromarray(np.clip(rows[:, None] + grain, 0, 255).astype(np.uint8)).convert("RGB")


def sharp_in_the_middle(seed: int) -> Image.Image:
    """The depth of field of a portrait."""
    image = scene(seed)
    mask = on_black(lambda draw: draw.rectangle((160, 120, 480, 360), fill="white"), 25).convert("L")
    return Image.composite(image, image.filter(ImageFilter.GaussianBlur(14)), mask)


def of_levels(levels: npt.NDArray[np.float64]) -> Image.Image:
    return Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8)).convert("RGB")


def flag() -> Image.Image:
    """Three smooth stripes, each paler to the right."""
    y, x = np.mgrid[:480, :640]
    return of_levels(60 + x / 8 + 80 * ((y < 120) | (y >= 360)))


def ridge_above_fog() -> Image.Image:
    """Sky, a straight ridge, and a slope that is lost in fog below."""
    y, x = np.mgrid[:480, :640]
    trees = np.random.default_rng(1).normal(0, 1, (160, 214)).repeat(3, axis=0).repeat(3, axis=1)[:, :640]
    return of_levels(np.where(y < 120, 190 + x / 16, 70 + x / 16 + trees * np.clip((350 - y) / 6, 0, 40)))


def curtain() -> Image.Image:
    """Folds that show more and more towards a window, which is as far from the rod as from the floor."""
    y, x = np.mgrid[:480, :640]
    from_edge = np.minimum(y, 479 - y)
    folds = 50 * np.clip(from_edge / 120, 0, 1) * np.sin(x / 3)
    panes = np.random.default_rng(1).integers(0, 256, (160, 214)).repeat(3, axis=0).repeat(3, axis=1)[:, :640]
    return of_levels(np.where(from_edge < 120, 60 + folds, panes))


def poster_in_a_corner() -> Image.Image:
    wall = Image.new("RGB", (640, 480), "white")
    wall.paste(scene(1, (420, 330)), (0, 0))
    return wall


ORDINARY: dict[str, Callable[[], Image.Image]] = {
    "clear sky": lambda: faded(np.linspace(120, 220, 480)),
    "sky above land": lambda: faded(np.where(np.arange(480) < 240, 210.0, 90.0)),
    "land and sky in fog": lambda: faded(150 + 40 * np.tanh((np.arange(480) - 240) / 60)),
    "dusk and a dark shore": lambda: faded(np.where(np.arange(480) < 380, np.linspace(2, 120, 480), 2.0)),
    "a lamp at night": lambda: on_black(lambda draw: draw.ellipse((170, 90, 470, 390), fill=(255, 220, 160))),
    "a glow at night": lambda: on_black(lambda draw: draw.ellipse((170, 90, 470, 390), fill=(255, 220, 160)), 40),
    "a roof against a white sky": lambda: Image.eval(
        on_black(lambda draw: draw.polygon([(40, 440), (320, 60), (600, 440)], fill=(200, 200, 200))),
        lambda value: 255 - value,
    ),
    "three smooth stripes": flag,
    "a ridge above fog": ridge_above_fog,
    "a window between curtains": curtain,
    "a poster in a corner": poster_in_a_corner,
    "a blank page": lambda: Image.new("RGB", (640, 480), "white"),
    "nothing but noise": lambda: faded(np.full(480, 3.0)),
}


@pytest.mark.parametrize("picture", ORDINARY.values(), ids=ORDINARY)
def test_skies_nights_and_things_on_plain_ground_have_no_inner_picture(picture: Callable[[], Image.Image]) -> None:
    assert box_of(picture().reduce(3)) is None


def test_ordinary_pictures_have_no_inner_picture() -> None:
    pictures = [make(seed) for make in (scene, night, document, sharp_in_the_middle) for seed in range(20)]
    assert [None] * 80 == [fingerprint(picture, b"").inner for picture in pictures]


@pytest.mark.parametrize(("length", "found"), [(1000, True), (1100, False)])
def test_long_strips_which_may_be_huge_are_not_searched(length: int, found: bool) -> None:
    strip = np.full((130, length), 255, np.uint8)
    strip[10:-10, 10:-10] = np.random.default_rng(1).integers(0, 200, (110, length - 20))
    assert found is (inner_box(strip) is not None)


def test_a_stamp_on_a_page_is_too_small_to_be_the_picture() -> None:
    page = Image.new("RGB", (300, 300), "white")
    page.paste(scene(1, (110, 110)), (90, 90))
    assert box_of(page) is None


@each_frame
def test_a_flat_inside_has_no_hash(frame: Change) -> None:
    sky = faded(np.linspace(140, 160, 480))
    assert fingerprint(frame(sky), b"").inner is None


def test_a_flat_inside_is_found_all_the_same() -> None:
    assert box_of(overlays.framed(faded(np.linspace(140, 160, 480)), "white").reduce(4)) is not None


# --- what it leads to ------------------------------------------------------------------------------------------------


@each_frame
def test_what_is_inside_a_frame_has_the_hash_of_the_source(frame: Change) -> None:
    for seed in range(8):
        inner = fingerprint(recompressed(frame(scene(seed)), 85), b"").inner
        assert inner is not None
        assert bits(inner, fingerprint(scene(seed), b"").phash) <= neighbours.COPY_BITS


@each_frame
def test_strong_compression_leaves_the_hash_within_a_frame(frame: Change) -> None:
    for seed in range(4):
        inner = fingerprint(recompressed(frame(scene(seed)).reduce(2), 40), b"").inner
        assert inner is not None
        assert bits(inner, fingerprint(scene(seed), b"").phash) <= neighbours.COPY_BITS


@each_frame
def test_a_framed_copy_is_a_candidate_of_its_source_and_of_nothing_else(
    frame: Change,
) -> None:
    rows = rows_of(*(scene(seed) for seed in range(20)), recompressed(frame(scene(7)), 85))
    assert {(7, 20)} == pairs_of(copy_candidates(FingerprintIndex.build(rows), DEFAULTS))


def test_turned_framed_copies_are_candidates() -> None:
    copies = [turned(overlays.squared(scene(3), "white"), turn) for turn in range(TURNS)]
    found = pairs_of(copy_candidates(FingerprintIndex.build(rows_of(scene(3), *copies)), DEFAULTS))
    assert {(0, 1 + turn) for turn in range(TURNS)} <= found


def test_a_photo_in_two_frames_makes_a_pair_without_the_photo() -> None:
    screen = on_a_screen(scene(3), "gallery-black")
    square = turned(overlays.squared(scene(3), "blurred"), 5)
    assert {(0, 1)} == pairs_of(copy_candidates(FingerprintIndex.build(rows_of(screen, square)), DEFAULTS))


@pytest.mark.parametrize("latest", [0, 1])
@pytest.mark.parametrize("framed", [0, 1])
def test_a_framed_copy_is_found_whichever_comes_last(framed: int, latest: int) -> None:
    images = [scene(3), scene(3), scene(4)]
    images[framed] = overlays.framed(scene(3), "instant")
    index = FingerprintIndex.build(rows_of(*images))
    assert {(0, 1)} == pairs_of(copy_candidates(index, DEFAULTS, np.arange(3) == latest))
    assert set() == pairs_of(copy_candidates(index, DEFAULTS, np.arange(3) == 2))


def by_hand(number: int, phash: int, detail: float = 40.0, inner: int | None = None) -> tuple[Fingerprint, float]:
    return Fingerprint(content(number), phash, 0, bytes([number]) * 192, detail, inner), 1.5


def test_the_hash_of_a_flat_picture_is_like_nothing_within_a_frame() -> None:
    inner, other = 0xA5A5_1234_5678_9ABC, 0xF0F1_2E3D_4C5B_6978
    seen = embeddings(unit(np.array([[1.0, 0.0], [0.7, 0.7]])))  # which brings the pair, but is not enough
    for detail, expected in ((40.0, {(0, 50)}), (5.0, set[tuple[int, int]]())):
        rows = [by_hand(0, inner, detail), *(by_hand(at, 0, 0) for at in range(1, 50)), by_hand(50, other, inner=inner)]
        pictures = [seen[0], Embedding(content(50), seen[1].vector)]
        assert expected == pairs_of(copy_candidates(FingerprintIndex.build(rows, pictures), DEFAULTS))


@pytest.mark.parametrize("by_hash", [True, False])
def test_a_framed_copy_is_kept_beside_crowds_that_look_like_it(by_hash: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that the search by hash has missed and the search by embedding brings."""
    rng = np.random.default_rng(6)
    hashes = [int(each) | 1 << 63 for each in rng.integers(1 << 63, size=82)]
    rows = [by_hand(at, each) for at, each in enumerate(hashes)]
    rows[41] = by_hand(41, hashes[41], inner=hashes[0])
    towards = np.repeat([[1.0, 0.0], [0.75, 0.66]], 41, axis=0)  # a crowd around each, 0 and 41, with a cosine of 0.75
    seen = np.hstack([towards, 0.06 * rng.normal(size=(82, 30))])
    if not by_hash:
        monkeypatch.setattr(neighbours, "near_hashes", lambda *_: iter(()))
    found = pairs_of(copy_candidates(FingerprintIndex.build(rows, embeddings(unit(seen))), DEFAULTS))
    assert (0, 41) in found
    assert len([pair for pair in found if 0 in pair]) < 82 - 1


def test_how_a_pair_is_alike_is_told_of_the_whole_pictures() -> None:
    (found,) = copy_candidates(
        FingerprintIndex.build(rows_of(scene(3), overlays.framed(scene(3), "instant"))), DEFAULTS
    )
    assert int(found.turned_bits[0]) > neighbours.COPY_BITS
