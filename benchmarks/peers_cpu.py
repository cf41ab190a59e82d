"""CPU time a photo beside other programs: `python -m benchmarks.peers_cpu --photos DIR --work DIR [--cache DIR]`.

CPU seconds of the whole command, all its processes and threads, for each 12-megapixel JPEG more: every program looks at
8 photos and at 40, in homes of its own, and the difference counts, so that starting up and loading models does not.
All take turns, for so many rounds; the median of the rounds is told. Programs keep their defaults; nothing is deleted,
moved or copied by any of them. Each is installed by pip at a pinned version in an environment below --cache.

The bars: albumclean's whole scan costs less than every program that scores quality, and less than twice what the
fastest program costs that only looks for duplicates by hashes; of those image-dedup-ai is the fastest that we know.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.common import ALBUMCLEAN, fresh
from benchmarks.judge_cost import photos_in
from benchmarks.near_duplicates.peers.environments import NotInstalledError, installed
from benchmarks.near_duplicates.peers.registry import TOOLS

FEW, MANY = 8, 40
HASHES_FACTOR = 2.0
OURS = "albumclean"
_ROOT = Path(__file__).resolve().parent.parent
_CLEANVISION = "import sys; from cleanvision import Imagelab; Imagelab(data_path=sys.argv[1]).find_issues()"


@dataclass(frozen=True, slots=True)
class Peer:
    """A program; `command` gives what to run for (its interpreter, a folder of photos, an empty folder to write in)."""

    name: str
    scores: bool  # says how good a photo is; the others only find duplicates
    requirements: tuple[str, ...]  # for pip; the first names the environment; none: albumclean, as it runs here
    command: Callable[[Path, Path, Path], Sequence[str | Path]]


def _finder(name: str) -> Peer:
    """One of the tools that `near_duplicates.peers` asks for duplicates."""
    tool = TOOLS[name]

    def command(python: Path, photos: Path, scratch: Path) -> Sequence[str | Path]:
        module = "benchmarks.near_duplicates.peers.inside"
        return [python, "-m", module, name, photos, scratch, scratch / "said.jsonl", tool.default]

    return Peer(name, False, tool.requirements, command)


PEERS = (
    Peer(OURS, True, (), lambda _, photos, __: [*ALBUMCLEAN, "scan", photos, "--quiet"]),
    Peer(
        "bppicker",
        True,
        ("bppicker==0.2.1",),
        lambda python, photos, scratch: [python.with_name("bpp"), "analyze", "--input", photos, "--out", scratch],
    ),
    Peer(
        "argus-curator",
        True,
        ("argus-curator[cli]==0.6.0",),
        lambda python, photos, _: [python.with_name("argus-curator"), "scan", photos],
    ),
    Peer("cleanvision", True, ("cleanvision==0.3.7",), lambda python, photos, _: [python, "-c", _CLEANVISION, photos]),
    _finder("image-dedup-ai"),
    _finder("imagededup"),
    _finder("czkawka"),
)


@dataclass(frozen=True, slots=True)
class Spent:
    """One finished command."""

    code: int
    cpu: float  # seconds
    err: str


def spent(peer: Peer, python: Path, photos: Path) -> Spent:
    """Run it in a home that nobody has used."""
    with tempfile.TemporaryDirectory() as home:
        scratch = Path(home) / "scratch"
        scratch.mkdir()
        environment = os.environ | {
            "HOME": home,
            "XDG_CACHE_HOME": f"{home}/cache",
            "ALBUMCLEAN_HOME": f"{home}/albumclean",
            "PYTHONPATH": str(_ROOT),
        }
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [*map(str, peer.command(python, photos, scratch))],
            env=environment,
            cwd=scratch,
            capture_output=True,
            text=True,
            check=False,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Spent(done.returncode, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stderr)


def laid_out(paths: Sequence[Path], folder: Path) -> Path:
    """The photos, copied into a folder."""
    folder.mkdir()
    for number, path in enumerate(paths):
        shutil.copy2(path, folder / f"{number:03}{path.suffix.lower()}")
    return folder


def verdicts(seconds: dict[str, float]) -> dict[str, bool]:
    """Each bar in words, and whether it holds; `seconds` are those of each program that could be run."""
    ours = seconds[OURS]
    others = {peer.name: peer.scores for peer in PEERS if peer.name in seconds and peer.name != OURS}
    held = {
        f"less than {name}, which scores quality": ours < seconds[name] for name, scores in others.items() if scores
    }
    finders = [name for name, scores in others.items() if not scores]
    if finders:
        fastest = min(finders, key=lambda name: seconds[name])
        held[f"within {HASHES_FACTOR:g}x of {fastest}, the fastest that only hashes"] = (
            ours <= HASHES_FACTOR * seconds[fastest]
        )
    return held


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--cache", type=Path, help="where the environments lie (default: below --work)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=[peer.name for peer in PEERS])
    parser.add_argument("--out", type=Path, help="write the numbers here as JSON, too")
    arguments = parser.parse_args()
    cache = (arguments.cache or arguments.work.with_name(f"{arguments.work.name}-environments")).absolute()
    work = fresh(arguments.work.absolute())
    paths = photos_in(arguments.photos, MANY)
    if len(paths) < MANY:
        sys.exit(f"{arguments.photos} has {len(paths)} JPEGs of 12 megapixels, and {MANY} are needed")
    albums = {size: laid_out(paths[:size], work / str(size)) for size in (FEW, MANY)}
    runners: dict[str, tuple[Peer, Path]] = {}
    for peer in PEERS:
        if arguments.only and peer.name not in {OURS, *arguments.only}:
            continue
        try:
            python = installed(cache, peer.requirements) if peer.requirements else Path(sys.executable)
        except NotInstalledError as error:
            print(f"{peer.name} could not be installed and is left out: {error}", flush=True)
            continue
        runners[peer.name] = (peer, python)
    rounds: dict[str, list[float]] = {name: [] for name in runners}
    for _ in range(arguments.rounds):
        for name, (peer, python) in runners.items():
            runs = {size: spent(peer, python, album) for size, album in albums.items()}
            if any(run.code for run in runs.values()):
                sys.exit(f"{name} ended with {[run.code for run in runs.values()]}:\n{runs[MANY].err[-2000:]}")
            rounds[name].append((runs[MANY].cpu - runs[FEW].cpu) / (MANY - FEW))
    seconds = {name: median(each) for name, each in rounds.items()}
    held = verdicts(seconds)
    for name, value in sorted(seconds.items(), key=lambda each: each[1]):
        what = "scores quality" if runners[name][0].scores else "finds duplicates by hashes"
        said = ", ".join(f"{each:.3f}" for each in rounds[name])
        print(f"{name:16} {value:.3f} s of CPU a photo ({said}); {what}")
    for bar, well in held.items():
        print(f"{bar}: {'within the bar' if well else 'MISSED'}")
    if arguments.out:
        requirements = {peer.name: list(peer.requirements) for peer in PEERS}
        arguments.out.write_text(
            json.dumps({"seconds": seconds, "rounds": rounds, "requirements": requirements, "held": held}, indent=1)
        )
    sys.exit(not all(held.values()))


if __name__ == "__main__":
    main()
