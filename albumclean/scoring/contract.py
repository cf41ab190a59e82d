"""What every scorer must hold to, and a check of it that authors of scorers can put into their own tests.

from albumclean.scoring.contract import check

def test_my_scorer_keeps_the_contract():
    check(my_scorer)
"""

from __future__ import annotations

import math
import pickle
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final, cast, get_args

import numpy as np
from PIL import Image

from albumclean.domain import (
    AnyInput,
    CropInput,
    InputSpec,
    NativeInput,
    PaddedInput,
    Says,
    ScorerSpec,
    ShortSideInput,
    SquareInput,
)
from albumclean.errors import ContractBroken
from albumclean.media.picture import Picture
from albumclean.media.statistics import statistics
from albumclean.media.view import NetworkView, network_view
from albumclean.scoring import registry
from albumclean.scoring.scorer import Scorer

if TYPE_CHECKING:
    from torch import Tensor, nn

    from albumclean.scoring.nets.judge import Judge

MOST_PIXELS: Final = 40_000_000  # of a view: it travels from the decoder to the network

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
_MOST_QUANTITIES: Final = 60  # the cache keeps a bit for each in a whole number of 64
_INPUTS: Final = get_args(AnyInput)
_ORDINARY: Final = ((640, 480), (480, 640), (1500, 500))  # pixels; every scorer has values for these
_ODD: Final = ((97, 61), (33, 200), (1, 1))  # it may have none for these, but must not raise
_TOLERANCE: Final = 1e-4  # of the range, between a batch and single pictures


def check(scorer: Scorer) -> None:
    """Show made pictures of several shapes to the scorer, on the CPU. Takes as long as some ten forward passes.

    Raises ContractBroken with a sentence that says what is wrong; what `scorer.load()` raises, comes through.
    """
    spec = scorer.spec
    if flaw := flaw_of(spec):
        raise ContractBroken(name=getattr(spec, "name", "?"), detail=flaw)
    import torch

    network = scorer.load()
    broken = partial(ContractBroken, name=spec.name)
    if not isinstance(network, torch.nn.Module):
        raise broken(detail="`load` does not give a torch.nn.Module.")
    if any(module.training for module in network.modules()):
        raise broken(detail="the network is not in eval mode; `load` has to call `eval()`.")
    base = cast("Judge", registry.load_network(spec.reads)) if spec.reads else None
    ask = partial(_asked, spec, _Reading(network, base) if base else network)
    for width, height in (*_ORDINARY, *_ODD):
        shape = f"a picture of {width} x {height} pixels"
        view = _view(made_picture(width, height), spec)
        first = ask([view], shape)
        if not np.array_equal(first, ask([view], shape), equal_nan=True):
            raise broken(detail=f"{shape} got two different values when it was asked twice.")
        if (width, height) not in _ORDINARY:
            continue
        if not np.isfinite(first).all():
            raise broken(detail=f"{shape} got a value that is not finite.")
        low, high = spec.value_range
        if not low <= first[0, 0] <= high:
            raise broken(detail=f"{shape} got {first[0, 0]:g}, which is not within the range of {low:g} to {high:g}.")
        other = _view(made_picture(width, height, seed=1), spec)
        both, alone = ask([view, other], f"two of {shape}"), np.concatenate([first, ask([other], shape)])
        if not np.allclose(both, alone, rtol=_TOLERANCE, atol=_TOLERANCE * (high - low)):
            raise broken(detail=f"{shape} got another value beside a second one than alone.")


def flaw_of(spec: ScorerSpec) -> str | None:
    """What is wrong with a spec, as a sentence; None for a sound one. It may be any object."""
    try:
        return next(_flaws(spec), None)
    except (TypeError, ValueError, AttributeError) as error:
        return f"a field of its spec has another type than albumclean.domain.ScorerSpec says ({error})."


def made_picture(width: int, height: int, seed: int = 0) -> Image.Image:
    """Waves, edges and noise in colour: a picture that looks like a photo to most networks. RGB, always the same."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    waves = [np.sin(x / (37 + 11 * c) + seed) * np.cos(y / (29 + 7 * c)) for c in range(3)]
    steps = ((x // 83 + y // 61 + seed) % 3 - 1)[..., None]
    noise = np.random.default_rng(seed).normal(0, 9, (height, width, 3))
    pixels = 120 + 60 * np.stack(waves, axis=-1) + 35 * steps + noise
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def made_view(spec: AnyInput) -> NetworkView:
    """An ordinary picture as a network with this input sees it."""
    return network_view(made_picture(*_ORDINARY[0]), spec)


def _flaws(spec: ScorerSpec) -> Iterator[str]:
    if type(spec) is not ScorerSpec:  # it goes to the decoding processes, which import nothing of others
        yield "its `spec` is no albumclean.domain.ScorerSpec."
        return
    try:
        if pickle.loads(pickle.dumps(spec)) != spec:  # noqa: S301 - what was just packed
            yield "its spec does not come back as it was from a pickle."
    except (pickle.PicklingError, TypeError, AttributeError):
        yield "its spec holds what can't be pickled."
        return
    texts = {"name": spec.name, "revision": spec.revision, "licence": spec.licence, "summary": spec.summary}
    yield from (
        f"its spec has no {key}." for key, text in texts.items() if not (isinstance(text, str) and text.strip())
    )
    if not _NAME.fullmatch(str(spec.name)):
        yield f"{spec.name!r} is no name for a scorer: use letters, digits, and . _ + - after the first."
    if type(spec.quantities) is not tuple or not spec.quantities or len(set(spec.quantities)) < len(spec.quantities):
        yield "its quantities must be a tuple of names, at least one and none twice."
    if len(spec.quantities) > _MOST_QUANTITIES:
        yield f"it has {len(spec.quantities)} quantities; at most {_MOST_QUANTITIES} can be kept."
    if not all(isinstance(name, str) and _NAME.fullmatch(name) for name in spec.quantities):
        yield "its quantities must be plain names."
    low, high = spec.value_range
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        yield "its value_range must be two numbers, the lower one first."
    if type(spec.says) is not Says:
        yield "what it `says` must be one of albumclean.domain.Says."
    if spec.min_short_side < 1:
        yield "its min_short_side must be 1 or more."
    yield from _flaws_of_input(spec.input)


def _flaws_of_input(wanted: AnyInput) -> Iterator[str]:
    sizes: tuple[int, ...]
    match wanted:
        case InputSpec():
            sizes = (wanted.area, wanted.multiple)
        case CropInput():
            sizes = (*wanted.cover, *wanted.crop)
            if wanted.crop[0] > wanted.cover[0] or wanted.crop[1] > wanted.cover[1]:
                yield "its input crops more than it covers."
        case PaddedInput():
            sizes = wanted.box
        case NativeInput():
            sizes = (wanted.short_side, wanted.most)
        case ShortSideInput() | SquareInput():
            sizes = (wanted.side,)
    if type(wanted) not in _INPUTS:
        yield f"its input must be one of {', '.join(each.__name__ for each in _INPUTS)}, of albumclean.domain."
        return
    if not all(isinstance(size, int) and size >= 1 for size in sizes):
        yield "the sizes of its input must be whole numbers of 1 or more."
    elif wanted.pixels > MOST_PIXELS:
        yield f"its input may have {MOST_PIXELS // 1_000_000} megapixels at most."


def _view(picture: Image.Image, spec: ScorerSpec) -> NetworkView:
    view = network_view(picture, spec.input)
    return replace(view, statistics=statistics(Picture(picture))) if spec.reads else view


class _Reading:
    """A head on another's features, with that one before it. It has no embedding of its own."""

    def __init__(self, head: nn.Module, base: Judge) -> None:
        self.head = head
        self.base = base

    def __call__(self, whole: Tensor, patches: Tensor, statistics: Tensor) -> tuple[Tensor, Tensor]:
        *_, features = self.base.seen(whole, patches)
        values = self.head(features, statistics)
        return values, values.new_empty((len(values), 0))


def _asked(spec: ScorerSpec, network: nn.Module | _Reading, views: list[NetworkView], shape: str) -> np.ndarray:
    """The values (N, quantities) of views of one shape. Raises ContractBroken."""
    import torch

    broken = partial(ContractBroken, name=spec.name)
    parts = ("whole", "patches", "statistics") if spec.reads else ("whole", "patches")
    inputs = [torch.from_numpy(np.stack([getattr(view, part) for view in views])) for part in parts]
    before = inputs[0].clone()
    try:
        with torch.inference_mode():
            found = network(*inputs)
    except Exception as error:
        raise broken(detail=f"the network raises on {shape}: {type(error).__name__}: {error}") from error
    if not (isinstance(found, tuple) and len(found) == 2 and all(isinstance(each, torch.Tensor) for each in found)):
        raise broken(detail="the network does not give a pair of tensors, values and embeddings.")
    for each, what, width in zip(found, ("values", "embeddings"), (len(spec.quantities), spec.embedding), strict=True):
        if tuple(each.shape) != (len(views), width) or each.dtype != torch.float32:
            given, right = f"{each.dtype} {tuple(each.shape)}", f"float32 {len(views), width}"
            raise broken(detail=f"for {shape} it gives {what} of {given}, where {right} is right.")
    if not torch.equal(before, inputs[0]):
        raise broken(detail="the network changes the pictures that it is given.")
    values: Tensor = found[0]
    return values.cpu().numpy()
