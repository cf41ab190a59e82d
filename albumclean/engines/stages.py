"""The stages of a photo's way through a scan, each by itself, in this process: what `engines.dry_bench` times."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from albumclean.config import ScanSettings, Settings
from albumclean.domain import FileIdentity
from albumclean.engines.analyse import networks_of, views_of
from albumclean.media import parsers, sniff
from albumclean.media.decode import Frame, decode
from albumclean.media.reading import content_hash, read_file
from albumclean.media.thumbnail import thumbnail
from albumclean.media.view import NetworkView
from albumclean.scoring import registry
from albumclean.scoring.scorer import Scorer
from albumclean.similar.fingerprint import ENOUGH, fingerprint

if TYPE_CHECKING:
    from albumclean.scoring.batches import NetworkBatches


class Stage(StrEnum):
    """What is done with each photo, in order."""

    CRAWL = "find the file"
    READ = "read it"
    HASH = "hash it"
    DECODE = "decode it"
    VIEW = "cut the networks' input"
    FINGERPRINT = "fingerprint"
    THUMBNAIL = "thumbnail"
    FORWARD = "networks"
    REST = "processes, pipes, cache"


IN_DECODERS = (Stage.READ, Stage.HASH, Stage.DECODE, Stage.VIEW, Stage.FINGERPRINT, Stage.THUMBNAIL)


class Watch:
    """Adds up CPU seconds by stage."""

    def __init__(self) -> None:
        self.spent: dict[Stage, float] = dict.fromkeys(IN_DECODERS, 0.0)

    @contextmanager
    def on(self, stage: Stage) -> Iterator[None]:
        """Of what happens inside."""
        before = time.process_time()
        yield
        self.spent[stage] += time.process_time() - before


def read(file: FileIdentity, watch: Watch) -> tuple[bytes, float]:
    """(the bytes, seconds by the clock) from the disk, not from what the system holds of it in memory."""
    _forget_pages(file.path)
    began = time.perf_counter()
    with watch.on(Stage.READ):
        data = read_file(file)
    return data, time.perf_counter() - began


def _forget_pages(path: Path) -> None:
    """Let the system drop what it holds of a file in memory, where it can be asked, so that the disk is measured."""
    if not hasattr(os, "posix_fadvise"):
        return
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return  # reading it will say what is wrong
    try:
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(handle)


def analysed(
    data: bytes, path: Path, settings: Settings, scorers: Sequence[Scorer], watch: Watch
) -> tuple[dict[str, NetworkView], Frame]:
    """As `engines.analyse` does it for a content that nobody knows, stage by stage."""
    with watch.on(Stage.HASH):
        digest = content_hash(data)
    specs = [scorer.spec for scorer in scorers]
    frames: dict[int, Frame] = {}
    with watch.on(Stage.DECODE):
        for side in dict.fromkeys(spec.min_short_side for spec in networks_of(specs)):
            frames[side] = decode(data, path, digest, min_short_side=side, max_pixels=settings.scan.max_pixels)
    with watch.on(Stage.VIEW):
        views = views_of(lambda side: frames[side].picture, specs)
    first = frames[registry.spec(registry.JUDGE).min_short_side]
    with watch.on(Stage.FINGERPRINT):
        fingerprint(first.picture.reduced(ENOUGH), digest)
    with watch.on(Stage.THUMBNAIL):
        thumbnail(first.picture)
    return views, first


def plain_decode(data: bytes, frame: Frame) -> None:
    """The plain decoder on these bytes, at the size at which the scan decodes them, and nothing else.

    Raises whatever decoders raise: this is outside the trust boundary of `media.decode`.
    """
    name = sniff.picture_format(data)
    if frame.photo.is_raw or name is None:  # its preview was decoded, of which the decoder alone knows where it lies
        return
    with parsers.undisturbed(), parsers.open_as(name, io.BytesIO(data)) as image:
        if frame.reduction > 1:
            image.draft(image.mode, (frame.size[0] // frame.reduction, frame.size[1] // frame.reduction))
        image.load()


@dataclass(frozen=True, slots=True)
class Forward:
    """What the networks took, in seconds for all photos together, and where they ran."""

    cpu: float
    clock: float
    device: str
    precision: str


def forward(views: Sequence[dict[str, NetworkView]], wish: ScanSettings, scorers: Sequence[Scorer]) -> Forward:
    """The photos through the networks, in batches as a scan makes them, on one core where that is the device.

    At least one photo. Raises the errors of devices and models.
    """
    from albumclean.scoring.batches import NetworkBatches

    by_name = {scorer.spec.name: scorer for scorer in scorers}
    spent = clock = 0.0
    where = ("", "")
    for name in dict.fromkeys(name for seen in views for name in seen):
        network = NetworkBatches(by_name[name], wish.device, wish.batch, threads=1)
        of_it = [seen[name] for seen in views]
        with _one_thread() if network.by_torch else nullcontext():
            _run(network, of_it)  # warms up for all shapes
            cpu, began = time.process_time(), time.perf_counter()
            _run(network, of_it)
            spent, clock = spent + time.process_time() - cpu, clock + time.perf_counter() - began
        if not any(where) or name == registry.JUDGE:
            where = network.placement.device, network.precision
    return Forward(spent, clock, *where)


def _run(network: NetworkBatches, views: Sequence[NetworkView]) -> None:
    for number, view in enumerate(views):
        network.add(number.to_bytes(32, "big"), view)
    network.flush()


@contextmanager
def _one_thread() -> Iterator[None]:
    """Threads that wait for each other take CPU time for nothing."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
