"""Files that the user named one by one: each folder around them is listed and sorted out once for all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from albumclean.crawl.companions import Grouping
from albumclean.crawl.listing import Listing, list_folder
from albumclean.crawl.mounts import Folder
from albumclean.crawl.settle import Settling
from albumclean.crawl.skips import Skipped
from albumclean.domain import Asset, Failure, RootRole


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A folder with named files in it."""

    listing: Listing
    assets: dict[Path, Asset]  # by each of their files
    notes: dict[Path, list[Skipped | Failure]]  # what the listing says of single files

    @classmethod
    def of(cls, listing: Listing, grouping: Grouping, role: RootRole) -> Surroundings:
        """Whatever its name, a file that belongs to no photo counts as one of its own."""
        assets = {file.path: Asset(file, (), role) for file in grouping.leftovers}
        assets |= {file.path: asset for asset in grouping.assets for file in asset.files}
        notes: dict[Path, list[Skipped | Failure]] = defaultdict(list)
        for note in listing.notes:
            notes[note.path].append(note)
        return cls(listing, assets, dict(notes))


class NamedFiles:
    """Remembers the surroundings of named files, of each folder until the last file in it has had its turn."""

    def __init__(self, paths: Iterable[Path], group: Callable[[Listing, RootRole], Grouping]) -> None:
        """`paths`: of the files, in any order. `group`: how a folder's files are sorted into photos."""
        self._group = group
        self._waiting: dict[Path, set[str]] = defaultdict(set)  # by folder
        for path in paths:
            self._waiting[path.parent].add(path.name)
        self._known: dict[Path, dict[RootRole, Surroundings]] = {}

    def around(self, path: Path, role: RootRole, settling: Settling, *, hidden: bool) -> Surroundings:
        """The turn of one of them. Raises OSError if its folder can't be listed."""
        folder, names = path.parent, self._waiting[path.parent]
        known = self._known.setdefault(folder, {})
        if role not in known:
            listing = list_folder(Folder(folder, (-1, -1), -1), settling, hidden=hidden, named=names | {path.name})
            known[role] = Surroundings.of(listing, self._group(listing, role), role)
        found = known[role]
        names.discard(path.name)
        if not names:
            del self._known[folder]
        return found
