"""Ask the terminal what it can show. Never hangs: who does not answer in time shows half blocks."""

from __future__ import annotations

import os
import re
import select
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass

from albumclean.review.terminal import kitty
from albumclean.review.terminal.painting import Cell, PictureMode

_SECONDS = 0.6  # to wait for the answers; a far ssh takes 0.3
_MUTE = ("linux", "vt", "ansi", "cons", "sun")  # kinds of TERM that would print the questions
_SHARED = ("screen", "tmux")  # what answers there is not what the pictures would go to

_BACKGROUND = "\x1b]11;?\x1b\\"  # xterm, "Operating System Commands": what is the background colour?
_NAME = "\x1b[>0q"  # XTVERSION: who are you?
_CELL = "\x1b[16t"  # xterm window operations: how many pixels has a character?
_ATTRIBUTES = "\x1b[c"  # DA1: what can you do? Asked last, as every terminal answers this

_BACKGROUND_IS = re.compile(r"\x1b\]11;rgba?:([0-9a-fA-F]+)/([0-9a-fA-F]+)/([0-9a-fA-F]+)")
_NAME_IS = re.compile(r"\x1bP>\|([^\x1b]*)\x1b")
_CELL_IS = re.compile(r"\x1b\[6;(\d+);(\d+)t")
_ATTRIBUTES_ARE = re.compile(r"\x1b\[\?([\d;]*)c")
_SIXEL_ATTRIBUTE = "4"
_INLINE_IMAGES = ("iTerm2", "WezTerm")


_USUAL = Cell()


@dataclass(frozen=True, slots=True)
class Abilities:
    """What is known of a terminal."""

    pictures: PictureMode = PictureMode.BLOCKS
    cell: Cell = _USUAL
    light: bool = False  # dark letters on a light background


def detect(wanted: PictureMode | None, environ: Mapping[str, str]) -> Abilities:
    """What the terminal at standard input and output can do; `wanted` replaces its own word on pictures."""
    term = environ.get("TERM", "")
    if term in {"", "dumb"} and os.name == "posix":
        return Abilities(wanted or PictureMode.NONE)
    answers = "" if term.startswith(_MUTE) else _ask(_SECONDS)
    found = understood(answers, environ)
    return Abilities(wanted or found.pictures, _measured() or found.cell, found.light)


def understood(answers: str, environ: Mapping[str, str]) -> Abilities:
    """What the answers mean, with the environment's word where there are none."""
    cell = _CELL_IS.search(answers)
    height, width = (int(cell[1]), int(cell[2])) if cell else (0, 0)
    return Abilities(
        _pictures(answers, environ),
        Cell(width, height) if width and height else _USUAL,
        _light(answers, environ),
    )


def _pictures(answers: str, environ: Mapping[str, str]) -> PictureMode:
    if "NO_COLOR" in environ:  # https://no-color.org: half blocks are nothing but colour
        return PictureMode.NONE
    name = _NAME_IS.search(answers)
    attributes = _ATTRIBUTES_ARE.search(answers)
    shared = "TMUX" in environ or environ.get("TERM", "").startswith(_SHARED)
    if name is not None:
        inline = name[1].startswith(_INLINE_IMAGES)
    else:
        inline = not shared and environ.get("TERM_PROGRAM") in {"iTerm.app", "WezTerm"}
    if inline:
        return PictureMode.ITERM2
    if kitty.ANSWER in answers:
        return PictureMode.KITTY
    if attributes is not None and _SIXEL_ATTRIBUTE in attributes[1].split(";")[1:]:
        return PictureMode.SIXEL
    return PictureMode.BLOCKS


def _light(answers: str, environ: Mapping[str, str]) -> bool:
    if found := _BACKGROUND_IS.search(answers):
        red, green, blue = (int(part, 16) / (16 ** len(part) - 1) for part in found.groups())
        return bool(0.299 * red + 0.587 * green + 0.114 * blue > 0.5)
    return environ.get("COLORFGBG", "").rpartition(";")[2] in {"7", "15"}  # set by rxvt and Konsole


def _measured() -> Cell | None:
    """The size of a character by the terminal's driver, where the terminal has told it."""
    if sys.platform == "win32":
        return None
    import fcntl
    import struct
    import termios

    try:
        answer = fcntl.ioctl(sys.__stdout__.fileno(), termios.TIOCGWINSZ, bytes(8)) if sys.__stdout__ else bytes(8)
    except OSError:
        return None
    rows, columns, width, height = struct.unpack("HHHH", answer)
    return Cell(width // columns, height // rows) if rows and columns and width and height else None


def _ask(seconds: float) -> str:
    """All questions at once; what came until the last was answered, or until the time was over."""
    if sys.platform == "win32" or sys.__stdin__ is None or sys.__stdout__ is None:
        return ""
    import termios
    import tty

    keys, screen = sys.__stdin__.fileno(), sys.__stdout__.fileno()
    if not (os.isatty(keys) and os.isatty(screen)):
        return ""
    before = termios.tcgetattr(keys)
    answers = b""
    try:
        tty.setcbreak(keys)
        os.write(screen, (_BACKGROUND + kitty.QUERY + _NAME + _CELL + _ATTRIBUTES).encode("ascii"))
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not _ATTRIBUTES_ARE.search(answers.decode("latin-1")):
            if select.select([keys], [], [], left)[0]:
                piece = os.read(keys, 4096)
                if not piece:
                    break
                answers += piece
    finally:
        termios.tcsetattr(keys, termios.TCSAFLUSH, before)  # half an answer must not be taken for keys
    return answers.decode("latin-1")
