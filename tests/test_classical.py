"""The classical severities: more harm gives more, and what is no harm gives none."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from PIL import Image, ImageFilter

from albumclean.scoring.scorers.classical import SPEC, measure

Harm = Callable[[Image.Image, float], Image.Image]


@cache
def photo() -> Image.Image:
    """A made landscape: a sky's slow change of light, hills with 1/f texture, hard edges, full range of tones."""
    random = np.random.default_rng(7)
    height, width = 720, 960
    spectrum = np.fft.rfft2(random.normal(size=(height, width)))
    frequency = np.hypot(*np.meshgrid(np.fft.rfftfreq(width), np.fft.fftfreq(height)))
    texture = np.fft.irfft2(spectrum / np.maximum(frequency, 1 / width) ** 1.2, s=(height, width))
    texture = texture / texture.std()
    y, x = np.mgrid[0:height, 0:width]
    luma = 200.0 - 60 * y / height
    hills = y > 300 + 60 * np.sin(x / 90)
    luma[hills] = (95 + 38 * texture)[hills]
    for left, top, tone in ((100, 350, 235), (300, 420, 20), (560, 380, 190), (760, 450, 45)):
        luma[top : top + 160, left : left + 110] = tone + 6 * texture[top : top + 160, left : left + 110]
    colours = np.stack([luma * 1.03, luma, luma * 0.95], axis=2)
    return Image.fromarray(np.clip(colours, 0, 255).astype(np.uint8))


def blurred(image: Image.Image, sigma: float) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(sigma))


def moved(image: Image.Image, pixels: float) -> Image.Image:
    return image.filter(ImageFilter.BoxBlur((pixels, 0)))


def noisy(image: Image.Image, sigma: float) -> Image.Image:
    noise = np.random.default_rng(1).normal(0, sigma, (image.height, image.width, 3))
    return Image.fromarray(np.clip(np.asarray(image, np.float32) + noise, 0, 255).astype(np.uint8))


def compressed(image: Image.Image, quality: float) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=int(quality))
    return Image.open(buffer).convert("RGB")


def exposed(image: Image.Image, stops: float) -> Image.Image:
    light = (np.asarray(image, np.float32) / 255) ** 2.2 * 2.0**stops
    return Image.fromarray((255 * np.clip(light, 0, 1) ** (1 / 2.2)).astype(np.uint8))


def severity(quantity: str, image: Image.Image, *rest: object) -> float:
    return measure(image, *rest)[SPEC.quantities.index(quantity)]  # type: ignore[arg-type]


def tables(quality: int) -> tuple[tuple[int, ...], ...]:
    buffer = io.BytesIO()
    Image.new("RGB", (16, 16)).save(buffer, "JPEG", quality=quality)
    found = Image.open(buffer).quantization  # type: ignore[attr-defined]
    return tuple(tuple(found[key]) for key in sorted(found))


def test_an_unharmed_photo_has_no_severity_to_speak_of() -> None:
    assert all(value < 0.1 for value in measure(photo())), measure(photo())


def test_every_reading_is_a_number_in_range_for_any_picture() -> None:
    pictures = [
        Image.new("RGB", size, colour)
        for size in ((1, 1), (3, 900), (97, 97), (800, 800))
        for colour in ("black", "white", "grey")
    ]
    for picture in [*pictures, noisy(photo(), 80), photo().resize((2400, 1800))]:
        values = measure(picture, tables(1))
        assert len(SPEC.quantities) == len(values)
        assert all(type(value) is float and 0 <= value <= 1 for value in values), values


@pytest.mark.parametrize(
    ("quantity", "harm", "steps", "ruin"),
    [
        ("blur", blurred, (1, 1.5, 2, 3, 5), 0.9),
        ("blur", moved, (2, 4, 6, 9), 0.5),
        ("noise", noisy, (3, 6, 10, 16, 25), 0.9),
        ("compression", compressed, (40, 25, 15, 8, 4), 0.6),
        ("underexposure", exposed, (-1, -2, -3, -4, -5), 0.75),
        ("overexposure", exposed, (1, 1.5, 2, 3, 4), 0.8),
    ],
)
def test_more_harm_gives_more_severity(quantity: str, harm: Harm, steps: tuple[float, ...], ruin: float) -> None:
    ladder = [severity(quantity, harm(photo(), step)) for step in steps]
    assert sorted(ladder) == ladder
    assert len(set(ladder[:-1])) == len(ladder) - 1  # no step but the last two may be clipped alike
    assert ladder[0] < 0.45
    assert ladder[-1] >= ruin


def test_coarser_jpeg_tables_give_more_severity() -> None:
    ladder = [severity("compression", photo(), tables(quality)) for quality in (95, 85, 75, 60, 45, 30, 20, 10)]
    assert sorted(ladder) == ladder
    assert ladder[0] < 0.05
    assert 1.0 == ladder[-1]


def test_compression_matters_less_where_the_frame_is_reduced() -> None:
    assert severity("compression", photo(), tables(50), 4) < severity("compression", photo(), tables(50), 1)


def test_a_poor_jpeg_saved_again_as_a_good_one_stays_poor() -> None:
    assert severity("compression", compressed(compressed(photo(), 8), 98), tables(98)) > 0.3


def test_a_sharp_subject_before_a_soft_background_is_not_blur() -> None:
    bokeh = blurred(photo(), 8)
    bokeh.paste(photo().crop((300, 300, 620, 620)), (300, 300))
    assert severity("blur", bokeh) < 0.25 < 0.9 < severity("blur", blurred(photo(), 8))


def test_low_contrast_is_not_blur() -> None:
    fog = Image.blend(photo(), Image.new("RGB", photo().size, (200, 200, 200)), 0.85)
    assert severity("blur", fog) < 0.25


def test_noise_does_not_hide_blur() -> None:
    assert severity("blur", noisy(blurred(photo(), 4), 6)) > 0.5


def test_a_night_photo_with_lights_is_not_ruined_by_darkness() -> None:
    night = exposed(photo(), -6)
    lights = np.asarray(night).copy()
    lights[500:560, ::16] = 250  # a row of windows
    lights[100:300, 400:520] = 230
    assert severity("underexposure", Image.fromarray(lights)) < 0.4 < 0.85 < severity("underexposure", night)


def test_the_same_view_at_twice_the_resolution_reads_nearly_the_same() -> None:
    soft = blurred(photo(), 2)
    large = soft.resize((soft.width * 2, soft.height * 2), Image.Resampling.LANCZOS)
    assert severity("blur", large) == pytest.approx(severity("blur", soft), abs=0.1)
