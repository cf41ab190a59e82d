"""CenseoQoE's networks, of which ModelScope's MOS model is one.

Its files don't say how a picture was fed, and the ones with a ResNet-18 hold the same network: which it is only their
user knows. Inputs are those of the configuration that CenseoQoE links beside each file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from albumclean.domain import CropInput, PaddedInput, Says
from albumclean.scoring.variant import Variant

if TYPE_CHECKING:
    from torch import nn

_LYING: Final = CropInput(cover=(1920, 1080), crop=(1280, 720), cubic=False, rounds_up=False)
_STANDING: Final = CropInput(cover=(1080, 1920), crop=(720, 1280), cubic=False, rounds_up=False)


def _resnet18() -> nn.Module:
    from albumclean.scoring.nets.censeo import CenseoMos

    return CenseoMos()


def _resnet50_bare() -> nn.Module:
    from torchvision.models import resnet50

    from albumclean.scoring.nets.censeo import CenseoMos

    return CenseoMos(resnet50, sigmoid=False)


def _of_tencent(name: str, about: str, view: CropInput, published: dict[str, float]) -> Variant:
    return Variant(
        name=name,
        title=f"MOS of Tencent's CenseoQoE (ResNet-18) for {about}.",
        revision="1",
        network=_resnet18,
        input=view,
        quantities=("mos",),
        value_range=(0.0, 1.0),
        says=Says.QUALITY,
        licence="MIT",
        source="https://github.com/Tencent/CenseoQoE",
        published=published,
    )


# The first is taken unless the user says another.
VARIANTS: Final = (
    Variant(
        name="modelscope-mos",
        title="MOS of ModelScope's cv_resnet_image-quality-assessment-mos_youtubeUGC (CenseoQoE, ResNet-18).",
        revision="1",
        network=_resnet18,
        input=CropInput(cover=(1920, 1080), crop=(1280, 720)),
        quantities=("mos",),
        value_range=(0.0, 1.0),
        says=Says.QUALITY,
        licence="Apache-2.0 (ModelScope); the network is Tencent's, MIT",
        source="https://modelscope.cn/models/damo/cv_resnet_image-quality-assessment-mos_youtubeUGC",
        published={"YouTube-UGC PLCC": 0.8219, "YouTube-UGC SRCC": 0.8224, "YouTube-UGC RMSE": 0.0724},
    ),
    _of_tencent(
        "censeo-ugc", "videos of users", _STANDING, {"own UGC videos PLCC": 0.902, "own UGC videos SRCC": 0.880}
    ),
    _of_tencent(
        "censeo-pgc", "compressed videos", _LYING, {"own PGC videos PLCC": 0.961, "own PGC videos SRCC": 0.959}
    ),
    _of_tencent("censeo-game", "cloud gaming", _LYING, {"own games PLCC": 0.971, "own games SRCC": 0.968}),
    Variant(
        name="censeo-icme",
        title="MOS of CenseoQoE's configuration for the ICME 2021 UGC challenge (ResNet-50).",
        revision="1",
        network=_resnet50_bare,
        input=PaddedInput(box=(1280, 720)),
        quantities=("mos",),
        value_range=(0.0, 1.0),
        says=Says.QUALITY,
        licence="MIT (the network's)",
        source="https://github.com/Tencent/CenseoQoE",
    ),
)
