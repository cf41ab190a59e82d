"""Finds the auto rules: every module of `unattended/auto_rules/` that exposes `RULE`."""

from __future__ import annotations

import pkgutil
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pathlib import Path

from albumclean.errors import ConfigError
from albumclean.unattended import auto_rules
from albumclean.unattended.auto_rule import AutoRule


@cache
def all_rules() -> tuple[AutoRule, ...]:
    """Every auto rule, by name. Raises ImportError or AttributeError for a module that is none."""
    names = (found.name for found in pkgutil.iter_modules(auto_rules.__path__))
    modules = (import_module(f"{auto_rules.__name__}.{name}") for name in names)
    return tuple(sorted((module.RULE for module in modules), key=lambda rule: str(rule.name)))


def rules_named(names: Sequence[str], config: Path) -> tuple[AutoRule, ...]:
    """The rules that the user has turned on. Raises ConfigError for a name that no rule has."""
    rules = all_rules()
    known = [rule.name for rule in rules]
    if unknown := sorted(set(names) - set(known)):
        raise ConfigError(path=config, detail=f"there is no auto rule {unknown[0]!r}; there are {', '.join(known)}")
    return tuple(rule for rule in rules if rule.name in names)
