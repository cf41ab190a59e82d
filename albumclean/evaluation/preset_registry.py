"""Finds the presets: every module of `evaluation/presets/` with its `PRESET`."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from albumclean.errors import UsageError
from albumclean.evaluation import presets
from albumclean.evaluation.preset import Preset
from albumclean.words import shown


@cache
def all_presets() -> tuple[Preset, ...]:
    """Ordered by name. Raises ImportError or AttributeError for a module that is no preset."""
    modules = (import_module(f"{presets.__name__}.{found.name}") for found in pkgutil.iter_modules(presets.__path__))
    return tuple(sorted((module.PRESET for module in modules), key=lambda preset: str(preset.name)))


def preset_named(name: str) -> Preset:
    """Raises UsageError, which names them all."""
    for preset in all_presets():
        if preset.name == name.casefold():
            return preset
    known = ", ".join(preset.name for preset in all_presets())
    raise UsageError(detail=f"There is no preset {shown(name)!r}; there are {known}.")
