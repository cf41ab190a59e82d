"""What a worker process does with a pair of files: decode both, and say how they are related. Never imports torch."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from albumclean.comparison.sides import Side
from albumclean.domain import Comparison, FileIdentity
from albumclean.errors import ReadError
from albumclean.media.decode import decode
from albumclean.media.reading import content_hash, read_file

SHORT_SIDE = 2400  # pixels: native up to about 30 megapixels, as fine differences show nowhere else
_KEPT_SIDES = 3  # decoded photos that a worker remembers: the centre of a star is in many pairs


@dataclass(frozen=True, slots=True)
class PairJob:
    """Two files to look at closely, and the contents that they must hold."""

    one: FileIdentity
    other: FileIdentity
    contents: tuple[bytes, bytes]
    max_pixels: int


def look_closely(job: PairJob, _: object) -> Comparison:
    """Decode both files and compare. Raises ReadError or DecodeError, which name the file."""
    from albumclean.comparison.compare import compare  # OpenCV: not in the process that only hands out the work

    one, other = (
        _side(identity, content, job.max_pixels)
        for identity, content in zip((job.one, job.other), job.contents, strict=True)
    )
    return compare(one, other)


_sides: OrderedDict[bytes, Side] = OrderedDict()  # of this worker process, by content, the latest last


def _side(identity: FileIdentity, content: bytes, max_pixels: int) -> Side:
    if content not in _sides:
        data = read_file(identity)
        if content_hash(data) != content:
            raise ReadError(path=identity.path, detail="has changed since it was scanned")
        frame = decode(data, identity.path, content, min_short_side=SHORT_SIDE, max_pixels=max_pixels)
        _sides[content] = Side(frame.photo, data, frame.image)
        if len(_sides) > _KEPT_SIDES:
            _sides.popitem(last=False)
    _sides.move_to_end(content)
    return _sides[content]
