"""All published networks that are known here, and which of them a checkpoint belongs to."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from albumclean.scoring import families
from albumclean.scoring.variant import Unusable, Variant
from albumclean.words import counted, shown

if TYPE_CHECKING:
    from torch import Tensor

Shape = tuple[int, ...]

# Batch normalisation counts its training steps there; Keras does not, and nothing that is computed here depends on it.
_COUNTER: Final = "num_batches_tracked"
_NAMED: Final = 3  # examples in a sentence


@cache
def variants() -> tuple[Variant, ...]:
    """Of all families, in the order of their files; the first of equal networks is the one that is taken."""
    found: list[Variant] = []
    for entry in pkgutil.iter_modules(families.__path__):
        found += importlib.import_module(f"{families.__name__}.{entry.name}").VARIANTS
    return tuple(found)


def variant(name: str) -> Variant:
    """Raises KeyError for an unknown name."""
    return {each.name: each for each in variants()}[name]


@dataclass(frozen=True, slots=True)
class Difference:
    """How a checkpoint differs from a network: nothing differs where all three are empty."""

    variant: Variant
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    misshapen: tuple[str, ...]  # "name (found instead of expected)"
    alike: int = 0  # weights of the right name and shape

    @property
    def fits(self) -> bool:
        """Whether the checkpoint is one of this network."""
        return not (self.missing or self.unexpected or self.misshapen)

    @property
    def text(self) -> str:
        """What differs, for people."""
        parts = [
            f"{counted(len(names), 'weight')} {what} ({_examples(names)})"
            for names, what in (
                (self.missing, "missing"),
                (self.unexpected, "not known"),
                (self.misshapen, "of another shape"),
            )
            if names
        ]
        return ", ".join(parts)


class NotRecognised(ValueError):
    """A checkpoint of no network that is known here; its text, for people, says which is the nearest."""


@dataclass(frozen=True, slots=True, eq=False)
class Recognised:
    """The network that a checkpoint is of."""

    variant: Variant
    state: dict[str, Tensor]  # by the network's own names, each of them there
    others: tuple[str, ...]  # variants whose networks have the same form: which it is only the user can know


def recognised(state: Mapping[str, Tensor], wanted: str | None = None) -> Recognised:
    """The variant that these weights are.

    `wanted` is its name where the user has said it. Numbers that count training steps may lack. Raises NotRecognised.
    """
    import torch

    candidates = variants() if wanted is None else tuple(each for each in variants() if each.name == wanted)
    if not candidates:
        raise NotRecognised(
            f"there is no network {shown(wanted or '')!r}; known are {', '.join(each.name for each in variants())}"
        )
    nearest: Difference | None = None
    fitting: list[Variant] = []
    complete: dict[str, Tensor] = {}
    for candidate in candidates:
        expected = _expected(candidate.name)
        converted = _converted(candidate, state)
        found = _difference(candidate, expected, converted)
        if found.fits:
            fitting.append(candidate)
            no_steps = torch.zeros((), dtype=torch.long)
            complete = complete or {name: converted.get(name, no_steps) for name in expected}
        elif nearest is None or found.alike > nearest.alike:
            nearest = found
    if fitting:
        return Recognised(fitting[0], complete, tuple(each.name for each in fitting[1:]))
    raise NotRecognised(_refusal(nearest, len(state), wanted))


def _converted(candidate: Variant, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Nothing where the file is not even of the form that this family has."""
    try:
        return candidate.converted(state)
    except Unusable as error:
        raise NotRecognised(str(error)) from error
    except (KeyError, ValueError, RuntimeError):
        return state


@cache
def _expected(name: str) -> dict[str, Shape]:
    from albumclean.scoring.nets.filled import shapes

    return shapes(variant(name).network)


def _difference(candidate: Variant, expected: Mapping[str, Shape], state: Mapping[str, Tensor]) -> Difference:
    shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}
    common = expected.keys() & shapes.keys()
    return Difference(
        candidate,
        missing=tuple(name for name in expected if name not in shapes and not name.endswith(_COUNTER)),
        unexpected=tuple(name for name in shapes if name not in expected and not name.endswith(_COUNTER)),
        misshapen=tuple(
            f"{name}: {_sizes(shapes[name])} instead of {_sizes(shape)}"
            for name, shape in expected.items()
            if name in common and shapes[name] != shape
        ),
        alike=sum(shapes[name] == expected[name] for name in common if not name.endswith(_COUNTER)),
    )


def _refusal(nearest: Difference | None, count: int, wanted: str | None) -> str:
    if nearest is None or (not nearest.alike and wanted is None):
        known = ", ".join(each.name for each in variants())
        return f"it holds {counted(count, 'weight')}, of no network that is known here ({known})"
    if wanted is None:
        return f"it is no network that is known here. The nearest is {nearest.variant.name}: {nearest.text}"
    return f"it is not {nearest.variant.name}: {nearest.text}"


def _examples(names: tuple[str, ...]) -> str:
    listed = ", ".join(_short(name) for name in names[:_NAMED])
    return listed if len(names) <= _NAMED else f"{listed}, ..."


def _short(name: str) -> str:
    """Names come from the file and may be anything."""
    text = shown(name)
    return text if len(text) <= 100 else text[:99] + "…"


def _sizes(shape: Shape) -> str:
    return " x ".join(map(str, shape)) or "one number"
