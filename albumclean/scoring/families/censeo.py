"""CenseoQoE's networks, of which ModelScope's MOS model is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from albumclean.domain import CropInput, Says
from albumclean.scoring.variant import Variant

if TYPE_CHECKING:
    from torch import nn


def _network() -> nn.Module:
    from albumclean.scoring.nets.censeo import CenseoMos

    return CenseoMos()


VARIANTS: Final = (
    Variant(
        name="modelscope-mos",
        title="MOS of ModelScope's cv_resnet_image-quality-assessment-mos_youtubeUGC (CenseoQoE, ResNet-18).",
        revision="1",
        network=_network,
        input=CropInput(cover=(1920, 1080), crop=(1280, 720)),
        quantities=("mos",),
        value_range=(0.0, 1.0),
        says=Says.QUALITY,
        licence="Apache-2.0 (ModelScope); the network is Tencent's, MIT",
        source="https://modelscope.cn/models/damo/cv_resnet_image-quality-assessment-mos_youtubeUGC",
        published={"YouTube-UGC PLCC": 0.8219, "YouTube-UGC SRCC": 0.8224, "YouTube-UGC RMSE": 0.0724},
    ),
)
