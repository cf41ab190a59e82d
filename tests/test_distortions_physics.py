from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from albumclean.distortions import KADID, Degradation, kadid, kadid_level, kadid_reference
from albumclean.distortions.blur import gaussian_blur, lens_blur, motion_blur, shake_blur, shake_path
from albumclean.distortions.codecs import (
    _standard_tables,
    cell_at,
    jpeg,
    messenger,
    pixelate,
    quantisation_of,
    severity_of_cell,
)
from albumclean.distortions.exposure import overexposed, underexposed
from albumclean.distortions.fields import TILE, normal_tile, sensor_tile, with_field
from albumclean.distortions.kernels import Kernel, convolve, disk, line, path
from albumclean.distortions.linear import Bytes, Floats, light_of_byte, to_bytes, to_light
from albumclean.distortions.noise import (
    camera_noise,
    colour_noise,
    impulse_noise,
    multiplicative_noise,
    white_noise,
)
from tests.pictures import scene


def _flat(value: int, width: int = 256, height: int = 256) -> Image.Image:
    return Image.new("RGB", (width, height), (value,) * 3)


def _rng() -> np.random.Generator:
    return np.random.default_rng(11)


def _moments(kernel: Kernel) -> tuple[float, float]:
    """Variance down and right."""
    mean = kernel.weights @ kernel.offsets
    down, right = kernel.weights @ (kernel.offsets - mean) ** 2
    return float(down), float(right)


def _edge_deviation(blurred: Image.Image) -> float:
    """The deviation of the kernel that made an ideal vertical edge look like this, in encoded values."""
    spread = np.diff(np.asarray(blurred, dtype=np.float64)[blurred.height // 2, :, 0])
    share, place = spread / spread.sum(), np.arange(len(spread))
    return math.sqrt(share @ (place - share @ place) ** 2)


def _edge(width: int = 240) -> Image.Image:
    pixels = np.full((64, width, 3), 40, dtype=np.uint8)
    pixels[:, width // 2 :] = 220
    return Image.fromarray(pixels)


@pytest.mark.parametrize("sigma", [0.8, 2.0, 5.0])
def test_gaussian_blur_has_the_second_moment_asked_for(sigma: float) -> None:
    assert sigma == pytest.approx(_edge_deviation(gaussian_blur(_edge(), sigma)), rel=0.05)


@pytest.mark.parametrize("radius", [2.0, 3.3, 8.0])
def test_a_disk_has_the_second_moment_of_its_radius_in_both_directions(radius: float) -> None:
    for variance in _moments(disk(radius)):
        # the share of a pixel is counted at its middle: a pixel's own 1 / 12 comes on top
        assert radius**2 / 4 + 1 / 12 == pytest.approx(variance, rel=0.04)


@pytest.mark.parametrize("angle", [0.0, 0.4, math.pi / 2, 2.5])
def test_a_line_has_the_length_and_angle_asked_for(angle: float) -> None:
    length = 20.0
    kernel = line(length, angle)
    along = kernel.offsets @ np.array([-math.sin(angle), math.cos(angle)])
    across = kernel.offsets @ np.array([math.cos(angle), math.sin(angle)])

    assert length**2 / 12 == pytest.approx(kernel.weights @ along**2, rel=0.05)
    assert kernel.weights @ across**2 < 0.3


def test_a_shaken_path_spreads_as_a_line_of_the_same_length() -> None:
    down, right = _moments(path(shake_path(_rng()), 24.0))

    assert 24.0**2 / 12 == pytest.approx(down + right, rel=0.1)


@pytest.mark.parametrize("kernel", [disk(0.4), line(0.0, 1.0)])
def test_a_kernel_smaller_than_a_pixel_changes_nothing(kernel: Kernel) -> None:
    photo = scene(5)

    assert photo.tobytes() == convolve(photo, kernel).tobytes()


def test_defocus_turns_a_highlight_into_an_even_disk_that_keeps_its_light() -> None:
    pixels = np.zeros((41, 41, 3), dtype=np.uint8)
    pixels[18:23, 18:23] = 255
    blurred = to_light(np.asarray(lens_blur(Image.fromarray(pixels), 8.0)))

    assert 25 == pytest.approx(float(blurred[..., 0].sum()), rel=0.02)
    middle = blurred[17:24, 17:24, 0]
    assert 0 == pytest.approx(float(np.ptp(middle)), abs=0.005)


def test_a_blur_of_a_flat_picture_is_the_same_picture() -> None:
    flat = _flat(97, 90, 70)

    for blurred in (lens_blur(flat, 6), motion_blur(flat, 15, 0.3), shake_blur(flat, shake_path(_rng()), 15)):
        assert flat.tobytes() == blurred.tobytes()


def test_a_blur_made_at_a_reduced_size_looks_like_the_exact_one() -> None:
    photo = scene(4, 601, 403)

    exact = np.asarray(convolve(photo, disk(12.0)), dtype=np.int16)
    reduced = np.asarray(convolve(photo, disk(math.sqrt(12.0**2 - 5) / 4), 4), dtype=np.int16)

    assert np.abs(exact - reduced).mean() < 1.0


def test_white_noise_has_the_variance_asked_for_and_no_drift() -> None:
    noise = np.asarray(white_noise(_flat(128), 0.05, _rng()), dtype=np.float64) - 128

    assert (0.05 * 255) ** 2 + 1 / 12 == pytest.approx(noise.var(), rel=0.05)
    assert 0 == pytest.approx(noise.mean(), abs=0.1)


def test_colour_noise_has_the_variance_asked_for_on_brightness_and_colour() -> None:
    noisy = colour_noise(_flat(128), 0.03, _rng()).convert("YCbCr")

    for plane in range(3):
        spread = np.asarray(noisy, dtype=np.float64)[..., plane].var()
        assert (0.03 * 255) ** 2 == pytest.approx(spread, rel=0.05)


def test_impulse_noise_hits_the_share_asked_for_half_black_half_white() -> None:
    noisy = np.asarray(impulse_noise(_flat(128), 0.1, _rng()))

    assert 0.05 == pytest.approx(float((noisy == 0).mean()), rel=0.05)
    assert 0.05 == pytest.approx(float((noisy == 255).mean()), rel=0.05)


def test_speckle_grows_with_the_brightness() -> None:
    dark, bright = (
        np.asarray(multiplicative_noise(_flat(value), 0.1, _rng()), dtype=np.float64).std() for value in (50, 150)
    )

    assert 5.0 == pytest.approx(dark, rel=0.05)
    assert 15.0 == pytest.approx(bright, rel=0.05)


def test_camera_noise_is_stronger_in_shadows_and_alike_in_neighbours() -> None:
    dark, bright = (np.asarray(camera_noise(_flat(value), 0.06, _rng()), dtype=np.float64) for value in (60, 200))
    centred = dark[..., 1] - dark[..., 1].mean()

    assert dark.std() > 1.3 * bright.std()
    assert (centred[:, 1:] * centred[:, :-1]).mean() > 0.2 * centred.var()


def test_camera_noise_leaves_the_mean_light_alone() -> None:
    noisy = to_light(np.asarray(camera_noise(_flat(150), 0.05, _rng())))

    assert float(light_of_byte()[150]) == pytest.approx(float(noisy.mean()), rel=0.01)


def test_the_sensor_measures_as_much_red_as_blue() -> None:
    spreads = sensor_tile(_rng(), 200, 200).std(axis=(0, 1))

    assert spreads[0] == pytest.approx(spreads[2], rel=0.05)


def test_no_part_of_a_large_picture_repeats_the_noise_of_another() -> None:
    size = TILE + 200
    noisy = np.asarray(white_noise(_flat(128, size, 300), 0.05, _rng()), dtype=np.float64)[..., 0] - 128
    first, second = noisy[:, :200], noisy[:, TILE:]

    assert 0 == pytest.approx(float(np.corrcoef(first.ravel(), second.ravel())[0, 1]), abs=0.05)


def test_the_noise_of_a_seed_is_one_field_scaled() -> None:
    seen: list[Floats] = []

    def keep(part: Bytes, field: Floats) -> Bytes:
        seen.append(field.copy())
        return part

    for _ in range(2):
        with_field(_flat(9, 40, 30), normal_tile, _rng(), keep)

    assert np.array_equal(seen[0], seen[1])
    slight, strong = (
        np.asarray(white_noise(_flat(128), sigma, _rng()), dtype=np.float64).ravel() - 128 for sigma in (0.04, 0.08)
    )
    assert np.corrcoef(slight, strong)[0, 1] > 0.99


def test_bytes_survive_the_way_to_linear_light_and_back() -> None:
    every = np.arange(256, dtype=np.uint8)

    assert every.tolist() == to_bytes(to_light(every)).tolist()


@pytest.mark.parametrize("value", [120, 200, 255])
def test_a_stop_less_halves_the_light_and_a_stop_more_doubles_it(value: int) -> None:
    light = float(light_of_byte()[value])
    darker = to_light(np.asarray(underexposed(_flat(value, 64, 64), 1, _rng()))).mean()
    brighter = to_light(np.asarray(overexposed(_flat(value, 8, 8), 1))).mean()

    assert light / 2 == pytest.approx(float(darker), rel=0.01)
    assert min(2 * light, 1.0) == pytest.approx(float(brighter), rel=0.12 if light > 0.4 else 0.01)


def test_overexposure_never_swaps_dark_and_bright() -> None:
    ramp = Image.fromarray(np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2))

    for stops in (0.01, 0.5, 1, 3):
        assert (np.diff(np.asarray(overexposed(ramp, stops))[0, :, 0].astype(int)) >= 0).all()


def test_jpeg_shows_its_8_pixel_grid() -> None:
    pixels = np.asarray(jpeg(scene(6, 256, 192), 800).convert("L"), dtype=np.float64)
    steps = np.abs(np.diff(pixels, axis=1)).mean(axis=0)
    on_grid = steps[7::8].mean()

    assert on_grid > 2 * np.delete(steps, np.s_[7::8]).mean()


@pytest.mark.parametrize("quality", [5, 25, 50, 80])
def test_jpeg_quantises_as_libjpeg_does_at_its_qualities(quality: int, tmp_path: Path) -> None:
    photo = scene(6)
    photo.save(tmp_path / "a.jpg", quality=quality, subsampling="4:2:0")

    with Image.open(tmp_path / "a.jpg") as theirs:
        difference = np.asarray(theirs, dtype=np.int16) - np.asarray(jpeg(photo, quantisation_of(quality)))
    assert np.abs(difference).mean() < 0.3  # libjpeg rounds an odd table entry otherwise


def test_the_standard_tables_are_those_of_the_jpeg_standard() -> None:
    brightness, colour = _standard_tables()

    assert ([16, 11, 10, 16], 99) == (list(brightness[:4]), brightness[-1])
    assert ([17, 18, 24, 47], 99) == (list(colour[:4]), colour[-1])


def test_pixels_of_a_pixelated_picture_are_squares_of_the_cell() -> None:
    pixels = np.asarray(pixelate(scene(6, 160, 120), 8.0))

    assert np.array_equal(pixels[::8, ::8], pixels[7::8, 7::8])


@given(st.floats(0, 1))
def test_the_severity_of_pixelation_is_the_share_of_the_pixels_that_are_lost(severity: float) -> None:
    cell = cell_at(severity)

    assert severity_of_cell(cell) == pytest.approx(severity, abs=1e-9)
    assert 1 - cell**-2 == pytest.approx(severity, abs=0.01)
    assert severity_of_cell(100.0) == 1


def test_kadid_pixelates_in_nearly_even_steps() -> None:
    levels = [kadid_level("pixelate", level) for level in range(1, 6)]

    assert np.corrcoef(levels, range(5))[0, 1] > 0.99


@pytest.mark.parametrize("again", [False, True])
def test_a_picture_sent_by_messenger_stays_in_its_place(again: bool) -> None:
    photo = scene(8, 321, 243)
    sent = messenger(photo, 321, 20, (3, 5), again)
    difference = np.asarray(sent, dtype=np.int16) - np.asarray(photo)

    assert np.abs(difference).mean() < 4
    assert np.abs(difference[:, :2]).mean() < 8
    assert np.abs(difference[:2]).mean() < 8


@pytest.mark.parametrize(("number", "name", "_degradation"), KADID)
def test_kadid_levels_do_more_and_more_harm(number: str, name: str, _degradation: Degradation) -> None:
    texture = np.random.default_rng(9).normal(0, 6, (500, 700, 1))
    pixels = np.clip(0.8 * np.asarray(scene(9, 700, 500)) + 25 + texture, 0, 255)
    reference = kadid_reference(Image.fromarray(pixels.astype(np.uint8)))
    harms = [
        np.mean((np.asarray(kadid(reference, number, level, _rng()), dtype=float) - np.asarray(reference)) ** 2)
        for level in range(1, 6)
    ]
    severities = [kadid_level(name, level) for level in range(1, 6)]

    assert (512, 384) == reference.size
    assert all(less < more for less, more in pairwise(harms)), harms
    assert all(0 <= less < more <= 1 for less, more in pairwise(severities)), severities


def test_kadid_knows_five_levels_and_ten_distortions() -> None:
    photo = scene(9, 64, 48)

    for level in (0, 6):
        with pytest.raises(ValueError, match="1 to 5"):
            kadid(photo, "10", level, _rng())
    with pytest.raises(KeyError, match="99"):
        kadid(photo, "99", 1, _rng())
    assert 10 == len(KADID)
    assert (384, 512) == kadid_reference(scene(9, 300, 400)).size
