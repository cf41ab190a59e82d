"""NIMA with a MobileNet, as idealo published it: one file for beauty, one for technical quality."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from albumclean.domain import Says, SquareInput
from albumclean.scoring.variant import State, Variant

if TYPE_CHECKING:
    from torch import nn


def _network() -> nn.Module:
    from albumclean.scoring.nets.nima import Nima

    return Nima()


def _from_keras(state: State) -> State:
    from albumclean.scoring.nets.nima import from_keras

    return from_keras(state)


def _variant(name: str, about: str, says: Says, published: dict[str, float]) -> Variant:
    return Variant(
        name=name,
        title=f"NIMA of idealo (MobileNet): {about}.",
        revision="1",
        network=_network,
        input=SquareInput(side=224),
        quantities=("mean", "std"),
        value_range=(1.0, 10.0),
        says=says,
        licence="Apache-2.0",
        source="https://github.com/idealo/image-quality-assessment",
        converted=_from_keras,
        published=published,
    )


# The two files hold the same network: which it is only their user knows; beauty, unless told otherwise.
VARIANTS: Final = (
    _variant("nima-aesthetic", "how much people like a picture", Says.BEAUTY, {"AVA PLCC": 0.626, "AVA SRCC": 0.609}),
    _variant("nima-technical", "technical quality", Says.QUALITY, {"TID2013 PLCC": 0.652, "TID2013 SRCC": 0.675}),
)
