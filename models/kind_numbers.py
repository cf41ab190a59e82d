"""What the card of the kind head reports: what pictures of each kind are called, with honest intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from torch import Tensor

from albumclean.domain import Photo, PhotoKind, Shot
from albumclean.media.decode import decode
from albumclean.policy.kinds import kind_of
from albumclean.policy.thresholds import wilson
from models.kind_samples import KINDS, Sample

BOOTSTRAPS: Final = 2000
MOST_PIXELS: Final = 100_000_000
BARE: Final = Photo(b"", 1000, 1000, "JPEG", shot=Shot())  # a file that says nothing

Outcome = dict[str, float | list[float]]


def verdicts(found: Tensor, facts: Sequence[Photo] = ()) -> list[PhotoKind]:
    """The kinds by the policy, for files of these facts, or for such as say nothing at all: the hardest case."""
    bare = Photo(b"", 1000, 1000, "JPEG", shot=Shot())
    rows = found.tolist()
    return [
        kind_of(dict(zip(KINDS, row, strict=True)), one)
        for row, one in zip(rows, facts or [bare] * len(rows), strict=True)
    ]


def facts_of(sample: Sample) -> Photo:
    """What the program knows of the file; nothing of what is made of one."""
    if sample.make != "plain":
        return BARE
    return decode(sample.path.read_bytes(), sample.path, b"", min_short_side=64, max_pixels=MOST_PIXELS).photo


def numbers(found: Tensor, samples: Sequence[Sample], facts: Sequence[Photo] = ()) -> dict[str, Outcome]:
    """For every kind and making: how many pictures, which share of them was called what, and of how many sources.

    `facts`: what is known of the files; without it as if nothing were.
    `right`: the share that is called by its name; of photos, that is judged or left as unsure. `right_95`: its interval
    as if pictures were independent; `right_95_by_source`: drawn by whole sources, which they are not.
    """
    called = verdicts(found, facts)
    told: dict[str, Outcome] = {}
    for key in sorted({(sample.kind.value, sample.make) for sample in samples}):
        rows = [at for at, sample in enumerate(samples) if (sample.kind.value, sample.make) == key]
        kinds = [called[row] for row in rows]
        shares = {kind.value: round(kinds.count(kind) / len(rows), 4) for kind in PhotoKind if kind in kinds}
        right = [is_right(samples[row].kind, called[row]) for row in rows]
        sources = [samples[row].source or samples[row].name for row in rows]
        told[" ".join(key)] = {
            "pictures": len(rows),
            "sources": len(set(sources)),
            **shares,
            "right": round(sum(right) / len(rows), 4),
            "right_95": [round(edge, 4) for edge in wilson(sum(right), len(rows))],
            "right_95_by_source": by_source(right, sources),
        }
    return told


def is_right(really: PhotoKind, called: PhotoKind) -> bool:
    """Whether it is called by its name; a photo that is a scan or unsure to it is not misfiled either."""
    return called is really or (really is PhotoKind.PHOTO and (called.is_judged or called is PhotoKind.UNSURE))


def by_source(right: Sequence[bool], sources: Sequence[str], seed: int = 0) -> list[float]:
    """The 95 % interval of the share that is right, drawing whole sources anew."""
    names = sorted(set(sources))
    place = {name: number for number, name in enumerate(names)}
    hits, sizes = np.zeros(len(names)), np.zeros(len(names))
    for good, name in zip(right, sources, strict=True):
        hits[place[name]] += good
        sizes[place[name]] += 1
    drawn = np.random.default_rng(seed).integers(0, len(names), (BOOTSTRAPS, len(names)))
    shares = hits[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    return [round(float(edge), 4) for edge in np.percentile(shares, (2.5, 97.5))]
