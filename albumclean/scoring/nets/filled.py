"""Networks without the time that random weights would cost: with those of a file, or only their shapes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode


def filled(build: Callable[[], nn.Module], state: Mapping[str, Tensor]) -> nn.Module:
    """What `build` gives, on the CPU in evaluation mode, with the weights of `state`.

    Not built on `meta`, as buffers that are in no file have to be there. Raises RuntimeError if names or shapes differ.
    """
    with _NoInitialisation():
        network = build()
    network.load_state_dict(state, strict=True, assign=True)
    return network.requires_grad_(False).eval()


def shapes(build: Callable[[], nn.Module]) -> dict[str, tuple[int, ...]]:
    """The shape of each weight of what `build` gives, by its name; takes no memory for them."""
    with torch.device("meta"), _NoInitialisation():
        network = build()
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}


class _NoInitialisation(TorchFunctionMode):
    """Leaves parameters as the memory was: they are replaced anyway."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,  # noqa: ANN401 - so is the signature
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        if getattr(func, "__module__", "") == "torch.nn.init":
            return (kwargs or {}).get("tensor", args[0] if args else None)
        return func(*args, **(kwargs or {}))
