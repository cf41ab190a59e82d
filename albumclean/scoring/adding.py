"""Bringing a model into the library, and taking it away: whole or not at all, whenever the program is ended."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from errno import ENOSPC
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from albumclean.errors import DiskFull, ModelBroken, OutputUnusable, StoreBusy, UsageError
from albumclean.scoring.inspection import Found, inspect
from albumclean.scoring.library import OWN_FILES, RECORD, WEIGHTS, Added, ModelLibrary, Record, is_name
from albumclean.scoring.variants import variant
from albumclean.words import shown

_FRESH: Final = ".adding"  # one folder: only who holds the lock makes it, and finds what a killed one left
_PATIENCE: Final = 600.0  # seconds until another one has ended


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an `add`."""

    model: Added
    found: Found
    was_there: bool  # from the same file already; nothing was changed


def add(
    library: ModelLibrary,
    path: Path,
    *,
    name: str | None = None,
    as_variant: str | None = None,
    taken: Collection[str] = (),
) -> Outcome:
    """Store the checkpoint `path`, a file or the folder of `modelscope download`, as a model called `name`.

    Without a name it gets its variant's, which is recognised unless `as_variant` says it. `taken`: names that mean
    other scorers. Raises CheckpointUnusable, UsageError for a name that can't be had, DiskFull and OutputUnusable.
    """
    if name is not None:
        _check_name(name, taken)
    with _alone(library.folder):
        fresh = library.folder / _FRESH
        _clear(fresh)
        fresh.mkdir()
        try:
            found = inspect(path, variant=as_variant, target=fresh / WEIGHTS)
            name = name or found.variant
            _check_name(name, taken)
            if (there := library.find(name)) is not None:
                _check_same(there, found)
                return Outcome(there, found, was_there=True)
            _write_durably(fresh / RECORD, _record_of(found).text)
            others = _clear(library.folder / name)  # what a removal left that was ended
            if others:
                raise UsageError(
                    detail=f"The folder {shown(library.folder / name)} holds files that are not albumclean's, such as "
                    f"{shown(others[0])}. Move them away, or choose another name with `--name NAME`."
                )
            _take_place(fresh, library.folder / name)
        finally:
            _clear(fresh)
        added = library.find(name)
    if added is None:  # nobody else may write there
        raise ModelBroken(name=name, detail="it vanished while it was added")
    return Outcome(added, found, was_there=False)


def would_be(
    library: ModelLibrary,
    path: Path,
    *,
    name: str | None = None,
    as_variant: str | None = None,
    taken: Collection[str] = (),
) -> tuple[str, Found, bool]:
    """The name that `add` would give, what it would store, and whether that is there already. Changes nothing.

    Raises what `add` raises.
    """
    found = inspect(path, variant=as_variant)
    name = name or found.variant
    _check_name(name, taken)
    there = library.find(name)
    if there is not None:
        _check_same(there, found)
    return name, found, there is not None


def remove(library: ModelLibrary, name: str) -> tuple[str, ...]:
    """Delete what `add` stored as `name`, damaged or not; the names of other files there, which stay with their folder.

    Raises UsageError if there is no such model, OutputUnusable if it can't be deleted.
    """
    if name not in library.names():
        known = ", ".join(library.names()) or "none"
        raise UsageError(detail=f"There is no added model {shown(name)!r}; there is {known}.")
    with _alone(library.folder):
        return _clear(library.folder / name)


def _check_name(name: str, taken: Collection[str]) -> None:
    if not is_name(name):
        raise UsageError(
            detail=f"A model can't be called {shown(name)!r}: use small letters, digits, '.', '-' and '_', at most 64."
        )
    if name in taken:
        raise UsageError(detail=f"{name!r} is the name of another scorer. Choose one with `--name NAME`.")


def _check_same(there: Added, found: Found) -> None:
    if (there.record.source_sha256, there.record.variant) != (found.sha256, found.variant):
        raise UsageError(
            detail=f"There is another model {there.name!r} already, from {shown(there.record.source_name)}. Give this "
            f"one a name with `--name NAME`, or take that away first with `albumclean models remove {there.name}`."
        )
    there.check()


def _record_of(found: Found) -> Record:
    known = variant(found.variant)
    return Record(
        variant=known.name,
        variant_revision=known.revision,
        source_name=shown(found.path.name),
        source_sha256=found.sha256,
        weights_sha256=found.stored_sha256,
        size=found.stored_size,
        added=datetime.now(UTC).isoformat(timespec="seconds"),
        licence=known.licence,
        outputs=found.outputs,
    )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """The folder, made if there is none, with nobody else writing there. Raises StoreBusy, DiskFull, OutputUnusable."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock", timeout=_PATIENCE):
            yield
    except Timeout:
        raise StoreBusy(path=shown(folder)) from None
    except OSError as error:
        if error.errno == ENOSPC:
            raise DiskFull(path=shown(folder)) from error
        raise OutputUnusable(path=shown(folder), detail=error.strerror or error) from error


def _write_durably(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _take_place(fresh: Path, folder: Path) -> None:
    """Both files at once, also for one who pulls the plug."""
    os.rename(fresh, folder)  # noqa: TID251, PTH104 - a folder of albumclean's own, never a photo
    if os.name == "posix":
        parent = os.open(folder.parent, os.O_RDONLY)
        try:
            os.fsync(parent)
        finally:
            os.close(parent)


def _clear(folder: Path) -> tuple[str, ...]:
    """Delete the files that `add` writes there and, if it is empty then, the folder; the names of what else is there.

    The record goes first: what an end in the middle leaves is no model.
    """
    for name in OWN_FILES:
        (folder / name).unlink(missing_ok=True)  # albumclean's own copy, by its exact name
    try:
        others = tuple(sorted(entry.name for entry in folder.iterdir()))
        if not others:
            folder.rmdir()
    except FileNotFoundError:
        return ()
    return others
