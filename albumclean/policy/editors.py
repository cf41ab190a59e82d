"""Signs that a picture is the work of its owner: an editor's name in the file, or a file name that says so."""

from __future__ import annotations

import re
from pathlib import Path

# Programs in which people change pictures by hand, as they write themselves into EXIF Software or xmp:CreatorTool.
_EDITORS = re.compile(
    r"\b(?:acdsee|affinity|afterlight|aperture|aurora hdr|camera raw|capture ?one|capture nx|corel|darkroom|darktable"
    r"|digikam|digital photo professional|dxo|facetune|fotor|gimp|lightroom|lightzone|luminar"
    r"|nik collection|nx studio|on1|paint\.net|paint ?shop|perfectly clear|photo ?director|photofiltre|photolab"
    r"|photomatix|photopea|photoscape|photoshop|picasa|picsart|pixelmator|pixlr|polarr|raw ?therapee|showfoto"
    r"|silkypix|snapseed|topaz|vsco|windows photo editor|zoner)\b",
    re.IGNORECASE,
)
_EDIT_NAME = re.compile(r"(?:^|[\W_])(?:edited|edit|bearbeitet)(?:$|[\W_])|^img_e\d+", re.IGNORECASE)


def names_an_editor(software: str | None) -> bool:
    """Whether what wrote the file is a program for editing pictures, not a camera, a phone or a messenger."""
    return software is not None and _EDITORS.search(software) is not None


def named_as_an_edit(path: Path) -> bool:
    """ "IMG_1-edited.jpg", "IMG_E0001.HEIC" (Apple's edited version)."""
    return _EDIT_NAME.search(path.stem) is not None
