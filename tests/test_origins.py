"""What tells a file that a program wrote anew from the camera's, turned copies, and looks that decide who is kept."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from albumclean.comparison.alignment import Alignment
from albumclean.comparison.evidence import Pair as CloseLook
from albumclean.comparison.evidence import turn_of
from albumclean.comparison.provenance import evidence, provenance
from albumclean.config import Settings
from albumclean.domain import (
    Action,
    Asset,
    Comparison,
    FileIdentity,
    GroupKind,
    Photo,
    PhotoFacts,
    Reason,
    Relation,
    SimilarGroup,
    Turn,
)
from albumclean.policy.rules.keep_best import RULE
from albumclean.similar.components import Pair, pair
from albumclean.similar.posterior import Odds, scores
from albumclean.similar.stars import find_stars
from albumclean.similar.verdict import Verdict
from tests.test_provenance import CENTRED, camera, packed, side, textured

TURNS = st.builds(Turn, st.integers(0, 3), st.booleans())
PICTURE = textured(21, 320, 240)


def with_exif(data: bytes, exif: Image.Exif, comment: bytes = b"", xmp: bytes = b"") -> bytes:
    """The same coded picture with these metadata instead of its own, as programs write them without decoding."""
    out, body = [data[:2]], data[2:]
    for mark, block in (
        (0xE1, exif.tobytes() if len(exif) or exif.get_ifd(0x8769) else b""),
        (0xE1, xmp),
        (0xFE, comment),
    ):
        if block:
            out.append(bytes((0xFF, mark)) + (len(block) + 2).to_bytes(2, "big") + block)
    at = 0
    while body[at + 1] in {0xE0, 0xE1, 0xFE}:
        at += 2 + int.from_bytes(body[at + 2 : at + 4], "big")
    return b"".join(out) + body[at:]


def exif_of(tags: dict[int, object], shot: dict[int, object] | None = None) -> Image.Exif:
    exif = Image.Exif()
    exif.update(tags)
    if shot:
        exif.get_ifd(0x8769).update(shot)
    return exif


BARE = packed(PICTURE, quality=88)
NONE = Image.Exif()
XMP = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf xmp:Rating='3'/></x:xmpmeta>"
WRITTEN_ANEW = {
    "a program's name": with_exif(BARE, exif_of({0x0131: "Picasa"})),
    "a time and no camera": with_exif(BARE, exif_of({0x0132: "2020:01:01 00:00:00"}, {0x9003: "2020:01:01 00:00:00"})),
    "a turn": with_exif(BARE, exif_of({0x0112: 3})),
    "stars in XMP": with_exif(BARE, NONE, xmp=XMP),
    "an optimiser's comment": with_exif(BARE, NONE, comment=b"Optimized by JPEGmini 3.9"),
    "room made by Windows": with_exif(BARE, exif_of({0xEA1C: b"\x1c\xea\0\0"})),
}


@pytest.mark.parametrize("how", WRITTEN_ANEW)
def test_of_the_same_coded_picture_the_one_that_a_program_wrote_into_is_not_the_source(how: str) -> None:
    source, copy = side(BARE), side(WRITTEN_ANEW[how])

    found = provenance(source, copy, Alignment.of(np.diag([-1.0, -1.0, 1.0])) if how == "a turn" else CENTRED)

    assert source.photo.content_hash == found.source
    assert 0.5 < found.certainty
    assert found.reasons


def test_an_encoders_comment_was_there_from_the_first_so_who_has_lost_it_is_not_the_source() -> None:
    signed = with_exif(BARE, NONE, comment=b"CREATOR: gd-jpeg v1.0 (using IJG JPEG v80), quality = 88")
    source, stripped, labelled = side(signed), side(BARE), side(with_exif(BARE, NONE, xmp=XMP))

    assert source.photo.content_hash == provenance(source, stripped, CENTRED).source
    assert source.photo.content_hash == provenance(source, labelled, CENTRED).source


def test_what_was_stripped_is_not_the_source_though_it_is_without_words_as_well() -> None:
    whole = packed(PICTURE, quality=88, exif=camera(size=(320, 240)))
    labelled = whole[:2] + b"\xff\xe1" + (len(XMP) + 2).to_bytes(2, "big") + XMP + whole[2:]
    source, copy = side(labelled), side(BARE)

    assert source.photo.content_hash == provenance(source, copy, CENTRED).source
    assert "annotated" not in {item.fact for item in evidence(CloseLook.of(source, copy, CENTRED))}


def test_a_time_that_was_set_later_is_told_from_those_that_the_camera_set_at_once() -> None:
    tags, first, later = {0x010F: "Maker", 0x0110: "Model"}, "2020:01:01 00:00:00", "2021:05:05 12:00:00"
    source = side(with_exif(BARE, exif_of({**tags, 0x0132: first}, {0x9003: first, 0x9004: first})))
    copy = side(with_exif(BARE, exif_of({**tags, 0x0132: later}, {0x9003: later, 0x9004: first})))

    found = provenance(source, copy, CENTRED)

    assert source.photo.content_hash == found.source
    assert "retimed" in {reason.fact for reason in found.reasons}


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_of_the_same_pixels_with_and_without_loss_those_with_loss_came_first(form: str) -> None:
    source, out = side(BARE), io.BytesIO()
    source.image.save(out, form, lossless=True)
    copy = side(out.getvalue())

    found = provenance(source, copy, CENTRED)

    assert source.photo.content_hash == found.source
    assert "repacked" == found.reasons[0].fact


def test_a_lossy_webp_is_the_source_of_the_png_that_was_made_of_it() -> None:
    webp, out = packed(PICTURE, "WEBP", 80), io.BytesIO()
    source = side(webp)
    source.image.save(out, "PNG")

    assert source.photo.content_hash == provenance(source, side(out.getvalue()), CENTRED).source


# --- turns ------------------------------------------------------------------------------------------------------------


@given(TURNS, TURNS, TURNS)
def test_turns_are_a_group(one: Turn, two: Turn, three: Turn) -> None:
    assert one.after(two).after(three) == one.after(two.after(three))
    assert Turn() == one.after(one.inverse) == one.inverse.after(one)
    assert one == Turn.numbered(one.number)


@given(TURNS, TURNS)
def test_turns_of_matrices_follow_one_another_as_the_matrices_do(one: Turn, two: Turn) -> None:
    def matrix(turn: Turn) -> np.ndarray:
        quarter = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])  # clockwise: y runs down
        return np.asarray(
            np.linalg.matrix_power(quarter, turn.quarters) @ np.diag([-1.0 if turn.mirrored else 1.0, 1, 1])
        )

    assert one == turn_of(Alignment.of(matrix(one) * [[0.5], [0.5], [1]]))
    assert one.after(two) == turn_of(Alignment.of(matrix(one) @ matrix(two)))


def test_a_straightened_picture_lies_as_it_lay() -> None:
    angle = np.radians(4)
    matrix = np.array([[np.cos(angle), -np.sin(angle), 9], [np.sin(angle), np.cos(angle), -3], [0, 0, 1]])

    assert Turn() == turn_of(Alignment.of(matrix))


def test_a_picture_that_lies_across_the_size_in_its_metadata_was_turned_later() -> None:
    turned = ImageOps.exif_transpose(PICTURE.transpose(Image.Transpose.ROTATE_90))
    tags: dict[int, object] = {0x010F: "Maker", 0x0110: "Model"}
    size: dict[int, object] = {0xA002: 320, 0xA003: 240}
    source = side(packed(PICTURE, quality=95, exif=exif_of(tags, size).tobytes()))
    copy = side(packed(turned, quality=95, exif=exif_of(tags, size).tobytes()))
    across = Alignment.of(np.array([[0.0, -1, 319], [1, 0, 0], [0, 0, 1]]))
    facts = {item.fact: item.value for item in evidence(CloseLook.of(source, copy, across))}

    assert 1.0 == facts["turned"]


# --- all looks together ---------------------------------------------------------------------------------------------


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd"), st.floats(-8, 8)), max_size=12), st.randoms()
)
def test_the_order_of_the_looks_makes_no_difference(found: list[tuple[str, str, float]], rng: Random) -> None:
    looks = [Odds(one.encode(), other.encode(), odds) for one, other, odds in found if one != other]
    shuffled = list(looks)
    rng.shuffle(shuffled)
    turned = [replace(look, one=look.other, other=look.one, odds=-look.odds) for look in shuffled]

    expected = scores([b"a", b"b", b"c", b"d"], looks)

    assert expected == scores([b"d", b"c", b"b", b"a"], shuffled)
    assert expected == pytest.approx(scores([b"a", b"b", b"c", b"d"], turned)) or _has_ties(looks)


def _has_ties(looks: list[Odds]) -> bool:
    """Of two looks at one pair that are as sure and say the contrary either may count."""
    sizes = [(*sorted((look.one, look.other)), abs(look.odds)) for look in looks]
    return len(set(sizes)) < len(sizes)


def test_two_that_may_both_be_the_source_are_compared_before_a_star_is_closed() -> None:
    first, one, other = (number.to_bytes(2, "big") for number in range(3))
    truth: dict[Pair, Verdict] = {
        pair(first, one): Verdict(copies=True, source=one, certainty=2.0),
        pair(first, other): Verdict(copies=True, source=first, certainty=0.3),  # a look that errs
        pair(one, other): Verdict(copies=True, source=other),
    }
    verdicts: dict[Pair, Verdict] = {}
    while wanted := find_stars(truth, verdicts, lambda content: (0, 0, content)).wanted:
        verdicts |= {each: truth[each] for each in wanted}

    assert truth == verdicts


def test_what_may_as_well_be_the_source_is_never_proposed_for_the_trash_without_a_look() -> None:
    keeper, copy = (
        PhotoFacts(Asset(FileIdentity(Path(f"/p/{name}.jpg"), 9, 9, 1, 1)), Photo(name.encode(), 40, 30, "JPEG"))
        for name in "kc"
    )
    why = (Reason("unexplained", 1.0, 0.0, "has detail that can't be made from the other"),)
    look = Comparison(b"c", b"k", Relation.DERIVED, 1.0, b"k", why)
    sure = SimilarGroup("g", GroupKind.DERIVED, (keeper, copy), "", why, (look,))
    open_ = replace(sure, rivals=frozenset({b"c"}))
    unsure = replace(sure, comparisons=(replace(look, certainty=0.5),))

    actions = [RULE.on_group(group, Settings())[1].action for group in (sure, open_, unsure)]
    assert [Action.TRASH, Action.REVIEW, Action.REVIEW] == actions
