"""Names for people."""

from __future__ import annotations

from collections.abc import Mapping

NOTABLE = 0.5  # severity from which a degradation is named
_STRONG = 0.75


def plain(degradation: str) -> str:
    """`motion_blur` as "motion blur", `under_exposure` as "under-exposure"."""
    words = degradation.replace("_", " ").replace("-", " ")
    return words.replace("under exposure", "under-exposure").replace("over exposure", "over-exposure")


def severity(degradations: Mapping[str, float], *kinds: str) -> float:
    """The worst severity in [0, 1] of some kinds: "blur" covers `blur`, `defocus_blur` and `motion_blur`."""
    return max((value for name, value in degradations.items() if any(kind in name for kind in kinds)), default=0.0)


def described(degradation: str, value: float) -> str:
    """ "strong motion blur (0.82)"."""
    return f"{'strong' if value >= _STRONG else 'clear'} {plain(degradation)} ({value:.2f})"


def joined(parts: list[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))
