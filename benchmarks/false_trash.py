"""Which photos would wrongly be proposed for low quality, and which bad ones would be missed.

    python -m benchmarks.false_trash --log FILE --biq2021 DIR --split val [--check]
    python -m benchmarks.false_trash --log FILE --hard DIR --split tune [--check]

Photos go the way of a scan, then through the policy engine with default settings and the rule `low-quality` alone, as
single photos without ratings (a rating would excuse a false alarm). Proposed means for the trash or for a look; what
goes straight to the trash is also told by itself.

- `--biq2021`: a checkout of BIQ2021 and its `val` (thresholds are chosen there) or `test`. The bars: of the proposed,
  at most 3 % were scored 0.5 or better by people; of those that people scored below 0.2, at least 80 % are proposed.
- `--hard`: the folder of `must_not_fool.csv` (`benchmarks.collect_photos` fetches it) and its `tune` or `test`:
  pictures that are good although they look dark, soft or flat. The bar: fewer than 2 % are proposed.

The judge's values are kept in FILE by content and revision: another threshold judges nothing anew.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha1
from pathlib import Path

import numpy as np

from albumclean.config import Settings
from albumclean.domain import Action, Photo, Proposal
from albumclean.policy.engine import propose
from benchmarks.collect_photos import read as read_list
from benchmarks.judged import Judged, ResultLog, Row, Share, judge, revision, spread, use_threads
from models import biq2021

LIST = Path(__file__).with_name("must_not_fool.csv")
RULE = "low-quality"
GOOD, BAD = 0.5, 0.2  # what people gave
BAR_WRONG, BAR_FOUND, BAR_FOOLED = 0.03, 0.80, 0.02
THRESHOLDS = tuple(round(float(each), 3) for each in np.arange(0.15, 0.451, 0.025))
SAVE_EVERY = 50  # photos


@dataclass(frozen=True, slots=True)
class Case:
    """A photo, its group, what people gave it (None: it is good by choice), and what is proposed."""

    judged: Judged
    group: str  # subset or class
    mos: float | None
    proposal: Proposal | None

    @property
    def proposed(self) -> bool:
        """For the trash or for a look."""
        return self.proposal is not None

    @property
    def trashed(self) -> bool:
        """For the trash."""
        return self.proposal is not None and self.proposal.action is Action.TRASH


def judged_once(paths: Sequence[Path], log: ResultLog) -> list[Judged]:
    """Each photo with its values, in the order given: from the log where they are known."""
    digests = {path: sha1(path.read_bytes(), usedforsecurity=False).hexdigest() for path in paths}
    missing = [path for path in paths if log.find(revision(), digests[path]) is None]
    fresh: list[Row] = []
    for number, each in enumerate(judge(missing) if missing else (), 1):
        facts = {name: value for name, value in asdict(each.photo).items() if name not in {"content_hash", "shot"}}
        fresh.append({"revision": revision(), "sha1": digests[each.path], "photo": facts, "values": each.values})
        if number % SAVE_EVERY == 0:
            log.add(fresh)
            fresh.clear()
            print(f"{number} of {len(missing)} photos judged", file=sys.stderr, flush=True)
    log.add(fresh)
    found = []
    for path in paths:
        row = log.find(revision(), digests[path])
        if row is None:
            sys.exit(f"the judge gave no score for {path}")
        found.append(Judged(path, Photo(bytes.fromhex(digests[path]), **row["photo"]), row["values"]))
    return found


def proposals(photos: Iterable[Judged], settings: Settings) -> dict[Path, Proposal]:
    """What the rule proposes, by path."""
    facts = (photo.facts() for photo in photos)
    found = propose(facts, (), settings, lambda _: frozenset(), (RULE,))
    return {proposal.facts.path: proposal for proposal in found if proposal.action is not Action.KEEP}


def rated(cases: Sequence[Case]) -> dict[str, Share]:
    """How right the proposals are by people's scores."""
    out = [case for case in cases if case.proposed]
    trash = [case for case in cases if case.trashed]
    bad = [case for case in cases if case.mos is not None and case.mos < BAD]
    return {
        "proposed": Share(len(out), len(cases)),
        "wrong": Share(sum(_good(case) for case in out), len(out)),
        "found": Share(sum(case.proposed for case in bad), len(bad)),
        "trashed": Share(len(trash), len(cases)),
        "trashed_wrong": Share(sum(_good(case) for case in trash), len(trash)),
        "trashed_found": Share(sum(case.trashed for case in bad), len(bad)),
    }


def fooled(cases: Sequence[Case]) -> dict[str, Share]:
    """How many good pictures are proposed."""
    return {
        "proposed": Share(sum(case.proposed for case in cases), len(cases)),
        "trashed": Share(sum(case.trashed for case in cases), len(cases)),
    }


def alarm(case: Case) -> Row:
    """A false alarm in detail."""
    proposal = case.proposal
    return {
        "file": case.judged.path.name,
        "group": case.group,
        "people": case.mos,
        "score": round(case.judged.values["mos"], 4),
        "action": proposal.action.value if proposal else None,
        "sentence": proposal.sentence if proposal else None,
    }


def _good(case: Case) -> bool:
    return case.mos is None or case.mos >= GOOD


def of_biq2021(folder: Path, split: str) -> list[tuple[Path, str, float | None]]:
    """(path, subset, MOS) of the split."""
    return [(photo.path, photo.subset, photo.mos) for photo in biq2021.read(folder, split)]


def of_hard(folder: Path, split: str) -> list[tuple[Path, str, float | None]]:
    """(path, class, None) of the split."""
    entries = [entry for entry in read_list(LIST) if entry.split == split]
    absent = sum(not entry.target(folder).is_file() for entry in entries)
    if absent:
        sys.exit(f"{absent} of {len(entries)} pictures are not in {folder}: fetch them with benchmarks.collect_photos")
    return [(entry.target(folder), entry.kind, None) for entry in entries]


def measure(photos: Sequence[tuple[Path, str, float | None]], log: ResultLog, *, hard: bool) -> Row:
    """All numbers, as one JSON object."""
    seen = judged_once([path for path, _, _ in photos], log)
    shares = fooled if hard else rated

    def cases(settings: Settings) -> list[Case]:
        found = proposals(seen, settings)
        return [
            Case(judged, group, mos, found.get(path)) for judged, (path, group, mos) in zip(seen, photos, strict=True)
        ]

    default = Settings()
    now = cases(default)
    table = {
        below: shares(cases(replace(default, low_quality=replace(default.low_quality, below=below))))
        for below in THRESHOLDS
    }
    groups = {name: shares([case for case in now if case.group == name]) for name in sorted({g for _, g, _ in photos})}
    alarms = sorted((alarm(case) for case in now if case.proposed and _good(case)), key=lambda each: each["score"])
    return {
        "revision": revision(),
        "photos": len(now),
        "below": default.low_quality.below,
        "overall": _json(shares(now)),
        "by_group": {name: _json(part) for name, part in groups.items()},
        "by_threshold": {str(below): _json(part) for below, part in table.items()},
        "false_alarms": alarms,
        "lines": [
            _line("all", shares(now)),
            *(_line(name, part) for name, part in groups.items()),
            *(_line(f"below {below:.3f}", part) for below, part in table.items()),
        ],
        "well": _well(shares(now), hard=hard),
    }


def _well(shares: dict[str, Share], *, hard: bool) -> bool:
    if hard:
        return shares["proposed"].value < BAR_FOOLED
    # NaN, of nothing, is no success.
    return shares["wrong"].value <= BAR_WRONG and shares["found"].value >= BAR_FOUND


def _json(shares: dict[str, Share]) -> Row:
    return {name: share.json() for name, share in shares.items()}


def _line(title: str, shares: dict[str, Share]) -> str:
    columns = (f"{name} {share!s:34}" for name, share in shares.items() if not name.startswith("trashed_"))
    return f"{title:16} {' '.join(columns)}".rstrip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--biq2021", type=Path)
    source.add_argument("--hard", type=Path)
    parser.add_argument("--split", choices=("val", "test", "tune"), required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--out", type=Path, help="write the numbers here as JSON, too")
    parser.add_argument("--count", type=int, default=0, help="at most so many photos; 0: all")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--check", action="store_true", help="exit with 1 if a bar is missed")
    arguments = parser.parse_args()
    use_threads(arguments.threads)
    hard = arguments.hard is not None
    photos = of_hard(arguments.hard, arguments.split) if hard else of_biq2021(arguments.biq2021, arguments.split)
    if not photos:
        parser.error(f"there is no split {arguments.split} in it")
    result = measure(spread(photos, arguments.count), ResultLog(arguments.log, ("revision", "sha1")), hard=hard)
    print(*result.pop("lines"), sep="\n")
    for each in result["false_alarms"]:
        print(json.dumps(each, ensure_ascii=False))
    if arguments.out:
        arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print("within the bars" if result["well"] else "MISSED", file=sys.stderr)
    sys.exit(arguments.check and not result["well"])


if __name__ == "__main__":
    main()
