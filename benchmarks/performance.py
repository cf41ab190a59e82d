"""All of docs/performance.md by one command: `python -m benchmarks.performance --photos DIR --work DIR [--quick]`.

Runs the benchmarks of speed and memory one after the other, each in a process of its own, keeps what each said in
DIR/<part>.json, and writes the page and its plots from that. A part whose file is there is not run again (`--again` for
those), so a run that was stopped goes on where it was; `--only PART` runs that part alone, and the page is made from
all that is there. `--photos` are 12-megapixel JPEGs, 40 or more; `--small` any photos, for small pieces of them.

`--quick` tries everything at small sizes and says so on the page, which then goes to DIR/performance.md.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.performance_page import page

Words = Sequence[str | Path]

_ROOT = Path(__file__).resolve().parent.parent
_DOCS = _ROOT / "docs"


@dataclass(frozen=True, slots=True)
class Options:
    """What the user named."""

    photos: Path
    small: Path
    work: Path
    libraries: Path
    environments: Path
    fit: Path | None
    quick: bool

    def out(self, part: str) -> Path:
        """Where a benchmark writes its numbers."""
        return self.work / f"{part}-numbers.json"


@dataclass(frozen=True, slots=True)
class Part:
    """One benchmark: the module, and its arguments."""

    name: str
    module: str
    arguments: Callable[[Options], Sequence[str | Path]]


@dataclass(frozen=True, slots=True)
class Result:
    """What a part said, where and when."""

    part: str
    command: str
    code: int
    seconds: float
    out: str
    numbers: Any  # what the benchmark wrote as JSON; None: it has told its numbers in `out` alone
    quick: bool
    machine: str
    load: float  # of the minute before it began: how busy the machine was with other things
    at: str
    revision: str
    err: str = field(default="")


def _peers(o: Options) -> Words:
    quick = ["--rounds", "1", "--only", "image-dedup-ai"] if o.quick else []
    given: Words = [
        "--photos",
        o.photos,
        "--work",
        o.work / "peers",
        "--cache",
        o.environments,
        "--out",
        o.out("peers"),
    ]
    return [*given, *quick]


def _growth(o: Options) -> Words:
    given: Words = ["--work", o.libraries, "--out", o.out("growth"), *(["--quick"] if o.quick else [])]
    return [*given, "--fit", o.fit] if o.fit else given


def _search(o: Options) -> Words:
    counts = ["--counts", "10000"] if o.quick else []
    fit: Words = ["--fit", o.fit] if o.fit else ["--cache", o.libraries / "10000" / "home" / "cache.sqlite"]
    return [*fit, "--work", o.work / "search", *counts]


def _memory(o: Options) -> Words:
    counts = ["200", "400"] if o.quick else ["1000", "100000"]
    given: Words = [
        "--photos",
        o.small,
        "--work",
        o.work / "memory",
        "--quick",
        "--looks",
        "1000",
        "--out",
        o.out("memory"),
    ]
    return [*given, "--counts", *counts]


def _rescan(o: Options) -> Words:
    given: Words = ["--work", o.work / "rescan", "--out", o.out("rescan")]
    return [*given, *(["--quick"] if o.quick else ["--library", o.libraries / _largest(o), "--check"])]


PARTS = (
    Part("stages", "albumclean", lambda o: ["scan", "--dry-bench", "--json", o.photos]),
    Part(
        "efficiency",
        "benchmarks.efficiency",
        lambda o: ["--photos", o.photos, "--out", o.out("efficiency"), *(["--quick"] if o.quick else [])],
    ),
    Part("peers", "benchmarks.peers_cpu", _peers),
    Part("growth", "benchmarks.growth", _growth),
    Part("search", "benchmarks.million", _search),
    Part("rescan", "benchmarks.rescan_million", _rescan),
    Part(
        "proposals",
        "benchmarks.million_proposals",
        lambda o: ["--library", o.libraries / _largest(o), "--out", o.out("proposals")],
    ),
    Part(
        "cache",
        "benchmarks.cache_size",
        lambda o: ["--library", o.libraries / _largest(o), "--out", o.out("cache"), *(["--quick"] if o.quick else [])],
    ),
    Part("memory", "benchmarks.memory", _memory),
    Part(
        "engine",
        "benchmarks.engines",
        lambda o: ["--photos", o.small, "--work", o.work / "engine", *(["--count", "60"] if o.quick else [])],
    ),
)


def _largest(o: Options) -> str:
    return "10000" if o.quick else "1000000"


def run(part: Part, options: Options) -> Result:
    """Run one, and keep what it said."""
    options.out(part.name).unlink(missing_ok=True)
    arguments = [str(each) for each in part.arguments(options)]
    command = [sys.executable, "-m", part.module, *arguments]
    load, at, began = os.getloadavg()[0], time.strftime("%Y-%m-%d %H:%M"), time.monotonic()
    home = {"ALBUMCLEAN_HOME": str(options.work / "home")}
    done = subprocess.run(command, env=os.environ | home, cwd=_ROOT, capture_output=True, text=True, check=False)
    out = options.out(part.name)
    result = Result(
        part=part.name,
        command=_shown([part.module, *arguments], options),
        code=done.returncode,
        seconds=round(time.monotonic() - began, 1),
        out=done.stdout,
        numbers=_numbers(part, done.stdout, out, options),
        quick=options.quick,
        machine=machine(),
        load=round(load, 1),
        at=at,
        revision=_revision(),
        err=done.stderr[-2000:],
    )
    (options.work / f"{part.name}.json").write_text(json.dumps(asdict(result), indent=1))
    return result


def _numbers(part: Part, said: str, out: Path, options: Options) -> Any:  # noqa: ANN401 - whatever JSON holds
    if out.exists():
        return json.loads(out.read_text())
    if part.name == "search" and (grown := options.work / "search" / "growth.json").exists():
        return json.loads(grown.read_text())
    try:
        return json.loads(said)
    except ValueError:
        return None


def _shown(words: Sequence[str], options: Options) -> str:
    """The command as a reader would type it: folders by what they are, not by where they lay here."""
    names = {
        "SMALL": options.small,
        "PHOTOS": options.photos,
        "LIBRARIES": options.libraries,
        "ENVIRONMENTS": options.environments,
        "WORK": options.work,
        **({"FIT": options.fit} if options.fit else {}),
    }
    text = " ".join(words)
    for name, path in sorted(names.items(), key=lambda each: -len(str(each[1]))):
        text = text.replace(str(path), name)
    return f"python -m {text}"


def machine() -> str:
    """What this was measured on."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
        name = models[0] if models else name
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{name}, {cores} cores, {memory:.0f} GB, {platform.system()}, no GPU used"


def _revision() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()


def main() -> None:
    names = [part.name for part in PARTS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--small", type=Path, help="(default: those of --photos)")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--libraries", type=Path, help="where made libraries lie, by size (default: WORK/libraries)")
    parser.add_argument("--environments", type=Path, help="where peers are installed (default: WORK/environments)")
    parser.add_argument("--fit", type=Path, help="as for benchmarks.million")
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    parser.add_argument("--again", action="store_true", help="run parts again that are there")
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    work = arguments.work.absolute()
    options = Options(
        photos=arguments.photos.absolute(),
        small=(arguments.small or arguments.photos).absolute(),
        work=work,
        libraries=(arguments.libraries or work / "libraries").absolute(),
        environments=(arguments.environments or work / "environments").absolute(),
        fit=arguments.fit.absolute() if arguments.fit else None,
        quick=arguments.quick,
    )
    work.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        if part.name not in arguments.only:
            continue
        if (work / f"{part.name}.json").exists() and not arguments.again:
            print(f"{part.name}: is there", flush=True)
            continue
        if importlib.util.find_spec(part.module) is None:
            print(f"{part.name}: there is no {part.module}", flush=True)
            continue
        result = run(part, options)
        last = result.out.strip().splitlines()[-1:] or [result.err.strip()[-200:]]
        print(f"{part.name}: {result.seconds:.0f} s, ended with {result.code}: {last[0][:150]}", flush=True)
    results = {
        name: json.loads((work / f"{name}.json").read_text()) for name in names if (work / f"{name}.json").exists()
    }
    target = work if options.quick else _DOCS
    for name, data in page(results).items():
        (target / name).write_bytes(data)
        print(f"wrote {name}", flush=True)


if __name__ == "__main__":
    main()
