from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from albumclean.distortions import DISTORTIONS, Degradation, distort
from albumclean.distortions.severity import Ramp, size_scale
from tests.pictures import scene

NAMES = sorted(DISTORTIONS)
WITHOUT_CHANCE = {"gaussian-blur", "lens-blur", "jpeg", "jpeg2000", "pixelate", "webp", "avif", "overexposure"}
LADDER = [step / 10 for step in range(11)]


def _photo(seed: int = 1, width: int = 160, height: int = 128) -> Image.Image:
    """A drawn scene with fine texture, which JPEG leaves alone at once, and neither black nor white areas."""
    texture = np.random.default_rng(seed).normal(0, 5, (height, width, 1))
    pixels = 30 + 0.7 * np.asarray(scene(seed, width, height)) + texture
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _spoiled(image: Image.Image, name: str, severity: float, seed: int = 7) -> Image.Image:
    return distort(image, name, severity, np.random.default_rng(seed))


def _harm(image: Image.Image, other: Image.Image) -> float:
    return float(np.mean((np.asarray(image, dtype=np.float64) - np.asarray(other, dtype=np.float64)) ** 2))


def test_every_degradation_has_a_distortion() -> None:
    assert set(Degradation) == {distortion.degradation for distortion in DISTORTIONS.values()}
    assert all(name == distortion.name for name, distortion in DISTORTIONS.items())


@pytest.mark.parametrize("name", NAMES)
def test_severity_0_changes_nothing(name: str) -> None:
    photo = _photo()

    assert photo.tobytes() == _spoiled(photo, name, 0).tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_more_severity_is_more_harm(name: str) -> None:
    photo = _photo(width=320, height=256)

    harms = [_harm(photo, _spoiled(photo, name, severity)) for severity in LADDER]

    assert all(less < more for less, more in pairwise(harms)), harms


@pytest.mark.parametrize("name", NAMES)
def test_a_ruined_picture_is_far_from_the_first_and_a_slight_fault_is_not(name: str) -> None:
    photo = _photo()
    exposure = DISTORTIONS[name].degradation in {Degradation.UNDEREXPOSURE, Degradation.OVEREXPOSURE}

    assert _harm(photo, _spoiled(photo, name, 1)) > 75
    assert _harm(photo, _spoiled(photo, name, 0.1)) < (700 if exposure else 80)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_bytes_and_the_picture_given_is_left_alone(name: str) -> None:
    photo = _photo()
    before = photo.tobytes()

    assert _spoiled(photo, name, 0.6).tobytes() == _spoiled(photo, name, 0.6).tobytes()
    assert before == photo.tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_another_seed_gives_another_picture_where_there_is_chance(name: str) -> None:
    photo = _photo()

    pictures = {_spoiled(photo, name, 0.6, seed).tobytes() for seed in range(6)}

    assert (name in WITHOUT_CHANCE) == (len(pictures) == 1)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (31, 2), (97, 61)])
def test_size_and_mode_are_kept_down_to_a_single_pixel(name: str, size: tuple[int, int]) -> None:
    for severity in (0.05, 0.5, 1.0):
        spoiled = _spoiled(_photo(3, 140, 90).crop((20, 20, 20 + size[0], 20 + size[1])), name, severity)

        assert (size, "RGB") == (spoiled.size, spoiled.mode)


@pytest.mark.parametrize("name", sorted(n for n, d in DISTORTIONS.items() if d.degradation is not Degradation.NOISE))
def test_a_grey_picture_stays_grey_unless_the_fault_is_noise(name: str) -> None:
    grey = _photo().convert("L").convert("RGB")

    pixels = np.asarray(_spoiled(grey, name, 0.4), dtype=np.int16)

    assert np.ptp(pixels, axis=2).max() <= 6  # codecs round; noise of underexposure is below a step


@given(name=st.sampled_from(NAMES), severity=st.floats(0, 1), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_any_severity_and_seed_gives_a_picture(name: str, severity: float, seed: int) -> None:
    photo = _photo(2, 70, 50)

    assert photo.size == _spoiled(photo, name, severity, seed).size


@pytest.mark.parametrize("severity", [-0.01, 1.01, float("nan")])
def test_a_severity_outside_0_to_1_is_refused(severity: float) -> None:
    with pytest.raises(ValueError, match="severity"):
        _spoiled(_photo(), "jpeg", severity)


def test_a_picture_that_is_not_rgb_and_an_unknown_name_are_refused() -> None:
    with pytest.raises(ValueError, match="RGB"):
        _spoiled(_photo().convert("L"), "jpeg", 0.5)
    with pytest.raises(KeyError, match="fog"):
        _spoiled(_photo(), "fog", 0.5)


@given(severity=st.floats(0, 1))
def test_a_ramp_finds_the_severity_of_its_own_parameter(severity: float) -> None:
    for ramp in (Ramp(0, 0.5, 6.5), Ramp(16, 35, 1600), Ramp(2048, 1600, 320)):
        assert severity == pytest.approx(ramp.severity_of(ramp.at(severity)), abs=1e-6)


def test_a_ramp_passes_through_its_three_values_and_grows_by_equal_ratios() -> None:
    ramp = Ramp(harmless=1, visible=2, ruined=32)

    assert [1, 2] == [ramp.at(0), ramp.at(0.1)]
    assert ramp.at(1) == pytest.approx(32)
    assert ramp.at(0.55) == pytest.approx(8)


def test_lengths_grow_with_the_square_root_of_the_short_side() -> None:
    assert (1.0, 2.0) == (size_scale(700, 512), size_scale(2048, 3000))
