"""Every criterion by its name, and which of them choose the keeper of a group of each kind, in which order."""

from __future__ import annotations

from albumclean.config import SimilarSettings
from albumclean.domain import GroupKind
from albumclean.errors import ConfigError
from albumclean.similar.criteria import files, origin, owner, quality
from albumclean.similar.criteria.criterion import Criterion

CRITERIA: dict[str, Criterion] = {
    criterion.name: criterion for module in (owner, origin, quality, files) for criterion in module.CRITERIA
}

_ENDING = ("oldest", "shortest", "path")
DEFAULT_ORDERS: dict[GroupKind, tuple[str, ...]] = {
    # The pixels are the same: only what lies around them can differ.
    GroupKind.EXACT: (
        *("protected", "treasured", "raw", "edited", "complete", "extras", "albums", "metadata", "source", "format"),
        *("folder", "name", *_ENDING),
    ),
    # After `source` come guesses for copies that no close look has ranked; a better score may just be an edit.
    GroupKind.DERIVED: (
        *("protected", "treasured", "raw", "source", "edited", "extras", "capture", "pixels", "compression", "format"),
        *("metadata", "complete", "albums", "folder", "name", "mos", "sharpness", "resolution", *_ENDING),
    ),
    # Each is an original: the best one stays.
    GroupKind.MOMENT: (
        *("protected", "treasured", "edited", "complete", "preference", "mos", "sharpness", "resolution", "extras"),
        *("metadata", "albums", "folder", "name", *_ENDING),
    ),
}


def criteria(settings: SimilarSettings, kind: GroupKind) -> list[Criterion]:
    """The criteria for a kind, in the user's order or the default one; `protected` always leads and `path` always ends.

    Raises ConfigError for a name that no criterion has.
    """
    own = {
        GroupKind.EXACT: settings.keeper_exact,
        GroupKind.DERIVED: settings.keeper_derived,
        GroupKind.MOMENT: settings.keeper_moment,
    }
    key = f"similar.keeper_{kind.value}" if own[kind] else "similar.keeper"
    chosen = own[kind] or settings.keeper or DEFAULT_ORDERS[kind]
    for name in chosen:
        if name not in CRITERIA:
            detail = f"{key} has no criterion {name!r}; there are {', '.join(sorted(CRITERIA))}"
            raise ConfigError(path="config.toml", detail=detail)
    return [CRITERIA[name] for name in dict.fromkeys(("protected", *(n for n in chosen if n != "path"), "path"))]
