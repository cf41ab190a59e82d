"""Pooled features of BIQ2021's photos before any fine-tuning, cached outside the repository.

Kill it at any time; the same command goes on.

python -m models.extract_features --biq2021 DIR --cache DIR [--split train] [--variant plain]
"""

from __future__ import annotations

import argparse
import hashlib
import inspect
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, ImageOps
from safetensors.torch import load_file

from albumclean.media import view
from albumclean.media.view import network_view
from albumclean.scoring import lite0
from albumclean.scoring.nets import efficientnet_lite, pixels
from albumclean.scoring.nets.efficientnet_lite import EfficientNetLite0
from albumclean.scoring.nets.pixels import normalise
from albumclean.scoring.scorers.judge import INPUT
from models import biq2021, convert_lite0

BATCH: Final = 8
WHOLE: Final = replace(INPUT, patches=None)
FEATURES: Final = EfficientNetLite0.features


VARIANTS: Final[dict[str, Callable[[Image.Image], Image.Image]]] = {
    "plain": lambda image: image,
    "flip": ImageOps.mirror,
}


def cache_file(cache: Path, weights: Path, split: str, variant: str) -> Path:
    """Named by all that the features depend on; other weights, another view or other code never meet it."""
    code = "".join(inspect.getsource(module) for module in (lite0, efficientnet_lite, pixels, view))
    key = hashlib.sha256(weights.read_bytes() + repr(WHOLE).encode() + code.encode()).hexdigest()[:12]
    return cache / f"lite0-{key}-{split}-{variant}.f32"


def load_backbone(weights: Path) -> EfficientNetLite0:
    """The network as it will be shipped: stored in half precision, computed in single."""
    network = EfficientNetLite0()
    network.load_state_dict({name: tensor.float() for name, tensor in load_file(weights).items()})
    return network.eval().to(memory_format=torch.channels_last)


def extract(folder: Path, cache: Path, weights: Path, split: str, variant: str = "plain") -> npt.NDArray[np.float32]:
    """Features (n, F) of a split, in the order of `biq2021.read`; rows already in the cache are not computed again."""
    photos = biq2021.read(folder, split)
    file = cache_file(cache, weights, split, variant)
    cache.mkdir(parents=True, exist_ok=True)
    row_bytes = FEATURES * 4
    done = file.stat().st_size // row_bytes if file.exists() else 0
    if done < len(photos):
        network = load_backbone(weights)
        with file.open("ab") as out:
            out.truncate(done * row_bytes)  # a kill may have left part of a row
            for start in range(done, len(photos), BATCH):
                images = (VARIANTS[variant](biq2021.open_rgb(photo.path)) for photo in photos[start : start + BATCH])
                batch = torch.from_numpy(np.stack([network_view(image, WHOLE).whole for image in images]))
                with torch.inference_mode():
                    out.write(network.forward_features(normalise(batch, WHOLE)).numpy().tobytes())
                out.flush()
                if start // BATCH % 50 == 0:
                    print(f"{split} {variant}: {start + len(batch)} of {len(photos)}", flush=True)
    return np.fromfile(file, dtype=np.float32).reshape(len(photos), FEATURES)


def main() -> None:
    """Fill the cache."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--biq2021", type=Path, required=True, help="a checkout of nisarahmedrana/BIQ2021")
    parser.add_argument("--cache", type=Path, required=True, help="a folder for the features (21,120 x 25 kB)")
    parser.add_argument("--backbone", type=Path, default=convert_lite0.DEFAULT_OUT)
    parser.add_argument("--split", action="append", choices=biq2021.SPLITS, help="default: train and val")
    parser.add_argument("--variant", default="plain", choices=VARIANTS)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    for split in arguments.split or ("train", "val"):
        extract(arguments.biq2021, arguments.cache, arguments.backbone, split, arguments.variant)


if __name__ == "__main__":
    main()
