"""A task for a decoding worker, in a module that imports nothing large."""

from __future__ import annotations

from albumclean.media.workers import Ask

BLOCK = 16 << 20  # bytes: as large as those in which Pillow keeps a picture
BLOCKS = 4


def pages_given(times: int, _ask: Ask) -> int:
    """How many pages the system had to give for so many pictures, one after the other; the first two don't count."""
    import resource

    for _ in range(2):
        [bytes([1]) * BLOCK for _ in range(BLOCKS)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(times):
        [bytes([1]) * BLOCK for _ in range(BLOCKS)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
