"""What a scan would make of one photo that is named by itself: its companions, its marks, and whether it is left out.

Reads the photo's folder and sidecars, neither the cache nor the ledger.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from albumclean.catalogue import facts
from albumclean.config import Settings
from albumclean.crawl import NotesOfFolders, Skipped, crawl, read_marks
from albumclean.domain import (
    Asset,
    CompanionKind,
    Failure,
    FileIdentity,
    Photo,
    PhotoFacts,
    Root,
    UserMarks,
)
from albumclean.engines.identifiers import read_identifier
from albumclean.scoring.opinion import Opinion, default
from albumclean.store.rows import Known


@dataclass(frozen=True, slots=True)
class Standing:
    """How a photo stands before the rules look at it."""

    asset: Asset
    marks: UserMarks  # of the sidecars
    left_out: str | None = None  # why a scan would not come to it
    troubles: tuple[Failure, ...] = ()  # sidecars and protected folders that can't be read


def standing(path: Path, settings: Settings) -> Standing:
    """Look at a photo's surroundings as a scan that names it does. A symlink stands for its target.

    Raises OSError if the photo can't be reached, and UsageError for a malformed pattern of the settings.
    """
    target = path.resolve()
    own = Asset(FileIdentity.of(target, target.stat()))
    left_out: str | None = None
    found: Asset | None = None
    troubles: list[Failure] = []
    for finding in crawl([Root(target)], settings.crawl, read_identifier):
        if isinstance(finding, Asset):
            if any(file.path == target for file in finding.files):
                found = finding
        elif isinstance(finding, Skipped):
            if finding.path == target:
                left_out = finding.reason.text
        elif finding.path == target:
            left_out = finding.reason
        else:
            troubles.append(finding)
    if found is None:
        return Standing(own, UserMarks(), left_out or "its companions can't be told", tuple(troubles))
    notes, unreadable = NotesOfFolders().of(target.parent)
    marks, failures = read_marks(found, notes)
    if found.primary.path != target:
        left_out = _belongs(found, target)
        found = Asset(next(file for file in found.files if file.path == target), (), found.role)
    return Standing(found, marks, left_out, (*troubles, *unreadable, *failures))


def _belongs(asset: Asset, path: Path) -> str:
    owner = asset.primary.path.name
    if any(companion.file.path == path and companion.kind is CompanionKind.EDIT for companion in asset.companions):
        return f"it is the edit of {owner} and goes wherever that goes; {owner} is judged in its place"
    return f"it belongs to {owner}, which is judged in its place"


def facts_of(
    photo: Photo, values: Mapping[tuple[str, str], float], seen: Standing, opinion: Opinion | None = None
) -> PhotoFacts:
    """What the rules may know of a photo that was judged just now, as the catalogue has it for one that was scanned.

    `values` are raw, by scorer and quantity; those that are not finite are no values. `opinion` says whose count; None:
    the judge's.
    """
    finite = {key: value for key, value in values.items() if math.isfinite(value)}
    known = Known(seen.asset, seen.marks, photo.content_hash, photo, None, finite)
    return facts.facts_of(known, opinion or default(), date.today())
