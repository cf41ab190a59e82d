"""NIMA with a MobileNet, as idealo published it: one file for beauty, one for technical quality."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from albumclean.domain import Says, SquareInput
from albumclean.scoring.variant import State, Variant

if TYPE_CHECKING:
    from torch import nn


def _network(*, one_sided: bool) -> nn.Module:
    from albumclean.scoring.nets.nima import Nima

    return Nima(one_sided=one_sided)


def _from_keras(state: State, *, one_sided: bool) -> State:
    from albumclean.scoring.nets.nima import from_keras

    return from_keras(state, one_sided=one_sided)


def _variant(name: str, title: str, says: Says, published: dict[str, float], *, one_sided: bool = False) -> Variant:
    return Variant(
        name=name,
        title=title,
        revision="2",
        network=partial(_network, one_sided=one_sided),
        input=SquareInput(side=224),
        quantities=("mean", "std"),
        value_range=(1.0, 10.0),
        says=says,
        licence="Apache-2.0",
        source="https://github.com/idealo/image-quality-assessment",
        converted=partial(_from_keras, one_sided=one_sided),
        published=published,
    )


# The two published files hold the same network: which it is only their user knows; beauty, unless told otherwise.
VARIANTS: Final = (
    _variant(
        "nima-aesthetic",
        "NIMA of idealo (MobileNet): how much people like a picture.",
        Says.BEAUTY,
        {"AVA PLCC": 0.626, "AVA SRCC": 0.609},
    ),
    _variant(
        "nima-technical",
        "NIMA of idealo (MobileNet): technical quality.",
        Says.QUALITY,
        {"TID2013 PLCC": 0.652, "TID2013 SRCC": 0.675},
    ),
    _variant(
        "nima-keras",
        "NIMA of your own, trained with idealo's code and a Keras newer than 2.1.6.",
        Says.BEAUTY,
        {},
        one_sided=True,
    ),
)
