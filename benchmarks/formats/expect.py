"""A first expectation for each file from what independent readers say; a person settles where they differ."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from benchmarks.formats import readers
from benchmarks.formats.corpus import Row
from benchmarks.formats.readers import Sight, Tags

# ExifTool's types to the names that albumclean uses (Pillow's)
_FORMATS = {
    "APNG": "PNG", "HEIC": "HEIF", "HEICS": "HEIF", "HEIFS": "HEIF", "HIF": "HEIF", "JP2": "JPEG2000",
    "JPX": "JPEG2000", "JPM": "JPEG2000", "J2C": "JPEG2000", "BTF": "TIFF", "Extended WEBP": "WEBP", "MPO": "JPEG",
    "JXL Codestream": "JXL",
}  # fmt: skip
_REDUCED = 1  # bit of NewSubfileType (TIFF 6.0): a smaller version of another page; 4: a mask
_MASK = 4
_MANY_VIEWS = 0x20000  # MP type codes of panoramas, stereo pairs and several angles (CIPA DC-007)


def expect(row: Row, path: Path, tags: Tags) -> Row:
    """The row with all that the readers say of the file; `outcome` stays as it is for what nobody reads."""
    if row.family == "raw":
        return _raw(row, path, tags)
    kind = str(tags.get("File:FileType", ""))
    sight, by = _sight(path, kind)
    row = _facts(row, tags)
    row = replace(row, format=_FORMATS.get(kind, kind), readers=by, extras=_extras(tags), pictures=1)
    if not sight.width:
        return replace(row, outcome="failure", words="", note=sight.trouble[:200])
    return replace(
        row,
        outcome="read",
        width=sight.width,
        height=sight.height,
        layout=sight.layout.hex(),
        pictures=max(1, _pictures(path, kind, tags)),
        note=sight.trouble[:200],
    )


def _sight(path: Path, kind: str) -> tuple[Sight, str]:
    if kind.startswith("JXL"):
        return readers.djxl(path), "djxl, ExifTool"
    sight = readers.libvips(path)
    if not sight.width and kind == "AVIF":
        return readers.avifdec(path), "avifdec, ExifTool"
    return sight, "libvips, ExifTool"


def _raw(row: Row, path: Path, tags: Tags) -> Row:
    turn = tags.get("IFD0:Orientation")
    orientation = turn if isinstance(turn, int) else 1
    preview = readers.raw_preview(path, orientation)
    size = readers.raw_size(path)
    row = replace(_facts(row, tags), format=str(tags.get("File:FileType", "")), readers="ExifTool, dcraw", pictures=1)
    note = f"preview {preview.width} x {preview.height}" if preview.width else preview.trouble
    if size is None:
        return replace(row, outcome="failure", note=note + "; dcraw does not know it")
    return replace(
        row, outcome="read", width=size[0], height=size[1], layout=preview.layout.hex(), extras="", note=note
    )


def _facts(row: Row, tags: Tags) -> Row:
    stamp = _text(tags.get("ExifIFD:DateTimeOriginal"))
    make, model = _text(tags.get("IFD0:Make")), _text(tags.get("IFD0:Model"))
    if row.family == "raw":  # a TIFF/EP file has the time in its first directory; a CIFF file has no directories
        stamp = stamp or _any(tags, "DateTimeOriginal")
        make, model = make or _any(tags, "Make"), model or _any(tags, "Model")
    first = make.partition(" ")[0].lower()
    camera = model if first and model.lower().startswith(first) else f"{make} {model}"
    ratings = [tags.get(tag) for tag in ("IFD0:Rating", "XMP-xmp:Rating")]
    sensible = [int(value) for value in ratings if isinstance(value, int | float) and -1 <= value <= 5]
    return replace(
        row,
        taken_at=_moment(stamp, _text(tags.get("ExifIFD:SubSecTimeOriginal"))),
        camera=" ".join(camera.split()),
        rating=str(max(sensible)) if sensible else "",
    )


def _extras(tags: Tags) -> str:
    auxiliary = " ".join(_texts(tags.get("QuickTime:AuxiliaryImageType"))).lower()
    names = {name.partition(":")[2] for name in tags}
    groups = {name.partition(":")[0] for name in tags}
    found = set()
    if tags.get("XMP-GCamera:MotionPhoto") == 1 or tags.get("XMP-GCamera:MicroVideo") == 1:
        found.add("motion")
    if "EmbeddedVideoFile" in names:
        found.add("motion")
    if "XMP-hdrgm" in groups or "XMP-HDRGainMap" in groups or "hdrgainmap" in auxiliary or "hdr_gain_map" in auxiliary:
        found.add("gain-map")
    if "XMP-GDepth" in groups or re.search(r"auxid:2$|depth|disparity", auxiliary):
        found.add("depth")
    return " ".join(sorted(found))


def _pictures(path: Path, kind: str, tags: Tags) -> int:
    match kind:
        case "GIF" | "WEBP" | "Extended WEBP":
            return readers.magick_frames(path)
        case "APNG":
            return _number(tags.get("PNG:AnimationFrames")) + readers.has_still_before_frames(path)
        case "JXL" | "JXL Codestream":
            return readers.jxl_frames(path)
        case "AVIF":
            return max(readers.avif_frames(path), readers.track_frames(path))
        case "HEIC" | "HEIF" | "HEICS" | "HIF":
            return max(readers.heif_images(path), readers.track_frames(path))
        case "TIFF" | "BTF":
            kinds = [_number(tags.get(f"IFD{page}:SubfileType")) for page in range(64) if _has_page(tags, page)]
            return sum(not kind & (_REDUCED | _MASK) for kind in kinds)
        case "JPEG" | "MPO":
            kinds = [_number(tags.get(f"MPImage{one}:MPImageType")) for one in range(1, 9)]
            return sum(_MANY_VIEWS <= kind & 0xFFFFFF < _MANY_VIEWS + 0x10000 for kind in kinds)
        case _:
            return 1


def _has_page(tags: Tags, page: int) -> bool:
    return f"IFD{page}:ImageWidth" in tags


def _moment(stamp: str, fraction: str) -> str:
    try:
        moment = datetime.strptime(stamp[:19], "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return ""
    return moment.isoformat() + (f".{fraction[:9]}" if fraction.isdigit() else "")


def _any(tags: Tags, name: str) -> str:
    return next((_text(value) for tag, value in tags.items() if tag.endswith(f":{name}")), "")


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()


def _texts(value: object) -> Iterable[str]:
    return [str(one) for one in value] if isinstance(value, list) else [_text(value)]


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
