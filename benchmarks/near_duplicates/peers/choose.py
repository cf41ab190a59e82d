"""Choose each tool's best setting: `python -m benchmarks.near_duplicates.peers.choose TRUTH OUT`.

OUT holds the groups files of a sweep on the tuning set, TRUTH is that set's `truth.csv`. The table of all settings is
printed; OUT/best.json gets the setting of each tool with the highest F1 over derived pairs, for `peers --best`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks.near_duplicates import truth
from benchmarks.near_duplicates.groups import read_groups
from benchmarks.near_duplicates.measure import Tally, measure
from benchmarks.near_duplicates.peers.registry import TOOLS
from benchmarks.near_duplicates.peers.tool import file_name


def best(tallies: dict[str, Tally]) -> str:
    """The setting with the highest F1; among equals the more precise one, then the first."""
    return max(tallies, key=lambda setting: (tallies[setting].f1, tallies[setting].precision))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("truth", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    rows = truth.read(arguments.truth)
    chosen = {}
    print("| tool | setting | precision | recall | F1 |\n| --- | --- | --- | --- | --- |")
    for tool in TOOLS.values():
        swept = {setting: arguments.out / f"{file_name(tool, setting)}.json" for setting in tool.settings}
        tallies = {
            setting: measure(rows, read_groups(path, rows)).derived_pairs
            for setting, path in swept.items()
            if path.exists()
        }
        for setting, tally in tallies.items():
            mark = " (default)" if setting == tool.default else ""
            print(f"| {tool.name} | {setting}{mark} | {tally.precision:.4f} | {tally.recall:.4f} | {tally.f1:.4f} |")
        if tallies:
            chosen[tool.name] = best(tallies)
    (arguments.out / "best.json").write_text(json.dumps(chosen, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(chosen))


if __name__ == "__main__":
    main()
