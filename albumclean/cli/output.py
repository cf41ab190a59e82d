"""Files that a command writes where the user says: never over something that is not the command's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from albumclean.errors import OutputExists, OutputUnusable, UsageError
from albumclean.words import shown

_LOOKED_AT = 1024  # bytes at the beginning, in which the mark must stand


@dataclass(frozen=True, slots=True)
class Output:
    """A file that may be written."""

    path: Path
    mark: bytes  # stands near the beginning of every file of this kind

    @classmethod
    def check(cls, named: Path | None, mark: bytes, suffixes: Sequence[str] = ()) -> Self | None:
        """See whether the file can be written, without writing it; None if the user named none.

        An empty file and one that bears the mark may be written over. Raises OutputExists, OutputUnusable, or
        UsageError for another suffix than `suffixes`.
        """
        if named is None:
            return None
        path = named.expanduser()
        if suffixes and path.suffix.lower() not in suffixes:
            raise UsageError(detail=f"{shown(path)} must end with {' or '.join(suffixes)}.")
        try:
            with path.open("rb") as file:
                head = file.read(_LOOKED_AT)
            if head and mark not in head:
                raise OutputExists(path=shown(path))
        except FileNotFoundError:
            if not path.absolute().parent.is_dir():
                raise OutputUnusable(path=shown(path), detail="its folder does not exist") from None
        except OSError as error:
            raise OutputUnusable(path=shown(path), detail=error.strerror or error) from error
        return cls(path, mark)

    def write(self, data: bytes) -> None:
        """All at once, as the run has ended. Raises OutputExists if another has put a file there meanwhile."""
        Output.check(self.path, self.mark)
        try:
            self.path.write_bytes(data)
        except OSError as error:
            raise OutputUnusable(path=shown(self.path), detail=error.strerror or error) from error
