"""Loads the files of `tests/originals/modelscope` as if the package were installed.

What they import from the rest of it (registries, loggers, base classes) has no part in what they compute, and is stood
in for.
"""

from __future__ import annotations

import importlib
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from typing import Any

from torch import nn

ROOT = Path(__file__).parent / "originals"


class _Anything:
    """A registry, a logger, a table of names: takes every call, and as a decorator leaves what it is put on."""

    def __call__(self, *given: Any, **named: Any) -> Any:
        return given[0] if len(given) == 1 and not named and callable(given[0]) else self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self


class _Plain:
    def __init__(self, *given: Any, **named: Any) -> None: ...


class _File:
    @staticmethod
    def read(path: str) -> bytes:
        return Path(path).read_bytes()


class _Module(types.ModuleType):
    """A module that is not among the files, or a package whose `__init__` is not needed."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in _ELSEWHERE:
            return getattr(importlib.import_module(_ELSEWHERE[name]), name)
        if name in _KNOWN:
            return _KNOWN[name]
        if _file_of(f"{self.__name__}.{name}"):
            return importlib.import_module(f"{self.__name__}.{name}")
        return _Anything()


_KNOWN = {
    "TorchModel": nn.Module,
    "Preprocessor": _Plain,
    "Pipeline": _Plain,
    "Metric": _Plain,
    "MetricKeys": types.SimpleNamespace(PLCC="plcc", SRCC="srcc", RMSE="rmse"),
    "File": _File,
}
_ELSEWHERE = dict.fromkeys(("LoadImage", "load_image"), "modelscope.preprocessors.image")


class _Stand(Loader):
    def create_module(self, spec: ModuleSpec) -> types.ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: types.ModuleType) -> None: ...


class _Finder(MetaPathFinder):
    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name.partition(".")[0] != "modelscope":
            return None
        file = _file_of(name)
        if file is None:
            return ModuleSpec(name, _Stand(), is_package=True)
        inside = [str(file.parent)] if file.name == "__init__.py" else None
        return spec_from_file_location(name, file, submodule_search_locations=inside)


def _file_of(name: str) -> Path | None:
    place = ROOT.joinpath(*name.split("."))
    return next((file for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file()), None)


@contextmanager
def originals() -> Iterator[Callable[[str], Any]]:
    """Within it, the given function imports a module of modelscope by its name. Nothing of it stays importable."""
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # old spellings of torchvision's options
            yield importlib.import_module
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if name.partition(".")[0] == "modelscope"]:
            del sys.modules[name]
