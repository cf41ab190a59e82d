"""TANet as trained on TAD66K."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from albumclean.domain import Says, SquareInput
from albumclean.scoring.variant import State, Unusable, Variant

if TYPE_CHECKING:
    from torch import nn


def _network() -> nn.Module:
    from albumclean.scoring.nets.tanet import TANet

    return TANet()


def _unless_of_ava(state: State) -> State:
    """The other file of its authors normalises over the batch: it can't be asked about one photo."""
    last = state.get("head.2.weight")
    if "tygertnet.relu7.weight" in state and last is not None and tuple(last.shape) == (10, 30):
        raise Unusable(
            "it is TANet trained on AVA, which judges photos only beside others: its score for a photo depends on "
            "which others are judged with it, and for a photo by itself it has none. The file trained on TAD66K works"
        )
    return state


VARIANTS: Final = (
    Variant(
        name="tanet",
        title="TANet trained on TAD66K: how much people like a picture, given what it shows.",
        revision="1",
        network=_network,
        input=SquareInput(side=224, smooth=True),
        quantities=("beauty",),
        value_range=(0.0, 1.0),
        says=Says.BEAUTY,
        converted=_unless_of_ava,
        licence="Apache-2.0",
        source="https://github.com/woshidandan/TANet-image-aesthetics-and-quality-assessment",
        # With one picture at a time, as here; measured by the authors: issue 8 of their repository.
        published={"TAD66K PLCC": 0.5259, "TAD66K SRCC": 0.5069},
    ),
)
