"""The close look at two photos: one entry for the worker processes."""

from __future__ import annotations

import cv2

from albumclean.comparison.evidence import turn_of
from albumclean.comparison.provenance import provenance
from albumclean.comparison.relation import relate
from albumclean.comparison.sides import Side
from albumclean.domain import Comparison, Reason


def compare(one: Side, other: Side) -> Comparison:
    """What the two are to each other; the order of the arguments makes no difference.

    Runs OpenCV on one thread, in the calling process as a whole: it is made for worker processes.
    """
    cv2.setNumThreads(1)
    if one.photo.content_hash > other.photo.content_hash:
        one, other = other, one
    finding = relate(one, other)
    hashes = one.photo.content_hash, other.photo.content_hash
    if finding.alignment is None:
        return Comparison(*hashes, finding.relation, finding.likeness)
    turn = turn_of(finding.alignment)
    if one.photo.is_raw is not other.photo.is_raw:  # whose preview may well be the lesser picture
        raw = one.photo if one.photo.is_raw else other.photo
        reason = Reason("raw", raw.format, None, "is camera RAW, of which the other is a developed picture")
        return Comparison(*hashes, finding.relation, finding.likeness, raw.content_hash, (reason,), turn=turn)
    origin = provenance(one, other, finding.alignment)
    found = finding.relation, finding.likeness
    return Comparison(*hashes, *found, origin.source, origin.reasons, origin.certainty, turn, origin.difference)
