"""What a fingerprint sees as alike, on made pictures."""

from __future__ import annotations

import io
import random
from itertools import combinations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from albumclean.config import SimilarSettings
from albumclean.similar.fingerprint import REVISION, fingerprint
from albumclean.similar.index import FingerprintIndex
from albumclean.similar.neighbours import copy_candidates


def scene(seed: int, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """A picture with the broad shapes and fine texture of a photo."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)).resize(size, Image.Resampling.BICUBIC)
    fine = Image.fromarray(rng.integers(0, 256, (60, 80, 3), dtype=np.uint8)).resize(size, Image.Resampling.BICUBIC)
    return Image.blend(coarse, fine, 0.25)


def document(seed: int) -> Image.Image:
    """A white page with lines of words as grey bars."""
    random_ = random.Random(seed)
    page = Image.new("RGB", (850, 1100), (250, 250, 248))
    draw = ImageDraw.Draw(page)
    for y in range(90, 1010, 22):
        if random_.random() < 0.12:
            continue
        x, end = 90, random_.choice([760, 760, 760, 400 + random_.randrange(300)])
        while x < end:
            word = random_.randrange(15, 80)
            draw.rectangle((x, y, min(x + word, end), y + 9), fill=(40, 40, 40))
            x += word + 9
    return page


def night(seed: int) -> Image.Image:
    """Black with a few blurred lights."""
    random_ = random.Random(seed)
    sky = Image.new("RGB", (640, 480), (6, 6, 12))
    draw = ImageDraw.Draw(sky)
    for _ in range(4):
        x, y, radius = random_.randrange(640), random_.randrange(480), random_.randrange(10, 40)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(255, 220, 150))
    return sky.filter(ImageFilter.GaussianBlur(3))


def recompressed(image: Image.Image, quality: int) -> Image.Image:
    data = io.BytesIO()
    image.save(data, "JPEG", quality=quality)
    return Image.open(data).convert("RGB")


def alike_pairs(*images: Image.Image) -> set[tuple[int, int]]:
    """Which of the pictures look alike, by their order."""
    rows = [
        (fingerprint(image, bytes([number]) * 32), image.width / image.height) for number, image in enumerate(images)
    ]
    found = copy_candidates(FingerprintIndex.build(rows), SimilarSettings())
    return {pair for some in found for pair in zip(some.i.tolist(), some.j.tolist(), strict=True)}


def test_a_fingerprint_is_the_same_every_time() -> None:
    assert fingerprint(scene(1), b"a") == fingerprint(scene(1), b"a")


def test_a_fingerprint_has_the_documented_shape() -> None:
    found = fingerprint(scene(1), b"hash")
    assert found.content_hash == b"hash"
    assert 0 < found.phash < 1 << 64
    assert 0 < found.dhash < 1 << 64
    assert len(found.layout) == 8 * 8 * 3
    assert 12 < found.detail < 128


def test_the_layout_holds_the_mean_colours_row_by_row() -> None:
    image = Image.new("RGB", (80, 80), (0, 0, 0))
    image.paste((200, 100, 50), (70, 0, 80, 10))
    layout = fingerprint(image, b"").layout
    assert layout[7 * 3 : 8 * 3] == bytes((200, 100, 50))
    assert sum(layout) == 350


def test_the_revision_names_the_library_and_the_method() -> None:
    assert "imagehash" in REVISION
    assert "phash64" in REVISION
    assert "inner" in REVISION


@pytest.mark.parametrize("seed", range(5))
def test_resized_and_recompressed_copies_look_alike(seed: int) -> None:
    original = scene(seed)
    copies = [
        original,
        original.resize((320, 240), Image.Resampling.LANCZOS),
        original.resize((160, 120), Image.Resampling.BICUBIC),
        recompressed(original, 30),
        recompressed(original.resize((480, 360), Image.Resampling.BILINEAR), 60),
        ImageEnhance.Brightness(original).enhance(1.04),
    ]
    assert alike_pairs(*copies) == set(combinations(range(len(copies)), 2))


def test_different_scenes_do_not_look_alike() -> None:
    assert alike_pairs(*(scene(seed) for seed in range(40))) == set()


def test_flat_and_dark_pictures_do_not_look_alike() -> None:
    rng = np.random.default_rng(0)
    flat = [Image.new("RGB", (200, 150), (level, level, level)) for level in (0, 3, 8, 128, 250, 255)]
    dark = [Image.fromarray(rng.integers(0, 14, (150, 200, 3), dtype=np.uint8)) for _ in range(4)]
    assert alike_pairs(*flat, *dark) == set()


def test_without_a_least_detail_flat_pictures_would_look_alike() -> None:
    rows = [(fingerprint(Image.new("RGB", (99, 99), (level,) * 3), bytes([level])), 1.0) for level in (10, 12)]
    found = list(copy_candidates(FingerprintIndex.build(rows), SimilarSettings(min_detail=0)))
    assert [1] == [len(some.i) for some in found]


def test_different_night_scenes_do_not_look_alike() -> None:
    assert alike_pairs(*(night(seed) for seed in range(30))) == set()


def test_few_pairs_of_text_documents_need_a_close_look() -> None:
    assert len(alike_pairs(*(document(seed) for seed in range(30)))) <= 435 // 50


def test_a_mirrored_or_turned_picture_looks_alike() -> None:
    image = scene(3, (480, 480))
    mirrored = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    turned = image.transpose(Image.Transpose.ROTATE_90)
    assert {(0, 1), (0, 2), (1, 2)} == alike_pairs(image, mirrored, turned)
