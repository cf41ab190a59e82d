"""A first glance at small pictures spares the whole decode of what can't be laid over each other, and costs no copy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from albumclean.comparison import relation
from albumclean.comparison.planes import Luma
from albumclean.comparison.relation import may_match
from albumclean.domain import Comparison, FileIdentity, Relation
from albumclean.engines import look
from albumclean.engines.look import GLANCE_SIDE, SHORT_SIDE, Look, LookJob, look_closely
from albumclean.errors import DecodeError
from albumclean.media.decode import Frame, decode
from albumclean.media.reading import content_hash
from tests.pictures import scene

WIDTH, HEIGHT = 2000, 1500


def photo(seed: int) -> Image.Image:
    """Large enough for a glance to be smaller, with detail that a search for a place can hold on to."""
    noise = np.random.default_rng(seed).normal(0, 40, (HEIGHT // 8, WIDTH // 8)).astype(np.float32)
    detail = cv2.resize(noise, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)[..., None]
    pixels = np.asarray(scene(seed, WIDTH, HEIGHT), np.float32) + detail
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


PHOTO, OTHER = photo(3), photo(8)


@pytest.fixture(autouse=True)
def decoded(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, int]]]:
    """What a worker process that has seen nothing yet decodes: the file's name and the side that it asks for."""
    calls: list[tuple[str, int]] = []

    def noted(data: bytes, path: Path, content: bytes, *, min_short_side: int, max_pixels: int) -> Frame:
        calls.append((path.name, min_short_side))
        return decode(data, path, content, min_short_side=min_short_side, max_pixels=max_pixels)

    monkeypatch.setattr(look, "decode", noted)
    look._sides.clear()
    look._glances.clear()
    yield calls
    look._sides.clear()
    look._glances.clear()


def looked(*paths: Path) -> Look:
    contents = tuple(content_hash(path.read_bytes()) for path in paths)
    assert len(contents) == 2
    return look_closely(LookJob(tuple(FileIdentity.of(path, path.stat()) for path in paths), contents, 10**8), None)


def relation_of(found: Look) -> Relation:
    assert isinstance(found.found, Comparison)
    return found.found.relation


def saved(image: Image.Image, path: Path) -> Path:
    image.save(path)
    return path


def test_photos_that_cannot_be_laid_over_each_other_are_never_decoded_whole(
    tmp_path: Path, decoded: list[tuple[str, int]]
) -> None:
    one, other = saved(PHOTO, tmp_path / "a.jpg"), saved(OTHER, tmp_path / "b.jpg")
    found = looked(one, other)
    assert relation_of(found) is Relation.DIFFERENT
    assert decoded == [("a.jpg", GLANCE_SIDE), ("b.jpg", GLANCE_SIDE)]
    assert found.pixels == ()  # nobody has seen them


def test_a_glance_is_remembered_for_the_next_pair(tmp_path: Path, decoded: list[tuple[str, int]]) -> None:
    one, other, third = (saved(photo(seed), tmp_path / f"{seed}.jpg") for seed in (3, 8, 12))
    looked(one, other)
    looked(one, third)
    assert [name for name, _ in decoded] == ["3.jpg", "8.jpg", "12.jpg"]


def test_copies_are_looked_at_closely_after_the_glance(tmp_path: Path, decoded: list[tuple[str, int]]) -> None:
    one, other = saved(PHOTO, tmp_path / "a.jpg"), saved(PHOTO.resize((1000, 750)), tmp_path / "b.jpg")
    found = looked(one, other)
    assert relation_of(found) is Relation.DERIVED
    # the smaller one is no larger for a close look, and is decoded once
    assert decoded == [("a.jpg", GLANCE_SIDE), ("b.jpg", GLANCE_SIDE), ("a.jpg", SHORT_SIDE)]
    assert len(found.pixels) == 2


def test_a_format_that_can_only_be_decoded_whole_is_decoded_once(
    tmp_path: Path, decoded: list[tuple[str, int]]
) -> None:
    one, other = saved(PHOTO, tmp_path / "a.png"), saved(PHOTO.resize((1000, 750)), tmp_path / "b.png")
    assert relation_of(looked(one, other)) is Relation.DERIVED
    assert decoded == [("a.png", SHORT_SIDE), ("b.png", SHORT_SIDE)]


def test_small_photos_are_not_searched_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relation, "may_match", lambda *_: pytest.fail("the close look makes the same search"))
    one, other = (saved(scene(seed, 640, 480), tmp_path / f"{seed}.jpg") for seed in (3, 8))
    assert relation_of(looked(one, other)) is Relation.DIFFERENT


def test_a_glance_at_a_file_that_was_cut_off_names_it(tmp_path: Path) -> None:
    one, other = saved(PHOTO, tmp_path / "a.jpg"), saved(OTHER, tmp_path / "cut.jpg")
    other.write_bytes(other.read_bytes()[:300])
    with pytest.raises(DecodeError) as caught:
        looked(one, other)
    assert "cut.jpg" in str(caught.value)


def test_glances_take_bounded_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "_KEPT_GLANCES", 4 * 1000 * 750)
    paths = [saved(photo(seed), tmp_path / f"{seed}.jpg") for seed in range(3, 10)]
    for path in paths[1:]:
        looked(paths[0], path)
    assert len(look._glances) == 4
    assert look._glances.keys() >= {content_hash(paths[0].read_bytes())}  # it was used last


def black() -> Image.Image:
    return Image.new("RGB", (WIDTH, HEIGHT))


def dark() -> Image.Image:
    grain = np.random.default_rng(1).normal(6, 2, (HEIGHT, WIDTH, 3))
    return Image.fromarray(np.clip(grain, 0, 255).astype(np.uint8))


def sky() -> Image.Image:
    light = np.linspace(120, 180, HEIGHT).astype(np.uint8)
    return Image.fromarray(np.tile(light[:, None, None], (1, WIDTH, 3)))


@pytest.mark.parametrize("made", [black, dark, sky])
def test_the_same_pixels_are_found_where_there_is_nothing_to_lay_over_each_other(
    made: Callable[[], Image.Image], tmp_path: Path
) -> None:
    one, commented, converted = tmp_path / "a.jpg", tmp_path / "b.jpg", tmp_path / "c.png"
    made().save(one, quality=90)
    made().save(commented, quality=90, comment=b"the same picture")
    with Image.open(one) as opened:
        opened.save(converted)
    assert relation_of(looked(one, commented)) is Relation.SAME_PIXELS
    assert relation_of(looked(one, converted)) is Relation.SAME_PIXELS


@pytest.mark.parametrize(
    "changed",
    [
        lambda image: image.resize((900, 675)),
        lambda image: image.crop((500, 300, 1700, 1300)),
        lambda image: image.transpose(Image.Transpose.ROTATE_90),
        ImageOps.mirror,
        lambda image: image.rotate(3, expand=True),
        lambda image: ImageOps.expand(image, 200, (255, 255, 255)),
        lambda image: ImageEnhance.Brightness(image).enhance(0.6),
        lambda image: image.filter(ImageFilter.GaussianBlur(6)),
        lambda image: image.convert("L").convert("RGB"),
        lambda image: image.resize((WIDTH, HEIGHT - 150)),
    ],
    ids=["smaller", "crop", "turned", "mirrored", "straightened", "border", "darker", "blurred", "grey", "stretched"],
)
def test_a_copy_survives_the_glance(changed: Callable[[Image.Image], Image.Image]) -> None:
    copy = changed(PHOTO)
    small = [Luma.of(image.reduce(max(1, min(image.size) // GLANCE_SIDE))) for image in (PHOTO, copy)]
    assert may_match(*small)
    assert may_match(*reversed(small))
