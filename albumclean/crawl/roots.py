"""The folders that the user named, as territories: each with one role, none inside another walk.

A root that lies inside another is a territory of its own, at whose border the outer walk turns back; so the longest
matching root decides the role. Territories are told apart by (device, inode), hence a root given twice, through a
link, a bind mount or in another case is one. Protected territories come first: of two hard links, the protected name
is then the one that is kept in sight.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from stat import S_ISDIR

from albumclean.crawl.listing import file_key
from albumclean.crawl.mounts import FileKey
from albumclean.domain import Failure, Root, RootRole, Stage
from albumclean.errors import NothingToScan, RootNotFound

_STRICTNESS = {RootRole.NORMAL: 0, RootRole.PROTECTED: 1, RootRole.EXCLUDED: 2}


@dataclass(frozen=True, slots=True)
class Territory:
    """A folder (or file) that is walked in one role."""

    path: Path  # absolute, links resolved
    key: FileKey
    device: int
    role: RootRole
    is_folder: bool
    top: Path  # the outermost root around it, from which patterns and ignore files count
    named: bool = True  # by the user for this scan, and not only protected by the settings


@dataclass(frozen=True, slots=True)
class Territories:
    """What to walk, in order, and what to stay out of."""

    walks: tuple[Territory, ...]  # protected ones first, each role by path
    excluded: tuple[Territory, ...]
    failures: tuple[Failure, ...]  # roots that can't be reached

    def borders(self) -> dict[FileKey, Territory]:
        """Folders that a walk from outside does not enter."""
        return {territory.key: territory for territory in (*self.walks, *self.excluded) if territory.is_folder}


def resolve_roots(roots: Sequence[Root], protected: Sequence[str] = ()) -> Territories:
    """Find each root and settle its role; the order in which they are given does not matter.

    `protected` are the folders of the settings: what lies in them is protected even if it is named as a normal root;
    they are not walked unless they lie in a root. Of two roles for one path, the stricter holds.

    Raises NothingToScan if no root is to be walked, and RootNotFound if none of those can be reached.
    """
    wanted = [root for root in roots if root.role is not RootRole.EXCLUDED]
    if not wanted:
        raise NothingToScan
    found: dict[FileKey, Territory] = {}
    failures = []
    for root in roots:
        located = _locate(root.path, root.role)
        if isinstance(located, Failure):
            failures.append(located)
            continue
        known = found.get(located.key)
        if known is None or _precedence(located) > _precedence(known):
            found[located.key] = located
    if all(territory.role is RootRole.EXCLUDED for territory in found.values()) and failures:
        raise RootNotFound(path=failures[0].path)
    shields: dict[FileKey, Territory] = {}
    for text in protected:
        located = _locate(Path(text).expanduser(), RootRole.PROTECTED)
        if isinstance(located, Failure):
            failures.append(replace(located, reason=f"{located.reason}; so nothing in it is protected"))
        else:
            shields[located.key] = replace(located, named=False)
    settled = [_shielded(territory, shields) for territory in found.values()]
    settled += [shield for key, shield in shields.items() if key not in found and _inside_a_walk(shield, found)]
    placed = sorted((replace(each, top=_top(each, found)) for each in settled), key=lambda each: os.fsencode(each.path))
    return Territories(
        walks=tuple(each for role in (RootRole.PROTECTED, RootRole.NORMAL) for each in placed if each.role is role),
        excluded=tuple(each for each in placed if each.role is RootRole.EXCLUDED),
        failures=tuple(failures),
    )


def _locate(path: Path, role: RootRole) -> Territory | Failure:
    try:
        resolved = Path(os.path.realpath(path, strict=True))
        status = resolved.stat()
    except FileNotFoundError:
        return Failure(path, Stage.CRAWL, "it does not exist; is the drive plugged in?", transient=True)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        return Failure(path, Stage.CRAWL, f"it can't be reached: {error}", transient=True)
    return Territory(resolved, file_key(resolved, status), status.st_dev, role, S_ISDIR(status.st_mode), top=resolved)


def _precedence(territory: Territory) -> tuple[int, bytes]:
    return _STRICTNESS[territory.role], os.fsencode(territory.path)


def _ancestors(path: Path) -> Iterator[tuple[Path, FileKey]]:
    """The folders around a path, innermost first, with what tells them apart; unreachable ones are left out."""
    for folder in path.parents:
        try:
            status = folder.stat()
        except OSError:
            continue
        yield folder, file_key(folder, status)


def _shielded(territory: Territory, shields: dict[FileKey, Territory]) -> Territory:
    if territory.role is not RootRole.NORMAL:
        return territory
    keys: Iterable[FileKey] = (territory.key, *(key for _, key in _ancestors(territory.path)))
    return replace(territory, role=RootRole.PROTECTED) if any(key in shields for key in keys) else territory


def _inside_a_walk(shield: Territory, found: dict[FileKey, Territory]) -> bool:
    """Whether the nearest root around a folder of the settings is walked (and not excluded)."""
    for _, key in _ancestors(shield.path):
        if around := found.get(key):
            return around.role is not RootRole.EXCLUDED
    return False


def _top(territory: Territory, found: dict[FileKey, Territory]) -> Path:
    top = territory.path
    for folder, key in _ancestors(territory.path):
        if around := found.get(key):
            if around.role is RootRole.EXCLUDED:
                break
            top = folder
    return top
