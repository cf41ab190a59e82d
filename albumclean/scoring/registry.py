"""The scorers that are shipped: one module each in `scoring/scorers/`, with a `SPEC: ScorerSpec` and `load()`."""

from __future__ import annotations

import hashlib
import importlib
import logging
import pkgutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import albumclean
from albumclean.domain import ScorerSpec
from albumclean.errors import MemoryRanOut, ModelDamaged, ModelMissing, ModelUnreadable
from albumclean.scoring import scorers

if TYPE_CHECKING:
    from torch import nn

    from albumclean.scoring.graphs.judge import JudgeGraph, KindGraph

log = logging.getLogger(__name__)

JUDGE = "judge"  # the scorer whose values the rules use, unless the user chose others
KIND = "kind"  # the one that tells photos from screenshots and documents
DEFAULT = (JUDGE, KIND)  # what every photo is asked: look-alikes, faults and kinds come from them


class _Module(Protocol):
    """What a scorer's module offers."""

    SPEC: ScorerSpec

    def load(self, weights: Path) -> nn.Module: ...

    def compiled(self, weights: Path, threads: int) -> JudgeGraph | KindGraph: ...


@dataclass(frozen=True, slots=True)
class Shipped:
    """A `Scorer` whose weights come with the program."""

    module: _Module

    @property
    def spec(self) -> ScorerSpec:
        """What its scores depend on."""
        return self.module.SPEC

    def load(self) -> nn.Module:
        """The network, its weights checked. Raises ModelMissing, ModelUnreadable or ModelDamaged."""
        return self.module.load(weights_of(self.spec))

    def compiled(self, threads: int) -> JudgeGraph | KindGraph | None:
        """The same network without PyTorch, for processors; None where there is none.

        `threads`: how many cores it has, 0 for all.         Raises as `load` does, and MemoryRanOut.
        """
        from albumclean.scoring.graphs.runtime import openvino

        if openvino() is None:
            return None
        weights = weights_of(self.spec)
        try:
            return self.module.compiled(weights, threads)
        except RuntimeError as error:  # what OpenVINO raises, for a processor that is too old, say
            from albumclean.scoring.device import no_memory  # here: most commands ask for specs only

            said = " ".join(str(error).split())
            if no_memory(error):  # PyTorch takes more
                raise MemoryRanOut(name=self.spec.name, detail=said) from error
            log.warning("OpenVINO can't run %s, so PyTorch does: %s", self.spec.name, said)
            return None


@cache
def _modules() -> dict[str, Shipped]:
    found: dict[str, Shipped] = {}
    for entry in pkgutil.iter_modules(scorers.__path__):
        module = cast(_Module, importlib.import_module(f"{scorers.__name__}.{entry.name}"))
        found[module.SPEC.name] = Shipped(module)
    return found


def names() -> tuple[str, ...]:
    """The names of all shipped scorers, sorted."""
    return tuple(sorted(_modules()))


def shipped(name: str) -> Shipped:
    """Raises KeyError for an unknown name."""
    return _modules()[name]


def spec(name: str) -> ScorerSpec:
    """Raises KeyError for an unknown name."""
    return shipped(name).spec


def readers_of(name: str) -> tuple[ScorerSpec, ...]:
    """The scorers that are heads on this one's features, by name."""
    return tuple(each for each in map(spec, names()) if each.reads == name)


def load_network(name: str) -> nn.Module:
    """The network of a shipped scorer. Raises ModelMissing, ModelUnreadable or ModelDamaged."""
    return shipped(name).load()


def weights_of(spec: ScorerSpec) -> Path:
    """The shipped weights' file, its SHA-256 checked. Raises ModelMissing, ModelUnreadable or ModelDamaged."""
    package = Path(albumclean.__file__).parent
    # An installed wheel carries the weights inside the package; a checkout has them in models/ beside it.
    folders = (package / "_models", package.parent / "models")
    for folder in folders:
        path = folder / spec.weights
        if path.is_file():
            check_weights(path, spec.weights_sha256)
            return path
    raise ModelMissing(name=spec.weights, where=" or ".join(str(folder) for folder in folders))


def check_weights(path: Path, sha256: str) -> None:
    """Raises ModelUnreadable, or ModelDamaged where the file is not the one that was meant."""
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelUnreadable(path=path, detail=error.strerror or error) from error
    if found != sha256:
        raise ModelDamaged(path=path, found=found, expected=sha256)
