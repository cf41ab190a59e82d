"""Mean opinion score (MOS): how good people would call the photo, from 0 to 1. See `models/README.md`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from albumclean.domain import InputSpec, ScorerSpec

if TYPE_CHECKING:
    import torch

# Raise by hand whenever the same photo could get another score although the weights stayed: another input, another sum.
VERSION: Final = "1"
WEIGHTS_SHA256: Final = "1f726e24b6f0118002388bac5d0f05017695d7cc1e8b74c14ba2070fc6c20858"

INPUT: Final = InputSpec(area=384 * 384, multiple=32, mean=(127.0, 127.0, 127.0), std=(128.0, 128.0, 128.0))
SPEC: Final = ScorerSpec(
    name="mos-lite0",
    revision=f"{VERSION}-{WEIGHTS_SHA256[:8]}",
    quantities=("mos",),
    value_range=(0.0, 1.0),
    higher_is_better=True,
    licence="Apache-2.0 (backbone); the head was fitted to BIQ2021, which names no licence",
    summary="Technical quality as people judge it: EfficientNet-Lite0 with a linear head, trained on BIQ2021.",
    input=INPUT,
    weights="mos_lite0.safetensors",
    weights_sha256=WEIGHTS_SHA256,
)


def load(weights: Path) -> torch.nn.Module:
    """The network in evaluation mode, on the CPU: uint8 (N, H, W, 3) of `network_view` -> float32 (N, 1) in [0, 1].

    The caller has checked the file's SHA-256. Raises `OSError` or `safetensors.SafetensorError` if it can't be read.
    """
    import torch
    from safetensors.torch import load_file

    from albumclean.scoring.nets.mos import MosLite0

    state = {name: tensor.float() for name, tensor in load_file(weights).items()}  # stored in half precision
    with torch.device("meta"):  # don't spend time on random weights
        network = MosLite0(INPUT, hidden=len(state["hidden.weight"]))
    network.load_state_dict(state, assign=True)
    return network.eval().to(memory_format=torch.channels_last)
