"""What a JPEG decoder could save by looking at less: `python -m benchmarks.decoding_parts --photos DIR`.

CPU milliseconds for a 12-megapixel JPEG, each the best of so many tries, mean over the photos: decoded as a whole, at a
quarter and at an eighth of its sides, and in grey. What an eighth costs is nearly all spent on undoing the Huffman
code, from which there is no way out: a decoder that wants some patches at native size beside the small picture has to
go through that code a second time, or keep its output. So `twice the code` stands for the least that a quarter with
native patches from the same file could cost: a quarter, and an eighth once more.
"""

from __future__ import annotations

import argparse
import io
import json
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

from PIL import Image

from albumclean.media.allocation import KEPT_BY_A_DECODER, keep_freed_memory
from benchmarks.judge_cost import photos_in

WAYS = {"whole": (None, 1), "quarter": (None, 4), "eighth": (None, 8), "grey": ("L", 1)}


def spent(data: bytes, mode: str | None, factor: int) -> float:
    """CPU seconds of one decode, by Pillow."""
    before = time.process_time()
    with Image.open(io.BytesIO(data)) as image:
        image.draft(mode, (image.width // factor, image.height // factor))
        image.load()
    return time.process_time() - before


def measure(paths: Sequence[Path], tries: int) -> dict[str, float]:
    """Milliseconds a photo, by way; the ways take turns."""
    keep_freed_memory(KEPT_BY_A_DECODER)
    best: dict[str, list[float]] = {name: [] for name in WAYS}
    for path in paths:
        data = path.read_bytes()
        rounds = [{name: spent(data, *way) for name, way in WAYS.items()} for _ in range(tries)]
        for name, each in best.items():
            each.append(min(one[name] for one in rounds))
    found = {name: 1000 * mean(each) for name, each in best.items()}
    return found | {"twice the code": found["quarter"] + found["eighth"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--tries", type=int, default=3)
    arguments = parser.parse_args()
    found = measure(photos_in(arguments.photos, arguments.count), arguments.tries)
    print(json.dumps({name: round(each, 1) for name, each in found.items()}, indent=1))


if __name__ == "__main__":
    main()
