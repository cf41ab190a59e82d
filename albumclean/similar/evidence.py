"""What is asked of the library to find what is alike in it; whoever answers reads the cache."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from albumclean.domain import Comparison, Photo, PhotoFacts, Testimony
from albumclean.similar.components import Pair

if TYPE_CHECKING:
    from albumclean.similar.index import FingerprintIndex


class Sights(Protocol):
    """What is asked of the library."""

    def dated(self) -> Iterable[Photo]:
        """The photos with a capture time, by camera and by time."""
        ...

    def undated_lookalikes(self) -> Iterable[Pair]:
        """Pairs of contents without a capture time that look alike and are no copies."""
        ...

    def photos(self, contents: Sequence[bytes]) -> Iterable[Photo]:
        """What is known of these contents."""
        ...

    def comparisons(self, contents: Collection[bytes]) -> Iterable[Comparison]:
        """The close looks at pairs of these contents."""
        ...

    def fingerprints(self, contents: Sequence[bytes]) -> FingerprintIndex:
        """An index of these contents, as far as they have fingerprints."""
        ...


class Evidence(Sights, Protocol):
    """What grouping asks of the library; every answer but `dated` may come in any order."""

    def copies(self) -> Iterable[Pair]:
        """The pairs of contents that a close look found to be copies, each with one < other."""
        ...

    def testimonies(self, contents: Collection[bytes]) -> Iterable[Testimony]:
        """What these contents tell of pairs of them as witnesses."""
        ...

    def shared(self) -> Iterable[bytes]:
        """The contents that several assets hold (a superset does no harm)."""
        ...

    def facts(self, contents: Sequence[bytes]) -> Iterable[PhotoFacts]:
        """The facts of all assets with these contents; asked for a few hundred contents at a time."""
        ...
