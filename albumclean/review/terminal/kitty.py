"""The terminal graphics protocol of kitty, which Ghostty, Konsole and others speak as well.

Specification: https://sw.kovidgoyal.net/kitty/graphics-protocol/
"""

from __future__ import annotations

import zlib
from base64 import b64encode

from PIL import Image

_CHUNK = 4096  # characters of base64 in one message, as the specification limits them
_FIRST = 0x41_4C_42_00  # "ALB": the images of other programs in this terminal have other numbers

QUERY = "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"  # a picture of one pixel, only to be checked
ANSWER = "\x1b_Gi=31;OK"


def encode(image: Image.Image, slot: int) -> str:
    """Draw an RGB picture at the cursor, pixel by pixel; it takes the place of the one that the slot showed before."""
    data = b64encode(zlib.compress(image.tobytes(), 1)).decode("ascii")
    chunks = [data[at : at + _CHUNK] for at in range(0, len(data), _CHUNK)]
    # a=T: take it and show it; f=24: RGB, o=z: deflated; C=1: leave the cursor; q=2: answer nothing, not even errors.
    keys = f"a=T,f=24,o=z,s={image.width},v={image.height},i={_FIRST + slot},p=1,C=1,q=2"
    messages = []
    for number, chunk in enumerate(chunks, 1):
        more = int(number < len(chunks))
        messages.append(f"\x1b_G{keys},m={more};{chunk}\x1b\\")
        keys = "q=2"
    return "".join(messages)


def erase(slot: int) -> str:
    """Take the picture of the slot away, and free its memory."""
    return f"\x1b_Ga=d,d=I,i={_FIRST + slot},q=2\x1b\\"
