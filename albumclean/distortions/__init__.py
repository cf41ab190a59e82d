"""Synthetic degradations with severity as a number: for training, tests, benchmarks and the KADID protocol."""

from __future__ import annotations

from albumclean.distortions.kadid import KADID, kadid, kadid_level, kadid_reference
from albumclean.distortions.registry import DISTORTIONS, Distortion, distort
from albumclean.domain import Degradation

__all__ = [
    "DISTORTIONS",
    "KADID",
    "Degradation",
    "Distortion",
    "distort",
    "kadid",
    "kadid_level",
    "kadid_reference",
]
