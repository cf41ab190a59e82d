"""Peak memory of scans of several sizes: `python -m benchmarks.memory --photos DIR --work DIR [--counts 1000 100000]`.

Small photos are made, each a piece of a real one of DIR that overlaps no other (what looks alike would be compared),
and scanned. Every quarter of a second the memory of the scan and of all processes that it started is added up: on Linux
the proportional share of each (PSS), so that pages which processes share count once; elsewhere what is resident.

The judge takes a tenth of a second a photo, so 100,000 photos would take hours. `--quick` gives the scan a network with
the same inputs and outputs and nearly no layers; all else, torch and its threads included, is what `albumclean scan`
runs. Without it the command itself is run, with the real judge. What that network says of a photo is next to noise, so
that far more pairs look alike than in a real library: `--looks N` ends the comparing of a quick scan after N of them,
when the search over all photos is long done. How many were left is told.

The bar: the peak of the largest is at most 1.2 times that of the smallest.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from PIL import Image, ImageStat

from albumclean.domain import ScorerSpec
from albumclean.scoring import registry
from benchmarks.common import ALBUMCLEAN, environment, fresh

if TYPE_CHECKING:
    from torch import nn

LIMIT = 1.20
INTERVAL = 0.25  # seconds between two looks
PIECE = (160, 120)  # pixels
PER_FOLDER = 500
SPARE = 1.7  # pieces that are cut for one that is used
DETAIL = 30.0  # standard deviation of luma
SMAPS = Path("/proc/self/smaps_rollup")
QUICK = "--one-quick-scan"


# --- photos ---------------------------------------------------------------------------------------------------------


def make_pieces(photos: Path, folder: Path, count: int) -> Path:
    """`count` small JPEGs in folders of 500, the pieces of one photo spread over all of them."""
    sources = sorted(path for path in photos.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg", ".png"})
    if not sources:
        sys.exit(f"there is no JPEG or PNG in {photos}")
    a_side = math.ceil(math.sqrt(SPARE * count / len(sources)))  # pieces beside each other in a photo
    number, made = 0, set[bytes]()
    for source in sources:
        with Image.open(source) as opened:
            opened.draft("RGB", (PIECE[0] * a_side, PIECE[1] * a_side))
            picture = opened.convert("RGB")
        for box in _cells(picture.size, a_side):
            piece = picture.resize(PIECE, Image.Resampling.BILINEAR, box)
            digest = blake2b(piece.tobytes(), digest_size=16).digest()
            if digest in made or not _has_detail(piece):  # the photo was there twice, or it is a piece of sky
                continue
            made.add(digest)
            # Neighbours in a photo must not be neighbours in time and name as well.
            place = number % -(-count // PER_FOLDER)
            path = folder / f"{place:04}" / f"IMG_{number:06}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            piece.save(path, quality=80)
            number += 1
            if number == count:
                return folder
    sys.exit(f"{photos} has no {count} pieces that differ")


def _has_detail(piece: Image.Image) -> bool:
    """Whether it looks like no other: flat pieces are all alike."""
    return ImageStat.Stat(piece.convert("L")).stddev[0] >= DETAIL


def _cells(size: tuple[int, int], a_side: int) -> Iterator[tuple[float, float, float, float]]:
    width, height = size[0] / a_side, size[1] / a_side
    for row in range(a_side):
        for column in range(a_side):
            yield (column * width, row * height, (column + 1) * width, (row + 1) * height)


# --- a scan with a network of nearly no layers ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class QuickJudge:
    """A scorer that is asked as the judge is and answers in its form, in no time."""

    spec: ScorerSpec

    def load(self) -> nn.Module:
        """What colours a photo has where, turned into numbers of the right shapes."""
        import torch
        from torch import Tensor, nn
        from torch.nn import functional

        from albumclean.scoring.nets.efficientnet_lite import EfficientNetLite0

        with torch.device("meta"):
            features = EfficientNetLite0().features  # how many the judge has, which other heads read
        spec = self.spec

        class Colours(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                torch.manual_seed(0)
                self.turned = nn.Linear(192, features, bias=False).requires_grad_(requires_grad=False)

            def seen(self, whole: Tensor, patches: Tensor) -> tuple[Tensor, Tensor, Tensor]:
                colours = functional.adaptive_avg_pool2d(whole.permute(0, 3, 1, 2).float() / 255, 8).flatten(1)
                # Waves so short that two photos have nothing in common: most photos have their colours alike.
                found = torch.sin(300 * self.turned(colours).float())
                values = torch.sigmoid(found[:, : len(spec.quantities)] + patches.float().mean() / 255)
                return values, functional.normalize(found[:, : spec.embedding], dim=1), found

            def forward(self, whole: Tensor, patches: Tensor) -> tuple[Tensor, Tensor]:
                return self.seen(whole, patches)[:2]

        return Colours().eval()


def quick_scan(album: Path, looks: int) -> None:
    """What `albumclean scan ALBUM --quiet` does, with the quick network; at most `looks` pairs are looked at."""
    from albumclean.config import Locations, Settings
    from albumclean.domain import Root
    from albumclean.engines.scan import SHIPPED, ScanSummary, ScanWatcher, scan
    from albumclean.store.cache import Cache

    def nothing(*_: object) -> None:
        """Nobody watches."""

    compared = 0

    def comparing(summary: ScanSummary) -> None:
        nonlocal compared
        compared = summary.compared

    places = Locations.from_environment()
    scorers = [QuickJudge(each.spec) if each.spec.name == registry.JUDGE else each for each in SHIPPED]
    watcher = ScanWatcher(nothing, nothing, comparing, nothing)
    with Cache.open(places.cache) as cache:
        summary = scan(
            [Root(album)],
            cache,
            Settings(),
            watcher,
            thumbnails=places.thumbnails,
            scorers=scorers,
            stop=lambda: compared >= looks,
        )
    print(json.dumps({"scored": summary.decoded, "compared": summary.compared, "to_compare": summary.to_compare}))


# --- watching -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Peak:
    """The moment of a scan in which it held most."""

    photos: int
    together: int  # bytes
    main: int  # bytes, of the scan's own process then
    others: tuple[int, ...]  # bytes, of each that it had started
    main_most: int  # bytes, the most that the main process held by itself
    scored: int
    compared: int  # pairs that were looked at closely
    to_compare: int  # pairs that would have been, as far as was known when it ended
    cpu: float  # seconds
    seconds: float


def peak_of_scan(album: Path, home: Path, count: int, *, quick: bool, looks: int) -> Peak:
    """Scan the album in a home of its own and watch."""
    own = [sys.executable, "-m", "benchmarks.memory", QUICK, str(album), str(looks)]
    command = own if quick else [*ALBUMCLEAN, "scan", str(album), "--json"]
    started = time.monotonic()
    process = subprocess.Popen(command, env=environment(home), stdout=subprocess.PIPE, text=True)
    watched = psutil.Process(process.pid)
    together, main, others, main_most, cpu = 0, 0, tuple[int, ...](), 0, 0.0
    while process.poll() is None:
        with suppress(psutil.Error, ProcessLookupError):
            first = held(watched)
            rest = tuple(held(child) for child in watched.children(recursive=True))
            main_most = max(main_most, first)
            if first + sum(rest) > together:
                together, main, others = first + sum(rest), first, rest
            times = watched.cpu_times()
            cpu = times.user + times.system + times.children_user + times.children_system
        time.sleep(INTERVAL)
    said = process.communicate()[0]
    if process.returncode:
        sys.exit(f"the scan ended with {process.returncode}")
    summary = json.loads(said)
    if summary["scored"] != count:
        sys.exit(f"{summary['scored']} of {count} photos were scored")
    seconds = time.monotonic() - started
    compared, to_compare = summary["compared"], summary.get("to_compare", summary["compared"])
    return Peak(count, together, main, others, main_most, count, compared, to_compare, round(cpu, 1), round(seconds, 1))


def held(process: psutil.Process) -> int:
    """Bytes; 0 for a process that has just ended."""
    with suppress(psutil.Error, OSError):
        return proportional(process.pid) if SMAPS.exists() else int(process.memory_info().rss)
    return 0


def proportional(pid: int) -> int:
    """Linux: the pages that a process has alone, and its share of those that it has with others; in bytes."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        name, _, rest = line.partition(":")
        if name == "Pss":
            return int(rest.split()[0]) * 1024
    return 0


def told(peak: Peak) -> str:
    """One line for people."""
    rest = " + ".join(f"{each / 1e6:.0f}" for each in peak.others) or "none"
    return (
        f"{peak.photos:>7,} photos: peak {peak.together / 1e6:.0f} MB (the scan's own process {peak.main / 1e6:.0f} MB,"
        f" others {rest} MB); {peak.compared:,} of {peak.to_compare:,} pairs compared; {peak.cpu:.0f} s of CPU"
    )


def measure(
    photos: Path, work: Path, counts: Sequence[int], *, quick: bool, looks: int, tell: Callable[[str], None]
) -> list[Peak]:
    """All sizes, the smallest first."""
    peaks = []
    for count in sorted(counts):
        album = make_pieces(photos, work / f"album-{count}", count)
        peaks.append(peak_of_scan(album, work / f"home-{count}", count, quick=quick, looks=looks))
        tell(told(peaks[-1]))
    return peaks


def main() -> None:
    if sys.argv[1:2] == [QUICK]:
        quick_scan(Path(sys.argv[2]), int(sys.argv[3]))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True, help="real photos, of which pieces are cut")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--counts", type=int, nargs="+", default=[1000, 100_000])
    parser.add_argument("--quick", action="store_true", help="a network of nearly no layers in place of the judge")
    parser.add_argument("--looks", type=int, default=sys.maxsize, help="of a quick scan: so many pairs at most")
    parser.add_argument("--out", type=Path, help="write the numbers here as JSON, too")
    arguments = parser.parse_args()
    work = fresh(arguments.work.absolute())
    peaks = measure(
        arguments.photos,
        work,
        arguments.counts,
        quick=arguments.quick,
        looks=arguments.looks,
        tell=lambda text: print(text, flush=True),
    )
    ratio = peaks[-1].together / peaks[0].together
    print(f"ratio {ratio:.3f}: {'within the bar' if ratio <= LIMIT else 'MISSED'}")
    if arguments.out:
        document = {"quick": arguments.quick, "ratio": ratio, "limit": LIMIT, "peaks": [asdict(each) for each in peaks]}
        arguments.out.write_text(json.dumps(document, indent=1))
    sys.exit(ratio > LIMIT)


if __name__ == "__main__":
    main()
