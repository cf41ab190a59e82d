"""From which likelihood on a kind that is not judged is believed: by a rule, on training pictures of sources left out.

    python -m models.kind_cutoffs --pictures DIR --biq2021 DIR --photos DIR --hard DIR --cache DIR [--threads N]

Five times a head is fitted without a fifth of the sources and asked about that fifth; all that was made of a picture,
and all of a source, is in one fifth. The rule, stated before the numbers were seen: a photo that is called a document
is only left in peace, while a document that is called a photo may be proposed for the trash; so of ordinary photos
0.5 % may be called a document, and a sixth of a percent each a screenshot or a graphic. Each takes the lowest cutoff
above 0.5 (likelier no photo than one) that keeps to its share; the cutoff is for what the kinds that are not judged
have together. Photos that were gathered because they look like documents don't count, as no album holds as many; they
are told by themselves. What comes out stands in `policy.kinds.SURE` and, with the shares of real pictures that are
found, in `kind_cutoffs.json`. No test picture is looked at.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from albumclean.domain import PhotoKind
from albumclean.policy.kinds import JUDGED, LIKELIER
from models import biq2021
from models.kind_features import parser_of_kinds, places_of
from models.kind_samples import KINDS, Sample, train_samples
from models.train_kind import Table, fit, probabilities, read, shipped

FOLDS: Final = 5
MOST: Final = 5  # pictures that one source counts for: else a large one hides how many sources are not known
STEP: Final = 0.01
BUDGET: Final = {  # of ordinary photos: what share may be called so
    PhotoKind.SCREENSHOT: 0.005 / 3,
    PhotoKind.DOCUMENT: 0.005,
    PhotoKind.GRAPHIC: 0.005 / 3,
}
LOWEST: Final = 0.51
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
    """(n,): what the kinds that are not judged have together where the policy would name this one, else 0."""
    judged = torch.tensor([each.is_judged for each in KINDS])
    favour = torch.tensor([LIKELIER if each is PhotoKind.SCREENSHOT else 1.0 for each in KINDS])
    best = (found * favour).masked_fill(judged, -1.0).argmax(dim=1)
    named = (found[:, judged].sum(dim=1) < JUDGED) & (best == KINDS.index(kind))
    return torch.where(named, found[:, ~judged].sum(dim=1), torch.zeros(len(found)))


def cutoff(on_photos: Tensor, kind: PhotoKind) -> float:
    """The lowest at which no more photos, with this sureness each, are called so than the budget allows."""
    allowed = BUDGET[kind] * len(on_photos)
    steps = (round(LOWEST + STEP * number, 2) for number in range(round((1 - LOWEST) / STEP) + 1))
    return next((step for step in steps if int((on_photos >= step).sum()) <= allowed), 1.0)


def told(found: Tensor, samples: Sequence[Sample]) -> dict[str, object]:
    """The cutoffs, what they cost on photos, and what of the real pictures of each kind they find.

    `found`: of all pictures that show it; `found_by_source`: each source counts for at most `MOST` of them.
    """
    photos = torch.tensor([sample.kind is PhotoKind.PHOTO and not sample.is_lookalike for sample in samples])
    alike = torch.tensor([sample.is_lookalike for sample in samples])
    sure = {kind: sureness(found, kind) for kind in BUDGET}
    chosen = {kind: cutoff(sure[kind][photos], kind) for kind in BUDGET}
    called = {kind: sure[kind] >= least for kind, least in chosen.items()}
    wrong = torch.stack(list(called.values())).any(dim=0).float()
    finds: dict[str, dict[str, float]] = {}
    for kind, named in called.items():
        for make in ("plain", "forwarded"):
            rows = [at for at, sample in enumerate(samples) if sample.kind is kind and sample.make == make]
            if rows:
                hits = named[torch.tensor(rows)].float()
                weight = _by_source([samples[row] for row in rows])
                shares = {"found": float(hits.mean()), "found_by_source": float((hits * weight).sum() / weight.sum())}
                finds[f"{kind.value} {make}"] = {"pictures": len(rows), **{k: round(v, 4) for k, v in shares.items()}}
    return {
        "cutoffs": {kind.value: least for kind, least in chosen.items()},
        "photos": int(photos.sum()),
        "photos_misfiled": round(float(wrong[photos].mean()), 4),
        "lookalikes": int(alike.sum()),
        "lookalikes_misfiled": round(float(wrong[alike].mean()), 4) if alike.any() else None,
        "found": finds,
    }


def _by_source(samples: Sequence[Sample]) -> Tensor:
    """(n,): what each picture counts, so that no source counts for more than `MOST` of them."""
    crowd = Counter(sample.source for sample in samples)
    return torch.tensor([min(1.0, MOST / crowd[sample.source]) if sample.source else 1.0 for sample in samples])


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
