"""A photo's bytes, read once and provably of one state of the file; and their hash."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

from albumclean.domain import FileIdentity
from albumclean.errors import DecodeError, ReadError
from albumclean.words import file_size

# Bytes. 300 megapixels in 16 bits are 1.8 GB; what is larger is no photo, and sparse files may claim any size.
LARGEST_FILE = 2 << 30

_HASH_BYTES = 32
_BLOCK = 1 << 20

# O_NONBLOCK: opening a FIFO that took the file's place must not wait for a writer. O_NOFOLLOW: nor may a symlink.
# O_BINARY and O_NOINHERIT are Windows', the others POSIX'.
_FLAGS = os.O_RDONLY
for _name in ("O_NONBLOCK", "O_NOFOLLOW", "O_CLOEXEC", "O_NOCTTY", "O_BINARY", "O_NOINHERIT"):
    _FLAGS |= getattr(os, _name, 0)


def read_file(identity: FileIdentity) -> bytes:
    """All bytes of the file that the crawl saw.

    Raises ReadError (worth another try on the next scan) when it can't be read, is no longer a regular file, or is
    not, before and after reading, in the state that `identity` holds. Raises DecodeError for a file that is too large.
    """
    if identity.size > LARGEST_FILE:
        detail = f"has {file_size(identity.size)}; photos of more than {file_size(LARGEST_FILE)} are not read"
        raise DecodeError(path=identity.path, detail=detail)
    with _opened(identity.path) as file:
        before = os.fstat(file.fileno())
        data = file.read(identity.size + 1)  # bounded: a file that grows meanwhile does not fill the memory
        after = os.fstat(file.fileno())
    states = (FileIdentity.of(identity.path, found) for found in (before, after))
    if len(data) != identity.size or not all(identity.same_file_state(state) for state in states):
        detail = "changed while it was read; it will be looked at again on the next scan"
        raise ReadError(path=identity.path, detail=detail)
    return data


def read_content(identity: FileIdentity, content: bytes) -> bytes:
    """All bytes of the file, which must be those of that hash. Raises ReadError, also where they are others."""
    data = read_file(identity)
    if content_hash(data) != content:
        raise ReadError(path=identity.path, detail="has changed since it was scanned")
    return data


@contextmanager
def unchanged(identity: FileIdentity) -> Iterator[BinaryIO]:
    """The file that the crawl saw, of any size, open for reading.

    Raises ReadError as `read_file`, also after a block in which the file has changed; a DecodeError of the block then
    says nothing of the file that was meant.
    """
    with _opened(identity.path) as file:
        _check(identity, file)
        try:
            yield file
        except DecodeError:
            _check(identity, file)
            raise
        _check(identity, file)


def hash_of(file: BinaryIO) -> bytes:
    """`content_hash` of all that an open file holds, read piece by piece."""
    file.seek(0)
    digest = blake2b(digest_size=_HASH_BYTES)
    while block := file.read(_BLOCK):
        digest.update(block)
    return digest.digest()


def content_hash(data: bytes) -> bytes:
    """BLAKE2b-256 of the bytes: the identity of a photo wherever it lies and whatever its name."""
    return blake2b(data, digest_size=_HASH_BYTES).digest()


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """The regular file at `path`, not through a symlink; every OSError until it is closed becomes a ReadError."""
    try:
        descriptor = os.open(path, _FLAGS)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise ReadError(path=path, detail="is not a regular file")
        with os.fdopen(descriptor, "rb") as file:
            yield file
    except OSError as error:
        raise ReadError(path=path, detail=_reason(error)) from error


def _check(identity: FileIdentity, file: BinaryIO) -> None:
    if not identity.same_file_state(FileIdentity.of(identity.path, os.fstat(file.fileno()))):
        detail = "changed while it was read; it will be looked at again on the next scan"
        raise ReadError(path=identity.path, detail=detail)


def _reason(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__
