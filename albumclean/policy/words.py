"""Names for people."""

from __future__ import annotations

from pathlib import Path

from albumclean.domain import Degradation

NOTABLE = 0.5  # severity from which a degradation is named
_STRONG = 0.75
_STATES = frozenset({Degradation.DEFOCUS, Degradation.UNDEREXPOSURE, Degradation.OVEREXPOSURE})  # a photo *is* that


def described(degradation: Degradation, value: float) -> str:
    """ "strong motion blur (0.82)", "badly out of focus (0.82)"."""
    mild, strong = ("clearly", "badly") if degradation in _STATES else ("clear", "strong")
    return f"{strong if value >= _STRONG else mild} {degradation.text} ({value:.2f})"


def joined(parts: list[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def told_apart(path: Path, other: Path) -> str:
    """The name of `path`, with its folder where the name alone would not tell the two apart."""
    return path.name if path.name != other.name else f"{path.name} in {path.parent}"
