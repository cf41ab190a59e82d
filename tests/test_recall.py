"""Copies that were hard to know again: written on, strewn with grain, with another date in the file."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance

from albumclean.comparison.changes import changes_of
from albumclean.comparison.grain import Grain
from albumclean.comparison.overlap import Grid, Overlap
from albumclean.comparison.planes import Luma
from albumclean.comparison.relation import Evidence, examine
from albumclean.comparison.structure import structure_of
from albumclean.similar.components import Pair
from albumclean.similar.stars import Star, find_stars
from albumclean.similar.verdict import Verdict
from tests.test_comparison import HEIGHT, VIEW, WIDTH, exposed, view

PHOTO = VIEW  # without any noise: nothing but what is seen can tell shots apart


def sent(image: Image.Image, quality: int = 85) -> Image.Image:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return Image.open(io.BytesIO(out.getvalue())).convert("RGB")


def seen(one: Image.Image, other: Image.Image) -> Evidence:
    found = examine(Luma.of(sent(one)), Luma.of(sent(other, 80)))
    assert found is not None
    return found


def watermarked(image: Image.Image) -> Image.Image:
    layer = Image.new("L", image.size)
    draw = ImageDraw.Draw(layer)
    for row, y in enumerate(range(0, HEIGHT, 150)):
        for x in range(-100 * (row % 2), WIDTH, 330):
            draw.text((x, y), "(c) Studio Nord", 110, font_size=34)
    return Image.composite(Image.new("RGB", image.size, "white"), image, layer)


def stickered(image: Image.Image) -> Image.Image:
    changed = image.copy()
    draw = ImageDraw.Draw(changed)
    for x, y in ((60, 80), (430, 40), (610, 350), (240, 420)):
        draw.ellipse((x, y, x + 110, y + 110), fill=(255, 204, 51), outline=(200, 140, 0), width=4)
        draw.ellipse((x + 30, y + 35, x + 42, y + 52), fill=(80, 50, 10))
        draw.ellipse((x + 68, y + 35, x + 80, y + 52), fill=(80, 50, 10))
    return changed


def lettered(image: Image.Image) -> Image.Image:
    changed = image.copy()
    draw = ImageDraw.Draw(changed)
    for y, words in ((70, "BEST DAY EVER"), (530, "Do you remember?")):
        draw.text((WIDTH / 2, y), words, "white", font_size=66, anchor="mm", stroke_width=5, stroke_fill="black")
    return changed


OVERLAYS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "watermarks": watermarked,
    "stickers": stickered,
    "letters": lettered,
}


@pytest.mark.parametrize("how", OVERLAYS)
def test_what_is_drawn_on_a_photo_makes_no_other_photo_of_it(how: str) -> None:
    found = seen(PHOTO, OVERLAYS[how](PHOTO))
    assert (True, False) == (found.structure.changed_share > 0.01, found.grain.is_shared)
    assert found.is_copy


def test_two_copies_are_known_by_what_neither_drawing_covers() -> None:
    assert seen(stickered(PHOTO), lettered(PHOTO)).is_copy


@pytest.mark.parametrize("place", [(20, 60), (330, 300)])
def test_what_came_into_a_scene_is_no_drawing(place: tuple[int, int]) -> None:
    visited = exposed(VIEW, 2, 0.7)
    mask = Image.new("L", (150, 190))
    ImageDraw.Draw(mask).ellipse((0, 0, 149, 189), fill=255)
    visited.paste(view(8).crop((100, 100, 250, 290)), place, mask)
    found = seen(exposed(VIEW, 1, 0.7), visited)
    assert found.structure.changes.unexplained > 0.18
    assert not found.is_copy


def form(name: str, town: str) -> Image.Image:
    """Filled in, and photographed: the light falls off to one side, and the paper is rough."""
    paper = Image.new("RGB", (WIDTH, HEIGHT), (235, 233, 228))
    draw = ImageDraw.Draw(paper)
    for row, label in enumerate(("Surname and first name", "Town and street", "Signature of the applicant")):
        for column in (30, 430):
            draw.text((column, 40 + 190 * row), label, (30, 30, 30), font_size=26)
            draw.text((column, 80 + 190 * row), "(please use block letters only)", (60, 60, 60), font_size=20)
            draw.rectangle((column, 110 + 190 * row, column + 330, 160 + 190 * row), outline=(90, 90, 90), width=2)
    draw.text((45, 115), name, (20, 20, 60), font_size=36)
    draw.text((45, 305), town, (20, 20, 60), font_size=36)
    light = np.linspace(1, 0.55, WIDTH, dtype=np.float32)[None, :, None]
    return Image.fromarray((np.asarray(paper) * light).astype(np.uint8))


def test_a_photographed_form_filled_in_otherwise_is_another_one() -> None:
    found = seen(form("M. HAVEL", "BRNO 41"), form("P. NOVAK", "LINZ 96"))
    assert found.structure.plain < 0.3  # the falling light hides that it is a page
    assert found.structure.changes.unexplained <= 0.18  # and its letters are as much drawn as a caption's
    assert not found.is_copy
    assert seen(form("M. HAVEL", "BRNO 41"), form("M. HAVEL", "BRNO 41")).is_copy


@pytest.mark.parametrize("strength", [8, 16])
def test_strewn_grain_makes_no_other_photo(strength: int) -> None:
    photo = ImageEnhance.Contrast(exposed(VIEW, 1, 1.0)).enhance(0.8)
    assert seen(photo, exposed(photo, 2, strength)).is_copy


def test_a_photographed_form_is_another_one_once_it_is_filled_in() -> None:
    found = seen(form("", ""), form("M. HAVEL", "BRNO 41"))
    assert found.structure.changes.drawn >= 0.25  # letters where nothing was: as drawn as can be
    assert not found.is_copy


def test_shaken_corners_are_tracked_again_but_not_on_small_grids() -> None:
    found = seen(PHOTO, exposed(PHOTO, 2, 16))
    shaken = replace(found, tracks=replace(found.tracks, agreeing=0.7))
    parallax = replace(found, tracks=replace(found.tracks, agreeing=0.7, drift=0.2))
    assert (True, False) == (shaken.is_shaken, found.is_shaken)
    assert (False, False) == (replace(shaken, longest=160).is_shaken, parallax.is_shaken)


def test_faint_noise_under_loud_grain_is_not_called_foreign() -> None:
    loud = Grain(tiles=32, shared=0.0, alive=32, shared_alive=0.0, at_most=0.4)
    as_loud = Grain(tiles=32, shared=0.0, alive=32, shared_alive=0.0, at_most=0.1)
    assert (False, True) == (loud.is_foreign, as_loud.is_foreign)


def laid(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> Overlap:
    """One upon the other, pixel on pixel."""
    height, width = one.shape
    return Overlap(Grid(width, height, np.eye(3), np.eye(3)), one, other, np.ones(one.shape, np.bool_))


def test_grain_on_one_of_them_is_no_structure() -> None:
    random = np.random.default_rng(4)
    rough = np.asarray(cv2.GaussianBlur(random.normal(0, 60, (480, 640)).astype(np.float32), (0, 0), 1.5))
    rough[:, :200] = 0
    clean = np.clip(120 + rough, 0, 255).astype(np.uint8)
    strewn = np.clip(clean + random.normal(0, 22, clean.shape), 0, 255).astype(np.uint8)
    for overlap in (laid(clean, strewn), laid(strewn, clean)):
        found = structure_of(overlap)
        assert found.telling > 500
        assert found.changed_share < 0.005


def test_nothing_changed_tells_nothing() -> None:
    plane = np.zeros((64, 64), np.uint8)
    none = np.zeros((4, 4), np.bool_)
    found = changes_of(laid(plane, plane), ([], []), none, ~none, 16)
    assert (0.0, 0.0, 0.0, 0.0) == (found.moved, found.drawn, found.unexplained, found.written)


def by_name(content: bytes) -> tuple[int, int, bytes]:
    return (0, 0, content)


def test_a_copy_with_another_date_stays_with_the_twin_that_it_was_made_of() -> None:
    centre, source, redated, thumbnail, print_ = b"a", b"b", b"c", b"d", b"e"
    looks = {(centre, copy): Verdict(copies=True) for copy in (source, thumbnail, print_)}
    looks[source, redated] = Verdict(copies=True, same_pixels=True)
    stars = find_stars(looks, looks, by_name, final=True).stars
    assert [Star(centre, (source, redated, thumbnail, print_))] == stars


def test_of_those_that_may_be_twins_the_one_with_the_same_pixels_is_looked_at() -> None:
    centre, like, source, redated = b"a", b"b", b"c", b"d"
    candidates = {(centre, like), (centre, source), (like, source), (like, redated), (source, redated)}
    truth = dict.fromkeys(candidates, Verdict(copies=True))
    truth[like, redated] = Verdict(copies=False, by_camera=True)
    truth[source, redated] = Verdict(copies=True, same_pixels=True)
    pixels = {centre: b"1", like: b"2", source: b"3", redated: b"3"}
    may_be_twins = [(like, redated), (source, redated)]

    looks: dict[Pair, Verdict] = {}
    while wanted := find_stars(candidates, looks, by_name, alike=may_be_twins, pixels=_of(looks, pixels)).wanted:
        looks |= {each: truth[each] for each in wanted}

    assert (source, redated) in looks
    (star,) = find_stars(looks, looks, by_name, final=True).stars
    assert {centre, like, source, redated} == {star.centre, *star.members}


def test_files_with_one_picture_that_only_beat_a_third_of_them_are_looked_at_together() -> None:
    optimised, source, labelled = b"a", b"b", b"c"
    truth = {
        (optimised, source): Verdict(copies=True, source=source, same_pixels=True, certainty=1.4),
        (optimised, labelled): Verdict(copies=True, source=labelled, same_pixels=True, certainty=2.0),
        (source, labelled): Verdict(copies=True, source=source, same_pixels=True, certainty=1.4),
    }
    pixels = dict.fromkeys((optimised, source, labelled), b"1")

    looks: dict[Pair, Verdict] = {}
    while wanted := find_stars(truth, looks, by_name, alike=truth, pixels=_of(looks, pixels)).wanted:
        looks |= {each: truth[each] for each in wanted}

    assert looks.keys() == truth.keys()


def _of(looks: Mapping[Pair, Verdict], pixels: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
    """The digests of what was looked at."""
    return {photo: pixels[photo] for each in looks for photo in each}


def votes(members: Sequence[bytes], apart: Collection[Pair]) -> dict[Pair, Verdict]:
    """Looks at all pairs."""
    return {each: Verdict(copies=each not in apart) for each in combinations(sorted(members), 2)}


def test_one_look_that_failed_does_not_part_what_all_others_hold_together() -> None:
    members = [b"a", b"b", b"c", b"d", b"e"]
    looks = votes(members, {(b"c", b"d")})
    assert [Star(b"a", (b"b", b"c", b"d", b"e"))] == find_stars(looks, looks, by_name, final=True).stars


def test_what_one_look_alone_took_for_a_copy_is_outvoted() -> None:
    members = [b"a", b"b", b"c", b"d", b"e"]
    looks = votes(members, {(b"b", b"c"), (b"b", b"d"), (b"b", b"e")})
    (star, *_) = find_stars(looks, looks, by_name, final=True).stars
    assert Star(b"a", (b"c", b"d", b"e")) == star


def test_the_users_word_is_not_put_to_the_vote() -> None:
    members = [b"a", b"b", b"c", b"d", b"e"]
    looks = votes(members, set())
    (star, *_) = find_stars(looks, looks, by_name, apart=[(b"c", b"d")], final=True).stars
    assert Star(b"a", (b"b", b"c", b"e")) == star
