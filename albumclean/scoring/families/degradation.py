"""ModelScope's degradation model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from albumclean.domain import NativeInput, Says
from albumclean.scoring.variant import Variant

if TYPE_CHECKING:
    from torch import nn


def _network() -> nn.Module:
    from albumclean.scoring.nets.degradation import Degradations

    return Degradations()


VARIANTS: Final = (
    Variant(
        name="modelscope-degradation",
        title="Noise, blur and compression by ModelScope's cv_resnet50_image-quality-assessment_degradation.",
        revision="1",
        network=_network,
        input=NativeInput(least=1280 * 720, short_side=720, most=12_500_000),
        quantities=("noise", "blur", "compression"),
        value_range=(0.0, 1.1),
        says=Says.FAULTS,
        rises=False,
        licence="Apache-2.0",
        source="https://modelscope.cn/models/damo/cv_resnet50_image-quality-assessment_degradation",
        published={"KADID-10k PLCC": 0.9654, "KADID-10k SRCC": 0.9963},
    ),
)
