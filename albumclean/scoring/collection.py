"""Every scorer that can be asked: those that are shipped, the user's models, and those of installed packages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from albumclean.errors import ScorerUnknown
from albumclean.scoring import registry
from albumclean.scoring.library import ModelLibrary
from albumclean.scoring.packages import Packages
from albumclean.scoring.scorer import Scorer
from albumclean.words import shown


class Source(Protocol):
    """Where scorers come from."""

    def names(self) -> Sequence[str]:
        """Those of all that it has, sorted; loads nothing."""
        ...

    def find(self, name: str) -> Scorer | None:
        """The one with this name. Raises AlbumcleanError where it is there but can't be used."""
        ...


class _Shipped:
    def names(self) -> Sequence[str]:
        return registry.names()

    def find(self, name: str) -> Scorer | None:
        return registry.shipped(name) if name in registry.names() else None


class Scorers:
    """By name, from several sources; the first that knows a name has it."""

    def __init__(self, *sources: Source) -> None:
        self._sources = (_Shipped(), *sources)

    @classmethod
    def of(cls, models: Path) -> Scorers:
        """All: the user's models lie in the folder `models`."""
        return cls(ModelLibrary(models), Packages())

    def names(self) -> tuple[str, ...]:
        """Sorted, without doubles."""
        return tuple(sorted({name for source in self._sources for name in source.names()}))

    def find(self, name: str) -> Scorer:
        """Raises ScorerUnknown, and the errors of damaged models and broken packages."""
        for source in self._sources:
            if found := source.find(name):
                return found
        raise ScorerUnknown(name=shown(name), known=", ".join(map(shown, self.names())))
