"""A scan of files that mean it ill: `python -m benchmarks.hostile [FOLDER] --work DIR [--seed N] [--count 2000]`.

Makes a library of sound photos, mutations of photos in all formats, bombs, hostile sidecars, names and special files,
adds the broken files of FOLDER (which others have published, one folder for each source), and runs the real program
over it with its default limits: a scan, a second one, and every command that shows what was found. `--killer` kills
workers at random during the first. Prints a table and each broken promise; exits with 1 if there is any.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from albumclean.config import Settings
from albumclean.crawl.kinds import kind_of
from albumclean.domain import FileIdentity
from albumclean.engines.analyse import Job, Wanted, analyse
from albumclean.media.workers import WorkerPool
from albumclean.scoring import registry
from albumclean.store.cache import Cache
from albumclean.store.rows import Known
from albumclean.words import duration, file_size, shown
from benchmarks.common import fresh
from benchmarks.hostile.library import Library, make
from benchmarks.hostile.tree import open_doors
from benchmarks.hostile.trial import Trial, command

_PARENT_MARGIN = 512 << 20  # bytes that the program may hold above what a scan of sound photos takes
_CLASSES = (  # of failures, by what the reason says
    ("cut off", ("cut off", "its end holds only", "only zero bytes", "empty (0")),
    ("no photo", ("not a picture", "which is not", "of a kind that", "without a preview", "does not know")),
    ("damaged", ("is damaged", "damaged")),
    ("too large", ("megapixels", "are not read")),
    ("memory", ("more memory", "for want of memory")),
    ("time", ("took longer",)),
    ("crash", ("crashed its worker",)),
    ("disk", ("can't be", "changed while", "regular file", "Permission", "No such file", "has changed")),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("published", type=Path, nargs="?", help="broken files of others, a folder for each source")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=2000, help="mutations to make")
    parser.add_argument("--pictures", type=Path, help="JPEGs to make sound photos of (default: drawn scenes)")
    parser.add_argument("--killer", action="store_true", help="kill workers at random during the first scan")
    parser.add_argument("--every", type=float, default=1.0, help="seconds between kills, on average")
    arguments = parser.parse_args()
    work = fresh(arguments.work)
    pictures = sorted(arguments.pictures.rglob("*.jpg")) if arguments.pictures else []
    library = make(work / "library", arguments.count, arguments.seed, arguments.published, pictures)
    try:
        breaks = _tried(work, library, random.Random(arguments.seed) if arguments.killer else None, arguments.every)
    finally:
        open_doors(library.closed)
    for broken in breaks:
        print(f"BROKEN: {broken}")
    print(f"seed {arguments.seed}: {len(breaks)} broken promises")
    sys.exit(bool(breaks))


def _tried(work: Path, library: Library, killer: random.Random | None, every: float) -> list[str]:
    home, plain = work / "runs" / "home", work / "plain" / "home"
    print(f"{library.mutated} mutations, {library.published} published files", flush=True)
    base = command(plain, "scan", library.folder / "sound", "--quiet")
    before = _states(library.folder)
    with _mischief(library):
        first = command(home, "scan", library.folder, killer=killer, every=every)
    second = command(home, "scan", library.folder, "--quiet")
    breaks = [f"{name} scan: {each}" for name, trial in (("first", first), ("second", second)) for each in trial.breaks]
    _print_trial("sound photos only", base)
    _print_trial("first scan", first)
    _print_trial("second scan", second)
    limit = Settings().scan.worker_memory
    if max(first.workers, second.workers) > limit:
        breaks.append(f"a worker held {file_size(first.workers)}; the limit is {file_size(limit)}")
    if max(first.parent, second.parent) > base.parent + _PARENT_MARGIN:
        breaks.append(f"the program held {file_size(first.parent)}, with sound photos alone {file_size(base.parent)}")
    with Cache.open(home / "cache.sqlite") as cache:
        known = {each.asset.primary.path: each for each in cache.known()}
    companions = {companion.file.path for each in known.values() for companion in each.asset.companions}
    breaks += [
        f"not scored: {shown(path)} {_why(known.get(path))}" for path in library.sound if not _is_read(known, path)
    ]
    breaks += [
        f"unaccounted for: {shown(path)}"
        for path in _photos(library.folder)
        if path not in known and path not in companions and "doors" not in path.parts and "deep" not in path.parts
    ]
    breaks += [f"unnamed: {shown(path)}: {_why(each)}" for path, each in known.items() if _class_of(each) == "unnamed"]
    told = {line.partition(": ")[0] for line in (first.err + second.err).split("\n")}
    breaks += [
        f"failed without a line: {shown(path)}"
        for path, each in known.items()
        if each.failure and shown(path) not in told and not any(line.startswith(shown(path)) for line in told)
    ]
    changed = [path for path, state in _states(library.folder).items() if before.get(path, state) != state]
    breaks += [f"was touched: {shown(path)}" for path in changed if path.parent.name != "restless"]
    _print_table(library, known)
    breaks += _shown(home, library, work / "shown")
    if killer is None:  # else it was done by the run without one
        _print_slowest(library.folder)
    return breaks


def _shown(home: Path, library: Library, folder: Path) -> list[str]:
    """What the other commands make of all this."""
    folder.mkdir()
    odd = (
        sorted(library.folder.joinpath("names").iterdir())[:8] + sorted(library.folder.joinpath("bombs").iterdir())[::8]
    )
    odd += sorted(path for path in library.folder.joinpath("special").iterdir() if path.suffix == ".jpg")
    breaks = []
    for words in (
        ("propose",),
        ("propose", "--json"),
        ("status",),
        ("status", "--json"),
        ("report", "--output", str(folder / "report.html")),
        ("report", "--json", str(folder / "report.json")),
        ("report", "--csv", str(folder / "report.csv")),
        ("explain", "--no-preview", "--", *map(str, odd)),
        ("explain", "--json", "--", *map(str, odd)),
    ):
        trial = command(home, *words)
        breaks += [f"{' '.join(words[:2])}: {each}" for each in trial.breaks]
        _print_trial(" ".join(words[:2]), trial)
    page = (folder / "report.html").read_text("utf-8") if (folder / "report.html").exists() else ""
    breaks += [
        f"report --output: {raw} stands in the page as it is" for raw in ("<script>alert", "<img src=x") if raw in page
    ]
    return breaks


@contextmanager
def _mischief(library: Library) -> Iterator[None]:
    """Files that change while they are read, and a folder that goes away in the midst of it all."""
    ending = threading.Event()
    contents = [path.read_bytes() for path in library.restless]

    def disturb() -> None:
        number = 0
        while not ending.wait(0.02):
            number += 1
            path = library.restless[number % len(library.restless)]
            path.write_bytes(contents[number % len(contents)] + b"\0" * (number % 1000))
            if number == 250:  # after five seconds: most of them have been met, none has been read
                shutil.rmtree(library.vanishing)

    thread = threading.Thread(target=disturb, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()


def _photos(folder: Path) -> Iterator[Path]:
    """Regular files that are named like photos."""
    for here, _, names in os.walk(folder):
        for name in sorted(names):
            path, kind = Path(here, name), kind_of(name)
            if kind is not None and kind.is_photo and path.is_file() and not path.is_symlink():
                yield path


def _states(folder: Path) -> dict[Path, tuple[int, int, int]]:
    return {path: (s.st_size, s.st_mtime_ns, s.st_ino) for path in _photos(folder) for s in (path.stat(),)}


def _is_read(known: dict[Path, Known], path: Path) -> bool:
    each = known.get(path)
    return each is not None and each.photo is not None and each.failure is None and bool(each.content_hash)


def _why(each: Known | None) -> str:
    return "" if each is None or each.failure is None else each.failure.reason


def _class_of(each: Known) -> str:
    if each.failure is None:
        return "ok"
    reason = each.failure.reason
    if not reason.strip() or "unexpectedly" in reason or "exit code" in reason:
        return "unnamed"
    return next((name for name, marks in _CLASSES if any(mark in reason for mark in marks)), "other")


def _print_trial(name: str, trial: Trial) -> None:
    kills = f", killed {sum(trial.kills.values())} workers ({trial.kills})" if trial.kills else ""
    print(
        f"{name}: exit code {trial.code}, {duration(trial.seconds)}, most memory {file_size(trial.parent)} "
        f"(worker: {file_size(trial.workers)}), {trial.started} workers started{kills}",
        flush=True,
    )


def _print_table(library: Library, known: dict[Path, Known]) -> None:
    rows: dict[str, Counter[str]] = {}
    reasons: Counter[str] = Counter()
    for path, each in known.items():
        inside = path.relative_to(library.folder).parts
        group = "/".join(inside[: 2 if inside[0] in {"mutated", "published"} else 1])
        name = _class_of(each)
        rows.setdefault(group, Counter())[name] += 1
        if name in {"other", "crash", "time"}:
            reasons[f"{name}: {_why(each)}"] += 1
    columns = ["ok", *(name for name, _ in _CLASSES), "other", "unnamed"]
    print(f"{'source':32}{'files':>7}" + "".join(f"{name:>11}" for name in columns))
    total: Counter[str] = Counter()
    for group, row in sorted(rows.items()):
        total += row
        _print_row(group, row, columns)
    _print_row("all", total, columns)
    for reason, count in reasons.most_common(40):
        print(f"  {count:5} {shown(reason)}")


def _print_row(group: str, row: Counter[str], columns: list[str]) -> None:
    print(f"{shown(group):32}{row.total():>7}" + "".join(f"{row[name] or '':>11}" for name in columns))


def _print_slowest(folder: Path) -> None:
    """One after the other in one worker, as times of files that share a machine say little."""
    import time

    wish, wanted = Settings().scan, Wanted(tuple(map(registry.spec, registry.DEFAULT)), thumbnail=True)
    pool = WorkerPool(analyse, workers=1, timeout=wish.decode_timeout, memory=wish.worker_memory, queue=1)
    jobs = (
        Job(FileIdentity.of(path, path.lstat()), wish.max_pixels)
        for name in ("bombs", "mutated")
        for path in _photos(folder / name)
    )
    times: list[tuple[float, Path]] = []
    with closing(pool.run(jobs, lambda _: wanted)) as results:
        began = time.monotonic()
        for job, _ in results:
            now = time.monotonic()
            times.append((now - began, job.identity.path))
            began = now
    times.sort(reverse=True)
    print(f"decoding {len(times)} files one by one: {duration(sum(seconds for seconds, _ in times))}; the slowest:")
    for seconds, path in times[:5]:
        print(f"  {seconds:6.1f} s  {shown(path.relative_to(folder))}")


if __name__ == "__main__":
    main()
