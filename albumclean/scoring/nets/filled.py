"""A network with weights from a file, without the time that random ones would cost first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode


def filled(build: Callable[[], nn.Module], state: Mapping[str, Tensor]) -> nn.Module:
    """What `build` gives, on the CPU in evaluation mode, with the weights of `state`.

    Not built on `meta`, as buffers that are in no file have to be there. Raises RuntimeError if names or shapes differ.
    """
    with _NoInitialisation():
        network = build()
    network.load_state_dict(state, assign=True)
    return network.requires_grad_(False).eval()


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
