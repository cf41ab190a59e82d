"""A guess, from facts alone, at which of some look-alikes is the source: where the close looks begin."""

from __future__ import annotations

from albumclean.domain import Photo

Prior = tuple[int, int, bytes]


def prior(photo: Photo | None, content_hash: bytes) -> Prior:
    """A sort key, the likeliest source first: what still says when and with what it was taken, then many pixels."""
    if photo is None:
        return (3, 0, content_hash)
    return (2 - (photo.camera is not None) - (photo.taken_at is not None), -photo.pixels, content_hash)
