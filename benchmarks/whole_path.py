"""The whole path on real photos: `python -m benchmarks.whole_path --photos DIR --work DIR`.

Copies the photos of DIR into an album, adds copies, companions and read-only files, then scans, proposes, reviews with
scripted keys in a real terminal (tmux), trashes and undoes. In the end every byte, name, time and mode must be as in
the beginning. Screens of the review are written to DIR/screens.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import termios
import time
from pathlib import Path

from PIL import Image, ImageFilter

from benchmarks.common import ALBUMCLEAN, environment, fresh, run

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


class Terminal:
    """A program in tmux: keys in, screen out."""

    def __init__(self, home: Path, screens: Path, *arguments: str) -> None:
        screens.mkdir()
        self._name = f"albumclean-{home.parent.name}-{time.time_ns()}"
        self._screens = screens
        self._shots = 0
        variables = [
            f"{key}={value}" for key, value in environment(home).items() if key in {"ALBUMCLEAN_HOME", "XDG_DATA_HOME"}
        ]
        command = ["env", *variables, "COLORTERM=truecolor", *ALBUMCLEAN, *arguments]
        script = " ".join(f"'{part}'" for part in command) + "; echo; echo REVIEW-ENDED $?; sleep 600"
        subprocess.run(
            ["tmux", "new-session", "-d", "-s", self._name, "-x", "140", "-y", "48", script], check=True, cwd=Path.cwd()
        )

        asked = ["tmux", "display-message", "-p", "-t", self._name, "#{pane_tty}"]
        self._tty = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()

    def screen(self) -> str:
        done = subprocess.run(
            ["tmux", "capture-pane", "-p", "-t", self._name], check=True, capture_output=True, text=True
        )
        return done.stdout

    def wait(self, pattern: str, seconds: float = 60.0) -> str:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if re.search(pattern, text := self.screen()):
                return text
            time.sleep(0.02)
        sys.exit(f"never saw {pattern!r}; the screen was:\n{self.screen()}")

    def key(self, key: str, seconds: float = 60.0) -> None:
        """Press one key as soon as the program waits for it: what is typed ahead counts for nothing."""
        end = time.monotonic() + seconds
        while not self._waits_for_a_key():
            if time.monotonic() > end:
                sys.exit(f"no key is wanted; the screen was:\n{self.screen()}")
            time.sleep(0.005)
        subprocess.run(["tmux", "send-keys", "-t", self._name, key], check=True)

    def _waits_for_a_key(self) -> bool:
        descriptor = os.open(self._tty, os.O_RDWR | os.O_NOCTTY)
        try:
            return not termios.tcgetattr(descriptor)[3] & termios.ICANON
        finally:
            os.close(descriptor)

    def keep_screen(self) -> None:
        coloured = ["tmux", "capture-pane", "-e", "-p", "-t", self._name]
        text = subprocess.run(coloured, check=True, capture_output=True, text=True).stdout
        (self._screens / f"{self._shots:03}.ansi").write_text(text)
        self._shots += 1

    def close(self) -> None:
        subprocess.run(["tmux", "kill-session", "-t", self._name], check=False)


def review(home: Path, screens: Path, rng: random.Random) -> dict[str, int]:
    """Answer every question: most to trash, some kept, some told apart, some skipped; then say yes."""
    terminal = Terminal(home, screens, "review")
    answers = {"t": 0, "k": 0, "s": 0, "n": 0}
    try:
        total = int(re.search(r"1 of ([\d,]+)", terminal.wait(r"1 of [\d,]+")).group(1).replace(",", ""))  # type: ignore[union-attr]
        for number in range(1, total + 1):
            text = terminal.wait(rf"(?m)^{number:,} of {total:,}\b[\s\S]*quit")
            if number <= 3 or number % 25 == 0:
                terminal.keep_screen()
            key = rng.choices("tksn", (8, 1, 1, 1))[0]
            if key == "n" and "not a duplicate" not in text:
                key = "t"
            answers[key] += 1
            terminal.key(key)
        terminal.wait(r"\[y/N\]")
        terminal.keep_screen()
        terminal.key("y")
        text = terminal.wait(r"REVIEW-ENDED \d+", 300)
        terminal.keep_screen()
        if "REVIEW-ENDED 0" not in text:
            sys.exit(f"the review ended with an error:\n{text}")
    finally:
        terminal.close()
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
