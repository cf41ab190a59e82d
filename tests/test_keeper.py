"""Promises of the choice of the keeper: the untouched source stays, and the choice is the same every time."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from albumclean.config import SimilarSettings
from albumclean.domain import (
    Asset,
    Companion,
    CompanionKind,
    Comparison,
    Degradation,
    FileIdentity,
    GroupKind,
    Photo,
    PhotoFacts,
    Reason,
    Relation,
    RootRole,
    Shot,
    Turn,
    UserMarks,
)
from albumclean.errors import ConfigError
from albumclean.similar.criteria.files import copy_marks
from albumclean.similar.criteria.registry import CRITERIA, DEFAULT_ORDERS
from albumclean.similar.keeper import provenance_of, rank, verdicts
from albumclean.similar.provenance import Comparisons, Provenance

DEFAULTS = SimilarSettings()
EXACT, DERIVED, MOMENT = GroupKind.EXACT, GroupKind.DERIVED, GroupKind.MOMENT
TIME = "2024-05-06T07:08:09"
CROPPED = "shows more of the scene (the other is cropped to 88 %)"


def facts(
    path: str,
    size: tuple[int, int] = (4000, 3000),
    *,
    mos: float | None = 0.6,
    compression: float = 0.1,
    taken_at: str | None = None,
    camera: str | None = None,
    shot: Shot = Shot(),  # noqa: B008 - frozen
    kind: str = "JPEG",
    bytes_: int = 1000,
    mtime_ns: int = 1,
    companions: tuple[CompanionKind, ...] = (),
    role: RootRole = RootRole.NORMAL,
    blur: dict[Degradation, float] | None = None,
    content: str | None = None,
    **other: Any,
) -> PhotoFacts:
    identity = FileIdentity(Path(path), bytes_, mtime_ns, 0, 0)
    beside = tuple(Companion(one, replace(identity, path=Path(f"{path}.{one.value}"))) for one in companions)
    photo = Photo((content or path).encode(), *size, kind, taken_at, camera, shot=shot)
    degradations = {Degradation.COMPRESSION: compression, **(blur or {})}
    return PhotoFacts(Asset(identity, beside, role), photo, mos, degradations, **other)


LIKELIER = "is likelier to be the source, by all close looks at these copies together"


def look(
    one: str, other: str, source: str | None = None, text: str = CROPPED, relation: Relation = Relation.DERIVED
) -> Comparison:
    """A close look at two contents; `source` is the name of one of them."""
    low, high = sorted((one.encode(), other.encode()))
    reasons = (Reason("crop", 0.88, 1.0, text),) if source else ()
    return Comparison(low, high, relation, 0.9, source.encode() if source else None, reasons)


def looked(*looks: Comparison) -> Comparisons:
    return {(each.one, each.other): each for each in looks}


def keeper(
    *members: PhotoFacts,
    settings: SimilarSettings = DEFAULTS,
    looks: Iterable[Comparison] = (),
    kind: GroupKind = DERIVED,
) -> tuple[str, str]:
    """The keeper's path and the reason, checked to be the same from every order."""
    known = looked(*looks)
    ranked, reason = rank(members, settings, known, kind)
    why = verdicts(ranked, settings, known, kind)
    for seed in range(5):
        shuffled = list(members)
        random.Random(seed).shuffle(shuffled)
        assert rank(shuffled, settings, looked(*reversed(list(looks))), kind) == (ranked, reason)
    assert why[0] == why[1]
    assert why[0].text == reason
    return str(ranked[0].path), reason


# --- the source of copies -------------------------------------------------------------------------------------------


def test_the_source_stays_whatever_else_speaks_for_the_copy() -> None:
    source = facts("/z/copy (1).jpg", (2000, 1500), mos=0.2, compression=0.9, mtime_ns=9)
    copy = facts(
        "/a/a.jpg", (8000, 6000), mos=0.99, compression=0.0, taken_at=TIME, camera="C", kind="HEIF", bytes_=9_000_000,
        companions=tuple(CompanionKind),
    )  # fmt: skip
    found = keeper(source, copy, looks=[look("/z/copy (1).jpg", "/a/a.jpg", "/z/copy (1).jpg")])
    assert found == ("/z/copy (1).jpg", CROPPED)
    assert keeper(source, copy)[0] == "/a/a.jpg"


@pytest.mark.parametrize(
    ("better", "why"),
    [
        ({"role": RootRole.PROTECTED}, "lies in a protected folder"),
        ({"marks": UserMarks(favourite=True)}, "is a favourite"),
        ({"marks": UserMarks(rating=4)}, "is rated 4"),
    ],
)
def test_what_the_user_said_comes_before_the_source(better: dict[str, object], why: str) -> None:
    small = facts("/z/z.jpg", (640, 480), mos=0.1, **better)  # type: ignore[arg-type]
    for kind in GroupKind:
        looks = [look("/z/z.jpg", "/a/a.jpg", "/a/a.jpg")]
        assert keeper(small, facts("/a/a.jpg", mos=0.9), looks=looks, kind=kind) == ("/z/z.jpg", why)


def test_the_source_of_the_source_stays_though_it_was_compared_with_one_only() -> None:
    members = [facts(f"/a/{name}.jpg") for name in "abcd"]
    looks = [look("/a/a.jpg", "/a/b.jpg", "/a/a.jpg"), look("/a/a.jpg", "/a/c.jpg", "/a/a.jpg")]
    looks.append(look("/a/a.jpg", "/a/d.jpg", "/a/d.jpg", "is sharper at 4000x3000"))
    assert keeper(*members, looks=looks) == ("/a/d.jpg", "is sharper at 4000x3000")
    ranked, _ = rank(members, DEFAULTS, looked(*looks))
    assert [one.path.stem for one in ranked] == ["d", "a", "b", "c"]
    assert verdicts(ranked, DEFAULTS, looked(*looks))[2].text == LIKELIER


@pytest.mark.parametrize(
    ("leanings", "words"),
    [
        ((1.0,), "is what another copy was made from"),
        ((1.0, 0.9, -0.8, None), "is what others were made from (2 of 3 that can tell)"),
        ((None,), LIKELIER),
    ],
)
def test_where_witnesses_decided_it_says_so(leanings: tuple[float | None, ...], words: str) -> None:
    witnesses = [facts(f"/w/{number}.jpg") for number in range(len(leanings))]
    members = [facts("/a/a.jpg"), facts("/a/b.jpg"), *witnesses]
    against = [replace(look("/a/a.jpg", "/a/b.jpg", "/a/b.jpg"), certainty=0.3)]
    against += [look("/a/a.jpg", str(each.path), "/a/a.jpg") for each in witnesses]
    told = {(b"/a/a.jpg", b"/a/b.jpg"): {each.content: said for each, said in zip(witnesses, leanings, strict=True)}}

    provenance = provenance_of(members, looked(*against), told)
    (reason, *_) = verdicts(members, DEFAULTS, looked(*against), provenance=provenance)

    assert (b"/a/a.jpg", words) == (members[0].content, reason.text)


def test_a_circle_of_sources_is_broken_at_the_look_that_is_least_sure() -> None:
    circle = [look("a", "b", "a"), look("b", "c", "b"), replace(look("a", "c", "c"), certainty=1.0)]
    order = Provenance.of([b"a", b"b", b"c"], looked(*circle))
    assert [(0, 0), (1, 0), (2, 0)] == [order.level(one) for one in (b"a", b"b", b"c")]


def test_a_circle_of_looks_that_are_equally_sure_tells_nothing() -> None:
    circle = [look("a", "b", "a"), look("b", "c", "b"), look("a", "c", "c")]
    order = Provenance.of([b"a", b"b", b"c"], looked(*circle))
    assert {(0, 0)} == {order.level(one) for one in (b"a", b"b", b"c")}
    assert frozenset({b"b", b"c"}) == order.rivals(b"a")


def test_many_looks_outweigh_one_that_errs() -> None:
    """The source loses to one copy, a little; that copy loses to others, which the source never does."""
    names = [f"c{number}" for number in range(8)]
    wins = [look("s", name, "s") for name in names[1:]]
    losses = [replace(look("c0", name, name), certainty=0.8) for name in names[1:]]
    wrong = replace(look("c0", "s", "c0"), certainty=0.7)
    order = Provenance.of([name.encode() for name in ("s", *names)], looked(wrong, *wins, *losses))
    assert (0, 0) == order.level(b"s")
    assert b"c0" not in order.rivals(b"s")


def test_among_copies_that_lie_alike_the_one_that_lies_otherwise_is_not_the_source() -> None:
    turned = [replace(look("t", name), turn=Turn(1)) for name in ("a", "b", "c")]
    order = Provenance.of([b"a", b"b", b"c", b"t"], looked(*turned))
    assert order.level(b"t") > max(order.level(name) for name in (b"a", b"b", b"c"))


def test_of_two_that_lie_differently_nothing_tells_which_was_turned() -> None:
    order = Provenance.of([b"a", b"t"], looked(replace(look("a", "t"), turn=Turn(1))))
    assert order.level(b"a") == order.level(b"t")
    assert frozenset({b"t"}) == order.rivals(b"a")


def test_what_stands_below_a_circle_does_not_lead_by_its_many_copies() -> None:
    circle = [look("a", "b", "a"), look("b", "c", "b"), look("a", "c", "c"), look("a", "d", "a")]
    copies = [look("d", f"d{number}", "d") for number in range(6)]
    contents = [name.encode() for name in ("a", "b", "c", "d", *(f"d{number}" for number in range(6)))]
    order = Provenance.of(contents, looked(*circle, *copies))
    assert {one for one in contents if order.level(one) == (0, 0)} == {b"a", b"b", b"c"}
    assert order.level(b"d") < order.level(b"d0")


def test_what_a_program_wrote_into_a_twin_of_the_source_is_not_held_against_the_source() -> None:
    """The twin has the better prior, so all copies were looked at beside it; each look blames what was written in."""
    names = [f"c{number}" for number in range(6)]
    twins = replace(look("s", "t", "s", relation=Relation.SAME_PIXELS), certainty=2.6)
    blamed = [replace(look("t", name, name), certainty=2.6) for name in names]
    contents = [name.encode() for name in ("s", "t", *names)]

    open_ = Provenance.of(contents, looked(twins, *blamed))
    told = Provenance.of(contents, looked(twins, *blamed, *(look("s", name, "s") for name in names[:2])))

    assert (0, 0) == open_.level(b"s")
    assert set(contents[2:]) == open_.rivals(b"s")
    assert (0, 0) == told.level(b"s") < told.level(b"t") < told.level(b"c0")


def test_a_twin_that_comes_before_a_copy_although_it_was_written_to_speaks_for_the_picture() -> None:
    twins = replace(look("s", "t", "s", relation=Relation.SAME_PIXELS), certainty=2.6)
    order = Provenance.of([b"s", b"t", b"c"], looked(twins, look("t", "c", "t")))
    assert frozenset() == order.rivals(b"s")
    assert order.level(b"s") < order.level(b"t") < order.level(b"c")


def test_a_file_with_the_same_pixels_as_the_source_stands_as_high() -> None:
    looks = [
        look("a", "b", "a"),
        look("b", "c", "b"),
        look("b", "b2", relation=Relation.SAME_PIXELS),
        look("a", "x", "x", relation=Relation.DIFFERENT),
    ]
    order = Provenance.of([b"a", b"b", b"b2", b"c", b"x"], looked(*looks))
    levels = [order.level(one)[0] for one in (b"a", b"b", b"b2", b"c")]
    assert levels == sorted(levels)
    assert 3 == len(set(levels))
    assert levels[1] == levels[2]
    assert order.decision(b"a", b"b2") == looks[0]
    assert order.decision(b"b2", b"a") is None


def test_a_copy_of_what_a_picture_was_packed_into_later_is_not_older_than_the_picture() -> None:
    looks = [
        look("copy", "s", "s"),
        look("copy", "repacked", "copy"),  # of this file it may well be true
        look("repacked", "s", "s", relation=Relation.SAME_PIXELS),
    ]
    looks[0] = replace(looks[0], certainty=2.0)
    order = Provenance.of([b"copy", b"repacked", b"s"], looked(*looks))
    assert (0, 0) == order.level(b"s")
    assert order.level(b"s")[0] == order.level(b"repacked")[0] < order.level(b"copy")[0]


def test_comparisons_with_photos_outside_the_group_say_nothing() -> None:
    looks = looked(look("a", "out", "out"), look("b", "out", "b"))
    assert Provenance.of([b"a", b"b"], looks) == Provenance.of([b"a", b"b"], {})


# --- guesses where no close look tells ------------------------------------------------------------------------------


def test_the_larger_picture_wins_over_a_small_copy_with_a_better_score() -> None:
    path, why = keeper(facts("/a/small.jpg", (320, 240), mos=0.9), facts("/a/zz.jpg", (640, 480), mos=0.5))
    assert path == "/a/zz.jpg"
    assert why == "has more pixels (640x480 against 320x240)"


def test_more_bytes_do_not_win() -> None:
    path, why = keeper(facts("/a/a.jpg", mos=0.5, bytes_=9_000_000), facts("/a/b.jpg", mos=0.7, bytes_=1_000_000))
    assert path == "/a/b.jpg"
    assert why == "has the better score (0.70 against 0.50)"


def test_the_source_wins_over_its_recompressed_copy() -> None:
    path, why = keeper(facts("/a/a.jpg", compression=0.6, mos=0.62), facts("/a/b.jpg", compression=0.1, mos=0.6))
    assert path == "/a/b.jpg"
    assert why == "is less compressed (0.10 against 0.60)"


def test_the_photo_with_its_capture_facts_wins_over_a_stripped_brightened_or_enlarged_copy() -> None:
    source = facts("/z/IMG_1.jpg", taken_at=TIME, camera="Canon EOS R6", mos=0.5)
    path, why = keeper(source, facts("/a/a.jpg", (8000, 6000), mos=0.8))
    assert path == "/z/IMG_1.jpg"
    assert why == "still has its capture time (2024-05-06 07:08:09) and its camera's name (Canon EOS R6)"


def test_a_better_score_does_not_win_over_the_name_of_the_original() -> None:
    edited = facts("/a/IMG_1-edited.jpg", mos=0.9)
    assert keeper(edited, facts("/a/IMG_1.jpg", mos=0.5))[0] == "/a/IMG_1.jpg"


def test_a_conversion_to_a_lossless_format_does_not_win_over_the_camera_file() -> None:
    camera = {"taken_at": TIME, "camera": "C"}
    path, _ = keeper(facts("/a/a.png", kind="PNG", compression=0.0, **camera), facts("/a/b.jpg", **camera))  # type: ignore[arg-type]
    assert path == "/a/b.jpg"


def test_a_screenshot_wins_over_its_lossy_copy() -> None:
    assert keeper(facts("/a/a.jpg"), facts("/a/b.png", kind="PNG"))[0] == "/a/b.png"


def test_the_source_wins_over_a_copy_that_has_companions() -> None:
    copy = facts("/a/a.jpg", (640, 480), companions=(CompanionKind.LIVE_VIDEO,))
    assert keeper(copy, facts("/z/z.jpg"))[0] == "/z/z.jpg"


@pytest.mark.parametrize("kind", GroupKind)
def test_of_equals_the_whole_asset_wins_over_the_better_score(kind: GroupKind) -> None:
    whole = facts("/z/z.jpg", companions=(CompanionKind.LIVE_VIDEO,), mos=0.1)
    half = facts("/a/a.jpg", companions=(CompanionKind.XMP, CompanionKind.TAKEOUT_JSON), mos=0.9)
    assert keeper(whole, half, kind=kind) == ("/z/z.jpg", "comes with more of its companion files (live-video)")


# --- exact copies ---------------------------------------------------------------------------------------------------


def test_of_exact_copies_the_one_with_its_metadata_wins_over_the_stripped_one() -> None:
    full = facts("/Downloads/IMG_1 (1).jpg", taken_at=TIME, camera="C", shot=Shot(0.01, 2.8, 100), mtime_ns=9)
    stripped = facts("/Album/IMG_1.jpg", camera="C", shot=Shot(software="Stripper 3"))
    found = keeper(full, stripped, kind=EXACT)
    assert found == ("/Downloads/IMG_1 (1).jpg", "has more complete metadata (5 facts against 1)")


def test_of_exact_copies_neither_score_nor_compression_decides() -> None:
    members = [facts("/a/a.jpg", mos=0.1, compression=0.9), facts("/a/b.jpg", mos=0.9, compression=0.1)]
    assert keeper(*members, kind=EXACT)[0] == "/a/a.jpg"


def test_of_exact_copies_the_source_wins_over_its_lossless_conversion() -> None:
    members = [facts("/a/a.png", kind="PNG", content="a"), facts("/a/b.jpg", content="b")]
    packed = look("a", "b", "b", "was not converted", Relation.SAME_PIXELS)
    assert keeper(*members, looks=[packed], kind=EXACT) == ("/a/b.jpg", "was not converted")


@pytest.mark.parametrize(
    "copy",
    ["IMG_1 (1).jpg", "IMG_1-edited.jpg", "IMG_1 copy.jpg", "Copy of IMG_1.jpg", "IMG_1 - Kopie.jpg", "IMG_1~2.jpg"],
)
def test_of_exact_copies_the_one_named_as_a_copy_goes(copy: str) -> None:
    original = facts("/album/deep/down/IMG_1.jpg", mtime_ns=9)
    assert keeper(facts(f"/a/{copy}"), original, kind=EXACT)[0] == "/album/deep/down/IMG_1.jpg"


@pytest.mark.parametrize("folder", ["Downloads", "WhatsApp Images", "tmp", "Telegram Desktop", "Backup"])
def test_of_exact_copies_the_one_in_a_passing_folder_goes(folder: str) -> None:
    original = facts("/Album/2024/May/a.jpg", mtime_ns=9)
    assert keeper(facts(f"/{folder}/a.jpg"), original, kind=EXACT)[0] == "/Album/2024/May/a.jpg"


@pytest.mark.parametrize(
    "name", ["IMG_1234.jpg", "DSC00001.JPG", "copyright.jpg", "Kopenhagen.jpg", "20240506_070809.jpg", "smallville.jpg"]
)
def test_ordinary_names_are_not_taken_for_copies(name: str) -> None:
    assert copy_marks(Path("/Pictures/2024") / name) == 0


@pytest.mark.parametrize("kind", GroupKind)
def test_of_otherwise_equal_files_the_oldest_then_the_shortest_path_then_the_name_decides(kind: GroupKind) -> None:
    day = 86_400 * 10**9
    found = keeper(facts("/a/a.jpg", mtime_ns=3 * day + 5), facts("/a/b.jpg", mtime_ns=5), kind=kind)
    assert found == ("/a/b.jpg", "is the older file, by 3 days")
    assert keeper(facts("/a/a.jpg", mtime_ns=2), facts("/a/b.jpg"), kind=kind) == ("/a/b.jpg", "is the older file")
    assert keeper(facts("/a/a/a.jpg"), facts("/a/bbb.jpg"), kind=kind)[0] == "/a/bbb.jpg"
    assert keeper(facts("/a/a.jpg"), facts("/a/b.jpg"), kind=kind)[0] == "/a/a.jpg"


# --- shots of one moment --------------------------------------------------------------------------------------------


def test_of_a_moment_the_better_score_wins_over_more_pixels_metadata_and_what_a_close_look_says() -> None:
    members = [facts("/a/a.jpg", (8000, 6000), mos=0.5, camera="C"), facts("/a/b.jpg", mos=0.7)]
    found = keeper(*members, looks=[look("/a/a.jpg", "/a/b.jpg", "/a/a.jpg")], kind=MOMENT)
    assert found == ("/a/b.jpg", "has the better score (0.70 against 0.50)")


def test_of_a_moment_what_people_like_best_of_a_scene_comes_before_the_score() -> None:
    members = [facts("/a/a.jpg", mos=0.9, preference=0.4), facts("/a/b.jpg", mos=0.5, preference=0.6)]
    assert keeper(*members, kind=MOMENT) == ("/a/b.jpg", "is the better shot of the scene (0.60 against 0.40)")
    unknown = replace(members[1], preference=None)
    assert keeper(members[0], unknown, kind=MOMENT)[0] == "/a/a.jpg"


def test_of_equal_scores_the_sharper_subject_wins() -> None:
    blurred = facts("/a/a.jpg", blur={Degradation.DEFOCUS: 0.1, Degradation.MOTION: 0.6})
    sharp = facts("/a/b.jpg", mos=0.585, blur={Degradation.DEFOCUS: 0.3, Degradation.MOTION: 0.2})
    assert keeper(blurred, sharp, kind=MOMENT) == ("/a/b.jpg", "is sharper (blur 0.30 against 0.60)")


def test_the_members_of_a_moment_stand_in_the_order_of_their_quality() -> None:
    members = [facts(f"/a/{name}.jpg", mos=mos) for name, mos in (("a", 0.3), ("b", 0.9), ("c", 0.5), ("d", 0.7))]
    assert [one.path.stem for one in rank(members, DEFAULTS, {}, MOMENT)[0]] == ["b", "d", "c", "a"]


def test_a_small_difference_of_score_decides_nothing() -> None:
    for kind, margin in ((DERIVED, DEFAULTS.mos_margin), (MOMENT, DEFAULTS.moment_margin)):
        within, beyond = 0.6 + margin, 0.61 + margin
        assert keeper(facts("/a/a.jpg", mos=0.6), facts("/a/b.jpg", mos=within), kind=kind)[0] == "/a/a.jpg"
        assert keeper(facts("/a/a.jpg", mos=0.6), facts("/a/b.jpg", mos=beyond), kind=kind)[0] == "/a/b.jpg"


@pytest.mark.parametrize("mos", [None, float("nan")])
def test_a_missing_score_decides_nothing(mos: float | None) -> None:
    assert keeper(facts("/a/a.jpg", mos=mos), facts("/a/b.jpg", mos=0.9))[0] == "/a/a.jpg"


def test_what_is_out_already_has_no_say_in_what_is_best() -> None:
    copy = facts("/a/0.jpg", (640, 480), mos=None)
    assert keeper(copy, facts("/a/a.jpg", mos=0.6), facts("/a/b.jpg", mos=0.9))[0] == "/a/b.jpg"


# --- the user's order -----------------------------------------------------------------------------------------------


def test_the_user_sets_the_order_and_protected_still_leads() -> None:
    settings = SimilarSettings(keeper=("mos",))
    small, large = facts("/a/s.jpg", (640, 480), mos=0.9), facts("/a/l.jpg", mos=0.5)
    assert keeper(small, large, settings=settings)[0] == "/a/s.jpg"
    assert keeper(small, facts("/a/l.jpg", mos=0.5, role=RootRole.PROTECTED), settings=settings)[0] == "/a/l.jpg"


def test_the_order_for_one_kind_of_group_replaces_the_general_one() -> None:
    settings = SimilarSettings(keeper=("mos",), keeper_moment=("oldest",))
    members = [facts("/a/a.jpg", mos=0.5), facts("/a/b.jpg", mos=0.9, mtime_ns=2)]
    assert keeper(*members, settings=settings, kind=DERIVED)[0] == "/a/b.jpg"
    assert keeper(*members, settings=settings, kind=MOMENT)[0] == "/a/a.jpg"


def test_the_user_prefers_folders_in_their_order() -> None:
    settings = SimilarSettings(keeper_folders=("/first", "/album/second"))
    first, second, none = (facts(f"{folder}/a.jpg") for folder in ("/first/x", "/album/second", "/album/other"))
    assert keeper(none, second, first, settings=settings, kind=EXACT)[0] == "/first/x/a.jpg"
    found = keeper(none, second, settings=settings, kind=EXACT)
    assert found == ("/album/second/a.jpg", "lies in /album/second, a folder that you prefer")
    assert keeper(facts("/firstly/a.jpg"), none, settings=settings, kind=EXACT)[1] == "has the shorter path"


def test_a_small_copy_in_a_preferred_folder_does_not_win_over_the_source() -> None:
    settings = SimilarSettings(keeper_folders=("/first",))
    assert keeper(facts("/first/a.jpg", (640, 480)), facts("/z/a.jpg"), settings=settings)[0] == "/z/a.jpg"


def test_the_user_prefers_formats_in_their_order() -> None:
    heic, jpeg = facts("/a/a.heic", kind="HEIF", camera="C"), facts("/a/b.jpg", camera="C")
    assert keeper(heic, jpeg)[0] == "/a/a.heic"
    settings = SimilarSettings(keeper_formats=("jpg", "PNG"))
    assert keeper(heic, jpeg, settings=settings) == (
        "/a/b.jpg",
        "is in the format that you prefer (JPEG against HEIF)",
    )
    png = facts("/a/c.png", kind="PNG", camera="C")
    assert keeper(png, heic, settings=settings)[0] == "/a/c.png"
    assert keeper(png, facts("/a/d.mpo", kind="MPO", camera="C"), settings=settings)[0] == "/a/d.mpo"
    assert keeper(png, heic)[1] == "is in the format nearer to the source (HEIF against PNG)"


@pytest.mark.parametrize("kind", GroupKind)
def test_the_path_ends_every_order_so_that_there_is_always_one_keeper(kind: GroupKind) -> None:
    settings = SimilarSettings(keeper=("path", "mos"))
    members = [facts("/a/b.jpg", mos=0.9), facts("/a/a.jpg"), facts("/a/c.jpg", mos=0.9)]
    assert keeper(*members, settings=settings, kind=kind)[0] == "/a/b.jpg"


@pytest.mark.parametrize("key", ["keeper", "keeper_exact", "keeper_derived", "keeper_moment"])
def test_an_unknown_criterion_is_named_in_the_error(key: str) -> None:
    settings = SimilarSettings(**{key: ("mos", "megapixels")})  # type: ignore[arg-type]
    kind = DERIVED if key == "keeper" else GroupKind(key.removeprefix("keeper_"))
    with pytest.raises(ConfigError, match=rf"similar\.{key} has no criterion 'megapixels'; there are .*metadata, mos"):
        rank([facts("/a/a.jpg")], settings, {}, kind)


def test_every_criterion_but_beauty_stands_in_a_default_order_and_the_last_one_is_the_path() -> None:
    assert set(CRITERIA) - {"aesthetic"} == {name for order in DEFAULT_ORDERS.values() for name in order}
    for order in DEFAULT_ORDERS.values():
        assert len(set(order)) == len(order)
        assert (order[0], order[-1]) == ("protected", "path")


def test_the_documentation_gives_the_default_orders_and_every_criterion() -> None:
    text = (Path(__file__).parent.parent / "docs" / "rules.md").read_text("utf-8")
    for kind, order in DEFAULT_ORDERS.items():
        assert f"| {kind.value} | {' '.join(f'`{name}`' for name in order)} |" in text
    for name in CRITERIA:
        assert f"\n| `{name}` | " in text


# --- the words ------------------------------------------------------------------------------------------------------


def test_verdicts_give_each_member_its_own_reason_with_numbers() -> None:
    members = [facts("/a/a.jpg"), facts("/a/b.jpg", mtime_ns=5), facts("/a/c.jpg", (1280, 960))]
    ranked, sentence = rank(members, DEFAULTS)
    first, second, third = verdicts(ranked, DEFAULTS)
    assert first == second
    assert (second.fact, second.text) == ("oldest", sentence)
    assert (third.fact, third.value, third.threshold) == ("pixels", 1280 * 960, 4000 * 3000)
    assert third.weight > second.weight > 0


def test_a_single_member_needs_no_reason() -> None:
    assert rank([facts("/a/a.jpg")], DEFAULTS)[1] == ""


# --- for every group ------------------------------------------------------------------------------------------------


MEMBERS = st.lists(
    st.builds(
        facts,
        st.integers(0, 99).map(lambda number: f"/album/{number}.jpg"),
        st.sampled_from([(4000, 3000), (3900, 2925), (1280, 960), (0, 0)]),
        mos=st.one_of(st.none(), st.floats(0, 1)),
        compression=st.floats(0, 1),
        camera=st.sampled_from([None, "C"]),
        mtime_ns=st.integers(0, 3),
        role=st.sampled_from([RootRole.NORMAL, RootRole.NORMAL, RootRole.PROTECTED]),
        preference=st.sampled_from([None, 0.2, 0.5]),
        content=st.sampled_from(["u", "v", "w", "x", "y", "z"]),
    ),
    min_size=2,
    max_size=8,
    unique_by=lambda one: one.path,
)
LOOKS = st.lists(
    st.builds(
        lambda pair, winner, relation: look(pair[0], pair[1], (*pair, None)[winner], relation=relation),
        st.sampled_from(list(combinations("uvwxyz", 2))),
        st.integers(0, 2),
        st.sampled_from([Relation.DERIVED, Relation.DERIVED, *Relation]),
    ),
    max_size=15,
    unique_by=lambda each: (each.one, each.other),
)


@given(
    MEMBERS,
    LOOKS,
    st.sampled_from(GroupKind),
    st.randoms(use_true_random=False),
    st.one_of(st.just([]), st.permutations(sorted(CRITERIA))),
    st.sampled_from([0.0, 0.05, 0.3]),
)
def test_the_ranking_does_not_depend_on_the_order_and_protected_lead(
    members: list[PhotoFacts],
    looks: list[Comparison],
    kind: GroupKind,
    shuffler: random.Random,
    order: list[str],
    margin: float,
) -> None:
    settings = SimilarSettings(keeper=tuple(order), mos_margin=margin)
    ranked, sentence = rank(members, settings, looked(*looks), kind)
    shuffled, reordered = list(members), list(looks)
    shuffler.shuffle(shuffled)
    shuffler.shuffle(reordered)
    assert rank(shuffled, settings, looked(*reordered), kind) == (ranked, sentence)
    assert sorted(map(repr, ranked)) == sorted(map(repr, members))
    why = verdicts(ranked, settings, looked(*looks), kind)
    assert len(why) == len(members)
    assert all(verdict.text and 0 < verdict.weight <= 1 for verdict in why)
    protected = [one.asset.role is RootRole.PROTECTED for one in ranked]
    assert protected == sorted(protected, reverse=True)


@given(LOOKS)
def test_a_content_that_is_the_source_of_none_stands_below_all_its_sources(looks: list[Comparison]) -> None:
    derived = [each for each in looks if each.relation is Relation.DERIVED]
    order = Provenance.of([name.encode() for name in "uvwxyz"], looked(*derived))
    sources = {each.source for each in derived}
    for each in derived:
        loser = each.other if each.source == each.one else each.one
        if each.source is not None and loser not in sources:
            assert order.level(each.source) < order.level(loser)


@given(MEMBERS, LOOKS, st.sampled_from(GroupKind), st.data())
def test_a_copy_of_the_keeper_that_is_worse_in_everything_does_not_change_the_keeper(
    members: list[PhotoFacts], looks: list[Comparison], kind: GroupKind, data: st.DataObject
) -> None:
    ranked, _ = rank(members, DEFAULTS, looked(*looks), kind)
    of = ranked[0]
    assert of.photo is not None
    worse = replace(
        of,
        asset=Asset(FileIdentity(Path("/album/sent/copy of it (1).jpg"), 1, of.asset.primary.mtime_ns + 1, 0, 0)),
        photo=replace(of.photo, content_hash=b"new", width=of.photo.width // 2, camera=None),
        mos=None if of.mos is None else of.mos * data.draw(st.floats(0, 1)),
        degradations={Degradation.COMPRESSION: data.draw(st.floats(of.degradations[Degradation.COMPRESSION], 1))},
    )
    made = look("new", of.photo.content_hash.decode(), of.photo.content_hash.decode())
    with_it, _ = rank([*members, worse], DEFAULTS, looked(*looks, made), kind)
    assert with_it[0] == ranked[0]
