"""Reading a sidecar: small files from anywhere, which may be anything by now."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

from albumclean.domain import Failure, Stage

MAX_SIDECAR_BYTES = 1 << 20  # darktable's, with long histories, stay below


class BrokenSidecarError(ValueError):
    """The message is for people."""


def content_of(path: Path, limit: int = MAX_SIDECAR_BYTES) -> bytes:
    """The whole file.

    Raises OSError, and BrokenSidecarError for what is no regular file or has more than `limit` bytes.
    """
    # What was a file at the crawl may have become a named pipe: neither wait for it nor read it.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise BrokenSidecarError("it is not a regular file")
        content = file.read(limit + 1)
    if len(content) > limit:
        raise BrokenSidecarError(f"it is larger than {limit >> 20} MB")
    return content


def json_of(content: bytes) -> object:
    """What a JSON file says. Raises BrokenSidecarError."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BrokenSidecarError(str(error)) from error


def failure_of(path: Path, error: OSError | BrokenSidecarError) -> Failure:
    """What is said of a sidecar that gave this error."""
    if isinstance(error, OSError):
        reason = f"the sidecar can't be read: {error.strerror or error}"
        return Failure(path, Stage.READ, reason, transient=True)
    return Failure(path, Stage.READ, f"the sidecar is not valid: {error}")
