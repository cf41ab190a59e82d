"""MANIQA as ModelScope publishes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from albumclean.domain import Says, ShortSideInput
from albumclean.scoring.variant import Variant

if TYPE_CHECKING:
    from torch import nn


def _network() -> nn.Module:
    from albumclean.scoring.nets.maniqa import Maniqa

    return Maniqa()


VARIANTS: Final = (
    Variant(
        name="modelscope-maniqa",
        title="MANIQA, a transformer, as ModelScope's cv_man_image-quality-assessment has it: strong and slow.",
        revision="1",
        network=_network,
        input=ShortSideInput(side=224),
        quantities=("mos",),
        value_range=(0.0, 1.0),
        says=Says.QUALITY,
        licence="Apache-2.0",
        source="https://modelscope.cn/models/damo/cv_man_image-quality-assessment",
    ),
)
