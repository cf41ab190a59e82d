"""Which scorers there are. A scorer is one module in `scoring/scorers/` with a `SPEC: ScorerSpec` and `load()`."""

from __future__ import annotations

import hashlib
import importlib
import pkgutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import albumclean
from albumclean.domain import ScorerSpec
from albumclean.errors import ModelDamaged, ModelMissing, ModelUnreadable
from albumclean.scoring import scorers

if TYPE_CHECKING:
    from torch import nn

JUDGE = "judge"  # the scorer whose values the rules use
KIND = "kind"  # the one that tells photos from screenshots and documents
DEFAULT = (JUDGE, KIND)


class Scorer(Protocol):
    """What a scorer's module offers."""

    SPEC: ScorerSpec

    def load(self, weights: Path) -> nn.Module:
        """The network in eval mode on the CPU.

        Called with the photos as `network_view` makes them from `SPEC.input`, uint8 (N, height, width, 3) and
        (N, count, side, side, 3), it gives float32 (N, quantities) and embeddings (N, `SPEC.embedding`) of length 1.
        That of a scorer which others read has a method `seen` that gives the features of the whole pictures, too:
        (N, F). The network of a scorer that reads another (`SPEC.reads`) is called with those features and with the
        pictures' statistics (N, S), and gives float32 (N, quantities).
        """
        ...


@cache
def _modules() -> dict[str, Scorer]:
    found: dict[str, Scorer] = {}
    for entry in pkgutil.iter_modules(scorers.__path__):
        module = cast(Scorer, importlib.import_module(f"{scorers.__name__}.{entry.name}"))
        found[module.SPEC.name] = module
    return found


def names() -> tuple[str, ...]:
    """The names of all scorers, sorted."""
    return tuple(sorted(_modules()))


def spec(name: str) -> ScorerSpec:
    """Raises KeyError for an unknown name."""
    return _modules()[name].SPEC


def readers_of(name: str) -> tuple[ScorerSpec, ...]:
    """The scorers that are heads on this one's features, by name."""
    return tuple(each for each in map(spec, names()) if each.reads == name)


def load_network(name: str) -> nn.Module:
    """The network of a scorer, its weights checked. Raises ModelMissing, ModelUnreadable or ModelDamaged."""
    module = _modules()[name]
    return module.load(weights_of(module.SPEC))


def weights_of(spec: ScorerSpec) -> Path:
    """The weights' file, its SHA-256 checked. Raises ModelMissing, ModelUnreadable or ModelDamaged."""
    package = Path(albumclean.__file__).parent
    # An installed wheel carries the weights inside the package; a checkout has them in models/ beside it.
    folders = (package / "_models", package.parent / "models")
    for folder in folders:
        path = folder / spec.weights
        if path.is_file():
            try:
                with path.open("rb") as file:
                    found = hashlib.file_digest(file, "sha256").hexdigest()
            except OSError as error:
                raise ModelUnreadable(path=path, detail=error.strerror or error) from error
            if found != spec.weights_sha256:
                raise ModelDamaged(path=path, found=found, expected=spec.weights_sha256)
            return path
    raise ModelMissing(name=spec.weights, where=" or ".join(str(folder) for folder in folders))
