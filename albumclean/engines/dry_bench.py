"""Where the time of a scan goes on this machine: a sample of the photos through each stage alone, then through a scan.

Nothing is remembered: the scans have a cache of their own in a folder that is gone at the end. Stages are timed in this
process, one after the other, by the CPU time that they take; what the whole scan takes beyond them is pipes, processes
and the cache. A scan of a quarter of the sample is taken off that of all, so that starting up does not count. Close
looks at look-alikes are left out: how many there are depends on the album, and a sample of it has hardly any.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

import psutil

from albumclean.config import Settings
from albumclean.crawl import crawl
from albumclean.domain import Asset, Root
from albumclean.engines.engine import LOCAL
from albumclean.engines.pool import usable_cores
from albumclean.engines.scan import SHIPPED, ScanSummary, ScanWatcher, scan
from albumclean.engines.stages import IN_DECODERS, Stage, Watch, analysed, forward, plain_decode, read
from albumclean.errors import AlbumcleanError, UsageError
from albumclean.media.view import NetworkView
from albumclean.scoring.scorer import Scorer
from albumclean.store.cache import Cache

SAMPLE = 48  # photos
LEAST = 8  # photos, for a scan of a quarter of them to say anything
_SEED = 2026


class NothingToMeasure(UsageError):
    """There is no photo here that can be read, so nothing was measured. Name a folder with some."""


class Limit(StrEnum):
    """What a scan of many photos waits for."""

    DISK = "disk"
    DECODERS = "decoders"
    NETWORK = "network"


@dataclass(slots=True)
class DryBench:
    """What was measured; times in seconds a photo."""

    found: int = 0  # photos in the folders
    sample: int = 0  # of them, those that were measured
    failed: int = 0  # of the sample, those that can't be read and were left out
    size: float = 0.0  # bytes a photo
    pixels: float = 0.0  # a photo
    device: str = ""
    precision: str = ""
    cores: int = 1
    workers: int = 1
    cpu: dict[Stage, float] = field(default_factory=dict)
    floor: dict[Stage, float] = field(default_factory=dict)  # what no program could go below
    reading: float = 0.0  # from the disk, one photo after the other, by the clock
    forward: float = 0.0  # by the clock, photo after photo
    whole_cpu: float | None = None  # of the whole scan; None: too few photos to tell
    whole: float | None = None  # by the clock

    @property
    def on_cpu(self) -> bool:
        """Whether decoders and networks share the cores."""
        return self.device == "cpu"

    @property
    def decoding(self) -> float:
        """CPU time of all that the decoding processes do."""
        return sum(self.cpu.get(stage, 0.0) for stage in IN_DECODERS)

    @property
    def limit(self) -> Limit:
        """What takes longest where all goes on at the same time."""
        at_once = min(self.workers, self.cores)
        computed = {
            Limit.DECODERS: self.decoding / at_once,
            Limit.NETWORK: self.cpu[Stage.FORWARD] / self.cores if self.on_cpu else self.forward,
        }
        longest = sum(computed.values()) if self.on_cpu else max(computed.values())
        if self.reading / self.workers > longest:
            return Limit.DISK
        return max(computed, key=lambda limit: computed[limit])

    @property
    def efficiency(self) -> float | None:
        """The share of the cores' time that goes to decoding and forward passes; None where it can't be told."""
        if self.whole is None or not self.on_cpu:
            return None
        return (self.floor[Stage.DECODE] + self.cpu[Stage.FORWARD]) / (self.whole * self.cores)


def dry_bench(
    roots: Sequence[Root],
    settings: Settings,
    scorers: Sequence[Scorer] = SHIPPED,
    *,
    sample: int = SAMPLE,
    tell: Callable[[str], None] = lambda _: None,
) -> DryBench:
    """Measure. `tell` hears what goes on just now.

    Of this machine, whatever engine the settings name. Raises NothingToMeasure if there is no photo that can be read,
    RootNotFound, and the errors of devices and models.
    """
    settings = replace(settings, scan=replace(settings.scan, engine=LOCAL))
    found = DryBench(cores=usable_cores(), workers=settings.scan.workers or usable_cores())
    tell("looking for photos")
    chosen = _sample(roots, settings, sample, found)
    tell("reading and decoding")
    views = _decode_all(chosen, settings, scorers, found)
    if not found.sample:
        raise NothingToMeasure
    tell("running the networks")
    ran = forward(views, settings.scan, scorers)
    found.device, found.precision, found.forward = ran.device, ran.precision, ran.clock / found.sample
    found.cpu[Stage.FORWARD] = found.floor[Stage.FORWARD] = ran.cpu / found.sample
    tell("scanning")
    _scan(chosen, settings, scorers, found)
    return found


def _sample(roots: Sequence[Root], settings: Settings, most: int, found: DryBench) -> list[Asset]:
    """So many of the photos, each as likely as any other; memory does not depend on how many there are."""
    chooser = random.Random(_SEED)  # noqa: S311 - the same sample each time
    chosen: list[Asset] = []
    before = time.process_time()
    for entry in crawl(roots, settings.crawl):
        if not isinstance(entry, Asset) or entry.video:
            continue
        found.found += 1
        if len(chosen) < most:
            chosen.append(entry)
        elif (place := chooser.randrange(found.found)) < most:
            chosen[place] = entry
    found.cpu[Stage.CRAWL] = (time.process_time() - before) / max(1, found.found)
    return sorted(chosen, key=lambda asset: asset.primary.path)


def _decode_all(
    chosen: list[Asset], settings: Settings, scorers: Sequence[Scorer], found: DryBench
) -> list[dict[str, NetworkView]]:
    """What a decoding process does with each photo; those that can't be read leave `chosen`."""
    watch, floor, views = Watch(), 0.0, []
    for asset in list(chosen):
        try:
            data, clock = read(asset.primary, watch)
            seen, frame = analysed(data, asset.primary.path, settings, scorers, watch)
        except AlbumcleanError:
            chosen.remove(asset)
            found.failed += 1
            continue
        views.append(seen)
        found.reading += clock
        found.size += len(data)
        found.pixels += frame.size[0] * frame.size[1]
        before = time.process_time()
        # A trust boundary, as in `media.decode`: what could be decoded with its patience may still fail without it.
        with suppress(Exception):
            plain_decode(data, frame)
        floor += time.process_time() - before
    found.sample = len(chosen)
    photos = max(1, found.sample)
    found.size, found.pixels, found.reading = found.size / photos, found.pixels / photos, found.reading / photos
    found.cpu |= {stage: seconds / photos for stage, seconds in watch.spent.items()}
    found.floor = {Stage.READ: found.cpu[Stage.READ], Stage.DECODE: floor / photos}
    return views


def _scan(chosen: Sequence[Asset], settings: Settings, scorers: Sequence[Scorer], found: DryBench) -> None:
    few = len(chosen) // 4
    if len(chosen) < LEAST:
        return
    small, all_ = (_scanned(some, settings, scorers) for some in (chosen[::4][:few], chosen))
    more = len(chosen) - few
    found.whole = max((all_[0] - small[0]) / more, 0.0)
    found.whole_cpu = max((all_[1] - small[1]) / more, 0.0)
    found.cpu[Stage.REST] = max(found.whole_cpu - sum(found.cpu.values()), 0.0)


def _scanned(assets: Sequence[Asset], settings: Settings, scorers: Sequence[Scorer]) -> tuple[float, float]:
    """(seconds by the clock, CPU seconds of this process and those that it starts)."""
    read_all = Event()

    def nothing(*_: object) -> None:
        """Nobody watches."""

    def scanning(summary: ScanSummary, _: Path) -> None:
        if summary.done >= summary.to_do:
            read_all.set()

    watcher = ScanWatcher(crawling=nothing, scanning=scanning, comparing=nothing, failed=nothing)
    with TemporaryDirectory(prefix="albumclean-") as folder:
        began, before = time.perf_counter(), _cpu()
        with Cache.open(Path(folder) / "cache.sqlite") as cache:
            scan(
                [Root(asset.primary.path) for asset in assets],
                cache,
                settings,
                watcher,
                thumbnails=Path(folder) / "thumbnails.sqlite",
                scorers=scorers,
                stop=read_all.is_set,
            )
        return time.perf_counter() - began, _cpu() - before


def _cpu() -> float:
    """CPU seconds of this process and of all that it has started and that have ended."""
    times = psutil.Process().cpu_times()
    children = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    return float(times.user + times.system + children)
