"""What sort of picture a file holds: a head on the judge's features. See `models/README.md` and `docs/kinds.md`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from albumclean.domain import PhotoKind, Says, ScorerSpec
from albumclean.scoring.scorers import judge

if TYPE_CHECKING:
    from albumclean.scoring.graphs.judge import KindGraph
    from albumclean.scoring.nets.kind import KindHead

# Raise by hand whenever the same photo could get another value although the weights stayed: other statistics.
VERSION: Final = "1"
WEIGHTS_SHA256: Final = "97127acde940af58da06ddf38f3ca75412cffe45a0febdd373546916399d461b"

SPEC: Final = ScorerSpec(
    name="kind",
    revision=f"{VERSION}-{WEIGHTS_SHA256[:8]}-{judge.SPEC.revision}",  # another judge has other features
    quantities=tuple(kind.value for kind in PhotoKind if kind not in {PhotoKind.VIDEO, PhotoKind.UNSURE}),
    value_range=(0.0, 1.0),
    licence="Apache-2.0; trained on public pictures under several licences, which models/README.md lists",
    summary="Photo, screenshot, document, graphic or scanned photo, as probabilities.",
    input=judge.INPUT,
    weights="kind.safetensors",
    weights_sha256=WEIGHTS_SHA256,
    min_short_side=judge.SPEC.min_short_side,
    reads=judge.SPEC.name,
    says=Says.KIND,
    half_precision=True,
)


def load(weights: Path) -> KindHead:
    """The head in evaluation mode, on the CPU.

    The caller has checked the file's SHA-256. Raises `OSError` or `safetensors.SafetensorError` if it can't be read.
    """
    from safetensors.torch import load_file

    from albumclean.scoring.nets.kind import KindHead

    state = {name: tensor.float() for name, tensor in load_file(weights).items()}
    head = KindHead(statistics=state["measured.weight"].shape[1], hidden=len(state["out.weight"][0]))
    head.load_state_dict(state)
    return head.eval()


def compiled(weights: Path, threads: int) -> KindGraph:
    """The same head without PyTorch. Raises as `load` does."""
    from safetensors.numpy import load_file

    from albumclean.scoring.graphs.judge import KindGraph
    from albumclean.scoring.packing import unpacked

    return KindGraph(unpacked(load_file(weights)), threads)
