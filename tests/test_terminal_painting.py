from __future__ import annotations

import base64
import io
import os
import pty
import re
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from albumclean.review.terminal import iterm2, kitty, sixel
from albumclean.review.terminal.detection import Abilities, detect, understood
from albumclean.review.terminal.painting import Box, Cell, PictureMode, paint
from tests.pictures import scene

CELL = Cell(8, 16)


def decode_sixel(data: str) -> np.ndarray:
    """What a terminal makes of it, after the VT3xx manual: uint8 (rows, columns, 3); -1 where nothing is painted."""
    found = re.fullmatch(r'\x1bP0;1;0q"1;1;(\d+);(\d+)(.*)\x1b\\', data, re.DOTALL)
    assert found is not None
    width, height = int(found[1]), int(found[2])
    out = np.full((height, width, 3), -1, dtype=int)
    palette: dict[int, tuple[int, int, int]] = {}
    x = band = colour = 0
    for token in re.finditer(r"#(\d+);2;(\d+);(\d+);(\d+)|#(\d+)|!(\d+)(.)|([$-])|([?-~])", found[3]):
        if token[1]:
            red, green, blue = (round(int(part) * 255 / 100) for part in token.group(2, 3, 4))
            palette[int(token[1])] = (red, green, blue)
        elif token[5]:
            colour = int(token[5])
        elif token[8]:
            x, band = 0, band + (token[8] == "-")
        else:
            count, sixels = (int(token[6]), token[7]) if token[6] else (1, token[9])
            bits = ord(sixels) - 0x3F
            for row in range(6):
                if bits >> row & 1:
                    out[band * 6 + row, x : x + count] = palette[colour]
            x += count
    return out


def decode_kitty(data: str) -> tuple[dict[str, str], Image.Image]:
    messages = re.findall(r"\x1b_G([^;\x1b]*);([^\x1b]*)\x1b\\", data)
    first = dict(pair.split("=") for pair in messages[0][0].split(","))
    for number, (keys, payload) in enumerate(messages):
        assert len(payload) <= 4096
        assert ("m=0" in keys) == (number == len(messages) - 1)
        assert len(payload) % 4 == 0
    pixels = zlib.decompress(base64.b64decode("".join(payload for _, payload in messages)))
    return first, Image.frombytes("RGB", (int(first["s"]), int(first["v"])), pixels)


def decode_iterm2(data: str) -> tuple[dict[str, str], Image.Image]:
    found = re.fullmatch(r"\x1b\]1337;File=([^:]*):([^\x07]*)\x07", data)
    assert found is not None
    keys = dict(pair.split("=") for pair in found[1].split(";"))
    file = base64.b64decode(found[2])
    assert int(keys["size"]) == len(file)
    return keys, Image.open(io.BytesIO(file))


def test_sixels_show_the_picture() -> None:
    image = scene(1, 160, 96)
    shown = decode_sixel(sixel.encode(image))
    assert (96, 160, 3) == shown.shape
    assert shown.min() >= 0
    assert np.abs(shown - np.asarray(image, dtype=int)).mean() < 12  # 256 colours, dithered


@settings(max_examples=30, deadline=None)
@given(width=st.integers(1, 40), height=st.integers(6, 30), seed=st.integers(0, 99), colours=st.integers(1, 256))
def test_sixels_lose_no_pixel(width: int, height: int, seed: int, colours: int) -> None:
    rng = np.random.default_rng(seed)
    levels = rng.integers(0, 256, (colours, 3), dtype=np.uint8)
    image = Image.fromarray(levels[rng.integers(0, colours, (height, width))])
    shown = decode_sixel(sixel.encode(image))
    assert (height // 6 * 6, width) == shown.shape[:2]
    assert shown.min() >= 0


def test_a_few_colours_are_shown_as_they_are() -> None:
    pixels = np.zeros((12, 30, 3), dtype=np.uint8)
    pixels[3:9, 5:25] = (255, 51, 0)
    np.testing.assert_array_equal(pixels, decode_sixel(sixel.encode(Image.fromarray(pixels))))


def test_kitty_gets_every_pixel_in_small_messages_and_never_answers() -> None:
    image = scene(2, 120, 80)
    keys, shown = decode_kitty(kitty.encode(image, 3))
    np.testing.assert_array_equal(np.asarray(image), np.asarray(shown))
    assert ("T", "2", "1") == (keys["a"], keys["q"], keys["C"])


def test_each_slot_of_kitty_is_its_own_and_can_be_erased() -> None:
    one, other = (decode_kitty(kitty.encode(scene(1), slot))[0]["i"] for slot in (1, 2))
    assert one != other
    assert f"a=d,d=I,i={one}," in kitty.erase(1)


def test_iterm2_gets_a_file_without_metadata_and_its_place() -> None:
    keys, shown = decode_iterm2(iterm2.encode(scene(3, 100, 50), 12, 4))
    assert ("1", "12", "4") == (keys["inline"], keys["width"], keys["height"])
    assert (100, 50) == shown.size
    assert not shown.getexif()


@pytest.mark.parametrize("mode", [PictureMode.KITTY, PictureMode.SIXEL, PictureMode.ITERM2, PictureMode.BLOCKS])
@pytest.mark.parametrize("size", [(320, 240), (240, 320), (900, 30), (30, 900), (5, 5)])
def test_no_picture_is_larger_than_its_box(mode: PictureMode, size: tuple[int, int]) -> None:
    box = Box(30, 10)
    painted = paint(scene(1, 320, 240).resize(size), mode, box, CELL, 1)
    assert 1 <= painted.columns <= box.columns
    assert 1 <= painted.rows <= box.rows
    assert all(painted.columns == sum(segment.cell_length for segment in line) for line in painted.lines)


def test_half_blocks_hold_two_pixels_a_character() -> None:
    painted = paint(scene(1, 300, 200), PictureMode.BLOCKS, Box(40, 10), CELL, 1)
    assert (30, 10, 10) == (painted.columns, painted.rows, len(painted.lines))
    assert {"▀"} == {segment.text for line in painted.lines for segment in line}


# --- which of them ------------------------------------------------------------------------------------------------

TMUX = "\x1bP>|tmux 3.5a\x1b\\\x1b[?1;2c"
XTERM = "\x1b]11;rgb:ffff/ffff/e000\x1b\\\x1bP>|XTerm(390)\x1b\\\x1b[6;18;9t\x1b[?64;1;4;22c"
KITTY = "\x1b]11;rgb:0000/0000/0000\x1b\\\x1b_Gi=31;OK\x1b\\\x1bP>|kitty(0.40)\x1b\\\x1b[6;20;10t\x1b[?62;c"
ITERM = "\x1b_Gi=31;OK\x1b\\\x1bP>|iTerm2 3.6.9\x1b\\\x1b[?62;4c"


@pytest.mark.parametrize(
    ("answers", "environ", "expected"),
    [
        ("", {}, Abilities()),
        ("", {"TERM_PROGRAM": "iTerm.app"}, Abilities(PictureMode.ITERM2)),
        ("", {"TERM_PROGRAM": "iTerm.app", "TMUX": "/tmp/x"}, Abilities()),
        ("", {"COLORFGBG": "0;15"}, Abilities(light=True)),
        (TMUX, {"TERM_PROGRAM": "WezTerm"}, Abilities()),
        (XTERM, {}, Abilities(PictureMode.SIXEL, Cell(9, 18), light=True)),
        (KITTY, {}, Abilities(PictureMode.KITTY, Cell(10, 20))),
        (ITERM, {}, Abilities(PictureMode.ITERM2)),
        (KITTY, {"NO_COLOR": "1"}, Abilities(PictureMode.NONE, Cell(10, 20))),
        ("\x1b[?64;14;40c", {}, Abilities()),  # 4 is an attribute of its own, not a digit of another
        ("\x1b[?4c", {}, Abilities()),  # a VT132, not sixels: the first number is the class
        ("\x1b[6;0;0t\x1b[?6", {}, Abilities()),
    ],
)
def test_the_terminal_is_believed(answers: str, environ: Mapping[str, str], expected: Abilities) -> None:
    assert expected == understood(answers, environ)


@settings(max_examples=200)
@given(st.text(st.characters(codec="latin-1"), max_size=60))
def test_no_answer_is_too_odd(answers: str) -> None:
    assert understood(answers, {}).cell.width > 0


def test_a_dumb_terminal_is_asked_nothing() -> None:
    assert PictureMode.NONE == detect(None, {"TERM": "dumb"}).pictures
    assert PictureMode.SIXEL == detect(PictureMode.SIXEL, {"TERM": "dumb"}).pictures


ASK = """
import os, sys, time
from albumclean.review.terminal.detection import detect
sys.stdin.fileno()
began = time.monotonic()
found = detect(None, os.environ)
print(f"FOUND {found.pictures} {found.light} {time.monotonic() - began:.2f} END")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are POSIX")
@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (b"", "blocks False"),  # says nothing at all, as over a slow line
        (b"tttt", "blocks False"),  # somebody types meanwhile
        (KITTY.encode("ascii"), "kitty False"),
        (XTERM.encode("ascii"), "sixel True"),
    ],
)
def test_a_terminal_is_asked_and_never_waited_for_long(answer: bytes, found: str) -> None:
    master, slave = pty.openpty()
    environ = {**os.environ, "TERM": "xterm-256color"}
    for name in ("TMUX", "NO_COLOR", "COLORFGBG", "TERM_PROGRAM"):
        environ.pop(name, None)
    program = subprocess.Popen([sys.executable, "-c", ASK], stdin=slave, stdout=slave, stderr=slave, env=environ)
    os.close(slave)
    seen = bytearray()

    def listen() -> None:
        while True:
            try:
                data = os.read(master, 4096)
            except OSError:
                return
            if b"\x1b[c" in data:
                os.write(master, answer)
            seen.extend(data)

    listener = threading.Thread(target=listen)
    listener.start()
    assert 0 == program.wait(30)
    time.sleep(0.05)
    listener.join(5)
    os.close(master)
    told = re.search(rb"FOUND (\w+ \w+) ([\d.]+) END", bytes(seen))
    assert told is not None
    assert found == told[1].decode()
    assert float(told[2]) < 1.0
