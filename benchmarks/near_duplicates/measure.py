"""How well groups fit the truth: `python -m benchmarks.near_duplicates.measure TRUTH.csv GROUPS.json [--json]`.

With `--without FAMILY` a family of look-alikes, its copies too, is left out: one of the lists proved to be one photo.

GROUPS.json is what every program's answer is converted to: `[{"kind": "exact|derived|moment", "members": [...]}]`, the
members relative to the folder of pictures, the keeper first. Files that the truth does not know are an error.

Copies are counted twice over. By pairs: any two files of one shot are a pair to find, and a pair that shares an exact
or a derived group is found; the members of exact groups stand for one another, so that `{a, a'}` and `{a, b}` together
find `{a', b}`. And by files: a copy is found where it shares a group with its source, or with a keeper of its shot.
Pairs with the very same pixels belong to the exact count; programs that know one kind of group only are not blamed
for putting them with the others.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.near_duplicates import truth
from benchmarks.near_duplicates.groups import Group, read_groups
from benchmarks.near_duplicates.truth import Relation, Row

Codes = npt.NDArray[np.int64]  # sorted and distinct; a pair of files (i < j) as i * number of files + j


@dataclass(frozen=True, slots=True)
class Tally:
    """Found rightly, found wrongly, and missed."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        """1 where nothing was found: then nothing was wrong."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """1 where there was nothing to find."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    def json(self) -> dict[str, float]:
        return {**asdict(self), "precision": self.precision, "recall": self.recall, "f1": self.f1}


@dataclass(frozen=True, slots=True)
class Found:
    """Of the copies made one way, how many were found."""

    found: int
    of: int

    @property
    def recall(self) -> float:
        return self.found / self.of


@dataclass(frozen=True, slots=True)
class Keepers:
    """What stands first in the groups of copies."""

    untouched: int  # the source, or a file of the same bytes
    same_pixels: int  # the source's pixels with other metadata
    derived: int  # a copy, although the group holds the source's bytes or pixels
    without_source: int  # groups that hold neither: no keeper could have been right
    photos: int  # of these groups, without the last, those around a collected photo that is in no family of look-alikes
    untouched_photos: int  # of those

    @property
    def share(self) -> float:
        """Of untouched sources, among the groups that hold one or its pixels; NaN where there is none."""
        groups = self.untouched + self.same_pixels + self.derived
        return self.untouched / groups if groups else float("nan")


@dataclass(frozen=True, slots=True)
class LookAlikes:
    """Pairs of different shots of one family, by the type of family."""

    pairs: int
    as_copies: int  # with a file of each in one exact or derived group
    as_moment: int  # in one moment group; right for bursts and series, and never harmful by itself


@dataclass(frozen=True, slots=True)
class Measurement:
    """Everything that is published of one program's answer."""

    files: int
    derived_pairs: Tally
    exact_pairs: Tally
    derived_files: Tally
    by_transformation: dict[str, dict[str, Found]]  # of files, by name and strength; same bytes and pixels as well
    keepers: Keepers
    mixed_groups: int  # exact and derived groups with more than one shot in them
    mixed_files: int  # their members that are not of the keeper's shot
    look_alikes: dict[str, LookAlikes]

    def json(self) -> dict[str, object]:
        return {
            **asdict(self),
            "derived_pairs": self.derived_pairs.json(),
            "exact_pairs": self.exact_pairs.json(),
            "derived_files": self.derived_files.json(),
            "keepers": {**asdict(self.keepers), "share": self.keepers.share if self.keepers.share >= 0 else None},
        }


def measure(rows: Sequence[Row], groups: Sequence[Group]) -> Measurement:
    """Compare an answer with the truth."""
    by_shot: dict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        by_shot[row.shot].append(number)
    is_exact = np.array([row.relation is not Relation.DERIVED for row in rows])
    copies = [group for group in groups if group.kind != "moment"]

    count = len(rows)
    claimed_exact = _pairs((group.members for group in copies if group.kind == "exact"), count)
    widened = _widened(copies)
    claimed = _distinct(np.concatenate((claimed_exact, _pairs(widened, count))))
    true = _pairs((tuple(members) for members in by_shot.values()), count)
    exact_true = true[is_exact[true // count] & is_exact[true % count]]
    derived_true = np.setdiff1d(true, exact_true, assume_unique=True)
    right = _common(claimed, derived_true)
    derived_pairs = Tally(right, len(claimed) - _common(claimed, true), len(derived_true) - right)
    right = _common(claimed_exact, exact_true)
    exact_pairs = Tally(right, len(claimed_exact) - right, len(exact_true) - right)

    found = _found(rows, copies, np.intersect1d(claimed, true, assume_unique=True), is_exact)
    hits_of: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for number, row in enumerate(rows):
        if row.transformation:
            hits_of[row.transformation][row.strength].append(number in found)
    to_find = {number for number, row in enumerate(rows) if row.relation is Relation.DERIVED}
    wrong = {
        member for group in copies for member in group.members[1:] if rows[member].shot != rows[group.members[0]].shot
    }
    return Measurement(
        files=count,
        derived_pairs=derived_pairs,
        exact_pairs=exact_pairs,
        derived_files=Tally(len(found & to_find), len(wrong), len(to_find - found)),
        by_transformation={
            name: {strength: Found(sum(hits), len(hits)) for strength, hits in strengths.items()}
            for name, strengths in sorted(hits_of.items())
        },
        keepers=_keepers(rows, copies),
        mixed_groups=sum(len({rows[member].shot for member in group.members}) > 1 for group in copies),
        mixed_files=len(wrong),
        look_alikes=_look_alikes(
            rows,
            [*(group.members for group in copies), *widened],
            [group.members for group in groups if group.kind == "moment"],
        ),
    )


def _widened(groups: Sequence[Group]) -> list[tuple[int, ...]]:
    """The members of the derived groups, each with all that an exact group says is the same."""
    same: dict[int, set[int]] = defaultdict(set)
    for group in groups:
        if group.kind == "exact":
            for member in group.members:
                same[member].update(group.members)
    return [
        tuple(sorted({other for member in group.members for other in {member, *same.get(member, ())}}))
        for group in groups
        if group.kind == "derived"
    ]


def _pairs(sets: Iterable[Sequence[int]], count: int) -> Codes:
    """Every pair of each set once."""
    codes = [np.empty(0, np.int64)]
    for members in sets:
        ordered = np.sort(np.asarray(members, np.int64))
        one, other = np.triu_indices(len(ordered), 1)
        codes.append(ordered[one] * count + ordered[other])
    return _distinct(np.concatenate(codes))


def _distinct(codes: Codes) -> Codes:
    """Sorted, each once; `np.unique` hashes integers and is ten times slower on so many neighbours."""
    codes = np.sort(codes)
    return codes[np.append(True, codes[1:] != codes[:-1])] if len(codes) else codes


def _common(one: Codes, other: Codes) -> int:
    return len(np.intersect1d(one, other, assume_unique=True))


def _found(rows: Sequence[Row], copies: Sequence[Group], right: Codes, is_exact: npt.NDArray[np.bool_]) -> set[int]:
    """Files that share a group with what has their source's pixels, or with a keeper of their shot."""
    one, other = right // len(rows), right % len(rows)
    found = {int(number) for number in one[is_exact[other]]} | {int(number) for number in other[is_exact[one]]}
    for group in copies:
        shot = rows[group.members[0]].shot
        found.update(member for member in group.members[1:] if rows[member].shot == shot)
    return found


def _keepers(rows: Sequence[Row], copies: Iterable[Group]) -> Keepers:
    untouched = same_pixels = derived = without = photos = untouched_photos = 0
    for group in copies:
        if group.kind != "derived":
            continue
        keeper = rows[group.members[0]]
        held = {rows[member].relation for member in group.members if rows[member].shot == keeper.shot}
        if held <= {Relation.DERIVED}:
            without += 1
        elif keeper.relation is Relation.DERIVED:
            derived += 1
        elif keeper.relation is Relation.SAME_PIXELS:
            same_pixels += 1
        else:
            untouched += 1
        if Relation.SOURCE in held:
            photos += 1
            untouched_photos += keeper.relation in {Relation.SOURCE, Relation.SAME_BYTES}
    return Keepers(untouched, same_pixels, derived, without, photos, untouched_photos)


def _look_alikes(
    rows: Sequence[Row], copies: Iterable[Sequence[int]], moments: Iterable[Sequence[int]]
) -> dict[str, LookAlikes]:
    shots_of: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.family:
            shots_of[row.family].add(row.shot)
    pairs: dict[str, int] = defaultdict(int)
    for family, shots in shots_of.items():
        pairs[family.partition("-")[0]] += len(shots) * (len(shots) - 1) // 2
    as_copies, as_moment = _met(rows, copies), _met(rows, moments)
    return {kind: LookAlikes(pairs[kind], as_copies[kind], as_moment[kind]) for kind in sorted(pairs)}


def _met(rows: Sequence[Row], sets: Iterable[Sequence[int]]) -> dict[str, int]:
    """By type of family, how many pairs of its shots stand together in one of the sets."""
    together: set[tuple[str, str, str]] = set()
    for members in sets:
        shots: dict[str, set[str]] = defaultdict(set)
        for member in members:
            if rows[member].family:
                shots[rows[member].family].add(rows[member].shot)
        for family, found in shots.items():
            kind = family.partition("-")[0]
            together.update((kind, *pair) for pair in combinations(sorted(found), 2))
    met: dict[str, int] = defaultdict(int)
    for kind, _one, _other in together:
        met[kind] += 1
    return met


def without(families: Collection[str], rows: Sequence[Row], groups: Iterable[Group]) -> tuple[list[Row], list[Group]]:
    """Truth and answer but for the files of these families. Raises ValueError for one that the truth doesn't know."""
    if unknown := set(families) - {row.family for row in rows}:
        raise ValueError(f"no such family in the truth: {min(unknown)}")
    left = [number for number, row in enumerate(rows) if row.family not in families]
    place = {number: at for at, number in enumerate(left)}
    kept = (Group(each.kind, tuple(place[one] for one in each.members if one in place)) for each in groups)
    return [rows[number] for number in left], [group for group in kept if len(group.members) > 1]


def table(measured: Measurement) -> str:
    """The measurement for people, as Markdown."""
    lines = [f"{measured.files} files", "", "| copies | right | wrong | missed | precision | recall | F1 |"]
    lines.append("|---|---:|---:|---:|---:|---:|---:|")
    tallies = (
        ("derived, pairs", measured.derived_pairs),
        ("derived, files", measured.derived_files),
        ("exact, pairs", measured.exact_pairs),
    )
    for name, tally in tallies:
        counts = f"{tally.right} | {tally.wrong} | {tally.missed}"
        lines.append(f"| {name} | {counts} | {tally.precision:.4f} | {tally.recall:.4f} | {tally.f1:.4f} |")
    keepers = measured.keepers
    lines += [
        "",
        f"keeper is the untouched source: {keepers.share:.4f} ({keepers.untouched} groups; {keepers.same_pixels} keep "
        f"its pixels with other metadata, {keepers.derived} a copy; {keepers.without_source} groups hold no source)",
        f"of groups around a photo without look-alikes: {keepers.untouched_photos} of {keepers.photos}",
        f"groups of copies with more than one shot: {measured.mixed_groups} ({measured.mixed_files} files)",
        "",
        "| look-alikes | pairs | taken for copies | in one moment |",
        "|---|---:|---:|---:|",
    ]
    for kind, alike in measured.look_alikes.items():
        lines.append(f"| {kind} | {alike.pairs} | {alike.as_copies} | {alike.as_moment} |")
    lines += ["", "| transformation | recall | by strength |", "|---|---:|---|"]
    for name, strengths in measured.by_transformation.items():
        overall = sum(one.found for one in strengths.values()) / sum(one.of for one in strengths.values())
        each = ", ".join(f"{strength}: {one.recall:.3f}" for strength, one in sorted(strengths.items()))
        lines.append(f"| {name} | {overall:.4f} | {each} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="How well groups of copies fit the truth.")
    parser.add_argument("truth", type=Path)
    parser.add_argument("groups", type=Path)
    parser.add_argument("--json", action="store_true", help="everything, for programs")
    parser.add_argument("--without", metavar="FAMILY", action="append", default=[], help="of look-alikes, left out")
    options = parser.parse_args()
    rows = truth.read(options.truth)
    try:
        measured = measure(*without(options.without, rows, read_groups(options.groups, rows)))
    except ValueError as error:
        sys.exit(f"{options.groups}: {error}")
    print(json.dumps(measured.json(), indent=1) if options.json else table(measured))


if __name__ == "__main__":
    main()
