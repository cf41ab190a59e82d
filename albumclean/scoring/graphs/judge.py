"""The judge and what reads it as graphs: what `scoring.nets.judge` and `scoring.nets.kind` answer, by other means."""

from __future__ import annotations

from functools import cached_property, partial
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from albumclean.domain import InputSpec
from albumclean.media.view import NetworkView
from albumclean.scoring.graphs import layers
from albumclean.scoring.graphs.backbone import Backbone, Wanted
from albumclean.scoring.graphs.layers import State
from albumclean.scoring.graphs.runtime import Graph, has_half, model, opset
from albumclean.scoring.lite0 import CONTENT, EARLY, FEATURES

Floats = npt.NDArray[np.float32]

_ENDING: Final = FEATURES - (EARLY.stop - EARLY.start)  # features of the second opinion's own maps


class Judgement(NamedTuple):
    """What the judge has to say on a photo in single precision, all in float32.

    values: (1, 9), embedding: (1, E), features: (1, F); quality_map: (H / 32, W / 32), in [0, 1].
    """

    values: Floats
    embedding: Floats
    features: Floats
    quality_map: Floats


class JudgeGraph:
    """One view -> values (1, 9), the embedding (1, E) and the features of the whole picture (1, F), float32.

    Any number of threads may call it.
    """

    def __init__(self, state: State, spec: InputSpec, threads: int) -> None:
        """`state`: the weights by their names in `nets.judge.Judge`."""
        half = has_half()
        self.precision = "bfloat16" if half else "float32"  # of most of what is computed
        self._backbone = partial(Backbone, state, spec, threads)
        self._whole = self._backbone(half=half, wanted=Wanted.OPINION)
        self._close = self._backbone(half=half, wanted=Wanted.NOTHING)
        self._heads = Graph(_heads(state), threads, half=False)

    def __call__(self, view: NetworkView) -> tuple[Floats, Floats, Floats]:
        """Values, embedding, features."""
        features, second = self._whole(view.whole)
        return *self._said(features, second, _of_patches(self._close, view)), features

    def judge(self, view: NetworkView) -> Judgement:
        """In single precision everywhere, with the map: for one photo, which need not be fast."""
        whole, close = self._precise
        features, second, quality = whole(view.whole)
        return Judgement(*self._said(features, second, _of_patches(close, view)), features, quality[0, 0])

    @cached_property
    def _precise(self) -> tuple[Backbone, Backbone]:
        """For the whole and the patches. Most runs never ask."""
        wanted = (Wanted.OPINION | Wanted.QUALITY, Wanted.NOTHING)
        whole, close = (self._backbone(half=False, wanted=each) for each in wanted)
        return whole, close

    def _said(self, features: Floats, second: Floats, close: Floats) -> tuple[Floats, Floats]:
        """Values and embedding."""
        values, embedding = self._heads(features, second, close)
        return values.copy(), embedding.copy()


def _of_patches(close: Backbone, view: NetworkView) -> Floats:
    """The mean of the patches' features, (1, F)."""
    found: Floats = np.stack([close(patch)[0] for patch in view.patches]).mean(axis=0, dtype=np.float32)
    return found


class KindGraph:
    """The judge's features (1, F) and a picture's statistics (S,) -> probabilities (1, 5), float32."""

    def __init__(self, state: State, threads: int) -> None:
        """`state`: the weights by their names in `nets.kind.KindHead`."""
        op = opset()
        features = op.parameter([1, FEATURES], np.float32)
        statistics = op.parameter([1, state["measured.weight"].shape[1]], np.float32)
        shown = layers.dense(layers.content(features, CONTENT), state, "shown")
        inner = op.gelu(op.add(shown, layers.dense(statistics, state, "measured", bias=False)), "erf")
        found = op.softmax(layers.dense(inner, state, "out"), 1)
        self._graph = Graph(model([found], [features, statistics]), threads, half=False)

    def __call__(self, features: Floats, statistics: Floats) -> Floats:
        """Of one picture."""
        return self._graph(features, statistics[None])[0].copy()


def _heads(state: State) -> object:
    """As `nets.judge.Judge.values` and `embed`."""
    op = opset()
    features, close = (op.parameter([1, FEATURES], np.float32) for _ in range(2))
    second = op.parameter([1, _ENDING], np.float32)
    own = layers.dense(op.concat([layers.columns(features, EARLY), second], 1), state, "opinion_hidden")
    impression = op.gelu(op.concat([layers.dense(features, state, "hidden"), own], 1), "erf")
    both = op.concat([features, close], 1)
    faults = layers.dense(op.gelu(layers.dense(both, state, "fault_hidden"), "erf"), state, "faults")
    faults = op.clamp(faults, 0.0, 1.0)
    cost = op.reduce_sum(op.multiply(faults, op.constant(state["fault_weights"][None])), op.constant([1]), True)
    mos = op.subtract(layers.dense(impression, state, "mos"), cost)
    spread = op.exp(layers.dense(impression, state, "spread"))
    values = op.clamp(op.concat([mos, spread, faults, layers.dense(both, state, "preference")], 1), 0.0, 1.0)
    embedding = layers.unit(layers.dense(layers.content(features, CONTENT), state, "projection"))
    return model([values, embedding], [features, second, close])
