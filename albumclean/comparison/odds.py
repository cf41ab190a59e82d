"""Adds up what was measured of two photos: by how much likelier the first is the source than the second.

A small network, fitted by `models/fit_odds.py`. With x for the facts,

    odds(x) = linear . x + out . (tanh(hidden x + shift) + tanh(hidden x - shift)),   x clipped where tanh sees it,

which is odd: with the sides swapped every fact changes its sign, and so do the odds. The sum alone can't know that a
fact says less beside another one: that a picture has more pixels counts for little if it has no more detail.

There are two of them. On paper, screens, skies and walls most facts mean less than in a photo full of detail, and some
the reverse: the histogram of a page is as uneven as that of a photo whose tones were pulled apart. So one is fitted on
plain pictures, and the plainer both of two are, the more it counts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Self

import numpy as np
from numpy.typing import NDArray

from albumclean.comparison.evidence import Evidence

Floats = NDArray[np.float64]

CLIP = 4.0  # times the usual size of a fact
_LITTLE, _MOST = 0.5, 0.65  # share of a picture in which nothing is: of a sixth of all photos, and of most pages
ARRAYS = ("usual", "linear", "shift", "out", "hidden")
PHOTOS, PLAIN = "odds.json", "odds_plain.json"  # beside this file


@dataclass(frozen=True, slots=True, eq=False)
class OddsWeights:
    """For n facts and m hidden units."""

    facts: tuple[str, ...]
    usual: Floats  # n: root mean square of each
    linear: Floats  # n
    hidden: Floats  # m x n
    shift: Floats  # m
    out: Floats  # m

    def odds(self, values: Floats) -> Floats:
        """Log-odds for each row of `values` (pairs x facts)."""
        inner = np.clip(values / self.usual, -CLIP, CLIP) @ self.hidden.T
        return np.asarray(values @ self.linear + (np.tanh(inner + self.shift) + np.tanh(inner - self.shift)) @ self.out)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The inverse of `to_json`."""
        read = json.loads(text)
        return cls(tuple(read["facts"]), **{name: np.array(read[name], dtype=np.float64) for name in ARRAYS})

    def to_json(self) -> str:
        """Four digits are enough for anything that is decided by it."""
        lists = {
            name: np.vectorize(lambda value: float(f"{value:.4g}"))(getattr(self, name)).tolist() for name in ARRAYS
        }
        return json.dumps({"facts": list(self.facts), **lists}).replace("], ", "],\n") + "\n"


@lru_cache(maxsize=2)
def weights(name: str = PHOTOS) -> OddsWeights:
    """Those that are shipped for `PHOTOS`, and for `PLAIN` pictures."""
    return OddsWeights.from_json(files("albumclean.comparison").joinpath(name).read_text("utf-8"))


def plainness(share: float) -> float:
    """How much the network for plain pictures counts, in [0, 1], if so much of both shows nothing."""
    return min(1.0, max(0.0, (share - _LITTLE) / (_MOST - _LITTLE)))


def log_odds(found: Sequence[Evidence], plain: float = 0.0) -> tuple[float, list[float]]:
    """Log-odds for `one`, and for each piece of evidence by how much they would be lower without it.

    `plain`: the share of both in which nothing is, in [0, 1].
    """
    amount = plainness(plain)
    whole, gains = 0.0, np.zeros(len(found))
    for name, counts in ((PHOTOS, 1 - amount), (PLAIN, amount)):
        if counts > 0:
            odds, gained = _added(found, weights(name))
            whole, gains = whole + counts * odds, gains + counts * gained
    return whole, gains.tolist()


def _added(found: Sequence[Evidence], known: OddsWeights) -> tuple[float, Floats]:
    place = {fact: number for number, fact in enumerate(known.facts)}
    apart = np.zeros((len(found), len(known.facts)))  # a row for each piece of evidence
    for row, item in enumerate(found):
        if item.fact in place:
            apart[row, place[item.fact]] = item.value
    together = apart.sum(axis=0)
    whole, *without = known.odds(np.vstack([together, together - apart]))
    return float(whole), np.array([whole - each for each in without])
