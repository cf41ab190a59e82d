"""Pictures of all sizes and orientations, as files, and the published networks with weights made at random."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch
from PIL import Image
from torch import nn

from albumclean.domain import NATIVE
from albumclean.media.decode import decode
from albumclean.media.picture import Picture
from tests.modelscope_originals import originals

_MODELS = "modelscope.models.cv.image_quality_assessment"

# (width, height): tiny, thin, upright, square, odd, at and around the sizes at which the originals branch.
SIZES = (
    *((1, 1), (2, 3), (3, 2), (7, 5), (16, 16), (31, 33), (64, 48), (48, 64), (99, 101), (120, 90)),
    *((800, 40), (40, 800), (900, 100), (100, 900), (1500, 200), (333, 1200), (1000, 250), (250, 1000)),
    *((640, 480), (480, 640), (500, 500), (512, 384), (777, 333), (641, 479), (479, 641), (1023, 767)),
    *((1280, 720), (720, 1280), (1279, 720), (1280, 719), (1281, 721), (960, 960), (959, 961), (1080, 1080)),
    *((1920, 1080), (1080, 1920), (1919, 1081), (2000, 1500)),
)
TURNED = ((300, 200), (200, 300), (1024, 901))  # each in the eight orientations of EXIF
_ORIENTATION = 0x0112


def files(folder: Path) -> Iterator[Path]:
    """62 files: JPEG, every fourth PNG, some of them grey."""
    cases = [(size, 1) for size in SIZES] + [(size, turn) for size in TURNED for turn in range(1, 9)]
    for number, ((width, height), orientation) in enumerate(cases):
        image = picture(number, width, height)
        path = folder / f"{number:02}_{width}x{height}_{orientation}.{'png' if number % 4 == 3 else 'jpg'}"
        exif = Image.Exif()
        exif[_ORIENTATION] = orientation
        (image.convert("L") if number % 7 == 6 else image).save(path, quality=70 + number % 25, exif=exif)
        yield path


def picture(seed: int, width: int, height: int) -> Image.Image:
    """Coarse colours, fine noise of its own strength, and a sharp edge."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (3 + seed % 5, 4 + seed % 3, 3), dtype=np.uint8)
    pixels = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC), dtype=np.int16)
    pixels = pixels + rng.integers(-(seed % 40) - 1, seed % 40 + 2, pixels.shape, dtype=np.int16)
    pixels[height // 3 : height // 2, width // 4 : width // 2] += 60
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def decoded(path: Path) -> Picture:
    """As a scan gives it to a network that wants pictures at their own size."""
    return decode(path.read_bytes(), path, b"", min_short_side=NATIVE, max_pixels=10**9).picture


def mos_original() -> tuple[Any, Any]:
    """The preprocessor and the model of ModelScope's MOS pipeline; random weights."""
    with originals() as get:
        preprocessor = get("modelscope.preprocessors.cv.image_quality_assessment_mos")
        wrapper = get(f"{_MODELS}_mos.image_quality_assessment_mos").ImageQualityAssessmentMos
        network = get(f"{_MODELS}_mos.censeo_ivqa_model").CenseoIVQAModel(pretrained=False)
        model = _without_init(wrapper)
        model.model = stirred(network)
        return preprocessor.ImageQualityAssessmentMosPreprocessor(), model.eval()


def maniqa_original() -> tuple[Any, Any]:
    """The preprocessor and the model of ModelScope's MANIQA pipeline; random weights. Needs timm and einops."""
    with originals() as get:
        preprocessor = get("modelscope.preprocessors.cv.image_quality_assessment_man")
        wrapper = get(f"{_MODELS}_man.image_quality_assessment_man").ImageQualityAssessmentMAN
        model = _without_init(wrapper)
        model.model = get(f"{_MODELS}_man.maniqa").MANIQA()
        mock.patch.object(torch.Tensor, "cuda", lambda tensor: tensor).start()  # which it asks for always
        model.model.fc_score[3].bias.data.fill_(0.5)  # or else half of all pictures get nothing
        return preprocessor.ImageQualityAssessmentMANPreprocessor(), model.eval()


def degradation_original() -> Any:
    """ModelScope's pipeline: `preprocess(path)` and `forward({"src": ...})`; random weights."""
    with originals() as get:
        pipeline = get("modelscope.pipelines.cv.image_quality_assessment_degradation_pipeline")
        wrapper = get(f"{_MODELS}_degradation.image_quality_assessment_degradation").ImageQualityAssessmentDegradation
        network = seeded(get(f"{_MODELS}_degradation.degradation_model").DegradationIQA)
        model = _without_init(wrapper)
        model.sigmoid_layer = nn.Sigmoid()
        model.model = stirred(network)
        made = pipeline.ImageQualityAssessmentDegradationPipeline(None)
        made.model, made._device = model.eval(), torch.device("cpu")
        return made


def seeded(kind: Callable[[], nn.Module]) -> nn.Module:
    """A network with the same random weights in every run: others may make all answers alike."""
    with torch.random.fork_rng():
        torch.manual_seed(7)
        return kind()


def stirred(network: nn.Module) -> nn.Module:
    """The network as it is made at random, with normalisations that do something."""
    generator = torch.Generator().manual_seed(7)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor, low, high in (
                (module.running_mean, -0.3, 0.3),
                (module.running_var, 0.6, 1.6),
                (module.weight.data, 0.6, 1.2),
                (module.bias.data, -0.3, 0.3),
            ):
                if tensor is not None:
                    tensor.copy_(torch.rand(tensor.shape, generator=generator) * (high - low) + low)
    return network.eval()


def _without_init(kind: Any) -> Any:
    """A wrapper around a network, without reading the configuration that lies beside published weights."""
    made = kind.__new__(kind)
    nn.Module.__init__(made)
    return made
