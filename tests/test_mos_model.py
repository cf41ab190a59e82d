"""The shipped MOS scorer: its file, its promises, and that it tells a sharp picture from a spoiled one."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from PIL import Image, ImageDraw, ImageFilter

from albumclean.media.view import network_view
from albumclean.scoring.scorers import mos_lite0
from albumclean.scoring.scorers.mos_lite0 import INPUT, SPEC

WEIGHTS = Path(__file__).parents[1] / "models" / "mos_lite0.safetensors"


@pytest.fixture(scope="module")
def network() -> torch.nn.Module:
    return mos_lite0.load(WEIGHTS)


def scene(width: int = 768, height: int = 512, seed: int = 0) -> Image.Image:
    """A made-up landscape with detail at every scale: sky, two ranges of hills, a textured field, houses."""
    random = np.random.default_rng(seed)
    rows = np.fft.fftfreq(height)[:, None]
    columns = np.fft.rfftfreq(width)[None, :]
    frequency = np.maximum(np.hypot(rows, columns), 1 / width)
    spectrum = np.fft.rfft2(random.standard_normal((height, width))) / frequency
    texture = np.fft.irfft2(spectrum, s=(height, width))
    texture /= texture.std()
    y = np.linspace(0, 1, height)[:, None, None]
    canvas = np.array([90, 150, 230]) * (1 - y) + np.array([230, 235, 245]) * y + 8 * texture[..., None]
    for level, colour, grain in ((0.45, (70, 90, 110), 10), (0.6, (80, 120, 60), 28)):
        ridge = height * level + np.cumsum(random.standard_normal(width)) * 1.5
        ground = np.arange(height)[:, None] > ridge[None, :]
        canvas[ground] = (np.array(colour) + grain * texture[..., None])[ground]
    image = Image.fromarray(np.clip(canvas, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for left in random.integers(0, width - 80, 5):
        top = int(height * 0.68) + int(random.integers(0, 60))
        draw.rectangle((left, top, left + 60, top + 50), fill=(190, 170, 150), outline=(60, 40, 30))
        draw.polygon([(left - 6, top), (left + 30, top - 30), (left + 66, top)], fill=(150, 60, 45))
        draw.rectangle((left + 22, top + 20, left + 38, top + 50), fill=(70, 45, 30))
    return image


def score(network: torch.nn.Module, *images: Image.Image) -> list[float]:
    batch = torch.from_numpy(np.stack([network_view(image, INPUT) for image in images]))
    with torch.inference_mode():
        scores: list[float] = network(batch)[:, 0].tolist()
    return scores


def noise(height: int, width: int, number: int = 1) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (number, height, width, 3), dtype=np.uint8)


def test_the_weights_are_those_of_the_spec() -> None:
    assert SPEC.weights == WEIGHTS.name
    assert SPEC.weights_sha256 == hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()
    assert SPEC.weights_sha256[:8] in SPEC.revision


def test_the_spec_is_read_without_loading_torch() -> None:
    code = "import sys, albumclean.scoring.scorers.mos_lite0; sys.exit('torch' in sys.modules)"
    assert 0 == subprocess.run([sys.executable, "-c", code], check=False).returncode


def test_a_batch_gives_one_single_precision_score_each(network: torch.nn.Module) -> None:
    with torch.inference_mode():
        scores = network(torch.from_numpy(noise(320, 448, 3)))
    assert (3, 1) == tuple(scores.shape)
    assert torch.float32 == scores.dtype
    assert not network.training


def test_a_known_picture_keeps_its_score(network: torch.nn.Module) -> None:
    # A change here changes everybody's scores: raise VERSION in the scorer with it.
    places = torch.arange(256)[:, None, None] / 7 + torch.arange(384)[None, :, None] / torch.tensor([5.0, 9.0, 13.0])
    with torch.inference_mode():
        value = network((127.5 + 127.5 * torch.sin(places)).round().byte()[None]).item()
    assert pytest.approx(0.5320, abs=0.005) == value


def test_no_picture_leaves_the_range(network: torch.nn.Module) -> None:
    flat = [Image.new("RGB", (512, 384), (level, level, level)) for level in (0, 127, 255)]
    wild = [Image.fromarray(noise(384, 512)[0]), Image.new("RGB", (512, 384), (255, 0, 255))]
    assert all(0.0 <= each <= 1.0 for each in score(network, *flat, *wild))


def test_a_score_does_not_depend_on_the_rest_of_the_batch(network: torch.nn.Module) -> None:
    images = [scene(seed=seed) for seed in range(3)]
    together = score(network, *images)
    alone = [score(network, image)[0] for image in images]
    assert alone == pytest.approx(together, abs=1e-4)


@pytest.mark.parametrize("size", [(768, 512), (512, 768), (512, 512)])
def test_strong_blur_costs_points_in_any_shape(network: torch.nn.Module, size: tuple[int, int]) -> None:
    sharp = scene(*size)
    clear, soft, ruined = score(
        network, sharp, sharp.filter(ImageFilter.GaussianBlur(3)), sharp.filter(ImageFilter.GaussianBlur(8))
    )
    assert clear > soft > ruined
    assert clear - ruined > 0.1


def test_under_exposure_costs_points(network: torch.nn.Module) -> None:
    good = scene()
    clear, dark = score(network, good, good.point(lambda level: level // 8))
    assert clear > dark + 0.05


def test_the_same_picture_at_another_resolution_scores_alike(network: torch.nn.Module) -> None:
    large = scene(1536, 1024)
    first, second = score(network, large, large.resize((768, 512), Image.Resampling.LANCZOS))
    assert first == pytest.approx(second, abs=0.05)


def test_half_precision_gives_nearly_the_same_score(network: torch.nn.Module) -> None:
    batch = torch.from_numpy(np.stack([network_view(scene(seed=seed), INPUT) for seed in range(2)]))
    with torch.inference_mode():
        single = network(batch)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            half = network(batch)
    assert torch.float32 == half.dtype
    torch.testing.assert_close(half, single, rtol=0, atol=0.01)
