"""Files that a command writes where the user says: never over something that is not the command's own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, Self

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
        """`at` for the file that the user named; None if they named none."""
        return None if named is None else cls.at(named, mark, suffixes)

    @classmethod
    def at(cls, named: Path, mark: bytes, suffixes: Sequence[str] = ()) -> Self:
        """See whether the file can be written, without writing it.

        An empty file and one that bears the mark may be written over. Raises OutputExists, OutputUnusable, or
        UsageError for another suffix than `suffixes`.
        """
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
        with self.opened() as file:
            file.write(data)

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """The file, to write into; it takes its name once it is whole, and not at all if the block raises.

        Raises OutputExists if another has put a file there meanwhile, OutputUnusable for a full disk and the like.
        """
        with replacing(self.path, lambda: Output.check(self.path, self.mark)) as file:
            yield file


@contextmanager
def replacing(path: Path, look_again: Callable[[], object] = lambda: None) -> Iterator[BinaryIO]:
    """A file to write into, which takes the place of `path` once it is whole, and not at all if the block raises.

    `look_again` is called at the last moment and may raise. A link keeps leading where it leads, and the mode of what
    is replaced stays. Raises OutputUnusable for a full disk and the like.
    """
    target = path.resolve()
    try:
        if target.exists() and not target.is_file():  # /dev/null, a pipe
            with target.open("wb") as file:
                yield file
            return
        # Beside the target, as only a rename within one file system is atomic; the folder goes by itself.
        with TemporaryDirectory(prefix=".albumclean-", dir=target.parent) as folder:
            fresh = Path(folder) / target.name
            with fresh.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            look_again()
            if target.exists():
                shutil.copymode(target, fresh)
            os.replace(fresh, target)  # noqa: TID251, PTH105 - a file of albumclean's own, never a photo
    except BrokenPipeError:  # not this file's: another reader of the run has seen enough
        raise
    except OSError as error:
        raise OutputUnusable(path=shown(path), detail=error.strerror or error) from error
