"""By which methods what is kept in the cache was found; apart from the methods, which take numpy and Pillow along."""

from __future__ import annotations

from typing import Final

LAYOUT_SIDE: Final = 8

# Stored beside each fingerprint: another revision means that old ones can't be compared with new ones.
# The hashes were made by the library imagehash 4 once, and have its bits.
FINGERPRINT: Final = f"1-imagehash4-phash64-dhash64-layout{LAYOUT_SIDE}"
