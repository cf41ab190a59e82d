"""Same pixels, derived or different: what a close look says of pictures whose truth is known."""

from __future__ import annotations

import io
from collections.abc import Callable
from hashlib import blake2b

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from albumclean.comparison.compare import compare
from albumclean.comparison.grain import Grain
from albumclean.comparison.planes import Luma
from albumclean.comparison.relation import examine, relate
from albumclean.comparison.sides import Side
from albumclean.domain import Photo, Relation
from tests.pictures import scene

SAME, DERIVED, DIFFERENT = Relation.SAME_PIXELS, Relation.DERIVED, Relation.DIFFERENT
WIDTH, HEIGHT = 800, 600


def view(seed: int) -> Image.Image:
    """What stands before the camera: structure on the left, a smooth wall with soft light on the right."""
    picture = np.asarray(scene(seed, WIDTH, HEIGHT), np.float32)
    texture = np.random.default_rng(seed).normal(0, 26, (HEIGHT, WIDTH)).astype(np.float32)
    texture = np.asarray(cv2.GaussianBlur(texture, (0, 0), 2.0), np.float32) * 3
    wall = np.linspace(110, 150, HEIGHT, dtype=np.float32)[:, None, None] + np.zeros(3, np.float32)
    share = np.clip((np.arange(WIDTH) - 520) / 60, 0, 1).astype(np.float32)[None, :, None]
    return Image.fromarray(
        np.clip((picture + texture[..., None]) * (1 - share) + wall * share, 0, 255).astype(np.uint8)
    )


def exposed(picture: Image.Image, seed: int, noise: float = 3.0) -> Image.Image:
    """A frame of it: with noise of its own."""
    grain = np.random.default_rng(seed).normal(0, noise, (picture.height, picture.width, 1))
    return Image.fromarray(np.clip(np.asarray(picture) + np.rint(grain), 0, 255).astype(np.uint8))


VIEW = view(3)
PHOTO = exposed(VIEW, 1)


def packed(image: Image.Image, quality: int | None = 88) -> Side:
    """As a file of its own: JPEG, or PNG without a quality."""
    out = io.BytesIO()
    image.save(out, "PNG") if quality is None else image.save(out, "JPEG", quality=quality)
    data = out.getvalue()
    with Image.open(io.BytesIO(data)) as opened:
        pixels, name = opened.convert("RGB"), opened.format or ""
    return Side(Photo(blake2b(data, digest_size=32).digest(), *pixels.size, name), data, pixels)


def judged(one: Image.Image, other: Image.Image, quality: int = 88) -> Relation:
    return relate(packed(one, 95), packed(other, quality)).relation


def captioned(image: Image.Image) -> Image.Image:
    changed = image.copy()
    draw = ImageDraw.Draw(changed)
    draw.rectangle((0, 530, WIDTH, HEIGHT), fill=(15, 15, 15))
    draw.text((200, 540), "Happy birthday", (255, 255, 255), font_size=40)
    return changed


def stickered(image: Image.Image) -> Image.Image:
    changed = image.copy()
    ImageDraw.Draw(changed).ellipse((180, 120, 340, 280), fill=(255, 204, 51), outline=(0, 0, 0), width=5)
    return changed


def vignetted(image: Image.Image) -> Image.Image:
    y, x = np.mgrid[-1 : 1 : image.height * 1j, -1 : 1 : image.width * 1j]
    return Image.fromarray((np.asarray(image) * (1 - 0.3 * (x * x + y * y))[..., None]).astype(np.uint8))


EDITS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "a thumbnail": lambda image: image.resize((160, 120), Image.Resampling.LANCZOS),
    "half the size": lambda image: image.reduce(2),
    "twice the size": lambda image: image.resize((1600, 1200), Image.Resampling.BICUBIC),
    "turned": lambda image: image.transpose(Image.Transpose.ROTATE_90),
    "mirrored": ImageOps.mirror,
    "cropped": lambda image: image.crop((130, 20, 770, 500)),
    "straightened": lambda image: image.rotate(2, Image.Resampling.BICUBIC).crop((40, 40, 760, 560)),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.3),
    "blown out": lambda image: ImageEnhance.Brightness(image).enhance(2.0),
    "darker": lambda image: ImageEnhance.Brightness(image).enhance(0.6),
    "more contrast": lambda image: ImageEnhance.Contrast(image).enhance(1.5),
    "grey": lambda image: image.convert("L").convert("RGB"),
    "vignette": vignetted,
    "sharpened": lambda image: image.filter(ImageFilter.UnsharpMask(2, 120, 2)),
    "blurred a little": lambda image: image.filter(ImageFilter.GaussianBlur(0.8)),
    "grain added": lambda image: exposed(image, 77, 6),
    "a caption": captioned,
    "a sticker": stickered,
    "a border": lambda image: ImageOps.expand(image, 40, "white"),
}


@pytest.mark.parametrize("how", EDITS)
def test_an_edited_copy_is_derived(how: str) -> None:
    assert DERIVED == judged(PHOTO, EDITS[how](PHOTO))


@pytest.mark.parametrize("quality", [15, 40, 90])
def test_a_recompressed_copy_is_derived(quality: int) -> None:
    assert DERIVED == judged(PHOTO, PHOTO, quality)


def test_the_same_pixels_in_another_container_are_the_same() -> None:
    jpeg = packed(PHOTO)
    found = relate(jpeg, packed(jpeg.image, None))
    assert (SAME, 1.0) == (found.relation, found.likeness)


def test_flat_pictures_are_one_only_if_their_pixels_are() -> None:
    sky, later = Image.new("RGB", (640, 480), (90, 130, 210)), Image.new("RGB", (640, 480), (90, 130, 211))
    assert SAME == relate(packed(sky, None), packed(sky.copy(), None)).relation
    assert DIFFERENT == relate(packed(sky, None), packed(later, None)).relation


def test_another_view_is_different() -> None:
    assert DIFFERENT == judged(PHOTO, exposed(view(4), 2))


@pytest.mark.parametrize("other", ["same size", "smaller", "compressed"])
def test_the_next_frame_on_a_tripod_is_different_by_its_noise(other: str) -> None:
    frame = exposed(VIEW, 2)
    frame = frame.resize((640, 480), Image.Resampling.LANCZOS) if other == "smaller" else frame
    assert DIFFERENT == judged(PHOTO, frame, 60 if other == "compressed" else 90)


@pytest.mark.parametrize("parallax", [0.6, 2.0, 6.0])
def test_the_next_frame_from_the_hand_is_different_by_its_parallax(parallax: float) -> None:
    # Without any noise only geometry can tell.
    depth = cv2.resize(np.random.default_rng(9).uniform(-1, 1, (4, 5)).astype(np.float32), (WIDTH, HEIGHT))
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    moved = cv2.remap(np.asarray(VIEW), x + 4 + parallax * depth, y + 2, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    assert DIFFERENT == judged(VIEW, Image.fromarray(moved))


def test_a_subject_that_moved_is_no_sticker() -> None:
    def with_face(x: int) -> Image.Image:
        picture = VIEW.copy()
        picture.paste(scene(8, 120, 140), (x, 200))
        return picture

    assert DIFFERENT == judged(with_face(200), with_face(214))


def test_a_subject_that_moved_before_a_rough_wall_is_no_sticker() -> None:
    # The wall's own texture looks like noise that both share.
    def with_face(x: int) -> Image.Image:
        picture = exposed(VIEW, 1)
        picture.paste(view(8).crop((100, 100, 220, 240)), (x, 200))
        return picture

    assert DIFFERENT == judged(with_face(200), with_face(214))


def test_a_photo_mostly_covered_by_another_is_different() -> None:
    covered = PHOTO.copy()
    covered.paste(view(8).crop((0, 0, 480, 600)), (0, 0))
    assert DIFFERENT == judged(PHOTO, covered)


def test_white_letters_over_a_dark_place_are_a_caption() -> None:
    dark = vignetted(vignetted(PHOTO))
    lettered = dark.copy()
    ImageDraw.Draw(lettered).text((20, 15), "Best day ever", (255, 255, 255), font_size=44)
    assert DERIVED == judged(dark, lettered)


def test_a_thumbnail_of_the_next_frame_is_different() -> None:
    depth = cv2.resize(np.random.default_rng(9).uniform(-1, 1, (4, 5)).astype(np.float32), (WIDTH, HEIGHT))
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    moved = cv2.remap(np.asarray(VIEW), x + 4 * depth, y + 3 * depth, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    small = Image.fromarray(moved.astype(np.uint8)).resize((160, 120), Image.Resampling.LANCZOS)
    assert DIFFERENT == judged(VIEW, small, 92)


def page(number: str) -> Image.Image:
    paper = Image.new("RGB", (620, 877), (252, 252, 250))
    draw = ImageDraw.Draw(paper)
    draw.text((60, 60), "Application for a library card", (20, 20, 20), font_size=28)
    for row, label in enumerate(("Name", "Street", "Town", "Born", "Telephone", "Number")):
        draw.text((60, 170 + 90 * row), label, (20, 20, 20), font_size=20)
        draw.rectangle((200, 160 + 90 * row, 560, 200 + 90 * row), outline=(90, 90, 90), width=2)
    draw.text((215, 165 + 90 * 5), number, (20, 20, 90), font_size=24)
    return paper


def test_the_same_form_filled_in_otherwise_is_different() -> None:
    assert DERIVED == judged(page("471 108"), page("471 108").reduce(1), 60)
    assert DIFFERENT == judged(page("471 108"), page("935 206"), 90)


def test_the_order_of_the_sides_makes_no_difference() -> None:
    one = packed(PHOTO, 95)
    for other in (packed(EDITS["cropped"](PHOTO)), packed(exposed(VIEW, 2))):
        assert compare(one, other) == compare(other, one)


def test_a_comparison_names_its_contents_in_order() -> None:
    one, other = packed(PHOTO, 95), packed(EDITS["half the size"](PHOTO))
    found = compare(one, other)
    assert sorted((one.photo.content_hash, other.photo.content_hash)) == [found.one, found.other]
    assert DERIVED == found.relation
    assert 0.9 < found.likeness <= 1
    assert found.source in {None, found.one, found.other}


def test_what_is_different_has_no_source() -> None:
    found = compare(packed(PHOTO), packed(exposed(view(4), 2)))
    assert (DIFFERENT, None, ()) == (found.relation, found.source, found.reasons)


@pytest.mark.parametrize("name", ["turned", "grain added", "blurred a little", "a caption"])
def test_a_copy_shares_its_noise(name: str) -> None:
    evidence = examine(Luma.of(PHOTO), Luma.of(EDITS[name](PHOTO)))
    assert evidence is not None
    assert evidence.grain.is_shared


def test_noise_in_few_places_says_nothing() -> None:
    assert (False, False) == (Grain(2, 1.0, 2, 1.0).is_shared, Grain(2, 0.0, 2, 0.0).is_foreign)
