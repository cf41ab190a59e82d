"""EfficientNet-Lite0 as a feature extractor."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from albumclean.domain import InputSpec
from albumclean.scoring.lite0 import SPREAD_FLOOR, mean_columns
from albumclean.scoring.nets.efficientnet_lite import EfficientNetLite0, SameConv, pool
from albumclean.scoring.nets.pixels import normalise
from albumclean.scoring.scorers import judge

WEIGHTS = Path(__file__).parents[1] / "models" / "judge.safetensors"


@pytest.fixture(scope="module")
def network() -> EfficientNetLite0:
    backbone = judge.load(WEIGHTS).backbone
    assert isinstance(backbone, EfficientNetLite0)
    return backbone


def waves(height: int, width: int) -> Tensor:
    """A picture that every machine makes alike: (1, 3, height, width) in [-1, 1]."""
    y = torch.arange(height, dtype=torch.float64)[:, None]
    x = torch.arange(width, dtype=torch.float64)[None, :]
    planes = [torch.sin(x / (3 + 2 * c)) * torch.cos(y / (5 + 3 * c)) + 0.3 * torch.sin(x * y / 700) for c in range(3)]
    return torch.stack(planes).clamp(-1, 1).float()[None]


@pytest.mark.parametrize(("kernel", "stride"), [(1, 1), (3, 1), (3, 2), (5, 1), (5, 2)])
@pytest.mark.parametrize("size", [(32, 32), (32, 64), (96, 32)])
def test_padding_is_tensorflows_same(kernel: int, stride: int, size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    conv = SameConv(3, 4, kernel, stride)
    x = torch.randn(1, 3, *size)
    # tf.nn.convolution: out = ceil(in / stride); padding = max((out - 1) * stride + kernel - in, 0), the odd one after.
    widths: list[int] = []
    for side in reversed(size):
        total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
        widths += [total // 2, total - total // 2]
    expected = functional.conv2d(functional.pad(x, widths), conv.weight, conv.bias, stride)
    torch.testing.assert_close(conv(x), expected)


@pytest.mark.parametrize("size", [(32, 32), (64, 96), (224, 32)])
def test_any_multiple_of_32_gives_features_of_one_length(network: EfficientNetLite0, size: tuple[int, int]) -> None:
    with torch.inference_mode():
        features = network.forward_features(torch.zeros(2, 3, *size))
    assert (2, network.features) == tuple(features.shape)
    assert torch.float32 == features.dtype
    assert torch.isfinite(features).all()


@pytest.mark.parametrize("size", [(32, 33), (48, 64), (16, 16)])
def test_other_sizes_are_refused(network: EfficientNetLite0, size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="multiples of 32"):
        network.forward_features(torch.zeros(1, 3, *size))


def test_maps_shrink_and_keep_the_pictures_shape(network: EfficientNetLite0) -> None:
    with torch.inference_mode():
        sizes = [tuple(each.shape[-2:]) for _, each in network.maps(torch.zeros(1, 3, 64, 128))]
    assert (32, 64) == sizes[0]
    assert (2, 4) == sizes[-1]
    assert all(2 * height == width for height, width in sizes)
    assert all(later <= earlier for earlier, later in pairwise(sizes))


def test_pooling_gives_mean_and_log_of_the_population_spread() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 5, 6, 7) * 3 + 10
    expected = torch.cat([x.mean((2, 3)), (x.std((2, 3), correction=0) + SPREAD_FLOOR).log()], dim=1)
    torch.testing.assert_close(pool(x), expected)


def test_pooling_is_in_single_precision_whatever_comes_in() -> None:
    x = (torch.randn(1, 4, 8, 8) + 5).bfloat16()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        pooled = pool(x)
    assert torch.float32 == pooled.dtype
    torch.testing.assert_close(pooled, pool(x.float()), rtol=0, atol=0)


def test_a_flat_map_has_the_least_spread_and_no_infinity() -> None:
    pooled = pool(torch.full((1, 3, 4, 4), 2.5))
    assert pytest.approx([2.5] * 3 + [math.log(SPREAD_FLOOR)] * 3, abs=0.01) == pooled[0].tolist()


def test_the_columns_of_the_means_are_those_of_their_maps(network: EfficientNetLite0) -> None:
    x = waves(64, 96)
    with torch.inference_mode():
        features = network.forward_features(x)
        means = {name: each.mean(dim=(2, 3)) for name, each in network.maps(x)}
    columns = mean_columns()
    assert list(means) == list(columns)
    for name, mean in means.items():
        torch.testing.assert_close(features[:, columns[name]], mean)


def test_normalisation_is_that_of_the_spec() -> None:
    pictures = torch.tensor([[[[0, 127, 255]]]], dtype=torch.uint8)  # (1, 1, 1, 3)
    spec = InputSpec(area=1024, mean=(0.0, 127.0, 127.0), std=(255.0, 128.0, 64.0))
    assert [0.0, 0.0, 2.0] == normalise(pictures, spec).flatten().tolist()


def test_the_backbone_computes_what_it_was_trained_to(network: EfficientNetLite0) -> None:
    # Before the weights were fine-tuned, this code gave what the authors' gives (efficientnet-lite-pytorch 0.1.0,
    # `extract_features`, to 3e-5). These are its means with the shipped weights: another padding changes them.
    channels = [31, 515, 1259, 439, 735]
    with torch.inference_mode():
        *_, (name, head) = network.maps(waves(128, 192))
    assert name == "head"
    expected = torch.tensor([4.8850, 4.7683, 4.2264, 4.4882, 1.3925])
    torch.testing.assert_close(head[0, channels].mean((1, 2)), expected, rtol=0, atol=0.05)
    assert pytest.approx(203.79, abs=1.0) == head[0].mean((1, 2)).sum().item()


def test_the_first_stages_stay_in_single_precision_under_autocast(network: EfficientNetLite0) -> None:
    # Half precision there moves scores by up to 0.02; see PRECISE_STAGES.
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        kinds = {name: each.dtype for name, each in network.maps(waves(64, 64))}
    assert {torch.float32} == {kinds[name] for name in ("stem", "stage1", "stage2")}
    assert torch.bfloat16 == kinds["stage4"]


@pytest.mark.parametrize("mean", [(127.0, 127.0, 127.0), (120.0, 110.0, 100.0)])
def test_pixels_are_normalised_channel_by_channel(mean: tuple[float, float, float]) -> None:
    spec = InputSpec(area=64, multiple=1, mean=mean, std=(128.0, 64.0, 32.0))
    pictures = torch.randint(0, 256, (2, 4, 6, 3), dtype=torch.uint8)
    kept = pictures.clone()
    expected = (pictures.numpy().astype(np.float32) - np.array(mean, np.float32)) / np.array(spec.std, np.float32)
    assert np.array_equal(expected.transpose(0, 3, 1, 2), normalise(pictures, spec).numpy())
    assert torch.equal(kept, pictures)
