"""A published network that a user may bring the weights of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from albumclean.domain import NATIVE, AnyInput, Says, ScorerSpec

if TYPE_CHECKING:
    from torch import Tensor, nn

State: TypeAlias = "Mapping[str, Tensor]"


class Unusable(ValueError):
    """Raised by `Variant.converted`: the weights are known, and why they can't be used; for people."""


def _as_they_are(state: State) -> State:
    return state


@dataclass(frozen=True, slots=True)
class Variant:
    """One architecture with the way in which its authors feed and read it.

    `network()` builds it on torch's current default device (`meta` where only names and shapes are wanted); called as
    every scorer's network is (see `registry.Scorer`). `converted(state)` turns the names and shapes of the published
    files into those of `network()`; for a file of another architecture it raises KeyError, ValueError or RuntimeError,
    or gives back whatever then does not fit.
    """

    name: str  # which the scorer gets unless the user says another
    title: str  # for people: what it is and whose
    revision: str  # raised by hand whenever the same weights could give another value
    network: Callable[[], nn.Module]
    input: AnyInput
    quantities: tuple[str, ...]
    value_range: tuple[float, float]
    says: Says
    licence: str  # of the published weights
    source: str  # where its files are found
    rises: bool = True
    converted: Callable[[State], State] = _as_they_are
    published: Mapping[str, float] | None = None  # what its authors measured, by "data set metric"

    def spec(self, name: str, weights: str, sha256: str) -> ScorerSpec:
        """The scorer that it is with these weights, a safetensors file of that SHA-256."""
        return ScorerSpec(
            name=name,
            revision=f"{self.name}-{self.revision}-{sha256[:8]}",
            quantities=self.quantities,
            value_range=self.value_range,
            licence=self.licence,
            summary=self.title,
            input=self.input,
            weights=weights,
            weights_sha256=sha256,
            min_short_side=NATIVE,
            says=self.says,
            rises=self.rises,
        )
