"""The inline images of iTerm2, which WezTerm, mintty and others speak as well.

Specification: https://iterm2.com/documentation-images.html
"""

from __future__ import annotations

import io
from base64 import b64encode

from PIL import Image

_QUALITY = 88  # over ssh a PNG would take ten times as long


def encode(image: Image.Image, columns: int, rows: int) -> str:
    """Draw an RGB picture at the cursor, into so many characters."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=_QUALITY)
    keys = f"inline=1;size={file.tell()};width={columns};height={rows};preserveAspectRatio=1;doNotMoveCursor=1"
    return f"\x1b]1337;File={keys}:{b64encode(file.getvalue()).decode('ascii')}\x07"
