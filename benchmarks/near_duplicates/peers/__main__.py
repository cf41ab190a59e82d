"""Run the other tools on a folder: `python -m benchmarks.near_duplicates.peers FOLDER OUT --cache DIR [--only NAME]`.

For every tool OUT gets

- `<tool>.json`: its groups at its documented defaults, in the form that `measure` reads;
- `<tool>.meta.json`: version, setting, time, memory, and the CPU time over that of decoding the same files in this run;
- with `--sweep`, `<tool>@<setting>.json` for every other setting worth a try (to choose one on the tuning set);
- with `--best FILE` (what `peers.choose` wrote of a sweep on the tuning set), `<tool>@best.json` and its meta file.

Each tool is installed by pip into an environment of its own below DIR (several gigabytes where it needs torch). Only
calls that read are used; on Linux the folder is read-only to them besides, and after each run it must be as before.
A tool that can't be installed or fails is told in its meta file, and the command ends with status 1.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.near_duplicates.peers import environments, measured
from benchmarks.near_duplicates.peers.registry import TOOLS
from benchmarks.near_duplicates.peers.tool import Tool, file_name

REPOSITORY = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one tool."""

    tool: Tool
    settings: Sequence[str]
    names: Sequence[str]  # of the files to write, one a setting, without their ending

    @property
    def meta_name(self) -> str:
        return f"{self.names[0] if len(self.names) == 1 else self.tool.name + '@sweep'}.meta.json"


class Runner:
    """Runs tools on one folder."""

    def __init__(self, folder: Path, out: Path, cache: Path) -> None:
        self.folder = folder.resolve()
        self.out = out
        self.cache = cache.resolve()
        self.guard = measured.guard(self.folder)
        self.before = measured.listing(self.folder)
        self.environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONWARNINGS": "ignore"}

    def decoding(self) -> float:
        """CPU seconds of decoding every file once."""
        with tempfile.TemporaryDirectory() as scratch:
            log = Path(scratch) / "log"
            command = [sys.executable, "-m", "benchmarks.near_duplicates.peers.decoding", str(self.folder)]
            cost = measured.run(command, log, self.environment, Path(scratch))
            if cost.code:
                sys.exit(cost.error)
            decoded, failed = log.read_text(encoding="utf-8").split()
        self._note(
            "decoding.meta.json",
            {"files": int(decoded), "no_picture": int(failed), "cpu": round(cost.cpu, 2), "wall": round(cost.wall, 2)},
        )
        return cost.cpu

    def run(self, run: Run, decoding: float) -> bool:
        """Ask a tool and write down what it said; tell whether that went well."""
        meta: dict[str, object] = {"tool": run.tool.name, "settings": list(run.settings), "keeps": run.tool.keeps}
        try:
            python = environments.python_of(run.tool, self.cache)
        except environments.NotInstalledError as error:
            self._note(run.meta_name, {**meta, "failed": str(error)})
            return False
        meta["version"] = environments.version(run.tool, python)
        meta["folder_read_only"] = bool(self.guard)
        with tempfile.TemporaryDirectory() as temporary:
            home = Path(temporary)
            (home / "scratch").mkdir()
            command = [
                *self.guard, str(python), "-m", "benchmarks.near_duplicates.peers.inside", run.tool.name,
                str(self.folder), str(home / "scratch"), str(home / "said"), *run.settings,
            ]  # fmt: skip
            cost = measured.run(command, home / "log", self.environment, home)
            if measured.listing(self.folder) != self.before:
                sys.exit(f"{run.tool.name} has changed the folder {self.folder}")
            meta |= {"cpu": round(cost.cpu, 2), "wall": round(cost.wall, 2), "peak_mib": round(cost.peak_mib)}
            meta |= {"cpu_over_decoding": round(cost.cpu / decoding, 3), "cores": usable_cores()}
            if cost.code:
                self._note(run.meta_name, {**meta, "failed": cost.error})
                return False
            meta["read"] = self._write(run, home / "said")
        self._note(run.meta_name, meta)
        return True

    def _write(self, run: Run, said: Path) -> object:
        """Turn each line into a groups file; how many pictures the tool could read, where it tells."""
        read: object = None
        with said.open(encoding="utf-8") as lines:
            for name, line in zip(run.names, lines, strict=True):
                words = json.loads(line)["said"]
                run.tool.read(words, self.folder).write(self.out / f"{name}.json")
                read = words.get("read") if isinstance(words, dict) else None
        return read

    def _note(self, name: str, meta: dict[str, object]) -> None:
        (self.out / name).write_text(json.dumps(meta, indent=2) + "\n", encoding="utf-8")
        print(name, json.dumps(meta), flush=True)


def usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def runs_of(tool: Tool, sweep: bool, best: dict[str, str]) -> list[Run]:
    """The default by itself, so that its time is its own; then what else is asked for."""
    runs = [Run(tool, [tool.default], [tool.name])]
    if sweep:
        others = [setting for setting in tool.settings if setting != tool.default]
        runs.append(Run(tool, others, [file_name(tool, setting) for setting in others]))
    if tool.name in best:
        runs.append(Run(tool, [best[tool.name]], [f"{tool.name}@best"]))
    return runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--cache", type=Path, required=True, help="where the tools' environments lie")
    parser.add_argument("--only", action="append", choices=list(TOOLS), help="this tool; may be given again")
    parser.add_argument("--sweep", action="store_true", help="also try every setting")
    parser.add_argument("--best", type=Path, help="also run the settings that this file names")
    parser.add_argument("--cores", type=int, default=0, help="run on so many cores only (0: on all)")
    arguments = parser.parse_args()
    for outside in (arguments.cache, arguments.out):
        if arguments.folder.resolve() in (outside.resolve(), *outside.resolve().parents):
            parser.error(f"{outside} lies in the folder to be searched")
    measured.use_cores(arguments.cores)
    arguments.out.mkdir(parents=True, exist_ok=True)
    best = json.loads(arguments.best.read_text(encoding="utf-8")) if arguments.best else {}
    runner = Runner(arguments.folder, arguments.out, arguments.cache)
    decoding = runner.decoding()
    wanted = [TOOLS[name] for name in arguments.only or TOOLS]
    well = [runner.run(run, decoding) for tool in wanted for run in runs_of(tool, arguments.sweep, best)]
    sys.exit(0 if all(well) else 1)


if __name__ == "__main__":
    main()
