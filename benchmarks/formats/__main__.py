"""Are real files of every format read as they should be?

`python -m benchmarks.formats FOLDER` reads every file of the list in `FOLDER` through the decoding workers of a scan
and prints a table by family and every deviation; it ends with 1 if there is any, or if files are missing.
`python -m benchmarks.formats collect FOLDER [--mirror DIR]` fetches the files first (465 MB).
`--sheets DIR` writes contact sheets to look at.
`python -m benchmarks.formats expect FOLDER OUT.csv` asks the independent readers (`readers.py`) about every file anew
and writes a list of what they say, to be compared with the settled one: where they differ, a row's `note` says why.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from albumclean.words import shown
from benchmarks.formats import corpus, sheets
from benchmarks.formats.check import Found, deviations, find
from benchmarks.formats.collect import collect, is_there
from benchmarks.formats.corpus import Row
from benchmarks.formats.expect import expect
from benchmarks.formats.readers import tags


def main(arguments: list[str] | None = None) -> None:
    given = sys.argv[1:] if arguments is None else arguments
    commands = {"collect": _collect, "expect": _expect}
    command = commands.get(given[0]) if given else None
    sys.exit(command(given[1:]) if command else _verify(given))


def _collect(given: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.formats collect", description="Fetch the files of the list.")
    parser.add_argument("folder", type=Path, help="the folder to fill")
    parser.add_argument("--list", type=Path, default=corpus.LIST)
    parser.add_argument("--mirror", type=Path, help="a folder of git directories named owner+name")
    options = parser.parse_args(given)
    ended = collect(corpus.read(options.list), options.folder, options.mirror)
    print(", ".join(f"{count} {how}" for how, count in sorted(ended.items())))
    return 1 if ended["wrong"] + ended["missing"] else 0


def _expect(given: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.formats expect", description="What independent readers say.")
    parser.add_argument("folder", type=Path, help="what `collect` has filled")
    parser.add_argument("out", type=Path, help="the list to write")
    parser.add_argument("--list", type=Path, default=corpus.LIST)
    parser.add_argument("--family", action="append", help="only this one; may be given more than once")
    options = parser.parse_args(given)
    rows = [row for row in corpus.read(options.list) if not options.family or row.family in options.family]
    said = tags([options.folder / row.name for row in rows])
    places = [options.folder / row.name for row in rows]
    corpus.write(
        [expect(row, place, said.get(place, {})) for row, place in zip(rows, places, strict=True)], options.out
    )
    return 0


def _verify(given: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.formats", description="Read the corpus and tell what deviates.")
    parser.add_argument("folder", type=Path, help="what `collect` has filled")
    parser.add_argument("--list", type=Path, default=corpus.LIST)
    parser.add_argument("--family", action="append", help="only this one; may be given more than once")
    parser.add_argument("--sheets", type=Path, help="where to write contact sheets")
    options = parser.parse_args(given)
    rows = [row for row in corpus.read(options.list) if not options.family or row.family in options.family]
    present = [row for row in rows if is_there(row, options.folder)]
    missing = [row for row in rows if row not in present]
    found = list(find(present, options.folder))
    wrong = {one.row.name: said for one in found if (said := deviations(one))}
    print(table(rows, found, wrong))
    for one in sorted(found, key=lambda one: one.row.name):
        for deviation in wrong.get(one.row.name, ()):
            print(f"{one.row.name}  {one.row.source.partition('@')[0]} {one.row.path}\n    {shown(deviation)}")
    for row in missing:
        print(f"{row.name}  is missing or holds other bytes; `collect` fetches it")
    if options.sheets is not None:
        sheets.draw(found, frozenset(wrong), options.sheets)
    return 1 if wrong or missing else 0


def table(rows: list[Row], found: list[Found], wrong: dict[str, list[str]]) -> str:
    """One line a family: its files, how many are to be read, how many to fail, how many came out as expected."""
    files = Counter(row.family for row in rows)
    read = Counter(row.family for row in rows if row.outcome == "read")
    right = Counter(one.row.family for one in found if one.row.name not in wrong)
    lines = [f"{'family':<14}{'files':>7}{'to read':>9}{'to fail':>9}{'as expected':>13}"]
    for family in [*sorted(files), "all"]:
        counts = [sum(table.values()) if family == "all" else table[family] for table in (files, read, right)]
        lines.append(f"{family:<14}{counts[0]:>7}{counts[1]:>9}{counts[0] - counts[1]:>9}{counts[2]:>13}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
