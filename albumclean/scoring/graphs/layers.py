"""EfficientNet-Lite0 and dense layers as nodes of an OpenVINO graph; what `scoring.nets.efficientnet_lite` computes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from albumclean.domain import InputSpec
from albumclean.scoring.graphs.runtime import opset
from albumclean.scoring.lite0 import (
    FORK,
    LEAST_VARIANCE,
    SPREAD_FLOOR,
    STAGES,
    inputs_of,
    pools_wide,
)

Node: TypeAlias = Any  # OpenVINO has no types
State: TypeAlias = Mapping[str, npt.NDArray[np.float32]]

BACKBONE, OPINION = "backbone", "opinion"  # the two networks by their names in the weights
LAST_STAGE: Final = len(STAGES)
_FIRST: Final = {BACKBONE: 1, OPINION: FORK + 1}  # their first stages

_PLACES: Final = (2, 3)  # the axes of a map's rows and columns
_CLIP: Final = 6.0  # ReLU6


def pixels(spec: InputSpec, pictures: Node) -> Node:
    """uint8 (N, H, W, 3) -> float32 (N, 3, H, W) as (x - mean) / std."""
    op = opset()
    mean, std = (op.constant(np.array(each, np.float32)) for each in (spec.mean, spec.std))
    return op.transpose(op.divide(op.subtract(op.convert(pictures, "f32"), mean), std), op.constant([0, 3, 1, 2]))


def convolution(x: Node, state: State, name: str, *, stride: int = 1, groups: int = 1, clip: bool = False) -> Node:
    """Padded as TensorFlow's "SAME", with bias; with ReLU6 after it if `clip`."""
    op = opset()
    weight = state[f"{name}.weight"]
    apply = op.convolution
    if groups > 1:
        weight, apply = weight.reshape(groups, -1, 1, *weight.shape[2:]), op.group_convolution
    y = apply(x, op.constant(weight), [stride] * 2, [0, 0], [0, 0], [1, 1], auto_pad="same_upper")
    y = op.add(y, op.constant(state[f"{name}.bias"].reshape(1, -1, 1, 1)))
    return op.clamp(y, 0.0, _CLIP) if clip else y


def pool(x: Node) -> Node:
    """(N, C, H, W) -> (N, 2 C): each channel's mean and the log of its spread."""
    op = opset()
    places = op.constant(list(_PLACES))
    mean = op.reduce_mean(x, places, keep_dims=True)
    apart = op.subtract(x, mean)
    variance = op.maximum(op.reduce_mean(op.multiply(apart, apart), places), op.constant(np.float32(LEAST_VARIANCE)))
    spread = op.log(op.add(op.sqrt(variance), op.constant(np.float32(SPREAD_FLOOR))))
    return op.concat([op.squeeze(mean, places), spread], 1)


def stages(x: Node, state: State, ending: str, numbers: range, *, pooled: list[Node]) -> dict[int, Node]:
    """Stages by their numbers -> the map after each; what is pooled on the way is added to `pooled`.

    `ending`: the name of the network in the state, `BACKBONE` or `OPINION`.
    """
    op = opset()
    after: dict[int, Node] = {}
    for number in numbers:
        expansion, outputs, blocks, first_stride, _ = STAGES[number - 1]
        inputs = inputs_of(number)
        for block in range(blocks):
            name, stride = f"{ending}.stages.{number - _FIRST[ending]}.{block}", first_stride if block == 0 else 1
            wide = convolution(x, state, f"{name}.expand", clip=True) if expansion > 1 else x
            if pools_wide(number, stride):
                pooled.append(pool(wide))
            y = convolution(wide, state, f"{name}.depthwise", stride=stride, groups=inputs * expansion, clip=True)
            y = convolution(y, state, f"{name}.project")
            x = op.add(y, x) if stride == 1 and inputs == outputs else y
            inputs = outputs
        pooled.append(pool(x))
        after[number] = x
    return after


def head(x: Node, state: State, ending: str) -> Node:
    """The last map: (N, 1280, h, w)."""
    return convolution(x, state, f"{ending}.head", clip=True)


def quality(head_map: Node, state: State) -> Node:
    """As `nets.judge.Judge.judge_regions`: (N, 1, h, w), how good each place is, in [0, 1]."""
    op = opset()
    weight, bias = (state[f"regions.{each}"][:1].reshape(1, -1, 1, 1) for each in ("weight", "bias"))
    x = op.convolution(head_map, op.constant(weight), [1, 1], [0, 0], [0, 0], [1, 1])
    return op.sigmoid(op.add(x, op.constant(bias)))


def dense(x: Node, state: State, name: str, *, bias: bool = True) -> Node:
    """(N, inputs) -> (N, outputs)."""
    op = opset()
    y = op.matmul(x, op.constant(state[f"{name}.weight"]), False, True)
    return op.add(y, op.constant(state[f"{name}.bias"][None])) if bias else y


def columns(x: Node, which: slice) -> Node:
    """(N, F) -> (N, which)."""
    op = opset()
    start, stop, step, axis = (op.constant([each]) for each in (which.start, which.stop, 1, 1))
    return op.slice(x, start, stop, step, axis)


def content(features: Node, which: tuple[slice, ...]) -> Node:
    """As `nets.judge.content`: fourth roots of some means."""
    op = opset()
    means = op.maximum(op.concat([columns(features, each) for each in which], 1), op.constant(np.float32(0)))
    return op.sqrt(op.sqrt(means))


def unit(x: Node) -> Node:
    """(N, E) -> rows of length 1."""
    op = opset()
    length = op.sqrt(op.reduce_sum(op.multiply(x, x), op.constant([1]), keep_dims=True))
    return op.divide(x, op.maximum(length, op.constant(np.float32(1e-12))))
