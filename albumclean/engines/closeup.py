"""What a worker process does with one photo that is to be explained: decode it and cut out what is looked at.

A file that was never scanned is as hostile as any, so the process that talks to the user does not open it. Never
imports torch.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from PIL import Image

from albumclean.domain import InputSpec, Photo
from albumclean.engines.analyse import Job
from albumclean.media.decode import decode
from albumclean.media.reading import content_hash, read_file
from albumclean.media.statistics import statistics
from albumclean.media.view import NetworkView, network_view
from albumclean.scoring.scorers import judge

PREVIEW = 1600  # pixels of the long side


@dataclass(frozen=True, slots=True, eq=False)
class Closeup:
    """One photo as the judge takes it in, and as people do."""

    photo: Photo
    view: NetworkView
    input: InputSpec  # what the view was made by
    reduction: int  # pixels of the photo in one of the frame that the patches' places count in
    preview: Image.Image  # upright sRGB, at most `PREVIEW` pixels a side


def closeup(job: Job, _: object) -> Closeup:
    """Raises ReadError or DecodeError, which name the file."""
    data = read_file(job.identity)
    frame = decode(
        data,
        job.identity.path,
        content_hash(data),
        min_short_side=judge.SPEC.min_short_side,
        max_pixels=job.max_pixels,
    )
    preview = frame.picture.reduced(PREVIEW // 2)
    preview.thumbnail((PREVIEW, PREVIEW))
    view = replace(network_view(frame.picture, judge.INPUT), statistics=statistics(frame.picture))
    return Closeup(frame.photo, view, judge.INPUT, frame.reduction, preview)
