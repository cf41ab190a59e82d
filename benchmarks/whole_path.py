"""The whole path on real photos: `python -m benchmarks.whole_path --photos DIR --work DIR`.

Copies the photos of DIR into an album, adds copies, companions and read-only files, then scans, proposes, reviews with
scripted keys in a real terminal (tmux), trashes and undoes. In the end every byte, name, time and mode must be as in
the beginning. Screens of the review are written to DIR/screens.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import shutil
import sys
import time
from pathlib import Path

from PIL import Image, ImageFilter

from benchmarks.common import ALBUMCLEAN, environment, fresh, run
from tests.tmux import Pane

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".heic", ".avif", ".bmp", ".gif"}
Snapshot = dict[str, tuple[int, int, int, str]]


def snapshot(album: Path) -> Snapshot:
    """{name: (size, mtime_ns, mode, SHA-256)} of every file."""
    found = {}
    for path in sorted(album.rglob("*")):
        if path.is_file():
            seen = path.stat()
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            found[str(path.relative_to(album))] = (seen.st_size, seen.st_mtime_ns, seen.st_mode, digest)
    return found


def make_album(source: Path, album: Path, rng: random.Random) -> int:
    """The photos of `source`, and next to some of them copies, ruined versions and companions; how many were real."""
    photos = sorted(path for path in source.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    for number, photo in enumerate(photos):
        place = album / f"{number // 60:02}" / f"{number:04} {photo.name}"
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(photo, place)
        spoil = number % 25
        try:
            if spoil == 0:
                copy = place.with_name(f"{place.stem} (1){place.suffix}")
                shutil.copy2(place, copy)
                copy.chmod(0o444 if number % 50 else 0o644)
            elif spoil in {5, 10}:
                with Image.open(place) as image:
                    small = image.convert("RGB")
                    small.thumbnail((800, 800))
                    if spoil == 5:
                        small.save(place.with_name(f"small {place.stem}.jpg"), quality=60)
                    else:
                        blurred = small.filter(ImageFilter.GaussianBlur(8))
                        blurred.save(place.with_name(f"blurred {place.stem}.jpg"), quality=30)
        except OSError as error:
            print(f"{place.name}: no copy made ({error})")
        if number % 30 == 0:
            place.with_suffix(".xmp").write_text(f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{number}</x:xmpmeta>')
        if number % 40 == 5:
            (place.parent / f"small {place.stem}.mov").write_bytes(rng.randbytes(5000))
    return len(photos)


def review(home: Path, screens: Path, rng: random.Random) -> dict[str, int]:
    """Answer every question: most to trash, some kept, some told apart, some skipped; then say yes."""
    screens.mkdir()
    answers = {"t": 0, "k": 0, "s": 0, "n": 0}
    variables = {name: environment(home)[name] for name in ("ALBUMCLEAN_HOME", "XDG_DATA_HOME")}
    with Pane(140, 48) as pane:
        pane.start([*ALBUMCLEAN, "review", "--terminal"], {**variables, "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"})
        left = int(pane.wait(r"1 of [\d,]+ · ([\d,]+) open")[1].replace(",", ""))
        for number in range(left):
            pane.wait(rf"· {left - number:,} open")
            text = pane.text
            if number < 3 or number % 25 == 0:
                (screens / f"{number:03}.txt").write_text(text)
            key = rng.choices("tksn", (8, 1, 1, 1))[0]
            if key == "n" and "not a duplicate" not in text:
                key = "t"
            answers[key] += 1
            pane.press(key)
        pane.wait("· 0 open")
        pane.press("q")
        pane.wait(r"\[y/N\]")
        (screens / "last.txt").write_text(pane.text)
        pane.press("y")
        pane.wait(r"EXIT \d", 300)
        if code := pane.end():
            sys.exit(f"the review ended with {code}:\n{pane.told}")
    return answers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    work = fresh(arguments.work)
    album, home = work / "album", work / "home"
    real = make_album(arguments.photos, album, rng)
    before = snapshot(album)
    print(f"{real} real photos, {len(before)} files in the album", flush=True)

    started = time.monotonic()
    scanned = run(home, "scan", album, "--json")
    summary = scanned.json()
    counts = ", ".join(f"{summary[key]} {key}" for key in ("found", "scored", "failed"))
    print(f"scan: {counts}, {time.monotonic() - started:.0f} s")
    proposals = [json.loads(line) for line in run(home, "propose", "--json").out.splitlines()]
    actions = {action: sum(entry["action"] == action for entry in proposals) for action in ("trash", "review", "keep")}
    print(f"propose: {actions}")
    unchanged = snapshot(album) == before

    answers = review(home, work / "screens", rng)
    trashed = snapshot(album)
    gone = before.keys() - trashed.keys()
    rest_untouched = all(trashed[name] == before[name] for name in trashed)
    bin_ = home / "share" / "Trash" / "files"
    in_bin = sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in bin_.iterdir()) if bin_.exists() else []
    all_in_bin = in_bin == sorted(before[name][3] for name in gone)
    print(f"review: {answers}; {len(gone)} files moved")
    print(f"all of them in the trash: {all_in_bin}; the rest untouched: {rest_untouched}")

    undone = run(home, "undo")
    restored = snapshot(album) == before
    print(f"undo: exit code {undone.code}; every byte, name, time and mode is back: {restored}")
    well = unchanged and gone and all_in_bin and rest_untouched and restored and not undone.code and real >= 500
    print("within the bar" if well else "MISSED")
    sys.exit(not well)


if __name__ == "__main__":
    main()
