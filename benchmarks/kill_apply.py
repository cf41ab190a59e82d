"""Kill -9 an apply at random moments, then recover and resume: is every photo still there, once, and explained?

    python benchmarks/kill_apply.py --kills 50 --assets 40 --seed 1

Each round makes an album of photos with companions, starts a process that moves them to a trash of its own, and kills
it after a random time. A second process may be killed in its recovery too. Then: every file lies, whole, at its place
or where the journal says, never at both; no asset is torn; after `resume` all are in the trash, and after `undo` the
album is what it was. Exits 1 on the first photo lost.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from albumclean.domain import CompanionKind, FileIdentity, MoveState, PlanItem, PlannedFile, TrashPlan
from albumclean.store.ledger import Ledger
from albumclean.trash import apply_plan, recover, resume, undo


def planned(path: Path, kind: CompanionKind | None = None) -> PlannedFile:
    seen = path.lstat()
    identity = FileIdentity(path, seen.st_size, seen.st_mtime_ns, seen.st_ino, seen.st_dev)
    return PlannedFile(identity, hashlib.blake2b(path.read_bytes(), digest_size=32).digest(), kind)


def make_album(album: Path, assets: int, noise: random.Random) -> list[Path]:
    photos = []
    for number in range(assets):
        photo = album / f"day{number % 5}" / f"IMG_{number // 5:04}.jpg"  # the same names in several folders
        photo.parent.mkdir(parents=True, exist_ok=True)
        for suffix in (".jpg", ".mov", ".xmp"):
            photo.with_suffix(suffix).write_bytes(noise.randbytes(noise.randrange(1000, 200_000)))
        photos.append(photo)
    (album / "keeper.jpg").write_bytes(noise.randbytes(1000))
    return photos


def make_plan(album: Path, photos: list[Path], quarantine: Path | None) -> TrashPlan:
    keeper = planned(album / "keeper.jpg")
    kinds = {".mov": CompanionKind.LIVE_VIDEO, ".xmp": CompanionKind.XMP}
    items = (
        PlanItem(
            (planned(photo), *(planned(photo.with_suffix(suffix), kind) for suffix, kind in kinds.items())),
            *("duplicate", "is a copy", keeper),
        )
        for photo in photos
    )
    return TrashPlan(tuple(items), quarantine)


def contents(album: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in album.rglob("*") if path.is_file()}


def problems(ledger: Ledger, before: dict[Path, bytes]) -> list[str]:
    """What the journal does not explain, or says wrongly."""
    found = []
    moves = {move.path: move for run in ledger.history() for move in ledger.moves(run.id)}
    for path, content in before.items():
        here = path.exists() and path.read_bytes() == content
        move = moves.get(path)
        place = move.destination if move else None
        there = place is not None and place.exists() and place.read_bytes() == content
        if here == there:
            found.append(f"{path} is {'at both ends' if here else 'lost'}")
        elif move is not None and there != (move.state is MoveState.MOVED):
            found.append(f"{path}: the journal says {move.state}, but it {'is' if there else 'is not'} in the trash")
    for run in ledger.history():
        assets: dict[int, set[bool]] = {}
        for move in ledger.moves(run.id):
            assets.setdefault(move.item, set()).add(move.state is MoveState.MOVED)
        found += [f"asset {item} is torn" for item, states in assets.items() if len(states) > 1]
    return found


def kill_after(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether the process was still at work when it was killed."""
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def start(role: str, base: Path, assets: int, quarantine: Path | None) -> subprocess.Popen[bytes]:
    command = [sys.executable, __file__, "--role", role, "--base", str(base), "--assets", str(assets)]
    command += ["--to", str(quarantine)] if quarantine else []
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()  # it is about to begin
    return process


def work(options: argparse.Namespace) -> None:
    base: Path = options.base
    photos = sorted(path for path in (base / "album").rglob("IMG_*.jpg"))
    plan = make_plan(base / "album", photos, options.to) if options.role == "apply" else None
    with Ledger.open(base / "ledger.sqlite") as ledger:
        print("ready", flush=True)
        if plan is not None:
            apply_plan(plan, ledger)
        elif options.role == "resume":
            resume(ledger)
        else:
            undo(ledger)


def one_round(base: Path, options: argparse.Namespace, dice: random.Random, duration: float) -> tuple[int, list[str]]:
    quarantine = base / "quarantine" if dice.random() < 0.3 else None
    photos = make_album(base / "album", options.assets, dice)
    before = contents(base / "album")
    kills = 0
    kills += kill_after(start("apply", base, options.assets, quarantine), dice.random() * duration)
    if dice.random() < 0.3:
        kills += kill_after(start("resume", base, options.assets, quarantine), dice.random() * duration)
    with Ledger.open(base / "ledger.sqlite") as ledger:
        recover(ledger)
        found = problems(ledger, before)
        resume(ledger)
        found += problems(ledger, before)
        left = [photo for photo in photos if photo.exists()]
        if left and ledger.history():
            found.append(f"{len(left)} photos were not moved by resume")
    kills += kill_after(start("undo", base, options.assets, quarantine), dice.random() * duration)
    with Ledger.open(base / "ledger.sqlite") as ledger:
        recover(ledger)
        found += problems(ledger, before)
        found += [f"undo: {done.path}: {done.reason}" for done in undo(ledger) if done.state is not MoveState.RESTORED]
    if contents(base / "album") != before:
        found.append("after undo the album is not what it was")
    strays = [path for path in base.rglob("*") if path.is_file() and "Trash" in path.parts]
    found += [f"{path} was left behind" for path in strays]
    return kills, found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--assets", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where to work; the system's temporary folder if not given")
    parser.add_argument("--role", help=argparse.SUPPRESS)
    parser.add_argument("--base", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--to", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.role:
        work(options)
        return 0
    dice = random.Random(options.seed)
    kills = rounds = files = 0
    bad: list[str] = []
    duration = 0.02 * options.assets
    while kills < options.kills:
        base = Path(tempfile.mkdtemp(prefix="kill-", dir=options.folder)).resolve()
        os.environ["XDG_DATA_HOME"] = str(base / "xdg")
        killed, found = one_round(base, options, dice, duration)
        rounds, kills, files = rounds + 1, kills + killed, files + options.assets * 3
        bad += found
        if found:
            print(f"round {rounds} (kept in {base}):", *found[:10], sep="\n  ")
        else:
            shutil.rmtree(base)
        duration *= 1.0 if killed else 0.8  # the machine is faster than thought: strike earlier
    print(f"{kills} kills in {rounds} rounds, {files} files: {len(bad)} problems (seed {options.seed})")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
