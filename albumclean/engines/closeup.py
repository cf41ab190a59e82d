"""What a worker process does with one photo that is to be explained: decode it and cut out what is looked at.

A file that was never scanned is as hostile as any, so the process that talks to the user does not open it. Never
imports torch.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from PIL import Image

from albumclean.domain import InputSpec, Photo, ScorerSpec
from albumclean.engines.analyse import Job
from albumclean.media.decode import Frame, decode, reduction_for
from albumclean.media.reading import content_hash, read_file
from albumclean.media.statistics import statistics
from albumclean.media.view import NetworkView, network_view
from albumclean.scoring.scorers import judge

PREVIEW = 1600  # pixels of the long side


@dataclass(frozen=True, slots=True)
class CloseupJob(Job):
    """A file to look at, and who wants to see it besides the judge."""

    others: tuple[ScorerSpec, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Closeup:
    """One photo as the scorers take it in, and as people do."""

    photo: Photo
    view: NetworkView
    input: InputSpec  # what the view was made by
    reduction: int  # pixels of the photo in one of the frame that the patches' places count in
    preview: Image.Image  # upright sRGB, at most `PREVIEW` pixels a side
    others: dict[str, NetworkView] = field(default_factory=dict)  # by scorer


def closeup(job: CloseupJob, _: object) -> Closeup:
    """Raises ReadError or DecodeError, which name the file."""
    data = read_file(job.identity)
    digest = content_hash(data)
    frames: dict[int, Frame] = {}  # by reduction: not decoded again for a scorer that sees the same pixels

    def seen_at(min_short_side: int) -> Frame:
        known = next(iter(frames.values()), None)
        if known is not None and (same := frames.get(reduction_for(*known.size, min_short_side))):
            return same
        frame = decode(data, job.identity.path, digest, min_short_side=min_short_side, max_pixels=job.max_pixels)
        return frames.setdefault(frame.reduction, frame)

    frame = seen_at(judge.SPEC.min_short_side)
    preview = frame.picture.reduced(PREVIEW // 2)
    preview.thumbnail((PREVIEW, PREVIEW))
    view = replace(network_view(frame.picture, judge.INPUT), statistics=statistics(frame.picture))
    others = {spec.name: network_view(seen_at(spec.min_short_side).picture, spec.input) for spec in job.others}
    return Closeup(frame.photo, view, judge.INPUT, frame.reduction, preview, others)
