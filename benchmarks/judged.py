"""What the judge's measurements share: values with a photo's facts, shares with intervals, a log of results."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from albumclean.config import ScanSettings
from albumclean.domain import Asset, Degradation, FileIdentity, Photo, PhotoFacts, PhotoKind, Score
from albumclean.engines.analyse import Analysis, Job, Wanted, analyse
from albumclean.policy.kinds import kind_of
from albumclean.scoring import registry

Row = dict[str, Any]  # one JSON object
Item = TypeVar("Item")
Values = dict[str, float]  # by quantity

_Z = 1.959964  # of a standard normal: 95 % lie within


class ResultLog:
    """JSON lines that are only appended to, so that a killed run goes on where it was.

    A row is found again by its values in the columns `key`; of two with the same the later counts.
    """

    def __init__(self, path: Path, key: tuple[str, ...]) -> None:
        self._path = path
        self._key = key
        self._rows: dict[tuple[object, ...], Row] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        data = path.read_bytes() if path.exists() else b""
        whole = data[: data.rfind(b"\n") + 1]
        if whole != data:  # killed in the middle of a line
            path.write_bytes(whole)
        for line in whole.splitlines():
            self._remember(json.loads(line))

    def find(self, *key: str | int) -> Row | None:
        """The row with these values in the key's columns."""
        return self._rows.get(key)

    def add(self, rows: Iterable[Row]) -> None:
        """Append and remember."""
        rows = list(rows)
        with self._path.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
        for row in rows:
            self._remember(row)

    def _remember(self, row: Row) -> None:
        self._rows[tuple(row[column] for column in self._key)] = row


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, with the 95 % interval of Wilson (1927)."""

    count: int
    of: int

    @property
    def value(self) -> float:
        """In [0, 1]; NaN of nothing."""
        return self.count / self.of if self.of else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """In [0, 1]; all of it where nothing was counted."""
        if not self.of:
            return 0.0, 1.0
        centre = self.count + _Z**2 / 2
        reach = _Z * math.sqrt(self.count * (self.of - self.count) / self.of + _Z**2 / 4)
        total = self.of + _Z**2
        return max(0.0, (centre - reach) / total), min(1.0, (centre + reach) / total)

    def __str__(self) -> str:
        if not self.of:
            return "none of 0"
        low, high = self.interval
        return f"{100 * self.value:.1f} % ({self.count} of {self.of}; {100 * low:.1f} to {100 * high:.1f})"

    def json(self) -> Row:
        """As one JSON object."""
        return {
            **asdict(self),
            "share": round(self.value, 4) if self.of else None,
            "interval": [round(edge, 4) for edge in self.interval],
        }


@dataclass(frozen=True, slots=True)
class Judged:
    """A photo, what its file says of it, and the values of the judge and of the kinds."""

    path: Path
    photo: Photo
    values: Values

    def facts(self) -> PhotoFacts:
        """What the rules may know of it. Ratings in the file are left out: they would excuse a false alarm."""
        found = self.path.stat()
        return PhotoFacts(
            asset=Asset(FileIdentity.of(self.path, found)),
            photo=self.photo,
            mos=self.values.get("mos"),
            degradations={kind: self.values[kind] for kind in Degradation if kind in self.values},
            preference=self.values.get("preference"),
            kind=kind_of({kind: self.values[kind] for kind in PhotoKind if kind in self.values}, self.photo),
        )


def revision() -> str:
    """Of all that `judge` gives."""
    return "+".join(registry.spec(name).revision for name in registry.DEFAULT)


def spread(items: Sequence[Item], count: int) -> Sequence[Item]:
    """`count` of them, evenly spread; all if `count` is 0 or there are no more."""
    if not 0 < count < len(items):
        return items
    return [items[number * len(items) // count] for number in range(count)]


def use_threads(count: int) -> None:
    """How many threads torch takes. Before anything else that loads it."""
    from albumclean.scoring.device import place

    place("cpu")  # prepares the process, see there
    import torch

    torch.set_num_threads(count)


def judge(paths: Iterable[Path]) -> Iterator[Judged]:
    """Each photo as a scan sees it, in this process; in the order in which batches fill.

    Raises ReadError and DecodeError: the lists hold readable photos only.
    """
    from albumclean.scoring.batches import NetworkBatches

    network = NetworkBatches(registry.shipped(registry.JUDGE), "cpu")
    waiting: dict[bytes, list[tuple[Path, Photo]]] = {}  # copies are judged once
    for path in paths:
        analysis = analyse_file(path)
        if analysis.photo is None:
            raise RuntimeError(f"{path} was not analysed")
        twins = waiting.setdefault(analysis.content_hash, [])
        twins.append((path, analysis.photo))
        if len(twins) == 1:
            yield from _settled(network.add(analysis.content_hash, analysis.views[registry.JUDGE]).scores, waiting)
    yield from _settled(network.flush().scores, waiting)


def analyse_file(path: Path) -> Analysis:
    """What a decoding worker does with a file that nobody knows yet, in this process."""
    target = path.resolve()
    job = Job(FileIdentity.of(target, target.stat()), ScanSettings().max_pixels)
    return analyse(job, lambda _: Wanted(tuple(map(registry.spec, registry.DEFAULT))))


def _settled(scores: list[Score], waiting: dict[bytes, list[tuple[Path, Photo]]]) -> Iterator[Judged]:
    found: dict[bytes, Values] = {}
    for score in scores:
        found.setdefault(score.content_hash, {})[score.quantity] = score.value
    for digest, values in found.items():
        for path, photo in waiting.pop(digest):
            yield Judged(path, photo, values)
