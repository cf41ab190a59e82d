"""Which of two photos is the source: every way of making a copy leaves traces that can't be taken back."""

from __future__ import annotations

import io
from collections.abc import Callable
from hashlib import blake2b

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from albumclean.comparison.alignment import Alignment
from albumclean.comparison.claims import read_claims
from albumclean.comparison.evidence import Evidence, Pair
from albumclean.comparison.odds import PHOTOS, PLAIN, log_odds, weights
from albumclean.comparison.provenance import Origin, evidence, provenance
from albumclean.comparison.raster import scaling
from albumclean.comparison.sides import Side
from albumclean.comparison.small import together
from albumclean.domain import Photo

WIDTH, HEIGHT = 640, 480
CENTRED = Alignment.of(np.eye(3))


def textured(seed: int, width: int = WIDTH, height: int = HEIGHT) -> Image.Image:
    """A picture with the spectrum of a photo down to single pixels, some colour, edges, and a sensor's noise."""
    rng = np.random.default_rng(seed)
    y, x = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :]
    fall = 1 / np.maximum(np.hypot(x, y), 2 / width)
    planes = []
    for _ in range(3):
        phases = np.exp(2j * np.pi * rng.random((height, width // 2 + 1)))
        plane = np.fft.irfft2(fall * phases, (height, width))
        planes.append(plane / plane.std())
    shared = planes[0][..., None]
    colour = 118 + 42 * shared + 14 * np.stack([planes[1], -(planes[1] + planes[2]) / 2, planes[2]], axis=-1)
    for _ in range(12):
        left, top = rng.integers(0, width - 60), rng.integers(0, height - 60)
        colour[top : top + 50, left : left + 50] += rng.integers(-50, 50)
    colour += rng.normal(0, 2.0, colour.shape)
    return Image.fromarray(np.clip(colour, 0, 255).astype(np.uint8))


def packed(image: Image.Image, form: str = "JPEG", quality: int = 90, exif: bytes = b"") -> bytes:
    out = io.BytesIO()
    image.save(out, form, quality=quality, exif=exif)
    return out.getvalue()


def side(data: bytes) -> Side:
    with Image.open(io.BytesIO(data)) as opened:
        image = ImageOps.exif_transpose(opened).convert("RGB")
        form = opened.format or ""
    return Side(Photo(blake2b(data, digest_size=32).digest(), *image.size, form), data, image)


def camera(orientation: int = 1, size: tuple[int, int] = (WIDTH, HEIGHT), software: str = "") -> bytes:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112] = "Maker", "Model 1", orientation
    if software:
        exif[0x0131] = software
    shot = exif.get_ifd(0x8769)
    shot[0x9003], shot[0xA002], shot[0xA003], shot[0x927C] = "2024:05:06 07:08:09", *size, b"notes of the maker"
    return exif.tobytes()


Edit = Callable[[Image.Image], Image.Image]
Pack = Callable[[Image.Image], bytes]


def scaled(factor: float) -> Edit:
    return lambda image: image.resize((round(image.width * factor), round(image.height * factor)))


def cropped(image: Image.Image) -> Image.Image:
    return image.crop((37, 21, image.width - 30, image.height - 9))


def bordered(image: Image.Image) -> Image.Image:
    return ImageOps.expand(image, 24, "white")


def moved(x: float, y: float) -> Alignment:
    return Alignment.of(np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]]))


def resized(factor: float) -> Alignment:
    size = round(WIDTH * factor), round(HEIGHT * factor)
    return Alignment.of(scaling(size, (WIDTH, HEIGHT)))


def sharper(image: Image.Image) -> Image.Image:
    return image.filter(ImageFilter.UnsharpMask(1.5, 120, 0))


def brighter(image: Image.Image) -> Image.Image:
    return ImageEnhance.Brightness(image).enhance(1.35)


def grainy(image: Image.Image) -> Image.Image:
    noise = np.random.default_rng(0).normal(0, 8, (image.height, image.width, 1))
    return Image.fromarray(np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8))


def jpeg(quality: int) -> Pack:
    return lambda image: packed(image, quality=quality)


COPIES: dict[str, tuple[Edit, Pack, Alignment]] = {
    "saved more coarsely": (lambda image: image, jpeg(70), CENTRED),
    "saved a little more coarsely": (lambda image: image, jpeg(87), CENTRED),
    "saved more finely, and larger": (lambda image: image, jpeg(97), CENTRED),
    "saved without loss, and much larger": (lambda image: image, lambda image: packed(image, "PNG"), CENTRED),
    "saved as WebP": (lambda image: image, lambda image: packed(image, "WEBP", 80), CENTRED),
    "scaled down": (scaled(0.5), jpeg(95), resized(0.5)),
    "scaled up": (scaled(2.0), jpeg(97), resized(2.0)),
    "cropped": (cropped, jpeg(95), moved(37, 21)),
    "with a border": (bordered, jpeg(95), moved(-24, -24)),
    "turned black and white": (lambda image: ImageOps.grayscale(image).convert("RGB"), jpeg(95), CENTRED),
    "sharpened": (sharper, jpeg(96), CENTRED),
    "brightened": (brighter, jpeg(96), CENTRED),
    "brightened and sharpened": (lambda image: sharper(brighter(image)), jpeg(97), CENTRED),
    "strewn with grain": (grainy, jpeg(96), CENTRED),
    "blurred": (lambda image: image.filter(ImageFilter.GaussianBlur(1.2)), jpeg(96), CENTRED),
}


@pytest.mark.parametrize("how", COPIES)
def test_the_untouched_photo_is_the_source_without_any_metadata(how: str) -> None:
    edit, pack, alignment = COPIES[how]
    original = packed(textured(1), quality=85)
    source = side(original)
    copy = side(pack(edit(source.image)))

    found = provenance(source, copy, alignment)

    assert source.photo.content_hash == found.source
    assert found.reasons


def test_a_page_that_was_cropped_was_no_page_with_a_border() -> None:
    page = Image.new("RGB", (WIDTH, HEIGHT), (236, 234, 229))
    page.paste(textured(9).resize((360, 240)), (140, 120))
    source = side(packed(page, quality=90))
    copy = side(packed(page.crop((64, 48, WIDTH - 64, HEIGHT - 48)), quality=92))
    framed = side(packed(ImageOps.expand(page.crop((140, 120, 500, 360)), 24, (236, 234, 229)), quality=92))
    picture = side(packed(page.crop((140, 120, 500, 360)), quality=90))

    cropped_page = {item.fact: item.value for item in evidence(Pair.of(source, copy, moved(64, 48)))}
    framed_picture = {item.fact: item.value for item in evidence(Pair.of(picture, framed, moved(-24, -24)))}

    assert (1, 0) == (cropped_page["wider"], cropped_page["border"])
    assert (0, 1) == pytest.approx((framed_picture["wider"], framed_picture["border"]), abs=0.05)


@pytest.mark.parametrize("first, second", [(92, 91), (85, 88), (75, 78), (96, 90), (60, 95)])
def test_fine_differences_of_quality_come_out_right(first: int, second: int) -> None:
    source = side(packed(textured(2), quality=first))
    copy = side(packed(source.image, quality=second))

    assert source.photo.content_hash == provenance(source, copy, CENTRED).source


def test_the_order_of_the_sides_does_not_matter() -> None:
    source = side(packed(textured(3), quality=90))
    copy = side(packed(cropped(brighter(source.image)), quality=95))

    assert provenance(source, copy, moved(37, 21)) == provenance(copy, source, moved(-37, -21))


def test_a_blurred_alignment_is_made_exact() -> None:
    source = side(packed(textured(4), quality=85))
    copy = side(packed(cropped(source.image), quality=95))

    assert source.photo.content_hash == provenance(source, copy, moved(37.3, 20.6)).source


def test_an_orientation_tag_does_not_hide_the_block_grid() -> None:
    stored = textured(5).transpose(Image.Transpose.ROTATE_90)
    source = side(packed(stored, quality=80, exif=camera(orientation=6)))
    copy = side(packed(source.image, quality=95))

    facts = {item.fact: item.value for item in evidence(Pair.of(source, copy, CENTRED))}

    assert facts["compression_traces"] + facts["rounded_twice"] > 0.9


def test_of_the_same_pixels_the_one_with_the_cameras_metadata_is_the_source() -> None:
    picture = textured(6)
    source, copy = side(packed(picture, exif=camera())), side(packed(picture))

    found = provenance(copy, source, CENTRED)

    assert source.photo.content_hash == found.source
    assert {"camera", "capture_time"} <= {reason.fact for reason in found.reasons}


def test_the_same_pixels_without_any_difference_tell_nothing() -> None:
    data = packed(textured(7))
    with_comment = data[:2] + b"\xff\xfe\x00\x06abcd" + data[2:]

    assert Origin(None, difference=0.0) == provenance(side(data), side(with_comment), CENTRED)


def segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body


PROFILE = segment(0xE2, b"ICC_PROFILE\0\1\1" + b"p" * 20)
EDITORS_DATA = segment(0xED, b"Photoshop 3.0\0" + b"8BIM" * 9)


def test_of_the_same_pixels_the_one_that_was_not_stripped_is_the_source() -> None:
    stripped = packed(textured(7))
    whole = side(stripped[:2] + EDITORS_DATA + stripped[2:])

    found = provenance(side(stripped), whole, CENTRED)

    assert whole.photo.content_hash == found.source
    assert {"carries"} == {reason.fact for reason in found.reasons}


def test_other_data_a_colour_profile_and_a_comment_are_no_sign_that_something_was_stripped() -> None:
    data = packed(textured(7))
    first, second = (data[:2] + part + data[2:] for part in (EDITORS_DATA, segment(0xEC, b"Ducky\0\1")))

    assert Origin(None, difference=0.0) == provenance(side(first), side(second), CENTRED)
    assert Origin(None, difference=0.0) == provenance(
        side(data), side(data[:2] + segment(0xFE, b"a comment") + data[2:]), CENTRED
    )
    assert frozenset() == read_claims(data[:2] + PROFILE + data[2:]).carried


def test_what_a_program_put_into_a_file_does_not_make_it_the_source() -> None:
    data = packed(textured(7))
    stars = segment(0xE1, b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x="adobe:ns:meta/"/>')
    source, rated = side(data), side(data[:2] + stars + data[2:])

    assert source.photo.content_hash == provenance(source, rated, CENTRED).source


def test_reasons_begin_with_a_verb_and_come_strongest_first() -> None:
    source = side(packed(textured(8), exif=camera()))
    copy = side(packed(cropped(source.image), quality=60))

    reasons = provenance(source, copy, moved(37, 21)).reasons

    assert {"has", "holds", "is", "keeps", "names", "shows", "uses", "was", "comes"} >= {
        reason.text.partition(" ")[0] for reason in reasons
    }
    plain = side(packed(textured(8), "PNG"))
    grey = side(packed(ImageOps.grayscale(plain.image).convert("RGB"), "PNG"))
    of_colours = provenance(plain, grey, CENTRED).reasons
    assert {"colours_lost", "colour_error"} & {reason.fact for reason in of_colours}
    assert len({reason.text for reason in of_colours}) == len(of_colours)
    assert sorted((reason.weight for reason in reasons), reverse=True) == [reason.weight for reason in reasons]
    assert len({reason.text for reason in reasons}) == len(reasons) <= 4


def test_damaged_metadata_claim_nothing() -> None:
    data = packed(textured(9), exif=camera())
    torn = data.replace(b"2024:05:06", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff").replace(b"II*\0", b"II*\xff")
    whole, copy = side(packed(textured(9), exif=camera())), side(torn)

    assert provenance(whole, copy, CENTRED).source in {None, whole.photo.content_hash}


def test_a_picture_too_small_for_patches_is_still_judged_by_its_metadata() -> None:
    tiny = textured(10).resize((16, 12))
    source, copy = side(packed(tiny, exif=camera(size=(16, 12)))), side(packed(tiny, quality=50))

    assert source.photo.content_hash == provenance(source, copy, CENTRED).source


def test_every_fact_that_is_weighed_is_measured() -> None:
    source = side(packed(textured(11)))
    copies = [side(packed(scaled(0.5)(source.image))), side(packed(source.image, form="PNG"))]
    known = {
        item.fact
        for copy, alignment in zip(copies, [resized(0.5), CENTRED], strict=True)
        for item in evidence(Pair.of(source, copy, alignment))
    }

    elsewhere = {"hard_edges", "flat_patches", "few_colours", "library_table", "annotated", "carries", "retimed"}
    elsewhere |= {"turned", "few_tones"}
    assert set() == {*weights(PHOTOS).facts, *weights(PLAIN).facts} - known - elsewhere


FOUND = st.dictionaries(st.sampled_from(weights().facts), st.floats(-3, 3))


@given(FOUND, st.floats(0, 1))
def test_with_the_sides_swapped_the_odds_change_their_sign_and_nothing_else(
    found: dict[str, float], plain: float
) -> None:
    odds, gains = log_odds([Evidence(fact, value) for fact, value in found.items()], plain)
    swapped, losses = log_odds([Evidence(fact, -value) for fact, value in found.items()], plain)

    assert odds == pytest.approx(-swapped, abs=1e-9)
    assert gains == pytest.approx([-loss for loss in losses], abs=1e-9)


@given(FOUND)
def test_between_photos_and_plain_pictures_the_odds_lie_between_theirs(found: dict[str, float]) -> None:
    items = [Evidence(fact, value) for fact, value in found.items()]
    photo, between, plain = (log_odds(items, share)[0] for share in (0.3, 0.575, 0.9))

    assert between == pytest.approx((photo + plain) / 2)
    assert photo == pytest.approx(weights(PHOTOS).odds(row_of(found, PHOTOS))[0])
    assert plain == pytest.approx(weights(PLAIN).odds(row_of(found, PLAIN))[0])


def row_of(found: dict[str, float], name: str) -> np.ndarray:
    return np.array([[found.get(fact, 0.0) for fact in weights(name).facts]])


def page(lines: int = 12) -> Image.Image:
    """Dark lines on paper, and a scanner's noise."""
    values = np.full((HEIGHT, WIDTH), 246.0)
    rng = np.random.default_rng(lines)
    for line in range(lines):
        top = 60 + 28 * line
        for left in range(80, 420, 14):
            values[top : top + 9, left : left + int(rng.integers(4, 12))] = 40
    values += rng.normal(0, 1.0, values.shape)
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8)).convert("RGB")


def test_paper_is_plain_and_a_photo_is_not_whichever_comes_first_and_however_it_lies() -> None:
    paper, photo = np.asarray(page()), np.asarray(textured(4))
    turned = np.rot90(paper)

    assert together(paper, paper, CENTRED).plain > 0.65
    assert together(photo, photo, CENTRED).plain < 0.1
    assert together(paper, photo, CENTRED).plain == together(photo, paper, CENTRED).plain < 0.1
    assert together(turned, turned, CENTRED).plain == pytest.approx(together(paper, paper, CENTRED).plain, abs=0.05)
    assert together(paper[:6, :6], paper[:6, :6], CENTRED).plain == 0


def toned(image: Image.Image) -> Image.Image:
    return Image.fromarray((np.asarray(image) * np.array([1.0, 0.93, 0.8])).astype(np.uint8))


def darker_in_the_corners(image: Image.Image) -> Image.Image:
    y, x = np.mgrid[: image.height, : image.width]
    radius = 2 * ((x / image.width - 0.5) ** 2 + (y / image.height - 0.5) ** 2)
    return Image.fromarray((np.asarray(image) * (1 - 0.5 * radius)[..., None]).astype(np.uint8))


def stamped(image: Image.Image) -> Image.Image:
    stamp = image.copy()
    stamp.paste((200, 30, 30), (500, 400, 600, 440))
    return stamp


@pytest.mark.parametrize(
    ("edit", "quality"),
    [(toned, 95), (darker_in_the_corners, 95), (stamped, 95), (lambda image: image, 70)],
    ids=["toned", "darker in the corners", "stamped", "saved more coarsely"],
)
@pytest.mark.parametrize("lines", [8, 12])
def test_a_page_is_the_source_of_its_copies(lines: int, edit: Edit, quality: int) -> None:
    source = side(packed(page(lines), quality=85))
    copy = side(packed(edit(source.image), quality=quality))

    assert source.photo.content_hash == provenance(source, copy, CENTRED).source


@pytest.mark.parametrize("factor", [0.5, 0.75, 1.5, 2.0])
def test_compression_that_shows_through_a_scaling_is_known_as_such_and_says_who_was_scaled(factor: float) -> None:
    source = side(packed(textured(21), quality=60))
    copy = side(packed(scaled(factor)(source.image), quality=96))
    facts = {item.fact: item.value for item in evidence(Pair.of(source, copy, resized(factor)))}
    saved_again = side(packed(source.image, quality=96))
    same_size = {item.fact: item.value for item in evidence(Pair.of(source, saved_again, CENTRED))}

    assert facts["traces_scaled"] == facts["compression_traces"]
    assert (facts["traces_scaled"] > 0.5) is (factor > 1)  # a smaller picture can't hold them
    assert facts["traces_scaled"] >= 0
    assert same_size["compression_traces"] > 0.5
    assert same_size["traces_scaled"] == 0


def test_a_reason_is_a_fact_that_speaks_for_the_source_and_without_which_it_were_less_sure() -> None:
    source = side(packed(textured(12), exif=camera()))
    copy = side(packed(scaled(0.5)(source.image), quality=70))
    found = list(evidence(Pair.of(source, copy, resized(0.5))))
    _, gains = log_odds(found)

    said = {reason.fact: reason.weight for reason in provenance(source, copy, resized(0.5)).reasons}

    speaking = {item.fact: gain for item, gain in zip(found, gains, strict=True) if item.value > 0 and gain > 0}
    assert said
    assert said == {fact: pytest.approx(speaking[fact], rel=0.15) for fact in said}


def test_other_tones_are_said_beside_the_reasons_and_compression_alone_is_none() -> None:
    photo = textured(3)
    source, edit, copy = (side(data) for data in (packed(photo), packed(brighter(photo)), packed(photo, quality=60)))

    edited = provenance(source, edit, CENTRED).reasons
    recompressed = provenance(source, copy, CENTRED).reasons

    assert "tone" == edited[-1].fact
    assert "tone" not in {reason.fact for reason in recompressed}
