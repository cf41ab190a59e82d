"""Promises of the policy: what may be proposed, by whom, and how it is said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from albumclean.config import LowQualitySettings, Settings
from albumclean.domain import (
    Action,
    Asset,
    Companion,
    CompanionKind,
    Comparison,
    Degradation,
    Failure,
    FileIdentity,
    GroupKind,
    Photo,
    PhotoFacts,
    PhotoKind,
    Proposal,
    Reason,
    Relation,
    RootRole,
    Shot,
    SimilarGroup,
    Stage,
    UserMarks,
)
from albumclean.errors import UsageError
from albumclean.policy.engine import propose
from albumclean.policy.registry import all_rules
from albumclean.policy.rule import Reach

SETTINGS = Settings()
NONE_KEPT: frozenset[bytes] = frozenset()


def facts(name: str, mos: float | None = 0.8, **other: Any) -> PhotoFacts:
    """A photo `name`; `size`, `format`, `camera`, `role` and `companions` go where they belong."""
    identity = FileIdentity(Path("/album") / name, 1000, 1, 0, 0)
    beside = tuple(
        Companion(one, replace(identity, path=Path(f"/album/{name}.{one.value}")))
        for one in other.pop("companions", ())
    )
    width, height = other.pop("size", (4000, 3000))
    photo = Photo(
        other.pop("content", name).encode(),
        width,
        height,
        other.pop("format", "JPEG"),
        other.pop("taken_at", None),
        other.pop("camera", None),
        shot=Shot(software=other.pop("software", None)),
        pictures=other.pop("pictures", 1),
    )
    asset = Asset(identity, beside, other.pop("role", RootRole.NORMAL))
    return PhotoFacts(**{"asset": asset, "photo": photo, "mos": mos, "kind": PhotoKind.PHOTO, **other})


def look(one: str, other: str, source: str | None = None, **changes: Any) -> Comparison:
    """A close look at two photos, found to be copies; `source` names one of them."""
    low, high = sorted((one.encode(), other.encode()))
    told = (Reason("detail", 0.5, 1.0, "has real detail at 4000x3000 (the other was scaled up)"),) if source else ()
    found = Comparison(low, high, Relation.DERIVED, 0.97, source.encode() if source else None, told)
    return replace(found, **changes)


def group(
    *members: PhotoFacts,
    kind: GroupKind = GroupKind.DERIVED,
    id_: str = "g",
    looks: Iterable[Comparison] | None = None,
    verdicts: tuple[Reason, ...] | None = None,
) -> SimilarGroup:
    """Of copies, unless `looks` says otherwise, the keeper was found to be the source of all others."""
    verdict = Reason("pixels", 1, 2, "has more pixels (2x1 against 1x1)")
    if looks is None:
        names = [member.path.name for member in members]
        looks = [look(names[0], name, names[0]) for name in names[1:]]
    why = verdicts if verdicts is not None else (verdict,) * len(members)
    return SimilarGroup(id_, kind, members, verdict.text, why, tuple(looks))


def proposed(
    photos: Iterable[PhotoFacts] = (),
    groups: Iterable[SimilarGroup] = (),
    kept: dict[str, frozenset[bytes]] | None = None,
    **other: Any,
) -> list[Proposal]:
    remembered = kept or {}
    return list(propose(photos, groups, SETTINGS, lambda rule: remembered.get(rule, NONE_KEPT), **other))


def actions(proposals: Iterable[Proposal]) -> dict[str, str]:
    return {proposal.facts.path.name: proposal.action.value for proposal in proposals}


# --- low quality ----------------------------------------------------------------------------------------------------


FAULTS = {Degradation.NOISE: 0.6, Degradation.MOTION: 0.82, Degradation.COMPRESSION: 0.2}


def test_a_low_score_is_proposed_with_its_numbers_and_a_sentence() -> None:
    (found,) = proposed([facts("a.jpg", 0.18, degradations=FAULTS)])
    assert found.action is Action.TRASH
    assert found.rule == "low-quality"
    assert found.sentence == "Scored 0.18 of 1, below 0.35: strong motion blur (0.82) and clear noise (0.60)."
    assert [(reason.fact, reason.value, reason.threshold) for reason in found.reasons] == [
        ("mos", 0.18, 0.35),
        ("motion", 0.82, 0.5),
        ("noise", 0.6, 0.5),
    ]


def test_a_low_score_without_a_notable_fault_says_no_more_than_it_knows() -> None:
    assert proposed([facts("a.jpg", 0.1)])[0].sentence == "Scored 0.10 of 1, below 0.35."


@pytest.mark.parametrize("mos", [0.35, 0.9, None, float("nan")])
def test_a_score_at_the_threshold_or_none_is_not_proposed(mos: float | None) -> None:
    assert proposed([facts("a.jpg", mos)]) == []


def test_the_threshold_is_the_user_s() -> None:
    settings = Settings(low_quality=LowQualitySettings(below=0.6))
    found = propose([facts("a.jpg", 0.5)], [], settings, lambda _: NONE_KEPT)
    assert actions(found) == {"a.jpg": "trash"}


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"pictures": 3}, "holds 3 pictures, of which only the first was judged"),
        ({"companions": [CompanionKind.EDIT]}, "goes with its edit a.edit, in which you changed it"),
        ({"size": (300, 200)}, "too small to judge (300x200)"),
        ({"degradations": {Degradation.UNDEREXPOSURE: 0.9, Degradation.DEFOCUS: 0.3}}, "night photo"),
    ],
)
def test_where_the_score_may_not_apply_the_user_is_asked_to_look(other: dict[str, Any], words: str) -> None:
    (found,) = proposed([facts("a", 0.1, **other)])
    assert found.action is Action.REVIEW
    assert words in found.sentence


@pytest.mark.parametrize(
    "other",
    [
        {"format": "PNG"},
        {"kind": PhotoKind.SCAN},
        {"degradations": {Degradation.UNDEREXPOSURE: 0.9, Degradation.MOTION: 0.7}},
    ],
)
def test_photos_scans_and_blurred_dark_ones_are_proposed_for_the_trash(other: dict[str, Any]) -> None:
    assert actions(proposed([facts("a", 0.1, **other)])) == {"a": "trash"}


# --- keep best ------------------------------------------------------------------------------------------------------


def test_copies_go_and_the_keeper_is_named_with_the_reason() -> None:
    keeper, copy = proposed(groups=[group(facts("a.jpg"), facts("b.jpg"))])
    assert (keeper.action, copy.action) == (Action.KEEP, Action.TRASH)
    assert keeper.sentence == (
        "Keep a.jpg, the nearest to the camera of 2 copies of one photo: it has more pixels (2x1 against 1x1)."
    )
    assert copy.sentence == "A copy of a.jpg, which has more pixels (2x1 against 1x1)."
    assert [(reason.fact, reason.weight) for reason in keeper.reasons] == [("pixels", 2.0), ("kind", 1.0)]
    assert [reason.fact for reason in copy.reasons] == ["pixels", "detail", "kind"]


def test_of_many_copies_the_keeper_is_told_from_the_one_that_shows_best_why_it_stays() -> None:
    members = [facts("a.jpg"), facts("b.jpg"), facts("c.jpg")]
    twin = Reason("oldest", None, None, "is the older file, by 3 days", 0.1)
    cropped = Reason("source", None, None, "shows more of the scene (the other is cropped to 88 %)", 0.9)
    (keeper, *_) = proposed(groups=[group(*members, verdicts=(twin, twin, cropped))])
    assert keeper.sentence == (
        "Keep a.jpg, the nearest to the camera of 3 copies of one photo: "
        "beside c.jpg, it shows more of the scene (the other is cropped to 88 %)."
    )
    assert keeper.reasons[0].fact == "source"
    (keeper, *_) = proposed(groups=[group(*members, kind=GroupKind.MOMENT, verdicts=(twin, twin, cropped))])
    assert keeper.sentence == "Keep a.jpg of 3 shots of one moment: beside b.jpg, it is the older file, by 3 days."


def test_a_keeper_without_a_verdict_is_still_named() -> None:
    keeper, copy = proposed(groups=[group(facts("a.jpg"), facts("b.jpg"), verdicts=())])
    assert keeper.sentence == "Keep a.jpg, the nearest to the camera of 2 copies of one photo."
    assert copy.sentence == "A copy of a.jpg."


def test_exact_copies_say_so() -> None:
    members = [facts("a.jpg"), facts("b.jpg", content="a.jpg"), facts("c.jpg")]
    keeper, same_bytes, same_pixels = proposed(groups=[group(*members, kind=GroupKind.EXACT, looks=[])])
    assert keeper.sentence.startswith("Keep a.jpg of 3 exact copies: beside b.jpg, it ")
    assert (same_bytes.action, same_pixels.action) == (Action.TRASH, Action.TRASH)
    assert same_bytes.sentence.startswith("Exactly the same as a.jpg, which ")
    assert same_pixels.sentence.startswith("The same picture as a.jpg, which ")


def test_shots_of_a_moment_are_only_a_question() -> None:
    members = [facts("a.jpg", 0.9), facts("b.jpg", 0.1), facts("c.jpg", 0.1)]
    found = proposed(members, [group(*members, kind=GroupKind.MOMENT)])
    assert actions(found) == {"a.jpg": "keep", "b.jpg": "review", "c.jpg": "review"}
    assert found[0].sentence.startswith("Keep a.jpg of 3 shots of one moment: beside b.jpg, it ")
    assert found[1].sentence.startswith("A shot much like a.jpg, which ")


@pytest.mark.parametrize("kind", [GroupKind.EXACT, GroupKind.DERIVED])
@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"companions": (CompanionKind.LIVE_VIDEO,)}, "live-video"),
        ({"companions": (CompanionKind.AAE, CompanionKind.RAW)}, "raw, aae"),
        ({"taken_at": "2024-05-06T07:08:09"}, "capture time"),
    ],
)
def test_a_copy_that_has_what_the_keeper_lacks_is_only_a_question(
    other: dict[str, Any], words: str, kind: GroupKind
) -> None:
    _, copy = proposed(groups=[group(facts("a.jpg", role=RootRole.PROTECTED), facts("b.jpg", **other), kind=kind)])
    assert copy.action is Action.REVIEW
    assert words in copy.sentence


@pytest.mark.parametrize(
    "other",
    [{"companions": (CompanionKind.TAKEOUT_JSON, CompanionKind.THUMBNAIL)}, {"mos": 0.89}, {"size": (4100, 3000)}],
)
def test_what_is_not_worth_keeping_is_no_reason_to_ask(other: dict[str, Any]) -> None:
    assert proposed(groups=[group(facts("a.jpg"), facts("b.jpg", **other))])[1].action is Action.TRASH


def test_a_copy_with_a_clearly_better_score_is_only_a_question() -> None:
    _, copy = proposed(groups=[group(facts("a.jpg"), facts("b.jpg", 0.95))])
    assert copy.action is Action.REVIEW
    assert "it has a clearly better score (0.95 against 0.80)" in copy.sentence


def test_a_copy_that_was_scaled_down_goes_though_it_scores_better() -> None:
    _, copy = proposed(groups=[group(facts("a.jpg"), facts("b.jpg", 0.95, size=(2000, 1500)))])
    assert copy.action is Action.TRASH


def test_an_enlarged_copy_goes_and_a_larger_one_of_unknown_descent_is_a_question() -> None:
    members = [facts("a.jpg"), facts("b.jpg", size=(8000, 6000))]
    assert actions(proposed(groups=[group(*members)]))["b.jpg"] == "trash"
    for unknown in ([], [look("a.jpg", "b.jpg")]):
        found = proposed(groups=[group(*members, looks=unknown)])[1]
        assert found.action is Action.REVIEW
        assert "it has more pixels (8000x6000)" in found.sentence or "and has more pixels (8000x6000)" in found.sentence


@pytest.mark.parametrize(
    ("name", "other", "words"),
    [
        ("a-edited.jpg", {}, "its name says so"),
        ("IMG_E0001.jpg", {}, "its name says so"),
        ("b.jpg", {"software": "Adobe Photoshop Lightroom 6.1 (Windows)"}, "written by Adobe Photoshop Lightroom 6.1"),
        ("b.jpg", {"software": "GIMP 2.10.36"}, "written by GIMP 2.10.36"),
        ("b.jpg", {"software": "Snapseed 2.0"}, "written by Snapseed 2.0"),
    ],
)
def test_an_edit_of_the_user_is_only_a_question(name: str, other: dict[str, Any], words: str) -> None:
    _, copy = proposed(groups=[group(facts("a.jpg"), facts(name, **other))])
    assert copy.action is Action.REVIEW
    assert f"it may be an edit that you made ({words}" in copy.sentence


@pytest.mark.parametrize(
    ("fact", "value", "words"),
    [
        ("wider", 1.0, "it was cropped"),
        ("in_colour", 1.0, "it was made black and white"),
        ("clipped_white", 0.4, "its brightness was changed"),
        ("colour_error", 0.7, "its colours were changed"),
        ("tone", 3.0, "its brightness or colours were changed"),
        ("tone", 1.0, None),
        ("wider", 0.1, None),
        ("clipped_white", 0.1, None),
        ("jpeg_steps", 2.0, None),
        ("fine_detail", None, None),
    ],
)
def test_a_copy_that_a_close_look_found_to_be_cropped_or_toned_is_only_a_question(
    fact: str, value: float | None, words: str | None
) -> None:
    told = (Reason(fact, value, 0.0, "is better"), Reason(fact, value, 0.0, "is better"))
    _, copy = proposed(
        groups=[group(facts("a.jpg"), facts("b.jpg"), looks=[look("a.jpg", "b.jpg", "a.jpg", reasons=told)])]
    )
    assert copy.action is (Action.TRASH if words is None else Action.REVIEW)
    assert words is None or copy.sentence.endswith(f"Look first: it may be an edit that you made ({words}).")


@pytest.mark.parametrize("software", ["16.5.1", "Ver.1.00", "HDR+ 1.0.540104767zd", "WhatsApp", "Android RAW", None])
def test_what_a_camera_or_a_messenger_wrote_is_no_edit(software: str | None) -> None:
    assert actions(proposed(groups=[group(facts("a.jpg"), facts("b.jpg", software=software))]))["b.jpg"] == "trash"


def test_a_smaller_copy_of_a_picture_that_was_itself_exported_by_an_editor_goes() -> None:
    members = [facts("a.jpg", software="darktable 4.6"), facts("b.jpg", software="darktable 4.6")]
    assert actions(proposed(groups=[group(*members)]))["b.jpg"] == "trash"


# --- keep best: what close looks say --------------------------------------------------------------------------------


def test_the_source_itself_is_only_a_question_where_something_else_is_kept() -> None:
    members = [facts("copy.jpg", marks=UserMarks(favourite=True)), facts("source.jpg")]
    keeper, source = proposed(groups=[group(*members, looks=[look("copy.jpg", "source.jpg", "source.jpg")])])
    assert source.action is Action.REVIEW
    assert "Look first: it has real detail at 4000x3000" in source.sentence
    assert source.sentence.startswith("Nearer to the camera than copy.jpg, which ")
    assert "nearest to the camera" not in keeper.sentence


def test_where_the_other_copies_overrule_a_look_the_sentence_does_not_contradict_itself() -> None:
    source = Reason("source", None, None, "is what others were made from (3 of 3 that can tell)")
    found = group(facts("a.jpg"), facts("b.jpg"), looks=[look("a.jpg", "b.jpg", "b.jpg")])
    _, edit = proposed(groups=[replace(found, verdicts=(source, source))])
    assert edit.action is Action.REVIEW
    assert edit.sentence.startswith("By a look at the two alone nearer to the camera than a.jpg, which is what others ")


def test_a_copy_that_differs_while_nothing_tells_the_source_is_only_a_question() -> None:
    _, copy = proposed(groups=[group(facts("a.jpg"), facts("b.jpg"), looks=[look("a.jpg", "b.jpg")])])
    assert copy.action is Action.REVIEW
    assert copy.reasons[0].value == 0.97
    assert copy.sentence.startswith("Another version of a.jpg, which ")
    assert (
        "Look first: it differs from the other, and a look at the two does not tell which came first." in copy.sentence
    )


def test_of_copies_with_the_same_pixels_the_name_and_the_score_raise_no_doubt() -> None:
    members = [facts("a.jpg"), facts("b-edited.jpg", 0.99, content="b", software="GIMP 2.10"), facts("c.jpg")]
    looks = [look("a.jpg", "b", relation=Relation.SAME_PIXELS), look("a.jpg", "c.jpg", "a.jpg")]
    found = proposed(groups=[group(*members, looks=looks)])
    assert actions(found) == {"a.jpg": "keep", "b-edited.jpg": "trash", "c.jpg": "trash"}
    assert found[1].sentence.startswith("The same picture as a.jpg, which ")


def test_a_copy_that_nobody_looked_at_closely_is_only_a_question() -> None:
    _, copy = proposed(groups=[group(facts("a.jpg"), facts("b.jpg"), looks=[])])
    assert copy.action is Action.REVIEW
    assert "it was not compared closely with the other" in copy.sentence


def test_the_same_bytes_among_other_copies_need_no_close_look() -> None:
    members = [facts("a.jpg"), facts("b.jpg", content="a.jpg"), facts("c.jpg")]
    found = proposed(groups=[group(*members, looks=[look("a.jpg", "c.jpg", "a.jpg")])])
    assert actions(found) == {"a.jpg": "keep", "b.jpg": "trash", "c.jpg": "trash"}
    assert found[1].sentence.startswith("Exactly the same as a.jpg")


def test_what_a_close_look_calls_another_shot_is_only_a_question_though_a_third_was_the_source_of_both() -> None:
    names = ("left.jpg", "whole.jpg", "right.jpg")
    looks = [look(name, "whole.jpg", "whole.jpg") for name in ("left.jpg", "right.jpg")]
    apart = look("left.jpg", "right.jpg", relation=Relation.DIFFERENT)
    for known in (looks, [*looks, apart]):
        found = proposed(groups=[group(*map(facts, names), looks=known)])
        assert actions(found) == {"left.jpg": "keep", "whole.jpg": "review", "right.jpg": "review"}


@pytest.mark.parametrize(
    ("to_first", "to_second", "action"),
    [
        ({"source": "a.jpg"}, {"source": "r.jpg"}, "trash"),
        ({"relation": Relation.SAME_PIXELS}, {"source": "r.jpg"}, "trash"),
        ({"source": "a.jpg"}, {"relation": Relation.SAME_PIXELS}, "trash"),
        ({"relation": Relation.SAME_PIXELS}, {"relation": Relation.SAME_PIXELS}, "trash"),
        ({"source": "a.jpg"}, {"source": "x.jpg"}, "review"),
        ({"source": "r.jpg"}, {"source": "r.jpg"}, "review"),
        ({"source": "r.jpg"}, {"source": "x.jpg"}, "review"),
        ({"relation": Relation.SAME_PIXELS}, {"source": "x.jpg"}, "review"),
        ({}, {"source": "r.jpg"}, "review"),
        ({"source": "a.jpg"}, {}, "review"),
        ({"source": "a.jpg"}, {"relation": Relation.DIFFERENT}, "review"),
    ],
)
def test_a_copy_that_was_compared_with_another_member_goes_if_the_way_to_the_keeper_is_clear(
    to_first: dict[str, Any], to_second: dict[str, Any], action: str
) -> None:
    members = [facts(name) for name in ("a.jpg", "r.jpg", "x.jpg")]
    looks = [look("a.jpg", "r.jpg", **to_first), look("r.jpg", "x.jpg", **to_second)]
    found = proposed(groups=[group(*members, looks=looks)])
    assert actions(found)["x.jpg"] == action
    is_source = (to_first == {"source": "r.jpg"} and to_second == {"source": "x.jpg"}) or (
        "relation" in to_first and to_second == {"source": "x.jpg"}
    )
    assert ("it looks nearer to the camera than the other" in found[2].sentence) == is_source


def test_where_two_ways_to_the_keeper_contradict_each_other_the_copy_is_only_a_question() -> None:
    names = ("a.jpg", "r.jpg", "s.jpg", "x.jpg")
    made = [look("a.jpg", "r.jpg", "a.jpg"), look("r.jpg", "x.jpg", "r.jpg")]
    makes = [look("a.jpg", "s.jpg", "s.jpg"), look("s.jpg", "x.jpg", "x.jpg")]
    assert actions(proposed(groups=[group(*map(facts, names), looks=made)]))["x.jpg"] == "trash"
    assert actions(proposed(groups=[group(*map(facts, names), looks=[*made, *makes])]))["x.jpg"] == "review"


# --- keep best: what people ask of such tools -----------------------------------------------------------------------


def test_whatever_is_in_a_group_its_last_copy_is_never_proposed() -> None:
    for kind in GroupKind:
        members = [facts(f"{name}.jpg", 0.01, content="same") for name in "abcd"]
        found = actions(proposed(members, [group(*members, kind=kind, looks=[])]))
        assert found["a.jpg"] == "keep"


def test_a_smile_and_a_frown_of_one_burst_are_never_proposed_for_the_trash() -> None:
    members = [facts(f"{number}.jpg", number / 10) for number in range(9)]
    found = proposed(groups=[group(*members, kind=GroupKind.MOMENT, looks=[look("0.jpg", "1.jpg", "0.jpg")])])
    assert {proposal.action for proposal in found[1:]} == {Action.REVIEW}


# --- the engine -----------------------------------------------------------------------------------------------------


UNTOUCHABLE: list[dict[str, Any]] = [
    {"role": RootRole.PROTECTED},
    {"marks": UserMarks(favourite=True)},
    {"marks": UserMarks(rating=3)},
    {"marks": UserMarks(unknown=True)},
]


@pytest.mark.parametrize("other", UNTOUCHABLE)
def test_untouchable_photos_are_never_proposed(other: dict[str, Any]) -> None:
    assert proposed([facts("a.jpg", 0.01, **other)]) == []


@pytest.mark.parametrize("other", UNTOUCHABLE)
def test_untouchable_members_stay_and_the_group_says_why(other: dict[str, Any]) -> None:
    members = [facts("a.jpg"), facts("b.jpg", **other), facts("c.jpg")]
    found = proposed(groups=[group(*members)])
    assert actions(found) == {"a.jpg": "keep", "b.jpg": "keep", "c.jpg": "trash"}
    assert found[1].sentence.startswith("Stays: it ")


def test_a_group_of_protected_photos_is_not_mentioned() -> None:
    members = [facts(name, 0.1, role=RootRole.PROTECTED) for name in ("a.jpg", "b.jpg")]
    assert proposed(members, [group(*members)]) == []


def test_a_photo_that_failed_is_never_proposed() -> None:
    failure = Failure(Path("/album/a.jpg"), Stage.SCORE, "broken")
    broken = facts("a.jpg", 0.01, failure=failure)
    assert proposed([broken]) == []
    assert proposed(groups=[group(facts("b.jpg"), broken)]) == []


def test_a_photo_that_was_not_scanned_is_never_proposed() -> None:
    assert proposed([facts("a.jpg", 0.01, photo=None)]) == []


def test_a_bad_keeper_is_not_also_proposed_for_its_low_score() -> None:
    members = [facts("a.jpg", 0.1), facts("b.jpg", 0.1)]
    assert actions(proposed(members, [group(*members)])) == {"a.jpg": "keep", "b.jpg": "trash"}


def test_with_the_group_rule_off_the_keeper_still_stays() -> None:
    members = [facts("a.jpg", 0.1), facts("b.jpg", 0.1)]
    assert actions(proposed(members, [group(*members)], only=["low-quality"])) == {"b.jpg": "trash"}


def test_what_the_user_kept_is_not_asked_again_by_that_rule() -> None:
    bad = facts("a.jpg", 0.1)
    assert proposed([bad], kept={"low-quality": frozenset({b"a.jpg"})}) == []
    assert len(proposed([bad], kept={"keep-best": frozenset({b"a.jpg"})})) == 1


def test_a_kept_copy_silences_its_part_of_the_group() -> None:
    members = [facts("a.jpg"), facts("b.jpg"), facts("c.jpg")]
    found = proposed(groups=[group(*members)], kept={"keep-best": frozenset({b"b.jpg"})})
    assert actions(found) == {"a.jpg": "keep", "c.jpg": "trash"}
    assert proposed(groups=[group(*members)], kept={"keep-best": frozenset({b"b.jpg", b"c.jpg"})}) == []


def test_an_unknown_rule_name_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match=r"'blurry'.*keep-best, low-quality"):
        proposed(only=["blurry"])


def test_every_rule_file_is_found_once_and_has_a_name_of_its_own() -> None:
    assert [rule.name for rule in all_rules()] == ["keep-best", "low-quality", "low-quality-videos", "old-screenshots"]


def test_photos_are_taken_one_at_a_time() -> None:
    taken: list[str] = []

    def endless() -> Iterable[PhotoFacts]:
        for number in range(1000):
            taken.append(str(number))
            yield facts(f"{number}.jpg", 0.1)

    next(iter(propose(endless(), [], SETTINGS, lambda _: NONE_KEPT)))
    assert len(taken) == 1


@dataclass(frozen=True)
class Reckless:
    """A rule that wants everything gone, twice."""

    name: str = "reckless"

    def on_photo(self, photo: PhotoFacts, settings: Settings) -> Proposal | None:
        return Proposal(photo, Action.TRASH, self.name, "Away with it.")

    def reach(self, settings: Settings) -> Reach:
        return Reach()

    def on_group(self, found: SimilarGroup, settings: Settings) -> Sequence[Proposal]:
        return [Proposal(one, Action.TRASH, self.name, "Away with it.", (), found) for one in found.members] * 2


def test_a_rule_that_wants_all_of_a_group_gone_does_not_get_its_keeper() -> None:
    members = [facts("a.jpg", 0.1), facts("b.jpg", 0.1)]
    assert actions(proposed(members, [group(*members)], rules=[Reckless()])) == {"b.jpg": "trash"}


MEMBER = st.fixed_dictionaries(
    {
        "mos": st.sampled_from([None, 0.1, 0.9]),
        "role": st.sampled_from([RootRole.NORMAL, RootRole.NORMAL, RootRole.PROTECTED]),
        "marks": st.sampled_from([UserMarks(), UserMarks(), UserMarks(favourite=True), UserMarks(rating=2)]),
        "size": st.sampled_from([(4000, 3000), (200, 100)]),
        "degradations": st.dictionaries(st.sampled_from(Degradation), st.floats(0, 1)),
    }
)


@given(
    st.lists(st.tuples(st.sampled_from(GroupKind), st.lists(MEMBER, min_size=2, max_size=5)), max_size=4),
    st.lists(MEMBER, max_size=4),
    st.sets(st.integers(0, 25)),
    st.sampled_from([None, ["low-quality"], ["keep-best"], "reckless"]),
)
def test_the_promises_hold_for_every_album_and_rule(
    made: list[tuple[GroupKind, list[dict[str, Any]]]],
    single: list[dict[str, Any]],
    kept_numbers: set[int],
    rules: list[str] | str | None,
) -> None:
    numbers = iter(range(1000))
    groups = [
        group(*(facts(f"{next(numbers)}.jpg", **one) for one in members), kind=kind, id_=str(at))
        for at, (kind, members) in enumerate(made)
    ]
    others = [facts(f"{next(numbers)}.jpg", **one) for one in single]
    photos = [one for found in groups for one in found.members] + others
    kept = frozenset(f"{number}.jpg".encode() for number in kept_numbers)
    other: dict[str, Any] = {"rules": [Reckless()]} if rules == "reckless" else {"only": rules}
    proposals = list(propose(photos, groups, SETTINGS, lambda _: kept, **other))

    paths = [proposal.facts.path for proposal in proposals]
    assert len(paths) == len(set(paths)), "one proposal an asset"
    going = {proposal.facts.path for proposal in proposals if proposal.action is not Action.KEEP}
    for proposal in proposals:
        if proposal.facts.path in going:
            assert proposal.facts.untouchable is None
            assert proposal.facts.photo is not None
            assert proposal.facts.photo.content_hash not in kept
        assert proposal.sentence.endswith(".")
        weights = [reason.weight for reason in proposal.reasons]
        assert weights == sorted(weights, reverse=True)
    for found in groups:
        assert any(one.path not in going for one in found.members), "never all of a group"
    assert proposals == list(propose(photos, groups, SETTINGS, lambda _: kept, **other))
