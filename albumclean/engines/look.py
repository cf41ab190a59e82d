"""What a worker process does with a pair of files: decode both, and say how they are related. Never imports torch."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from hashlib import blake2b

from albumclean.comparison.sides import Side
from albumclean.domain import Comparison, FileIdentity
from albumclean.media.decode import decode
from albumclean.media.reading import read_content

SHORT_SIDE = 2400  # pixels: native up to about 30 megapixels, as fine differences show nowhere else
_KEPT_SIDES = 3  # decoded photos that a worker remembers: the centre of a star is in many pairs


@dataclass(frozen=True, slots=True)
class PairJob:
    """Two files to look at closely, and the contents that they must hold."""

    one: FileIdentity
    other: FileIdentity
    contents: tuple[bytes, bytes]
    max_pixels: int


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at two files has shown."""

    comparison: Comparison
    pixels: tuple[tuple[bytes, bytes], tuple[bytes, bytes]]  # each content and a digest of its picture


def look_closely(job: PairJob, _: object) -> Look:
    """Decode both files and compare. Raises ReadError or DecodeError, which name the file."""
    from albumclean.comparison.compare import compare  # OpenCV: not in the process that only hands out the work

    (one, mine), (other, theirs) = (
        _side(identity, content, job.max_pixels)
        for identity, content in zip((job.one, job.other), job.contents, strict=True)
    )
    return Look(compare(one, other), ((job.contents[0], mine), (job.contents[1], theirs)))


_sides: OrderedDict[bytes, tuple[Side, bytes]] = OrderedDict()  # of this worker process, by content, the latest last


def _side(identity: FileIdentity, content: bytes, max_pixels: int) -> tuple[Side, bytes]:
    """The decoded photo, and the digest of its pixels."""
    if content not in _sides:
        data = read_content(identity, content)
        frame = decode(data, identity.path, content, min_short_side=SHORT_SIDE, max_pixels=max_pixels)
        digest = blake2b(str(frame.image.size).encode() + frame.image.tobytes(), digest_size=16).digest()
        _sides[content] = Side(frame.photo, data, frame.image), digest
        if len(_sides) > _KEPT_SIDES:
            _sides.popitem(last=False)
    _sides.move_to_end(content)
    return _sides[content]
