"""The quick form of the judge: the same answers, and the plain form wherever it can't be had."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from albumclean.domain import InputSpec
from albumclean.scoring.contract import made_picture
from albumclean.scoring.nets import efficientnet_lite, fused
from albumclean.scoring.nets.efficientnet_lite import SameConv, plain_moments
from albumclean.scoring.nets.fused import FusedConv, channel_moments
from albumclean.scoring.nets.judge import Judge
from albumclean.scoring.nets.pixels import normalise
from albumclean.scoring.scorers import judge

WEIGHTS = Path(__file__).parents[1] / "models" / "judge.safetensors"
PRECISIONS = (torch.float32, torch.bfloat16)
x86 = pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="only x86 has the quick form")


@pytest.fixture(scope="module")
def plain() -> Judge:
    return judge.load(WEIGHTS)


@pytest.fixture(scope="module")
def quick() -> Judge:
    return judge.load(WEIGHTS).for_inference()


@pytest.fixture
def asked_anew() -> Iterator[Callable[[], None]]:
    fused.usable.cache_clear()
    yield fused.usable.cache_clear
    fused.usable.cache_clear()


def batch(width: int, height: int, count: int = 2) -> tuple[Tensor, Tensor]:
    """Small pictures (a whole pass of full size would cost seconds), and patches of them."""
    pixels = torch.from_numpy(np.stack([np.asarray(made_picture(width, height, seed)) for seed in range(count)]))
    patches = [pixels[:, :64, :64], pixels[:, -64:, :64], pixels[:, :64, -64:], pixels[:, -64:, -64:]]
    return pixels, torch.stack(patches, dim=1)


def answers(network: Judge, seen: tuple[Tensor, Tensor], dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype != torch.float32):
        return network.seen(*seen)


def forms(network: Judge) -> int:
    """How many fused forms the network has made of itself."""
    return len(network.backbone._fused or {})


@x86
def test_this_machine_has_the_quick_form_in_single_precision() -> None:
    assert fused.usable(torch.float32)


@pytest.mark.parametrize("size", [(160, 128), (96, 192)])
def test_the_quick_form_gives_the_same_answers_in_single_precision(
    plain: Judge, quick: Judge, size: tuple[int, int]
) -> None:
    seen = batch(*size)
    for expected, actual in zip(answers(plain, seen, torch.float32), answers(quick, seen, torch.float32), strict=True):
        torch.testing.assert_close(actual, expected, rtol=0, atol=1e-4 if expected.shape[1] > 1000 else 1e-5)
    assert fused.usable(torch.float32) == (torch.float32 in (quick.backbone._fused or {}))


def test_the_quick_form_gives_the_same_answers_in_half_precision(plain: Judge, quick: Judge) -> None:
    seen = batch(160, 128)
    values, embeddings, _ = answers(plain, seen, torch.bfloat16)
    quick_values, quick_embeddings, _ = answers(quick, seen, torch.bfloat16)
    torch.testing.assert_close(quick_values, values, rtol=0, atol=1e-3)
    assert (functional.cosine_similarity(quick_embeddings, embeddings) > 0.9999).all()
    assert torch.float32 == quick_values.dtype == quick_embeddings.dtype


def test_a_photo_gets_the_same_answers_whatever_passes_with_it(quick: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = batch(160, 128, 3)
    together = answers(quick, seen, torch.float32)
    monkeypatch.setattr(efficientnet_lite, "PIXELS_AT_ONCE", 2 * 160 * 128)  # two and one; ten patches and two
    for expected, actual in zip(together, answers(quick, seen, torch.float32), strict=True):
        torch.testing.assert_close(actual, expected, rtol=0, atol=1e-4 if expected.shape[1] > 1000 else 1e-5)


def test_the_map_of_the_regions_is_the_same(plain: Judge, quick: Judge) -> None:
    seen = batch(160, 128)
    with torch.inference_mode():
        expected, actual = plain.judge(*seen).quality_map, quick.judge(*seen).quality_map
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-5)


def _without(_: pytest.MonkeyPatch) -> SimpleNamespace:
    return SimpleNamespace()


def _wrong(_: pytest.MonkeyPatch) -> SimpleNamespace:
    """As if a coming version took the arguments in another sense: the result is not clipped."""
    right = torch.ops.mkldnn

    def pointwise(*arguments: object) -> Tensor:
        found: Tensor = right._convolution_pointwise(*arguments[:7], "none", [], "")
        return found

    return SimpleNamespace(
        _convolution_pointwise=pointwise,
        _reorder_convolution_weight=right._reorder_convolution_weight,
        _get_mkldnn_serialized_md=right._get_mkldnn_serialized_md,
    )


def _refusing(_: pytest.MonkeyPatch) -> SimpleNamespace:
    def pointwise(*_: object) -> Tensor:
        raise RuntimeError("could not create a primitive")

    return SimpleNamespace(**{**vars(_wrong(_)), "_convolution_pointwise": pointwise})


@pytest.mark.parametrize("operators", [_without, _wrong, _refusing])
@pytest.mark.parametrize("dtype", PRECISIONS)
def test_where_the_operators_are_missing_or_answer_otherwise_the_plain_form_judges(
    plain: Judge,
    operators: Callable[[pytest.MonkeyPatch], SimpleNamespace],
    dtype: torch.dtype,
    asked_anew: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.ops, "mkldnn", operators(monkeypatch))
    network = judge.load(WEIGHTS).for_inference()
    seen = (torch.full((1, 64, 96, 3), 200, dtype=torch.uint8), torch.full((1, 4, 32, 32, 3), 90, dtype=torch.uint8))
    assert not fused.usable(dtype)
    for expected, actual in zip(answers(plain, seen, dtype), answers(network, seen, dtype), strict=True):
        assert torch.equal(expected, actual)
    assert 0 == forms(network)


def test_other_processors_take_the_plain_form(asked_anew: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    assert not fused.usable(torch.float32)


def test_a_precision_that_was_never_tried_takes_the_plain_form() -> None:
    assert not fused.usable(torch.float16)


def test_on_another_device_the_plain_form_judges(quick: Judge) -> None:
    with torch.inference_mode():
        assert quick.backbone._form(torch.zeros(1, 3, 64, 64, device="meta")) is None


def test_the_quick_form_is_left_where_gradients_are_wanted() -> None:
    network = judge.load(WEIGHTS).for_inference()
    features = network.look(torch.full((1, 64, 64, 3), 70, dtype=torch.uint8)).features
    features.sum().backward()  # type: ignore[no-untyped-call]
    assert network.backbone.stem.weight.grad is not None
    assert 0 == forms(network)


def test_a_network_that_may_still_change_stays_plain(plain: Judge) -> None:
    with torch.inference_mode():
        plain.look(torch.zeros(1, 64, 64, 3, dtype=torch.uint8))
    assert plain.backbone._fused is None


@x86
@pytest.mark.parametrize("clip", [True, False])
@pytest.mark.parametrize("groups", [1, 16])
@pytest.mark.parametrize(("kernel", "stride"), [(1, 1), (3, 1), (3, 2), (5, 1), (5, 2)])
def test_a_fused_convolution_is_the_convolution(kernel: int, stride: int, groups: int, clip: bool) -> None:
    torch.manual_seed(0)
    conv = SameConv(16, 16, kernel, stride, groups)
    quick = FusedConv(conv, torch.float32, clip=clip)
    with torch.inference_mode():
        for shape in ((1, 16, 2, 2), (2, 16, 8, 14), (3, 16, 32, 6), (2, 16, 8, 14)):
            x = 9 * torch.randn(shape).contiguous(memory_format=torch.channels_last)
            expected = conv(x).clamp(0, 6) if clip else conv(x)
            torch.testing.assert_close(quick(x), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("level", [0.0, 5.0])
def test_moments_are_those_of_each_picture_by_itself(dtype: torch.dtype, level: float) -> None:
    torch.manual_seed(0)
    x = (torch.randn(3, 24, 40, 30) + level).to(dtype).contiguous(memory_format=torch.channels_last)
    x[1] = level  # a flat picture
    with torch.inference_mode():
        for expected, actual in zip(plain_moments(x), channel_moments(x), strict=True):
            assert torch.float32 == actual.dtype
            torch.testing.assert_close(actual, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("mean", [(127.0, 127.0, 127.0), (120.0, 110.0, 100.0)])
def test_pixels_are_normalised_channel_by_channel(mean: tuple[float, float, float]) -> None:
    spec = InputSpec(area=64, multiple=1, mean=mean, std=(128.0, 64.0, 32.0))
    pictures = torch.randint(0, 256, (2, 4, 6, 3), dtype=torch.uint8)
    kept = pictures.clone()
    expected = (pictures.numpy().astype(np.float32) - np.array(mean, np.float32)) / np.array(spec.std, np.float32)
    assert np.array_equal(expected.transpose(0, 3, 1, 2), normalise(pictures, spec).numpy())
    assert torch.equal(kept, pictures)
