"""From which likelihood on a kind that is not judged is believed: by a rule, on training pictures of sources left out.

    python -m models.kind_cutoffs --pictures DIR --biq2021 DIR --photos DIR --hard DIR --cache DIR [--threads N]

Five times a head is fitted without a fifth of the sources and asked about that fifth; all that was made of a picture,
and all of a source, is in one fifth. The rule, stated before the numbers were seen: of the budget of 0.5 % of photos
that may be called something else, screenshot, document and graphic have a third each, and each takes the lowest cutoff
above 0.5 (likelier than all else together) that keeps to its third. What comes out stands in `policy.kinds.SURE`
and, with the shares of real pictures that are found, in `kind_cutoffs.json`. No test picture is looked at.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from albumclean.domain import PhotoKind
from albumclean.policy.kinds import JUDGED
from models import biq2021
from models.kind_features import parser_of_kinds, places_of
from models.kind_samples import KINDS, Sample, train_samples
from models.train_kind import Table, fit, probabilities, read, shipped

FOLDS: Final = 5
BUDGET: Final = 0.005  # of photos
LOWEST: Final = 0.51
STEP: Final = 0.01
CALLED: Final = (PhotoKind.SCREENSHOT, PhotoKind.DOCUMENT, PhotoKind.GRAPHIC)
METRICS_OUT: Final = Path(__file__).with_name("kind_cutoffs.json")


def group(sample: Sample, scenes: Mapping[str, str]) -> str:
    """What must not be divided: the source, or the scene, or at least all that was made of one file.

    The drawings are one collection by many hands: left out as one, no head of that fold would know drawings at all, nor
    take a photo for one.
    """
    source = "" if sample.kind is PhotoKind.GRAPHIC else sample.source
    return source or scenes.get(sample.path.name) or f"{sample.path.parent.name}/{sample.path.name}"


def folds(samples: Sequence[Sample], groups: Sequence[str]) -> list[int]:
    """The fold of each sample: groups go, the largest first, to where fewest pictures of their first kind are."""
    kind_of_group: dict[str, PhotoKind] = {}
    sizes: dict[str, int] = {}
    for sample, name in zip(samples, groups, strict=True):
        if name not in kind_of_group or sample.make == "plain":
            kind_of_group[name] = sample.kind
        sizes[name] = sizes.get(name, 0) + 1
    filled = {kind: [0] * FOLDS for kind in KINDS}
    fold: dict[str, int] = {}
    for name in sorted(sizes, key=lambda name: (-sizes[name], hashlib.sha256(name.encode()).digest())):
        room = filled[kind_of_group[name]]
        fold[name] = room.index(min(room))
        room[fold[name]] += sizes[name]
    return [fold[name] for name in groups]


def part(table: Table, rows: Sequence[int]) -> Table:
    """Some rows of it."""
    chosen = torch.tensor(rows)
    return Table(table.shown[chosen], table.measured[chosen], [table.samples[row] for row in rows])


def out_of_fold(table: Table, fold: Sequence[int], models: int) -> Tensor:
    """(n, 5) likelihoods, each from heads that have seen nothing of the picture's group."""
    found = torch.zeros(len(fold), len(KINDS))
    for number in range(FOLDS):
        seen = [row for row, at in enumerate(fold) if at != number]
        left = [row for row, at in enumerate(fold) if at == number]
        heads = [fit(part(table, seen), seed) for seed in range(models)]
        found[torch.tensor(left)] = probabilities(shipped(heads), part(table, left)).detach()
    return found


def sureness(found: Tensor, kind: PhotoKind) -> Tensor:
    """(n,): how likely this kind is where the policy would name it given a low enough cutoff, else 0."""
    judged = sum(found[:, at] for at, each in enumerate(KINDS) if each.is_judged)
    at = KINDS.index(kind)
    named = (judged < JUDGED) & (found.argmax(dim=1) == at)
    return torch.where(named, found[:, at], torch.zeros(len(found)))


def cutoff(on_photos: Tensor) -> float:
    """The lowest at which at most a third of the budget of the photos, with this sureness each, is called so."""
    allowed = BUDGET / len(CALLED) * len(on_photos)
    steps = (round(LOWEST + STEP * number, 2) for number in range(round((1 - LOWEST) / STEP) + 1))
    return next((step for step in steps if int((on_photos >= step).sum()) <= allowed), 1.0)


def told(found: Tensor, samples: Sequence[Sample]) -> dict[str, object]:
    """The cutoffs, what they cost on photos, and what of the real pictures of each kind they find."""
    photos = torch.tensor([sample.kind is PhotoKind.PHOTO for sample in samples])
    chosen = {kind: cutoff(sureness(found[photos], kind)) for kind in CALLED}
    wrong = sum(int((sureness(found[photos], kind) >= least).sum()) for kind, least in chosen.items())
    finds: dict[str, dict[str, float]] = {}
    for kind, least in chosen.items():
        for make in ("plain", "forwarded"):
            real = torch.tensor([sample.kind is kind and sample.make == make for sample in samples])
            if real.any():
                share = float((sureness(found[real], kind) >= least).float().mean())
                finds[f"{kind.value} {make}"] = {"pictures": int(real.sum()), "found": round(share, 4)}
    return {
        "cutoffs": {kind.value: least for kind, least in chosen.items()},
        "photos": int(photos.sum()),
        "photos_misfiled": round(wrong / int(photos.sum()), 4),
        "found": finds,
    }


def main() -> None:
    """Choose and say."""
    parser = parser_of_kinds(__doc__)
    parser.add_argument("--models", type=int, default=3, help="heads side by side, as in training")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    scenes = {photo.path.name: str(photo.scene) for photo in biq2021.read(arguments.biq2021, "train")}
    table = read(arguments.cache, train_samples(places_of(arguments)))
    fold = folds(table.samples, [group(sample, scenes) for sample in table.samples])
    outcome = told(out_of_fold(table, fold, arguments.models), table.samples)
    METRICS_OUT.write_text(json.dumps(outcome, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(outcome, indent=2))


if __name__ == "__main__":
    main()
