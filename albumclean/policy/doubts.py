"""What speaks against trashing a copy: a list of small doubts, each of which turns the trash into a question."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from albumclean.config import SimilarSettings
from albumclean.domain import CompanionKind, Comparison, Extra, PhotoFacts, Reason
from albumclean.policy.bonds import Bond
from albumclean.policy.editors import named_as_an_edit, names_an_editor
from albumclean.policy.words import edits_of, in_albums, joined

_WEIGHT = 3.0
_PRECIOUS = (
    *(CompanionKind.LIVE_VIDEO, CompanionKind.RAW, CompanionKind.XMP, CompanionKind.AAE),
    CompanionKind.SETTINGS,
)
_MOST_NAMES = 3
_PIXEL_MARGIN = 1.1  # a copy with more pixels than this times the keeper's is no mere copy
_MOS_MARGINS = 2.0  # nor is one that scores this many margins better
_TONES, _COLOURS, _OVERLAY = "its brightness was changed", "its colours were changed", "something was laid over it"
_SURE = 0.7  # log-odds: two to one that the keeper is the source
_EDITS = {  # what a comparison says of work by hand: its fact, the least value, and the words
    "wider": (0.3, "it was cropped"),
    "tone": (2.0, "its brightness or colours were changed"),
    "in_colour": (0.5, "it was made black and white"),
    "colours_lost": (0.5, _COLOURS),
    "colour_error": (0.5, _COLOURS),
    "clipped_white": (0.3, _TONES),
    "clipped_black": (0.3, _TONES),
    "faded_white": (0.4, _TONES),
    "faded_black": (0.4, _TONES),
    "range": (0.3, _TONES),
    "dark_corners": (0.3, "its corners were darkened"),
    "hard_edges": (0.5, _OVERLAY),
}


@dataclass(frozen=True, slots=True)
class Case:
    """A copy and the keeper that it would go for."""

    copy: PhotoFacts
    keeper: PhotoFacts
    bond: Bond  # what the copy is to the keeper
    look: Comparison | None
    settings: SimilarSettings
    rival: bool = False  # all looks together leave open whether the copy is nearer to the camera


def doubts(case: Case) -> list[Reason]:
    """All doubts, the gravest first; each text says what the copy has or is, beginning with a verb."""
    return [reason for doubt in _DOUBTS for reason in doubt(case)]


def _unsure_source(case: Case) -> Iterator[Reason]:
    look, likeness = case.look, case.look.likeness if case.look else None
    if case.bond is Bond.SOURCE:
        text = look.reasons[0].text if look and look.reasons else "looks nearer to the camera than the other"
        yield _doubt("source", likeness, None, text)
    elif case.bond is Bond.UNDECIDED:
        yield _doubt(
            "source", likeness, None, "differs from the other, and a look at the two does not tell which came first"
        )
    elif case.bond is Bond.DIFFERENT:
        yield _doubt("relation", likeness, None, "may be another shot")
    elif case.bond is Bond.COPY and (case.rival or (look is not None and look.certainty < _SURE)):
        text = "may as well be the source itself, by all that tells the two and their copies apart"
        yield _doubt("source", likeness, None, text)
    elif case.bond is Bond.UNKNOWN:
        yield _doubt("relation", None, None, "was not compared closely with the other")


def _companions(case: Case) -> Iterator[Reason]:
    lacking = {one.kind for one in case.copy.asset.companions} - {one.kind for one in case.keeper.asset.companions}
    if missing := ", ".join(kind.value for kind in _PRECIOUS if kind in lacking):
        yield _doubt("companions", missing, None, f"has companion files that the other lacks ({missing})")
    mine, theirs = ({(one.kind, one.file.size) for one in facts.asset.companions} for facts in (case.copy, case.keeper))
    other_kinds = {kind for kind, _ in mine - theirs} - lacking
    if other := ", ".join(kind.value for kind in _PRECIOUS if kind in other_kinds):
        yield _doubt("companion_sizes", other, None, f"has other companion files than the other ({other})")


def _own_edit(case: Case) -> Iterator[Reason]:
    if edits := edits_of(case.copy.asset):
        yield _doubt("own_edit", edits, None, f"goes with {edits}, in which you changed it")


def _raw(case: Case) -> Iterator[Reason]:
    mine, theirs = case.copy.photo, case.keeper.photo
    if not mine or not theirs or not (mine.is_raw or theirs.is_raw) or mine.content_hash == theirs.content_hash:
        return
    if theirs.is_raw and mine.is_raw:
        text = "is camera RAW with other bytes, of which only the preview could be compared"
    elif mine.is_raw:
        text = "is camera RAW, which holds more than the other"
    else:
        text = "is a finished picture, while the other is camera RAW"
    yield _doubt("raw", mine.format, theirs.format, text)


def _extras(case: Case) -> Iterator[Reason]:
    mine, theirs = case.copy.photo, case.keeper.photo
    lacking = [extra for extra in mine.extras if not theirs or extra not in theirs.extras] if mine else []
    if lacking:
        words = joined([extra.text for extra in lacking])
        yield _doubt("extras", ", ".join(lacking), None, f"has {words}, which the other lacks")
    both_move = (
        mine is not None and theirs is not None and Extra.MOTION in mine.extras and Extra.MOTION in theirs.extras
    )
    sizes = case.copy.asset.primary.size, case.keeper.asset.primary.size
    if both_move and sizes[0] > sizes[1]:  # nobody has looked at the videos, and one may have lost its end
        yield _doubt("video", sizes[0], sizes[1], "is the larger file, whose short video may hold more")


def _albums(case: Case) -> Iterator[Reason]:
    if lacking := [name for name in case.copy.marks.albums if name not in case.keeper.marks.albums]:
        more = [f"{len(lacking) - _MOST_NAMES} more"] if len(lacking) > _MOST_NAMES else []
        names = (*lacking[:_MOST_NAMES], *more)
        yield _doubt("albums", joined(list(names)), None, f"is {in_albums(names)}, where the other is not")


def _capture_time(case: Case) -> Iterator[Reason]:
    mine, theirs = case.copy.photo, case.keeper.photo
    if mine and theirs and mine.taken_at is not None and theirs.taken_at is None:
        yield _doubt("taken_at", mine.taken_at, None, "has a capture time, which the other lacks")


def _pixels(case: Case) -> Iterator[Reason]:
    mine, theirs = case.copy.photo, case.keeper.photo
    if case.bond is Bond.COPY or not mine or not theirs:
        return  # a close look has seen that they hold no detail that the other lacks
    if mine.pixels > theirs.pixels * _PIXEL_MARGIN:
        yield _doubt("pixels", mine.pixels, theirs.pixels, f"has more pixels ({mine.width}x{mine.height})")


def _edit(case: Case) -> Iterator[Reason]:
    if case.bond is Bond.SAME:
        return
    signs = []
    if named_as_an_edit(case.copy.path):
        signs.append("its name says so")
    software = case.copy.photo.shot.software if case.copy.photo else None
    theirs = case.keeper.photo.shot.software if case.keeper.photo else None
    if software != theirs and names_an_editor(software):
        signs.append(f"written by {software}")
    if case.bond is Bond.COPY and case.look is not None:
        signs += [words for reason in case.look.reasons if (words := _edited(reason)) is not None]
    if signs:
        said = "; ".join(dict.fromkeys(signs))
        yield _doubt("edit", signs[0], None, f"may be an edit that you made ({said})")


def _edited(reason: Reason) -> str | None:
    least, words = _EDITS.get(reason.fact, (math.inf, ""))
    return words if isinstance(reason.value, float | int) and reason.value >= least else None


def _score(case: Case) -> Iterator[Reason]:
    mine, theirs = case.copy.mos, case.keeper.mos
    if case.bond is Bond.SAME or mine is None or theirs is None or _is_smaller(case):
        return
    if mine > theirs + _MOS_MARGINS * case.settings.mos_margin:
        yield _doubt("mos", mine, theirs, f"has a clearly better score ({mine:.2f} against {theirs:.2f})")


def _is_smaller(case: Case) -> bool:
    """Whether the copy was clearly scaled down, which alone can better the score: faults vanish with the pixels."""
    mine, theirs = case.copy.photo, case.keeper.photo
    return case.bond is Bond.COPY and mine is not None and theirs is not None and 2 * mine.pixels <= theirs.pixels


_DOUBTS: tuple[Callable[[Case], Iterator[Reason]], ...] = (
    _unsure_source,
    _raw,
    _own_edit,
    _companions,
    _extras,
    _albums,
    _capture_time,
    _pixels,
    _edit,
    _score,
)


def _doubt(fact: str, value: float | int | str | None, threshold: float | int | str | None, text: str) -> Reason:
    return Reason(fact, value, threshold, text, _WEIGHT)
