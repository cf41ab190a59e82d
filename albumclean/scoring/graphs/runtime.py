"""OpenVINO, which runs graphs on processors: https://docs.openvino.ai. Apache-2.0.

It is there in a tenth of the time and of the memory that PyTorch takes to import, and does the same work in less CPU
time (`benchmarks.forward_pass`). Only on processors on which that was measured; elsewhere, and where it can't be
imported, PyTorch does the work.
"""

from __future__ import annotations

import logging
import platform
import sys
import threading
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import numpy.typing as npt

from albumclean.media.allocation import importing

if TYPE_CHECKING:
    from types import ModuleType

log = logging.getLogger(__name__)

Array = npt.NDArray[Any]

_PROCESSORS: Final = ("x86_64", "amd64")  # as `platform` names them on Linux and macOS, and on Windows
_TELEMETRY: Final = "openvino_telemetry"


@cache
def openvino() -> ModuleType | None:
    """The package, or None where PyTorch has to do."""
    if platform.machine().lower() not in _PROCESSORS:
        return None
    # Its tools for converting models would report their use to its makers. They are not used here; and this makes sure.
    told = _TELEMETRY in sys.modules
    if not told:
        sys.modules[_TELEMETRY] = None  # type: ignore[assignment] # "can't be imported", by Python's import system
    try:
        with importing():
            import openvino
    except (ImportError, OSError) as error:
        log.info("OpenVINO can't be used, so PyTorch is: %s", error)
        return None
    finally:
        if not told:
            del sys.modules[_TELEMETRY]
    return cast("ModuleType", openvino)


def opset() -> Any:  # noqa: ANN401 - OpenVINO has no types
    """The operators of graphs. For those who have asked `openvino` whether it is there."""
    return cast(Any, openvino()).opset13


@cache
def _core() -> Any:  # noqa: ANN401 - see `opset`
    return cast(Any, openvino()).Core()


@cache
def has_half() -> bool:
    """Whether the processor multiplies bfloat16 natively; emulated, it is slower than single precision."""
    return "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def model(results: list[Any], inputs: list[Any]) -> object:
    """Nodes to an `openvino.Model`, results and inputs in their order."""
    made: object = cast(Any, openvino()).Model([opset().result(each) for each in results], inputs)
    return made


class Graph:
    """A compiled graph: arrays in their order -> arrays in their order.

    Any number of threads may call it, and wait for each other. OpenVINO's own way to let several in (streams) costs a
    quarter of the time where the cores are busy; a second graph costs memory only.
    """

    def __init__(self, graph: object, threads: int, *, half: bool) -> None:
        """`graph`: what `model` gives. `threads`: how many cores it has, 0 for all.

        `half`: convolutions in bfloat16; what follows the last ones stays single.
        """
        config = {
            "NUM_STREAMS": 1,
            "INFERENCE_NUM_THREADS": threads,
            "INFERENCE_PRECISION_HINT": "bf16" if half else "f32",
            "ENABLE_CPU_PINNING": False,  # the decoders want the cores, too
        }
        self._compiled = _core().compile_model(graph, "CPU", config)
        self._own = threading.local()  # a thread's request

    def __call__(self, *inputs: Array) -> list[npt.NDArray[np.float32]]:
        """The results are valid until the same thread calls again."""
        if not hasattr(self._own, "request"):
            self._own.request = self._compiled.create_infer_request()
        request = self._own.request
        request.infer(dict(enumerate(map(np.ascontiguousarray, inputs))), share_inputs=True, share_outputs=True)
        return [request.get_output_tensor(number).data for number in range(len(self._compiled.outputs))]
