"""Names for people."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from albumclean.domain import Asset, CompanionKind, Degradation, PlanItem

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


def edits_of(asset: Asset) -> str:
    """ "its edit IMG_E1.HEIC", "its edits A.jpg and B.jpg"; empty where no edit lies beside the photo."""
    return _named_edits([each.file.path.name for each in asset.companions if each.kind is CompanionKind.EDIT])


def goes_along(asset: Asset) -> str:
    """What goes wherever the photo goes, edits first: "its edit IMG_E1.HEIC, IMG_1.AAE"; empty for nothing."""
    return _along((companion.kind, companion.file.path) for companion in asset.companions)


def moves_along(item: PlanItem) -> str:
    """The same of what a plan would move."""
    return _along((file.kind, file.identity.path) for file in item.files[1:])


def in_albums(albums: tuple[str, ...]) -> str:
    """ "in the album Trip", "in the albums Trip and Family"."""
    return f"in the album{'s' if len(albums) > 1 else ''} {joined(list(albums))}"


def _along(files: Iterable[tuple[CompanionKind | None, Path]]) -> str:
    edits: list[str] = []
    others: list[str] = []
    for kind, path in files:
        (edits if kind is CompanionKind.EDIT else others).append(path.name)
    return ", ".join([_named_edits(edits), *others] if edits else others)


def _named_edits(names: list[str]) -> str:
    return f"its edit{'s' if len(names) > 1 else ''} {joined(names)}" if names else ""
