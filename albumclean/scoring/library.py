"""The user's models: a folder for each, with its weights and what they are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from albumclean.scoring.scorer import Scorer


class ModelLibrary:
    """What `albumclean models add` has brought."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> Sequence[str]:
        """Of all models, sorted; loads nothing."""
        return ()

    def find(self, name: str) -> Scorer | None:
        """The model with this name."""
        return None
