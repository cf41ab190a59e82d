"""Scorers of other packages, by entry points in the group `albumclean.scorers`."""

from __future__ import annotations

from collections.abc import Sequence

from albumclean.scoring.scorer import Scorer


class Packages:
    """Installed packages that offer scorers."""

    def names(self) -> Sequence[str]:
        """Of all scorers that packages announce, sorted; loads nothing."""
        return ()

    def find(self, name: str) -> Scorer | None:
        """The scorer with this name."""
        return None
