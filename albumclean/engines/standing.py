"""What a scan would make of one photo that is named by itself: its companions, its marks, and whether it is left out.

Reads the photo's folder and sidecars, neither the cache nor the ledger.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from albumclean.config import Settings
from albumclean.crawl import Skipped, crawl, read_marks
from albumclean.domain import Asset, Degradation, Failure, FileIdentity, Photo, PhotoFacts, Root, UserMarks


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
    for finding in crawl([Root(target)], settings.crawl):
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
    marks, failures = read_marks(found)
    if found.primary.path != target:
        left_out = f"it belongs to {found.primary.path.name}, which is judged in its place"
        found = Asset(next(file for file in found.files if file.path == target), (), found.role)
    return Standing(found, replace(marks, unknown=bool(failures)), left_out, (*troubles, *failures))


def facts_of(photo: Photo, values: Mapping[str, float], seen: Standing) -> PhotoFacts:
    """What the rules may know of a photo that was judged just now; values that are not finite are no values."""
    judged = {name: value for name, value in values.items() if math.isfinite(value)}
    rating = seen.marks.rating if seen.marks.rating is not None else photo.rating
    return PhotoFacts(
        asset=seen.asset,
        photo=photo,
        mos=judged.get("mos"),
        degradations={kind: judged[kind] for kind in Degradation if kind in judged},
        marks=replace(seen.marks, rating=rating),
    )
