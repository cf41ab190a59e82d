"""Only decode every picture below a folder, at full size: what the tools' times are set against.

`python -m benchmarks.near_duplicates.peers.decoding FOLDER` prints how many were decoded, and how many were not.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pi_heif
from PIL import Image


def main() -> None:
    pi_heif.register_heif_opener()
    decoded = failed = 0
    for path in sorted(Path(sys.argv[1]).rglob("*")):
        if path.is_file():
            try:
                with Image.open(path) as picture:
                    picture.load()
            except (OSError, ValueError, SyntaxError):  # what Pillow raises for what is no picture
                failed += 1
            else:
                decoded += 1
    print(decoded, failed)


if __name__ == "__main__":
    main()
