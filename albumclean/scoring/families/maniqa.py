"""MANIQA as ModelScope publishes it.

IIGROUP's own files have the same form, but were trained with another factor (0.8 for 0.13), which no weight tells, and
are fed 20 random pieces of a picture: whoever brings one is told by the title.
"""

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
        title="MANIQA as ModelScope's cv_man_image-quality-assessment has it; IIGROUP's own files are not for this.",
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
