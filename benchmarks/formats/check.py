"""What albumclean finds in the files of the corpus, through its own decoding workers, against what must be found."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from albumclean.config import ScanSettings
from albumclean.domain import Failure, FileIdentity, Photo
from albumclean.engines.analyse import Analysis, Job, Question, Wanted, analyse, failure_of
from albumclean.engines.pool import worker_pool
from benchmarks.formats import layout
from benchmarks.formats.corpus import Row

# The size of the sensor's picture is a matter of which border columns a program counts in.
RAW_SIZE_TOLERANCE = 0.02

# MPO is a JPEG with further pictures behind the first; whether Pillow calls it so depends on how well its index parses.
_SAME_FORMAT = {"MPO": "JPEG"}


@dataclass(frozen=True, slots=True)
class Found:
    """What albumclean says of one file: a photo with its small picture (JPEG), or a failure."""

    row: Row
    photo: Photo | None = None
    small: bytes | None = None
    failure: Failure | None = None


def find(rows: list[Row], folder: Path, settings: ScanSettings | None = None) -> Iterator[Found]:
    """Read every file in the isolated workers of a scan, with their limits; in the order of finishing."""
    wish = settings or ScanSettings()
    by_path = {folder / row.name: row for row in rows}
    jobs = (Job(FileIdentity.of(path, path.stat()), wish.max_pixels) for path in by_path)
    for job, outcome in worker_pool(analyse, wish).run(jobs, _everything):
        row = by_path[job.identity.path]
        if isinstance(outcome, Analysis):
            yield Found(row, outcome.photo, outcome.thumbnail)
        else:
            yield Found(row, failure=failure_of(job.identity.path, outcome))


def deviations(found: Found) -> list[str]:
    """Everything in which a file was not read as its row expects; empty where all is right."""
    row = found.row
    if found.failure is not None:
        return _failure_deviations(row, found.failure)
    if found.photo is None:
        return ["nothing was said of it"]
    if row.outcome == "failure":
        return [f"was read, though it must fail ({row.words})"]
    photo = found.photo
    wrong = [
        f"{what}: {seen or 'none'} in place of {expected or 'none'}"
        for what, expected, seen in (
            ("format", row.format, _SAME_FORMAT.get(photo.format, photo.format)),
            ("pictures", str(row.pictures), str(photo.pictures)),
            ("extras", row.extras, " ".join(photo.extras)),
            ("taken at", row.taken_at, photo.taken_at or ""),
            ("camera", row.camera, photo.camera or ""),
            ("rating", row.rating, "" if photo.rating is None else str(photo.rating)),
        )
        if expected != seen
    ]
    if not _same_size(row, photo):
        wrong.append(f"size: {photo.width} x {photo.height} in place of {row.width} x {row.height}")
    if row.layout and found.small is not None:
        with Image.open(io.BytesIO(found.small)) as small:
            said = layout.deviation(bytes.fromhex(row.layout), layout.layout_of(small))
        wrong += [f"picture {said}"] if said else []
    return wrong


def _everything(question: Question) -> Wanted:
    del question  # every content is new
    return Wanted(scorers=(), thumbnail=True)


def _failure_deviations(row: Row, failure: Failure) -> list[str]:
    if row.outcome != "failure":
        return [f"was not read: {failure.reason}"]
    if not any(words in failure.reason for words in row.words.split("|")):
        return [f'failed with "{failure.reason}" in place of "{row.words}"']
    return []


def _same_size(row: Row, photo: Photo) -> bool:
    slack = RAW_SIZE_TOLERANCE if row.family == "raw" else 0.0
    pairs = ((row.width, photo.width), (row.height, photo.height))
    return all(abs(expected - seen) <= slack * expected for expected, seen in pairs)
