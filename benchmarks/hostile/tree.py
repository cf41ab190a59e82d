"""A folder of everything that a scan may meet and should outlive: special files, names, links, sizes, rights."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

# Each is the name of a sound photo. What a terminal, a log, a page or a shell could make of them is the point.
NAMES: tuple[bytes, ...] = (
    b"not \xff\xfe utf-8 \xe9.jpg",
    b"new\nline.jpg",
    b"return\rline.jpg",
    b"-rf.jpg",
    b"--help.jpg",
    b"escape \x1b[31m\x1b]0;owned\x07.jpg",
    b"bell \x07 and del \x7f.jpg",
    "override \u202egpj.exe.jpg".encode(),
    "zero \u200b width.jpg".encode(),
    "separator \u2028 line.jpg".encode(),
    "c1 \u009b31m.jpg".encode(),
    b"<script>alert(1)<!--.jpg",
    b"<img src=x onerror=alert(1)>.jpg",
    b"[red]markup[bold] :skull:.jpg",
    b"{{ 7 * 7 }} ${HOME} %s {0}.jpg",
    b"quote ' \" ` ; $(id) | &.jpg",
    b"=HYPERLINK(1).jpg",
    b"  spaces  .jpg",
    b"trailing dot..jpg",
    b"CON.jpg",
    b"Case.jpg",
    b"case.jpg",
    b"CASE.jpg",
    "nfc \u00e9.jpg".encode(),
    "nfd e\u0301.jpg".encode(),
    b"x" * 251 + b".jpg",
    ("\u00e9" * 125 + ".jpg").encode(),
)


def with_names(folder: Path, contents: Iterator[bytes]) -> list[Path]:
    """A sound photo under each of the names that this file system takes."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for name in NAMES:
        path = Path(os.fsdecode(os.fsencode(folder) + b"/" + name))
        with suppress(OSError, UnicodeError):
            path.write_bytes(next(contents))
            made.append(path)
    return made


def with_special_files(folder: Path, photo: bytes) -> None:
    """All that is named like a photo and is none: nothing of it may be waited for, followed or read without end."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "folder.jpg").mkdir()
    (folder / "folder.jpg" / "inside.txt").touch()
    with (folder / "sparse.jpg").open("wb") as file:
        file.truncate(10 << 30)
    with (folder / "sparse inside.jpg").open("wb") as file:
        file.write(photo)
        file.truncate(300 << 20)
    for name, target in (
        ("to nothing.jpg", "nothing"),
        ("to itself.jpg", "to itself.jpg"),
        ("to zero.jpg", "/dev/zero"),
        ("to memory.jpg", "/proc/self/mem"),
        ("to root", "/"),
        ("to above", ".."),
        ("here", "."),
    ):
        with suppress(OSError):
            (folder / name).symlink_to(target)
    if sys.platform == "win32":
        return
    os.mkfifo(folder / "pipe.jpg")
    short = os.open(folder, os.O_RDONLY)  # a socket's address has at most 107 bytes
    here = Path.cwd()
    try:
        os.fchdir(short)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("socket.jpg")
    finally:
        os.chdir(here)
        os.close(short)
    with suppress(PermissionError):
        os.mknod(folder / "zero.jpg", 0o600 | 0o020000, os.makedev(1, 5))
        os.mknod(folder / "block.jpg", 0o600 | 0o060000, os.makedev(7, 250))


def with_closed_doors(folder: Path, photo: bytes) -> list[Path]:
    """Files and folders that may not be read, except by root; give them their rights back with `open_doors`."""
    folder.mkdir(parents=True, exist_ok=True)
    closed = [folder / "unreadable.jpg", folder / "unreadable", folder / "unsearchable"]
    closed[0].write_bytes(photo)
    for inner in closed[1:]:
        inner.mkdir()
        (inner / "hidden.jpg").write_bytes(photo)
    closed[0].chmod(0)
    closed[1].chmod(0)
    closed[2].chmod(0o400)
    return closed


def open_doors(closed: list[Path]) -> None:
    """So that the folder can be cleared away."""
    for path in closed:
        path.chmod(0o700)


def with_depth(folder: Path, photo: bytes, length: int = 4200) -> int:
    """Folders in folders, until the path is longer than a system call takes; returns how many photos they hold."""
    folder.mkdir(parents=True, exist_ok=True)
    here, made, name = Path.cwd(), 0, "d" * 200
    try:
        os.chdir(folder)
        reached = len(os.fsencode(folder.absolute()))
        while reached < length:
            Path(name).mkdir()
            os.chdir(name)
            reached += len(name) + 1
            if made < 3 or reached > 3900:
                Path("deep.jpg").write_bytes(photo + made.to_bytes(2, "big"))
                made += 1
    finally:
        os.chdir(here)
    return made


def with_crowd(folder: Path, count: int) -> None:
    """Very many entries, nearly all of which are not photos or are empty."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (folder / (f"IMG_{number:06}.jpg" if number % 100 == 0 else f"note {number:06}.txt")).touch()
