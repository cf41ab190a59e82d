"""What the user's own patterns leave out: `include`, `exclude` and the ignore files, from the top of a scan down."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from albumclean.config import CrawlSettings
from albumclean.crawl.ignore import IGNORE_FILE, IgnoreChain, PatternError, Patterns, read_ignore_file
from albumclean.domain import Asset, Failure, Stage
from albumclean.errors import UsageError


class Sieve:
    """The patterns of one scan. Paths are relative to the top of the scan, with "/" between their parts."""

    def __init__(self, settings: CrawlSettings, excluded_files: Collection[Path]) -> None:
        """Raises UsageError for a malformed pattern; `excluded_files` are single files that the user excluded."""
        self._include = _patterns("include", settings.include)
        self._exclude = _patterns("exclude", settings.exclude)
        self._excluded_files = excluded_files
        self._bad_ignore_files: set[Path] = set()  # already reported

    def extended(self, ignores: IgnoreChain, folder: Path, inside: str) -> IgnoreChain | Failure | None:
        """The chain with the folder's own ignore file; a Failure if that can't be used, None if already reported."""
        path = folder / IGNORE_FILE
        try:
            return ignores.extended(inside, read_ignore_file(path))
        except (PatternError, OSError) as error:
            if path in self._bad_ignore_files:
                return None
            self._bad_ignore_files.add(path)
            reason = f"can't be used, so its folder is left out: {error}"
            return Failure(path, Stage.CRAWL, reason, transient=isinstance(error, OSError))

    def ignores(self, path: str, ignores: IgnoreChain, *, is_folder: bool) -> bool:
        """Whether an exclude pattern or an ignore file leaves this out."""
        if self._exclude and self._exclude.verdict(path, is_folder):
            return True
        return bool(ignores.links) and ignores.ignores(path, is_folder)

    def includes_folder(self, path: str, around: bool) -> bool:
        """Whether an include pattern takes in all of a folder; `around`: whether it does so with the one around it."""
        verdict = self._include.verdict(path, is_folder=True) if self._include else None
        return around if verdict is None else verdict

    def includes(self, path: str, folder_included: bool) -> bool:
        """Whether the include patterns, if there are any, take in this photo."""
        if not self._include:
            return True
        verdict = self._include.verdict(path, is_folder=False)
        return folder_included if verdict is None else verdict

    def without_ignored(self, asset: Asset, inside: str, ignores: IgnoreChain) -> Asset:
        """What the user has excluded is never touched, not even as a companion."""
        if not asset.companions or not (self._exclude or ignores.links or self._excluded_files):
            return asset
        kept = tuple(
            companion
            for companion in asset.companions
            if companion.file.path not in self._excluded_files
            and not self.ignores(inside + companion.file.path.name, ignores, is_folder=False)
        )
        return replace(asset, companions=kept)


def _patterns(name: str, lines: Sequence[str]) -> Patterns:
    try:
        return Patterns.parse(lines)
    except PatternError as error:
        raise UsageError(detail=f"The pattern of `{name}` can't be used: {error}.") from error
