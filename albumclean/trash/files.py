"""The few things that this room does to a file: look, hash, rename without overwriting, copy and prove the copy."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import shutil
import stat
import sys
from pathlib import Path

from albumclean.domain import FileIdentity
from albumclean.errors import MoveRefused

_BLOCK = 1 << 20
_AT_FDCWD = -100
_RENAME_NOREPLACE = 1
# The file system (NFS, some FUSE) or the kernel does not know the flag; nothing was done.
_NO_SUCH_CALL = frozenset({errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP})
_NO_LINKS = frozenset({errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.EMLINK})
_WORDS = {
    errno.ENOENT: "it is no longer there",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "the permission is missing",
    errno.EPERM: "the system does not permit it",
    errno.EIO: "the disk reports an input/output error",
    errno.ENAMETOOLONG: "the name would be too long",
    errno.EXDEV: "it lies on another file system",
}
_BINARY = getattr(os, "O_BINARY", 0)


def identity_of(path: Path) -> FileIdentity:
    """What lies at `path` now, links not followed. Raises MoveRefused if it is not an ordinary file, OSError."""
    seen = path.lstat()
    if not stat.S_ISREG(seen.st_mode):
        raise MoveRefused(path=path, detail="it is not an ordinary file any more")
    return FileIdentity.of(path, seen)


def hash_file(path: Path) -> bytes:
    """BLAKE2b-256 of the bytes of an ordinary file; a link, pipe or device in its place is refused.

    Raises MoveRefused if the file changes while it is read, OSError.
    """
    # O_NONBLOCK: a pipe put in the place of the file must not make us wait for ever.
    flags = os.O_RDONLY | _BINARY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with os.fdopen(os.open(path, flags), "rb") as file:
        before = os.fstat(file.fileno())
        if not stat.S_ISREG(before.st_mode):
            raise MoveRefused(path=path, detail="it is not an ordinary file any more")
        digest = hashlib.blake2b(digest_size=32)
        while block := file.read(_BLOCK):
            digest.update(block)
        after = os.fstat(file.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise MoveRefused(path=path, detail="it is being written to")
    return digest.digest()


def holds(path: Path, file: FileIdentity, content_hash: bytes | None) -> bool:
    """Whether the file at `path` is `file`, which may have lain elsewhere: by its identity, else by its bytes.

    Some file systems give a file another inode when it is moved or the drive is plugged in again. Raises OSError if
    this can't be found out.
    """
    try:
        seen = identity_of(path)
    except (FileNotFoundError, NotADirectoryError, MoveRefused):
        return False
    if file.same_file_state(seen):
        return True
    return content_hash is not None and seen.size == file.size and hash_file(path) == content_hash


def exists(path: Path) -> bool:
    """Whether anything at all lies there. Raises OSError if this can't be found out (no permission, I/O error)."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def rename_no_replace(source: Path, destination: Path, mark: str) -> None:
    """Rename on one file system; what lies at `destination` is never overwritten.

    Linux does this in one step. Elsewhere, the name is first taken by a placeholder of our own that says `mark` (an
    interrupted move is recognised by it), and the rename goes over that.

    Raises FileExistsError, and OSError (EXDEV between file systems).
    """
    if sys.platform == "win32":
        source.rename(destination)  # refuses to overwrite by itself
        return
    try:
        _kernel_rename(source, destination)
    except OSError as error:
        if error.errno not in _NO_SUCH_CALL:
            raise
        _claimed_rename(source, destination, mark)


def remove_placeholder(path: Path, mark: str) -> bool:
    """Remove the placeholder that an interrupted rename left at `path`, if it says `mark`. Raises OSError."""
    text = _placeholder(mark)
    try:
        seen = path.lstat()
        if not stat.S_ISREG(seen.st_mode) or seen.st_size != len(text) or path.read_bytes() != text:
            return False
        path.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def copy_verified(file: FileIdentity, content_hash: bytes, destination: Path, mark: str, mtime_ns: int) -> None:
    """Copy to another file system under a temporary name, prove the bytes on the disk, then take the final name.

    Modification time (`mtime_ns`), mode and extended attributes come along. The source is left alone.

    Raises FileExistsError, MoveRefused if the copy is not what was asked for, OSError.
    """
    part = part_name(destination, mark)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY
    descriptor = os.open(part, flags, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as copy, file.path.open("rb") as original:
            shutil.copyfileobj(original, copy, _BLOCK)
            copy.flush()
            os.fsync(copy.fileno())
            _forget_cached(copy.fileno())
        shutil.copystat(file.path, part)
        os.utime(part, ns=(part.stat().st_atime_ns, mtime_ns))
        if hash_file(part) != content_hash:
            raise MoveRefused(path=file.path, detail="its copy differs from what was scanned")
        rename_no_replace(part, destination, mark)
    except (OSError, MoveRefused):
        part.unlink(missing_ok=True)
        raise
    sync_folder(destination.parent)


def part_name(destination: Path, mark: str) -> Path:
    """Where a copy to `destination` is written until it is proven."""
    return destination.with_name(f".albumclean-{mark}.part")


def make_folders(folder: Path) -> None:
    """Make `folder` and what is missing above it, all safe on the disk before a file goes in. Raises OSError."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for each in reversed(missing):
        sync_folder(each.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` survive a power cut, where the file system can. Raises OSError."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SUCH_CALL:  # some network shares know it for files only
            raise
    finally:
        os.close(descriptor)


def write_new(path: Path, content: bytes, mark: str) -> None:
    """Make `path`, which must not exist, appear at once with all of `content`, safe on the disk.

    Never half of it: a kill leaves at most a `part_name`, which tells whose it is. Raises FileExistsError, OSError.
    """
    part = part_name(path, mark)
    try:
        _write_exclusively(part, content)
        _publish(part, path, content)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def words_for(error: OSError) -> str:
    """What the system's refusal means, for people."""
    return _WORDS.get(error.errno or 0) or (error.strerror or str(error)).lower()


def _forget_cached(descriptor: int) -> None:
    """Have the next reading come from the disk, not from the memory of what was written, where the system can."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


def _placeholder(mark: str) -> bytes:
    return f"albumclean is moving a file here: {mark}\n".encode()


def _write_exclusively(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)  # ours: O_EXCL has just made it
        raise


def _publish(part: Path, path: Path, content: bytes) -> None:
    """Give a finished file its name, which must be free."""
    if sys.platform == "win32":
        part.rename(path)
        return
    try:
        _kernel_rename(part, path)
    except OSError as error:
        if error.errno not in _NO_SUCH_CALL:
            raise
        try:
            path.hardlink_to(part)
        except OSError as refused:
            if refused.errno not in _NO_LINKS:
                raise
            _write_exclusively(path, content)  # a kill can leave it empty here; nothing better is left
        part.unlink()


def _claimed_rename(source: Path, destination: Path, mark: str) -> None:
    try:
        write_new(destination, _placeholder(mark), mark)
        source.rename(destination)
    except OSError:  # also a FileExistsError about the very placeholder that a network file system has just made
        remove_placeholder(destination, mark)
        raise


def _kernel_rename(source: Path, destination: Path) -> None:
    """renameat2(2) with RENAME_NOREPLACE. Raises OSError, ENOSYS where there is no such call."""
    if _renameat2 is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    if _renameat2(_AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(destination), _RENAME_NOREPLACE) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), str(source), None, str(destination))


def _find_renameat2() -> ctypes._NamedFuncPointer | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        function = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):  # an old C library
        return None
    function.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
    function.restype = ctypes.c_int
    return function


_renameat2 = _find_renameat2()
