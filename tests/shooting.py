"""Captures and looks made by hand, and a camera that takes made pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from albumclean.domain import Embedding, Fingerprint, Shot
from albumclean.similar.captures import SECOND, Capture
from albumclean.similar.fingerprint import fingerprint
from albumclean.similar.index import UNIT, FingerprintIndex, Likeness, Rows

CAMERA = "Maker Model 1"
NOON = 1_700_000_000  # seconds


def content(number: int) -> bytes:
    return number.to_bytes(32, "big")


def capture(
    number: int, at: float | None, *, position: int | None = None, camera: str | None = CAMERA, **shot: Any
) -> Capture:
    """`at` in seconds after noon; `number` is the content and, unless told, the position."""
    moment = None if at is None else round((NOON + at) * SECOND)
    where = number if position is None else position
    return Capture(content(number), where, moment, camera, Shot(**shot))


class Line:
    """Photos that stand on a line: the further from each other, the less alike, one step at a time.

    A step costs `cosine` of the cosine and `bits` of each hash.
    """

    def __init__(
        self,
        places: Sequence[float],
        *,
        detail: float = 50.0,
        bits: float = 1.0,
        cosine: float = 0.01,
        grey: int = 90,
    ) -> None:
        self.bits = bits
        self.cosine_step = cosine
        self.places = np.array(places, dtype=np.float64)
        self.layout = np.full((len(places), 192), grey, dtype=np.uint8)
        self.detail = np.full(len(places), detail, dtype=np.float32)

    def cosine(self, one: Rows, other: Rows) -> npt.NDArray[np.float32]:
        return (1 - np.abs(self.places[other] - self.places[one]) * self.cosine_step).astype(np.float32)

    def likeness(self, one: Rows, others: Rows) -> Likeness:
        apart = np.abs(self.places[others] - self.places[one]).astype(np.float32)
        bits = np.minimum(self.bits * apart, 64).astype(np.uint8)
        return Likeness(bits, bits, apart, 0 * apart)


@dataclass
class Roll:
    """Pictures taken one after another."""

    prints: list[Fingerprint] = field(default_factory=list)
    captures: list[Capture] = field(default_factory=list)

    def take(self, image: Image.Image, at: float, **shot: Any) -> bytes:
        number = len(self.captures)
        self.prints.append(fingerprint(image, content(number)))
        self.captures.append(capture(number, at, **shot))
        return content(number)

    @property
    def looks(self) -> FingerprintIndex:
        """What a scan would know of the pictures; the embedding is that of their 8 x 8 colours."""
        embeddings = []
        for each in self.prints:
            colours = np.frombuffer(each.layout, dtype=np.uint8) - np.mean(np.frombuffer(each.layout, dtype=np.uint8))
            vector = np.round(UNIT * colours / np.linalg.norm(colours)).astype(np.int8)
            embeddings.append(Embedding(each.content_hash, vector.tobytes()))
        return FingerprintIndex.build(((each, 4 / 3) for each in self.prints), embeddings)
