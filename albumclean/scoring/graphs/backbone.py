"""The judge's network up to its pooled features, compiled for the shapes of pictures that come often."""

from __future__ import annotations

import threading
from collections import Counter
from enum import Flag, auto
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from albumclean.domain import InputSpec
from albumclean.scoring.graphs import layers
from albumclean.scoring.graphs.layers import BACKBONE, LAST_STAGE, OPINION, Node, State
from albumclean.scoring.graphs.runtime import Array, Graph, model, opset
from albumclean.scoring.lite0 import FORK, PRECISE_STAGES

_ANY: Final = -1
_OFTEN: Final = 16  # pictures of one shape: more are worth a graph of their own, which takes a third of a second
_MOST: Final = 8  # such graphs, of 20 MB each; albums have a few shapes

Shape = tuple[int, int]  # rows and columns


class Wanted(Flag):
    """What is made of a picture besides its features."""

    NOTHING = 0
    OPINION = auto()
    QUALITY = auto()


class Backbone:
    """A picture -> its features (1, F); if asked for, those of the second opinion (1, G); and the map of its quality.

    All float32; the map is (1, 1, H / 32, W / 32).
    """

    def __init__(self, state: State, spec: InputSpec, threads: int, *, half: bool, wanted: Wanted) -> None:
        """`state`: the weights by their names in `nets.judge.Judge`. `half`: in bfloat16. Compiles nothing yet."""
        self._made_for = partial(_Halves, state, spec, threads, half=half, wanted=wanted)
        self._own: dict[Shape, _Halves] = {}
        self._any: _Halves | None = None
        self._met: Counter[Shape] = Counter()
        self._lock = threading.Lock()  # guards these three; who waits for it, waits for a graph that it may need

    def __call__(self, picture: npt.NDArray[np.uint8]) -> list[npt.NDArray[np.float32]]:
        """uint8 (H, W, 3), H and W multiples of 32."""
        rows, columns, _ = picture.shape
        return self._for((rows, columns))(picture[None])

    def _for(self, shape: Shape) -> _Halves:
        """The first shape has a graph of its own from the start, others when they have come often enough."""
        with self._lock:
            if (own := self._own.get(shape)) is not None:
                return own
            self._met[shape] += 1
            if not self._own or (self._met[shape] > _OFTEN and len(self._own) < _MOST):
                made = self._own[shape] = self._made_for(shape)
                return made
            if self._any is None:
                self._any = self._made_for((_ANY, _ANY))
            return self._any


class _Halves:
    """Two graphs: the first stages in single precision, the rest in half precision if wanted."""

    def __init__(
        self, state: State, spec: InputSpec, threads: int, shape: Shape, *, half: bool, wanted: Wanted
    ) -> None:
        op = opset()
        pictures = op.parameter([1, *shape, 3], np.uint8)
        x = layers.convolution(layers.pixels(spec, pictures), state, f"{BACKBONE}.stem", stride=2, clip=True)
        pooled = [layers.pool(x)]
        x = layers.stages(x, state, BACKBONE, range(1, PRECISE_STAGES + 1), pooled=pooled)[PRECISE_STAGES]
        self._early = Graph(model([op.concat(pooled, 1), x], [pictures]), threads, half=False)
        begin = op.parameter(x.get_output_partial_shape(0), np.float32)
        self._late = Graph(model(_endings(begin, state, wanted), [begin]), threads, half=half)

    def __call__(self, pictures: Array) -> list[npt.NDArray[np.float32]]:
        """uint8 (1, H, W, 3)."""
        early, x = self._early(pictures)
        late, *second = self._late(x)
        return [np.concatenate([early, late], axis=1), *map(np.copy, second)]


def _endings(begin: Node, state: State, wanted: Wanted) -> list[Node]:
    """From the map after the precise stages to the rest of the features, and to what else is wanted."""
    op = opset()
    pooled: list[Node] = []
    after = layers.stages(begin, state, BACKBONE, range(PRECISE_STAGES + 1, LAST_STAGE + 1), pooled=pooled)
    last = layers.head(after[LAST_STAGE], state, BACKBONE)
    found = [op.concat([*pooled, layers.pool(last)], 1)]
    if Wanted.OPINION in wanted:
        pooled = []
        own = layers.stages(after[FORK], state, OPINION, range(FORK + 1, LAST_STAGE + 1), pooled=pooled)
        found.append(op.concat([*pooled, layers.pool(layers.head(own[LAST_STAGE], state, OPINION))], 1))
    if Wanted.QUALITY in wanted:
        found.append(layers.quality(last, state))
    return found
