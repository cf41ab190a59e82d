"""Four processes trash same-named files at once: is one lost?

    python benchmarks/concurrent_trash.py --rounds 100            # albumclean, with one ledger and with one each
    python benchmarks/concurrent_trash.py --rounds 100 --peer     # and the send2trash package, in the same run

In each round every process moves files of the same names, but of different content, from its own folder to the same
trash. Afterwards each content must be found there once. Exits 1 if albumclean lost a file (the peer's losses are only
printed).
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path

from albumclean.domain import FileIdentity, MoveState, PlanItem, PlannedFile, TrashPlan
from albumclean.store.ledger import Ledger
from albumclean.trash import apply_plan

PROCESSES = 4
FILES = 5


def content(process: int, number: int) -> bytes:
    return f"process {process}, file {number}\n".encode() * 20


def make_files(folder: Path, process: int) -> list[Path]:
    folder.mkdir(parents=True)
    paths = [folder / f"IMG_{number:04}.jpg" for number in range(FILES)]
    for number, path in enumerate(paths):
        path.write_bytes(content(process, number))
    return paths


def make_plan(paths: list[Path]) -> TrashPlan:
    items = []
    for path in paths:
        seen = path.lstat()
        identity = FileIdentity(path, seen.st_size, seen.st_mtime_ns, seen.st_ino, seen.st_dev)
        planned = PlannedFile(identity, hashlib.blake2b(path.read_bytes(), digest_size=32).digest())
        items.append(PlanItem((planned,), "low-quality", "is blurred"))
    return TrashPlan(tuple(items))


def move_with_albumclean(ledger_path: Path, paths: list[Path], barrier: Barrier) -> None:
    plan = make_plan(paths)
    with Ledger.open(ledger_path) as ledger:
        barrier.wait()
        outcomes = apply_plan(plan, ledger)
    if any(outcome.state is not MoveState.MOVED for outcome in outcomes):
        print(*(f"  {outcome.path}: {outcome.state} {outcome.reason}" for outcome in outcomes), sep="\n")


def move_with_peer(_: Path, paths: list[Path], barrier: Barrier) -> None:
    from send2trash.plat_other import send2trash  # reads XDG_DATA_HOME when it is imported

    barrier.wait()
    for path in paths:
        send2trash(str(path))


def one_round(base: Path, mode: str) -> tuple[int, int]:
    """How many contents are nowhere any more, and how many notes of the trash have no file or the reverse."""
    os.environ["XDG_DATA_HOME"] = str(base / "xdg")
    spawn = multiprocessing.get_context("fork")
    barrier = spawn.Barrier(PROCESSES)
    workers = []
    for process in range(PROCESSES):
        paths = make_files(base / f"album{process}", process)
        ledger = base / ("ledger.sqlite" if mode == "one ledger" else f"ledger{process}.sqlite")
        target = move_with_peer if mode == "send2trash" else move_with_albumclean
        workers.append(spawn.Process(target=target, args=(ledger, paths, barrier)))
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    found = [path.read_bytes() for path in base.rglob("*.jpg") if path.is_file()]
    lost = sum(found.count(content(process, number)) != 1 for process in range(PROCESSES) for number in range(FILES))
    trash = base / "xdg" / "Trash"
    files = {path.name for path in (trash / "files").iterdir()}
    notes = {path.name.removesuffix(".trashinfo") for path in (trash / "info").iterdir()}
    return lost, len(files ^ notes)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--peer", action="store_true", help="run send2trash's pure-Python backend too")
    parser.add_argument("--folder", type=Path, help="where to work; the system's temporary folder if not given")
    options = parser.parse_args()
    failed = False
    for mode in ("one ledger", "a ledger each", *(["send2trash"] if options.peer else [])):
        lost = astray = bad_rounds = 0
        began = time.perf_counter()
        for _ in range(options.rounds):
            base = Path(tempfile.mkdtemp(prefix="trash-", dir=options.folder)).resolve()
            lost_now, astray_now = one_round(base, mode)
            lost, astray, bad_rounds = lost + lost_now, astray + astray_now, bad_rounds + bool(lost_now)
            shutil.rmtree(base)
        files = options.rounds * PROCESSES * FILES
        seconds = time.perf_counter() - began
        print(
            f"{mode}: {options.rounds} rounds, {PROCESSES} processes, {files} files:"
            f" {lost} lost in {bad_rounds} rounds, {astray} notes without a file or the reverse; {seconds:.0f} s",
            flush=True,
        )
        failed |= mode != "send2trash" and bool(lost or astray)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
