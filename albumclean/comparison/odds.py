"""Adds up what was measured of two photos: by how much likelier the first is the source than the second.

A small network, fitted by `models/fit_odds.py`. With x for the facts,

    odds(x) = linear . x + out . (tanh(hidden x + shift) + tanh(hidden x - shift)),   x clipped where tanh sees it,

which is odd: with the sides swapped every fact changes its sign, and so do the odds. The sum alone can't know that a
fact says less beside another one: that a picture has more pixels counts for little if it has no more detail.
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
ARRAYS = ("usual", "linear", "shift", "out", "hidden")


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


@lru_cache(maxsize=1)
def weights() -> OddsWeights:
    """Those that are shipped."""
    return OddsWeights.from_json(files("albumclean.comparison").joinpath("odds.json").read_text("utf-8"))


def log_odds(found: Sequence[Evidence]) -> tuple[float, list[float]]:
    """Log-odds for `one`, and for each piece of evidence by how much they would be lower without it."""
    known = weights()
    place = {fact: number for number, fact in enumerate(known.facts)}
    apart = np.zeros((len(found), len(known.facts)))  # a row for each piece of evidence
    for row, item in enumerate(found):
        if item.fact in place:
            apart[row, place[item.fact]] = item.value
    together = apart.sum(axis=0)
    whole, *without = known.odds(np.vstack([together, together - apart]))
    return float(whole), [float(whole - each) for each in without]
