"""The published networks against their authors' pipelines, on whole pictures of all sizes, from the file to the value.

The pictures are those of `tests/published_pictures.py`: 62 files, from 1 x 1 to 14,400 x 720 pixels as the networks see
them, upright, thin, odd, grey, and turned by EXIF in all eight ways; the weights are random. The suite compares what
the networks see on all of them, and the networks on parts, for time; this does it all.

    python -m benchmarks.published_equality mos
    python -m benchmarks.published_equality degradation     (about ten minutes)
    python -m benchmarks.published_equality maniqa          (the original needs `pip install timm einops`)

Run from the repository's folder.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks.published_speed import EXACT, NETWORKS, ours, theirs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=NETWORKS)
    network = parser.parse_args().network
    with tempfile.TemporaryDirectory() as folder:
        from tests.published_pictures import files

        paths = list(files(Path(folder)))
        found, expected = ours(network, paths)(), theirs(network, paths)()
    worst = 0.0
    for path, row, same in zip(paths, expected, found, strict=True):
        difference = max(abs(one - other) for one, other in zip(row, same, strict=True))
        worst = max(worst, difference)
        print(f"{path.name:26} {' '.join(f'{value:.6f}' for value in row)}  {difference:.1e}", flush=True)
    print(f"{network}: {len(paths)} pictures, the largest difference is {worst:.1e}")
    if worst > EXACT:
        raise SystemExit("the answers differ")


if __name__ == "__main__":
    main()
