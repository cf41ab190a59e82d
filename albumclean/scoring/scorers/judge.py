"""The judge: what people would think of the photo, and what is wrong with it. See `models/README.md`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from albumclean.domain import Degradation, InputSpec, PatchSpec, ScorerSpec

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from albumclean.scoring.graphs.judge import JudgeGraph
    from albumclean.scoring.nets.judge import Judge

# Raise by hand whenever the same photo could get another score although the weights stayed: another input, another sum.
VERSION: Final = "3"
WEIGHTS_SHA256: Final = "a4831a851394c0145e48eed8418a374d6ee12ce2be5dd749b533160eaebd9941"
EMBEDDING: Final = 128  # numbers that say what a photo shows

INPUT: Final = InputSpec(
    area=384 * 384,
    multiple=32,
    patches=PatchSpec(count=4, side=224),
    mean=(127.0, 127.0, 127.0),
    std=(128.0, 128.0, 128.0),
)
SPEC: Final = ScorerSpec(
    name="judge",
    revision=f"{VERSION}-{WEIGHTS_SHA256[:8]}",
    # The mean opinion score, its standard deviation, severities, and which shot of one scene is the better.
    quantities=("mos", "mos_std", *(kind.value for kind in Degradation), "preference"),
    value_range=(0.0, 1.0),
    licence="Apache-2.0 (backbone); fitted to BIQ2021, which names no licence, and LIVE In the Wild (free for any use)",
    summary="Quality as people judge it and six degradations, from one EfficientNet-Lite0.",
    input=INPUT,
    weights="judge.safetensors",
    weights_sha256=WEIGHTS_SHA256,
    embedding=EMBEDDING,
    half_precision=True,
    min_short_side=2400,  # native pixels up to about 30 megapixels: slight blur and noise show nowhere else
)


def load(weights: Path) -> Judge:
    """The network in evaluation mode, on the CPU.

    The caller has checked the file's SHA-256. Raises `OSError` or `safetensors.SafetensorError` if it can't be read.
    """
    import torch

    from albumclean.scoring.nets.judge import Judge

    state = {name: torch.from_numpy(array) for name, array in _read(weights).items()}
    with torch.device("meta"):  # don't spend time on random weights
        network = Judge(
            INPUT,
            hidden=len(state["hidden.weight"]),
            fault_hidden=len(state["fault_hidden.weight"]),
            embedding=EMBEDDING,
        )
    network.load_state_dict(state, assign=True)
    return network.eval().to(memory_format=torch.channels_last)


def compiled(weights: Path, threads: int) -> JudgeGraph:
    """The same network without PyTorch. Raises as `load` does."""
    from albumclean.scoring.graphs.judge import JudgeGraph

    return JudgeGraph(_read(weights), INPUT, threads)


def _read(weights: Path) -> dict[str, npt.NDArray[np.float32]]:
    from safetensors.numpy import load_file

    from albumclean.scoring.packing import unpacked

    return unpacked(load_file(weights))
