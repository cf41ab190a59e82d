"""Which of the files that belong to no photo are videos of their own, and what belongs to those. Pure.

Photos come first: what a photo owns is not here any more, so that looking at videos never takes a companion from one.
As with photos, what is in doubt is left behind.
"""

from __future__ import annotations

from collections.abc import Iterable

from albumclean.crawl.companions import Grouping
from albumclean.crawl.kinds import Kind, is_film, kind_of, split_name
from albumclean.crawl.takeout import photo_names
from albumclean.domain import Asset, Companion, CompanionKind, FileIdentity, RootRole

_SIDECARS = {
    Kind.XMP: CompanionKind.XMP,
    Kind.AAE: CompanionKind.AAE,
    Kind.THM: CompanionKind.THUMBNAIL,
    Kind.JSON: CompanionKind.TAKEOUT_JSON,
}


def group_films(leftovers: Iterable[FileIdentity], role: RootRole = RootRole.NORMAL) -> Grouping:
    """The videos among a folder's leftovers as assets, with their sidecars, by name; and what is still left over.

    A sidecar goes by the whole name (`clip.mp4.xmp`, Takeout's JSON), else by the stem (`MVI_1.THM`) where one video
    alone has it.
    """
    files = list(leftovers)
    films = {file.path.name: file for file in files if is_film(file.path.name)}
    by_name, by_stem = _folded(films), _folded(films, stems=True)
    companions: dict[str, list[Companion]] = {name: [] for name in films}
    taken = set(films)
    for file in files:
        name = file.path.name
        if (sidecar := _SIDECARS.get(kind_of(name) or Kind.PICTURE)) is None:
            continue
        stem = split_name(name)[0]
        named = photo_names(stem) if sidecar is CompanionKind.TAKEOUT_JSON else (stem,)
        owner = next((owner for each in named if (owner := by_name.get(each.lower()))), None)
        if owner is None and sidecar is not CompanionKind.TAKEOUT_JSON:
            owner = by_stem.get(stem.lower())
        if owner is not None:
            companions[owner].append(Companion(sidecar, file))
            taken.add(name)
    assets = tuple(Asset(file, tuple(companions[name]), role, video=True) for name, file in films.items())
    return Grouping(assets, tuple(file for file in files if file.path.name not in taken))


def _folded(films: Iterable[str], *, stems: bool = False) -> dict[str, str]:
    """Names (or stems) in lower case -> the one video that has it; none that two have."""
    owners: dict[str, list[str]] = {}
    for name in films:
        owners.setdefault((split_name(name)[0] if stems else name).lower(), []).append(name)
    return {folded: names[0] for folded, names in owners.items() if len(names) == 1}
