"""What is known of the library, put together: facts from the cache, the user's word from the ledger, and proposals.

Reads only. Files that a proposal speaks of are looked at once more (`lstat`), so that what has changed since the scan
is not proposed; nothing else touches the photos.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from albumclean.config import Settings
from albumclean.domain import (
    Action,
    Degradation,
    Failure,
    FileIdentity,
    PhotoFacts,
    Proposal,
    SimilarGroup,
)
from albumclean.policy.engine import propose
from albumclean.scoring import registry
from albumclean.similar.fingerprint import REVISION
from albumclean.similar.groups import find_groups
from albumclean.similar.index import FingerprintIndex
from albumclean.store.cache import Cache
from albumclean.store.ledger import Ledger
from albumclean.store.rows import Known


@dataclass(slots=True)
class Stale:
    """What was left out of the proposals because it is no longer as the scan saw it."""

    paths: set[Path] = field(default_factory=set)


class Catalogue:
    """The library as the last scans and the user left it."""

    def __init__(self, cache: Cache, ledger: Ledger, settings: Settings) -> None:
        self.cache = cache
        self.ledger = ledger
        self.settings = settings
        self._specs = tuple(registry.spec(name) for name in registry.DEFAULT)

    def proposals(
        self, under: Sequence[Path] = (), only: Collection[str] | None = None, stale: Stale | None = None
    ) -> Iterator[Proposal]:
        """What the rules propose for photos under the folders (all, if none are named), groups first.

        Groups reach over the whole library: a copy under the folders may have its keeper elsewhere. `stale` collects
        the files that were left out since they have changed or gone.
        """
        stale = stale if stale is not None else Stale()
        photos = (facts for facts in self.photos(under) if _has_bearing(facts))
        for proposal in propose(photos, self._groups(stale), self.settings, self.ledger.kept, only):
            members = proposal.group.members if proposal.group else (proposal.facts,)
            if not any(_is_under(facts.path, under) for facts in members):
                continue
            # Members of groups have been looked at before the keeper was chosen.
            if proposal.group is None and not _unchanged(proposal.facts):
                stale.paths.add(proposal.facts.path)
                continue
            if _is_under(proposal.facts.path, under) or proposal.action is Action.KEEP:
                yield proposal

    def photos(self, under: Sequence[Path] = ()) -> Iterator[PhotoFacts]:
        """The facts of every known photo, by path."""
        return map(self._facts, self.cache.known(under))

    def failures(self, under: Sequence[Path] = ()) -> Iterator[Failure]:
        """What could not be read or scored, by path."""
        return self.cache.failures(under)

    @cached_property
    def _fingerprints(self) -> FingerprintIndex:
        return FingerprintIndex.build(self.cache.fingerprints(REVISION))

    def _groups(self, stale: Stale) -> Iterator[SimilarGroup]:
        def load(hashes: Sequence[bytes]) -> Iterator[PhotoFacts]:
            for known in self.cache.known_with(hashes):
                facts = self._facts(known)
                if _unchanged(facts):
                    yield facts
                else:
                    stale.paths.add(facts.path)

        exact = self.cache.shared_contents()
        return find_groups(self._fingerprints, exact, self.ledger.dismissed(), self.settings.similar, load)

    def _facts(self, known: Known) -> PhotoFacts:
        scores = self.cache.scores(known.content_hash, self._specs) if known.content_hash else {}
        judged = scores.get(registry.JUDGE, {})
        rating = known.marks.rating
        if rating is None and known.photo is not None:
            rating = known.photo.rating
        return PhotoFacts(
            asset=known.asset,
            photo=known.photo,
            mos=judged.get("mos"),
            degradations={kind: judged[kind] for kind in Degradation if kind in judged},
            marks=replace(known.marks, rating=rating),
            failure=known.failure,
        )


def _has_bearing(facts: PhotoFacts) -> bool:
    return facts.photo is not None and facts.failure is None


def _is_under(path: Path, folders: Sequence[Path]) -> bool:
    return not folders or any(path.is_relative_to(folder) for folder in folders)


def _unchanged(facts: PhotoFacts) -> bool:
    """Whether the photo and its companions are, by `lstat`, as the scan saw them."""
    return all(_as_it_was(file) for file in facts.asset.files)


def _as_it_was(file: FileIdentity) -> bool:
    try:
        found = file.path.lstat()
    except OSError:
        return False
    return file.same_file_state(FileIdentity.of(file.path, found))
