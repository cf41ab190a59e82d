"""What a library consists of, before anything in it is opened: where it comes from, and what would be left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from albumclean.config import CrawlSettings
from albumclean.crawl.layouts import Layout
from albumclean.crawl.skips import Skipped, SkipReason
from albumclean.crawl.walk import crawl
from albumclean.domain import Failure, Root, RootRole

_OF_FOLDERS = frozenset({SkipReason.OTHER_TOOL, SkipReason.TRASH})  # their details say what lies there
_EXAMPLES = 3


@dataclass(slots=True)
class Place:
    """A folder, with all in it that is in no place further inside."""

    path: Path
    layouts: tuple[Layout, ...] = ()  # none: just a folder that was named
    photos: int = 0
    bytes: int = 0  # of the photos with their companions
    protected: int = 0  # of the photos: compared, never proposed


@dataclass(slots=True)
class LeftOut:
    """What would be left out for one reason."""

    reason: SkipReason
    text: str
    count: int = 0  # of files, or of folders where the reason is one for folders
    examples: list[Path] = field(default_factory=list)  # the first few; folders where only a number of files is known


@dataclass(slots=True)
class Survey:
    """The answer, everything in the order of the walk."""

    places: list[Place] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


def survey(roots: Sequence[Root], settings: CrawlSettings) -> Survey:
    """Walk the roots as a scan would. Raises as `crawl` does."""
    places: dict[Path, Place] = {}
    left_out: dict[tuple[SkipReason, str], LeftOut] = {}
    found = Survey()

    def recognised(folder: Path, layout: Layout) -> None:
        place = places.setdefault(folder, Place(folder))
        place.layouts = (*place.layouts, layout)
        place_of.cache_clear()

    @cache
    def place_of(folder: Path) -> Place:
        for each in (folder, *folder.parents):
            if each in places:
                return places[each]
        return places.setdefault(folder, Place(folder))

    for root in roots:
        if root.role is not RootRole.EXCLUDED:
            resolved = root.path.resolve()
            path = resolved if resolved.is_dir() else resolved.parent
            places.setdefault(path, Place(path))
    for finding in crawl(roots, settings, recognised=recognised):
        if isinstance(finding, Failure):
            found.failures.append(finding)
        elif isinstance(finding, Skipped):
            detail = finding.detail if finding.reason in _OF_FOLDERS else ""
            entry = left_out.setdefault(
                (finding.reason, detail), LeftOut(finding.reason, detail or finding.reason.text)
            )
            entry.count += finding.count
            if len(entry.examples) < _EXAMPLES:
                entry.examples.append(finding.path)
        else:
            place = place_of(finding.primary.path.parent)
            place.photos += 1
            place.bytes += finding.size
            place.protected += finding.role is RootRole.PROTECTED
    found.places = [place for place in places.values() if place.layouts or place.photos]
    found.left_out = list(left_out.values())
    return found
