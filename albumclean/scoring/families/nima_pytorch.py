"""NIMA as nima.pytorch trains it: with a MobileNetV2, of which a file was published, or with a ResNet."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from albumclean.domain import Says, SquareInput
from albumclean.scoring.variant import Variant

if TYPE_CHECKING:
    from torch import nn


def _mobilenet() -> nn.Module:
    from albumclean.scoring.nets.nima_pytorch import with_mobilenet

    return with_mobilenet()


def _resnet(name: str) -> nn.Module:
    from albumclean.scoring.nets.nima_pytorch import with_resnet

    return with_resnet(name)


def _variant(base: str, network: Callable[[], nn.Module]) -> Variant:
    return Variant(
        name=f"nima-{base.lower()}",
        title=f"NIMA of nima.pytorch ({base}): how much people like a picture.",
        revision="1",
        network=network,
        input=SquareInput(side=224, smooth=True),
        quantities=("mean", "std"),
        value_range=(1.0, 10.0),
        says=Says.BEAUTY,
        licence="MIT",
        source="https://github.com/truskovskiyk/nima.pytorch",
    )


VARIANTS: Final = (
    _variant("MobileNetV2", _mobilenet),
    *(_variant(f"ResNet{depth}", partial(_resnet, f"resnet{depth}")) for depth in (18, 34, 50, 101, 152)),
)
