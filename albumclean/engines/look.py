"""What a worker process does with two or three files: decode them, and say how they are related. Without torch.

Most candidates that are no copies can't be laid over each other at all, and that shows in small pictures: pages and
forms are compared with dozens of others, and decoding them whole took three quarters of such a look.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from albumclean.comparison.sides import Side
from albumclean.domain import Comparison, FileIdentity, Relation, Testimony
from albumclean.media import sniff
from albumclean.media.decode import Frame, decode, reduction_for
from albumclean.media.reading import read_content
from albumclean.similar.components import Pair, Triple

if TYPE_CHECKING:  # OpenCV: not in the process that only hands out the work
    from albumclean.comparison.planes import Luma

SHORT_SIDE = 2400  # pixels: native up to about 30 megapixels, as fine differences show nowhere else
_KEPT_SIDES = 3  # decoded photos that a worker remembers: the centre of a star is in many looks
GLANCE_SIDE = 640  # pixels of the short side, at least: the search for a place looks at 448 of the long side
_KEPT_GLANCES = 1 << 25  # pixels of small pictures that a worker remembers: about 40 of photos


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
    pixels: tuple[tuple[bytes, bytes], ...]  # each content and a digest of its picture; none where a glance was enough


@dataclass(frozen=True, slots=True, eq=False)
class _Glance:
    luma: Luma
    is_whole: bool  # not reduced: a close look would see no more


def look_closely(job: LookJob, _: object) -> Look:
    """Decode the files and compare. Raises ReadError or DecodeError, which name the file."""
    # OpenCV: not in the process that only hands out the work
    from albumclean.comparison.compare import compare
    from albumclean.comparison.testimony import leaning

    if len(job.contents) == 2 and not _may_match(job):
        one_content, other_content = sorted(job.contents)
        return Look(Comparison(one_content, other_content, Relation.DIFFERENT, 0.0), ())
    decoded = [
        _side(identity, content, job.max_pixels) for identity, content in zip(job.files, job.contents, strict=True)
    ]
    one, other, *witness = (side for side, _ in decoded)
    found = Testimony(*job.contents, leaning(one, other, *witness)) if len(job.contents) == 3 else compare(one, other)
    return Look(found, tuple((content, digest) for content, (_, digest) in zip(job.contents, decoded, strict=True)))


# Of this worker process, by content, the latest last.
_sides: OrderedDict[bytes, tuple[Side, bytes]] = OrderedDict()
_glances: OrderedDict[bytes, _Glance] = OrderedDict()


def _may_match(job: LookJob) -> bool:
    """Whether a first glance leaves it open that the two are copies."""
    from albumclean.comparison.relation import may_match

    one, other = (
        _glance(identity, content, job.max_pixels) for identity, content in zip(job.files, job.contents, strict=True)
    )
    return (one.is_whole and other.is_whole) or may_match(one.luma, other.luma)


def _glance(identity: FileIdentity, content: bytes, max_pixels: int) -> _Glance:
    """The photo at a small size. What had to be decoded whole for it is remembered for the close look as well."""
    from albumclean.comparison.planes import Luma

    if content not in _glances:
        data = read_content(identity, content)
        is_jpeg = sniff.picture_format(data) == "JPEG"  # other formats are no cheaper at a small size
        side = GLANCE_SIDE if is_jpeg else SHORT_SIDE
        frame = decode(data, identity.path, content, min_short_side=side, max_pixels=max_pixels)
        serves_both = not is_jpeg or frame.reduction == 1
        image = _kept(frame, data)[0].image if serves_both else frame.image
        factor = reduction_for(*image.size, GLANCE_SIDE)
        luma = Luma.of(image.reduce(factor) if factor > 1 else image)
        _glances[content] = _Glance(luma, is_whole=frame.reduction * factor == 1)
        while len(_glances) > 2 and sum(each.luma.full.size for each in _glances.values()) > _KEPT_GLANCES:
            _glances.popitem(last=False)
    _glances.move_to_end(content)
    return _glances[content]


def _side(identity: FileIdentity, content: bytes, max_pixels: int) -> tuple[Side, bytes]:
    """The decoded photo, and the digest of its pixels."""
    if content not in _sides:
        data = read_content(identity, content)
        _kept(decode(data, identity.path, content, min_short_side=SHORT_SIDE, max_pixels=max_pixels), data)
    _sides.move_to_end(content)
    return _sides[content]


def _kept(frame: Frame, data: bytes) -> tuple[Side, bytes]:
    """Remember a decoded photo."""
    image, content = frame.image, frame.photo.content_hash
    digest = blake2b(str(image.size).encode() + image.tobytes(), digest_size=16).digest()
    _sides[content] = Side(frame.photo, data, image), digest
    if len(_sides) > _KEPT_SIDES:
        _sides.popitem(last=False)
    return _sides[content]
