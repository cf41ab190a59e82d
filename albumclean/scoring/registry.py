"""Which scorers there are. A scorer is one module in `scoring/scorers/` with a `SPEC: ScorerSpec` and either

- `load(weights: Path) -> torch.nn.Module`, from uint8 (N, height, width, 3) to float32 (N, quantities): it runs in
  batches on the device, on views made from `SPEC.input`; or
- `measure(image, quantisation, reduction) -> tuple[float, ...]`: it runs on the decoded frame in the decoding worker.
"""

from __future__ import annotations

import hashlib
import importlib
import pkgutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from PIL import Image

import albumclean
from albumclean.domain import ScorerSpec
from albumclean.errors import ModelDamaged, ModelMissing
from albumclean.scoring import scorers

if TYPE_CHECKING:
    from torch import nn

MOS = "mos-lite0"  # the scorer whose `mos` the rules use
DEGRADATIONS = "classical"  # the scorer whose severities the rules quote
DEFAULT = (MOS, DEGRADATIONS)

Quantisation = tuple[tuple[int, ...], ...] | None  # the tables of a JPEG, 64 numbers each


class FrameScorer(Protocol):
    """A scorer's module that measures the decoded frame."""

    SPEC: ScorerSpec

    def measure(self, image: Image.Image, quantisation: Quantisation, reduction: int) -> tuple[float, ...]:
        """The values of `SPEC.quantities` for an upright RGB picture whose sides were divided by `reduction`."""
        ...


class NetworkScorer(Protocol):
    """A scorer's module that has a network."""

    SPEC: ScorerSpec

    def load(self, weights: Path) -> nn.Module:
        """The network in eval mode on the CPU."""
        ...


@cache
def _modules() -> dict[str, object]:
    found: dict[str, object] = {}
    for entry in pkgutil.iter_modules(scorers.__path__):
        module = importlib.import_module(f"{scorers.__name__}.{entry.name}")
        found[module.SPEC.name] = module
    return found


def names() -> tuple[str, ...]:
    """The names of all scorers, sorted."""
    return tuple(sorted(_modules()))


def spec(name: str) -> ScorerSpec:
    """Raises KeyError for an unknown name."""
    return cast(FrameScorer, _modules()[name]).SPEC


def frame_scorer(name: str) -> FrameScorer:
    """The module of a scorer whose spec has no network input."""
    return cast(FrameScorer, _modules()[name])


def load_network(name: str) -> nn.Module:
    """The network of a scorer, its weights checked. Raises ModelMissing or ModelDamaged."""
    module = cast(NetworkScorer, _modules()[name])
    return module.load(weights_of(module.SPEC))


def weights_of(spec: ScorerSpec) -> Path:
    """The weights' file, its SHA-256 checked. Raises ModelMissing or ModelDamaged."""
    package = Path(albumclean.__file__).parent
    # An installed wheel carries the weights inside the package; a checkout has them in models/ beside it.
    folders = (package / "_models", package.parent / "models")
    name = spec.weights or ""
    for folder in folders:
        path = folder / name
        if path.is_file():
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            if found != spec.weights_sha256:
                raise ModelDamaged(path=path, found=found, expected=spec.weights_sha256)
            return path
    raise ModelMissing(name=name, where=" or ".join(str(folder) for folder in folders))
