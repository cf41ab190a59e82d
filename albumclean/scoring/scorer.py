"""What a scorer is to the rest of the program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from albumclean.domain import ScorerSpec

if TYPE_CHECKING:
    from torch import nn


class Scorer(Protocol):
    """Shipped, brought by the user, or from another package: all are asked in the same way.

    A package offers one by an entry point in the group `albumclean.scorers`, whose name is the scorer's
    (docs/scorers.md).
    """

    @property
    def spec(self) -> ScorerSpec:
        """What its scores depend on. Must not import torch: it is asked for lists and in decoding processes."""
        ...

    def load(self) -> nn.Module:
        """The network in eval mode on the CPU. Raises AlbumcleanError and its kind.

        Called with the photos as `network_view` makes them from `spec.input`, uint8 (N, height, width, 3) and
        (N, count, side, side, 3), it gives float32 (N, quantities) and embeddings (N, `spec.embedding`) of length 1.
        That of a scorer which others read has a method `seen` that gives the features of the whole pictures, too:
        (N, F). The network of a scorer that reads another (`spec.reads`) is called with those features and with the
        pictures' statistics (N, S), and gives float32 (N, quantities).

        A network may have a method `for_inference()` that gives a quicker form of itself, with the same answers.
        """
        ...
