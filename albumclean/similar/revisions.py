"""By which methods what is kept in the cache was found; apart from the methods, which take numpy and Pillow along."""

from __future__ import annotations

from importlib.metadata import version
from typing import Final

LAYOUT_SIDE: Final = 8

# Stored beside each fingerprint: another revision means that old ones can't be compared with new ones.
FINGERPRINT: Final = (
    f"2-imagehash{version('ImageHash').split('.', maxsplit=1)[0]}-phash64-dhash64-layout{LAYOUT_SIDE}-inner"
)
