"""What a worker process does with two or three files: decode them, and say how they are related. Without torch."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from hashlib import blake2b

from albumclean.comparison.sides import Side
from albumclean.domain import Comparison, FileIdentity, Testimony
from albumclean.media.decode import decode
from albumclean.media.reading import read_content
from albumclean.similar.components import Pair, Triple

SHORT_SIDE = 2400  # pixels: native up to about 30 megapixels, as fine differences show nowhere else
_KEPT_SIDES = 3  # decoded photos that a worker remembers: the centre of a star is in many looks


@dataclass(frozen=True, slots=True)
class LookJob:
    """Files to look at closely, and the contents that they must hold: two, or two and a witness."""

    files: tuple[FileIdentity, ...]
    contents: Pair | Triple
    max_pixels: int


@dataclass(frozen=True, slots=True)
class Look:
    """What a look has shown."""

    found: Comparison | Testimony
    pixels: tuple[tuple[bytes, bytes], ...]  # each content and a digest of its picture


def look_closely(job: LookJob, _: object) -> Look:
    """Decode the files and compare. Raises ReadError or DecodeError, which name the file."""
    # OpenCV: not in the process that only hands out the work
    from albumclean.comparison.compare import compare
    from albumclean.comparison.testimony import leaning

    decoded = [
        _side(identity, content, job.max_pixels) for identity, content in zip(job.files, job.contents, strict=True)
    ]
    one, other, *witness = (side for side, _ in decoded)
    found = Testimony(*job.contents, leaning(one, other, *witness)) if len(job.contents) == 3 else compare(one, other)
    return Look(found, tuple((content, digest) for content, (_, digest) in zip(job.contents, decoded, strict=True)))


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
