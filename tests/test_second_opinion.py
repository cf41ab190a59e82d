"""The second ending of the judge's network, how its weights are stored, and who it learned from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file
from torch import Tensor

from albumclean.scoring.lite0 import FORK, before_fork
from albumclean.scoring.nets.efficientnet_lite import EfficientNetLite0, Ending
from albumclean.scoring.nets.judge import Judge
from albumclean.scoring.packing import packed, unpacked
from albumclean.scoring.scorers import judge
from models.opinion import Opinion
from models.train_heads import with_opinion
from models.train_opinion import mean_of
from models.weights_file import save

WEIGHTS = Path(__file__).parents[1] / "models" / "judge.safetensors"
MOST_BYTES = 16_000_000  # of all weights in the repository


@pytest.fixture(scope="module")
def network() -> Judge:
    return judge.load(WEIGHTS)


def pictures(count: int = 1) -> Tensor:
    torch.manual_seed(0)
    coarse = torch.rand(count, 3, 12, 16)
    large = torch.nn.functional.interpolate(coarse, (96, 128), mode="bicubic").clamp(0, 1)
    return (large * 255).byte().permute(0, 2, 3, 1).contiguous()


def first_alone(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights as they were before there was a second opinion."""
    half = state["hidden.weight"].shape[0]
    rest = {name: tensor for name, tensor in state.items() if not name.startswith("opinion")}
    return rest | {name: 2 * state[name][:, :half] for name in ("mos.weight", "spread.weight")}


def test_an_ending_goes_on_where_the_network_forks(network: Judge) -> None:
    ending = Ending(FORK + 1)
    late = {
        name.replace(f"stages.{number}.", f"stages.{number - FORK}."): tensor
        for name, tensor in network.backbone.state_dict().items()
        for number in range(FORK, 7)
        if name.startswith(f"stages.{number}.")
    }
    late |= {name: tensor for name, tensor in network.backbone.state_dict().items() if name.startswith("head.")}
    ending.load_state_dict(late)
    with torch.inference_mode():
        look = network.look(pictures())
        pooled = ending.pooled(look.fork)
    early = before_fork()
    assert early.stop + pooled.shape[1] == EfficientNetLite0.features
    torch.testing.assert_close(pooled, look.features[:, early.stop :], rtol=0, atol=1e-5)


def test_a_new_second_opinion_says_what_the_first_one_says(tmp_path: Path) -> None:
    state = first_alone(load_file(WEIGHTS))
    save(with_opinion(state), tmp_path / "twice.safetensors")
    network = judge.load(tmp_path / "twice.safetensors")
    with torch.inference_mode():
        look = network.look(pictures(3))
        first, second = network.impression(look).chunk(2, dim=1)
        weight = state["mos.weight"].T
        torch.testing.assert_close(second @ weight, first @ weight, rtol=0, atol=0.01)  # a byte for each number


def test_the_second_opinion_is_taught_from_the_first_one(network: Judge) -> None:
    opinion = Opinion(network).eval()
    with torch.inference_mode():
        look = network.look(pictures(3))
        first = network.impression(look)[:, : network.hidden.out_features]
        said = 2 * first @ network.mos.weight[:, : first.shape[1]].T[:, 0] + network.mos.bias
        fork = look.fork.permute(0, 2, 3, 1)
        found = opinion.mos(opinion.inner(fork, look.features[:, before_fork()], 0.0))
    torch.testing.assert_close(found, said, rtol=0, atol=0.02)  # in half precision


def test_a_soup_of_opinions_has_the_mean_of_their_weights(network: Judge) -> None:
    one, other = Opinion(network), Opinion(network)
    with torch.no_grad():
        other.out.weight.add_(2.0)
        other.hidden.bias.sub_(4.0)
    soup = mean_of([one, other])
    torch.testing.assert_close(soup.out.weight, one.out.weight + 1.0)
    torch.testing.assert_close(soup.hidden.bias, one.hidden.bias - 2.0)
    torch.testing.assert_close(soup.ending.head.weight, one.ending.head.weight)


def test_each_opinion_has_a_say_in_the_score(network: Judge) -> None:
    half = network.mos.in_features // 2
    first, second = network.mos.weight.detach().chunk(2, dim=1)
    with torch.no_grad():
        inner = network.impression(network.look(pictures(4)))
    one, other = inner[:, :half] @ first.T, inner[:, half:] @ second.T
    assert not torch.allclose(one, other, atol=1e-3)  # it was taught
    assert 0.5 < float(first.norm() / second.norm()) < 2.0


def test_all_weights_together_stay_small() -> None:
    assert sum(file.stat().st_size for file in WEIGHTS.parent.glob("*.safetensors")) <= MOST_BYTES


@given(st.integers(1, 6), st.integers(1, 6), st.sampled_from([(), (1, 1), (3, 3)]), st.integers(0, 1000))
def test_a_packed_weight_comes_back_within_half_a_step(
    outputs: int, inputs: int, kernel: tuple[int, ...], seed: int
) -> None:
    random = np.random.default_rng(seed)
    scale = random.random((1, inputs, *[1] * len(kernel))) * 100
    weight = (random.normal(size=(outputs, inputs, *kernel)) * scale).astype(np.float32)
    stored = packed("w", weight) | {"bias": np.ones(2, np.float16)}
    found = unpacked(stored)
    assert {"w", "bias"} == set(found)
    assert {np.dtype(np.float32)} == {array.dtype for array in found.values()}
    columns = np.abs(weight).max(axis=tuple(axis for axis in range(weight.ndim) if axis != 1), keepdims=True)
    bound = columns / 127 / 2  # the largest of each input is at most one step of 127
    assert (np.abs(found["w"] - weight) <= bound * 1.001 + 1e-9).all()


def test_a_packed_weight_of_zeros_stays_zero() -> None:
    assert not unpacked(packed("w", np.zeros((2, 3), np.float32)))["w"].any()
