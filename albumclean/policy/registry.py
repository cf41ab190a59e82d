"""Finds the rules: every module of `policy/rules/` that exposes `RULE`."""

from __future__ import annotations

import pkgutil
from collections.abc import Collection
from functools import cache
from importlib import import_module

from albumclean.errors import UsageError
from albumclean.policy import rules as rules_package
from albumclean.policy.rule import Rule


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, ordered by name. Raises ImportError or AttributeError for a module that is not a rule."""
    modules = (
        import_module(f"{rules_package.__name__}.{found.name}")
        for found in pkgutil.iter_modules(rules_package.__path__)
    )
    return tuple(sorted((module.RULE for module in modules), key=lambda rule: str(rule.name)))


def chosen_rules(only: Collection[str] | None) -> tuple[Rule, ...]:
    """The rules named in `only`, or all. Raises UsageError for a name that no rule has."""
    rules = all_rules()
    if only is None:
        return rules
    names = [rule.name for rule in rules]
    if unknown := sorted(set(only) - set(names)):
        raise UsageError(detail=f"There is no rule {unknown[0]!r}; there are {', '.join(names)}.")
    return tuple(rule for rule in rules if rule.name in only)
