"""Evidence from metadata: copies lose what the camera wrote, and some say what made them."""

from __future__ import annotations

from collections.abc import Iterator

from albumclean.comparison.evidence import Evidence, Half, Pair, ratio
from albumclean.comparison.jpeg import standard_quality
from albumclean.domain import AS_IT_LIES


def records(pair: Pair) -> Iterator[Evidence]:
    """What the metadata tell."""
    one, other = pair.one.claims, pair.other.claims
    yield _held("camera", one.camera, other.camera, "names the camera (the other doesn't)")
    # A camera that writes the time writes its name; a time alone was put in later.
    kept, other_kept = one.taken and one.camera, other.taken and other.camera
    yield _held("capture_time", kept, other_kept, "keeps the time of the shot (the other has lost it)")
    yield _held(
        "maker_note", one.maker_note, other.maker_note, "keeps the camera's own notes (the other has lost them)"
    )
    yield _held("thumbnail", one.thumbnail, other.thumbnail, "keeps the camera's thumbnail (the other has lost it)")
    yield _held("claimed_size", one.size_kept, other.size_kept, "has the size that the camera wrote down")
    whole = "has metadata as cameras write them (some are missing in the other)"
    yield Evidence("mandatory", one.mandatory - other.mandatory, whole, whole)
    yield _held("thin", other.thin, one.thin, "is as it was (a program wrote metadata of its own into the other)")
    timed = "has all its times as they were set at once (one of the other's was changed later)"
    if one.times and other.times:
        yield _held("retimed", len(other.times) > 1, len(one.times) > 1, timed)
    if pair.same_coding and one.camera == other.camera:  # what was saved anew or stripped has lost its words as well
        noted = "is as it was (a program wrote its own words into the other)"
        yield _held("annotated", other.annotated, one.annotated, noted)
    # Where EXIF differs it has spoken above; and nobody has put anything in.
    if pair.same_coding and (one.tags, one.annotated, one.thin) == (other.tags, other.annotated, other.thin):
        carries = "carries data that were put in when it was made (the other has lost them)"
        yield _held("carries", one.carried > other.carried, other.carried > one.carried, carries)
    if pair.turn != AS_IT_LIES:
        lies = "lies as it was shot (the other's metadata tell that it was turned later)"
        yield _held("turned", other.turned, one.turned, lies)
    changed = "has its first size (the other's metadata tell of another size than it has)"
    yield _held("resized", other.size_changed, one.size_changed, changed)
    yield Evidence("tags", ratio(one.tags, other.tags, 1.0, 2.0))
    both = one.camera and other.camera  # a stripped copy names no program either
    yield Evidence(
        "editor",
        float(both) * (bool(other.editor) - bool(one.editor)),
        f"comes from the camera (the other was written by {other.editor})",
        f"comes from the camera (the other was written by {one.editor})",
    )
    library = "has a compression table of its own (the other's is that of common software)"
    if pair.one.raster.table is not None and pair.other.raster.table is not None:
        yield _held("library_table", _by_library(pair.other), _by_library(pair.one), library)


def _held(fact: str, one: bool, other: bool, text: str) -> Evidence:
    return Evidence(fact, float(one) - float(other), text, text)


def _by_library(half: Half) -> bool:
    return half.raster.table is not None and standard_quality(half.raster.table) is not None
