"""albumclean on the benchmark: `python -m benchmarks.near_duplicates.run BENCHMARK GROUPS.json [--home DIR] [--json]`.

BENCHMARK is a folder that `generate` filled. It is scanned by the command line, the groups are read from the catalogue
and written to GROUPS.json in the form that `measure` reads, and measured. The databases lie in a temporary folder, or
in DIR, where a second run finds what the first has read and judged.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from albumclean.catalogue import Catalogue
from albumclean.config import Locations, load_settings
from albumclean.domain import GroupKind, PhotoFacts, Relation, SimilarGroup
from albumclean.similar.components import components
from albumclean.store.cache import Cache
from albumclean.store.ledger import Ledger
from benchmarks.common import environment, run
from benchmarks.near_duplicates import truth
from benchmarks.near_duplicates.groups import read_groups
from benchmarks.near_duplicates.measure import measure, table


def scan(home: Path, pictures: Path) -> float:
    """Scan, with the databases below `home`; returns the CPU seconds it took. Ends the program where it fails."""
    done = run(home, "scan", pictures, "--json")
    if not done.out:
        sys.exit(f"the scan ended with status {done.code}: {done.err}")
    return done.cpu


def as_json(groups: Iterable[SimilarGroup], pictures: Path) -> list[dict[str, object]]:
    """The groups as `measure` reads them; the exact copies inside a group of derived ones stand by themselves, too."""
    return [
        {"kind": kind.value, "members": [facts.path.relative_to(pictures).as_posix() for facts in members]}
        for group in groups
        for kind, members in [(group.kind, group.members), *((GroupKind.EXACT, part) for part in exact_parts(group))]
    ]


def exact_parts(group: SimilarGroup) -> list[list[PhotoFacts]]:
    """The members of a derived group that have the same bytes or pixels, in the order of the group."""
    if group.kind is not GroupKind.DERIVED:
        return []
    same = [(look.one, look.other) for look in group.comparisons if look.relation is Relation.SAME_PIXELS]
    hashes = {facts.photo.content_hash for facts in group.members if facts.photo}
    parts = (set(part) for part in components([*same, *((each, each) for each in hashes)]))
    members = ([facts for facts in group.members if facts.photo and facts.photo.content_hash in part] for part in parts)
    return [part for part in members if len(part) > 1]


def found_groups(home: Path, pictures: Path) -> list[dict[str, object]]:
    """What the catalogue below `home` groups."""
    locations = Locations.from_environment(environment(home))
    settings = load_settings(locations.config)
    with Cache.open(locations.cache) as cache, Ledger.open(locations.ledger) as ledger:
        return as_json(Catalogue(cache, ledger, settings).groups(), pictures)


def main() -> None:
    parser = argparse.ArgumentParser(description="Scan the benchmark with albumclean and measure its groups.")
    parser.add_argument("benchmark", type=Path, help="a folder with files/ and truth.csv")
    parser.add_argument("groups", type=Path, help="where to write the groups")
    parser.add_argument("--home", type=Path, help="keep the databases here")
    parser.add_argument("--json", action="store_true", help="everything, for programs")
    options = parser.parse_args()
    pictures = (options.benchmark / "files").resolve()
    rows = truth.read(options.benchmark / "truth.csv")
    with tempfile.TemporaryDirectory() as scratch:
        home = (options.home or Path(scratch) / "home").resolve()
        cpu = scan(home, pictures)
        groups = found_groups(home, pictures)
    options.groups.write_text(json.dumps(groups, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")
    measured = measure(rows, read_groups(options.groups, rows))
    if options.json:
        print(json.dumps({"scan_cpu_seconds": cpu, **measured.json()}, indent=1))
    else:
        print(f"scanned in {cpu:.0f} s of CPU\n\n{table(measured)}")


if __name__ == "__main__":
    main()
