"""From folders to photos: what is looked at, what belongs together, and what is left out and why."""

from albumclean.crawl.albums import FolderNotes, NotesOfFolders
from albumclean.crawl.companions import Grouping, group_assets
from albumclean.crawl.marks import read_marks
from albumclean.crawl.roots import Territories, Territory, resolve_roots
from albumclean.crawl.skips import Skipped, SkipReason
from albumclean.crawl.unchanged import FolderMemory
from albumclean.crawl.walk import crawl

__all__ = [
    "FolderMemory",
    "FolderNotes",
    "Grouping",
    "NotesOfFolders",
    "SkipReason",
    "Skipped",
    "Territories",
    "Territory",
    "crawl",
    "group_assets",
    "read_marks",
    "resolve_roots",
]
