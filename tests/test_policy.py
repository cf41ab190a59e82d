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
    Degradation,
    Failure,
    FileIdentity,
    GroupKind,
    Photo,
    PhotoFacts,
    Proposal,
    Reason,
    RootRole,
    SimilarGroup,
    Stage,
    UserMarks,
)
from albumclean.errors import UsageError
from albumclean.policy.engine import propose
from albumclean.policy.registry import all_rules

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
        name.encode(),
        width,
        height,
        other.pop("format", "JPEG"),
        other.pop("taken_at", None),
        other.pop("camera", None),
    )
    asset = Asset(identity, beside, other.pop("role", RootRole.NORMAL))
    return PhotoFacts(**{"asset": asset, "photo": photo, "mos": mos, **other})


def group(*members: PhotoFacts, kind: GroupKind = GroupKind.DERIVED, id_: str = "g") -> SimilarGroup:
    verdict = Reason("pixels", 1, 2, "has more pixels (2x1 against 1x1)")
    return SimilarGroup(id_, kind, members, verdict.text, (verdict,) * len(members))


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
        ({"format": "PNG"}, "screenshot or graphic"),
        ({"format": "WEBP"}, "screenshot or graphic"),
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
    [{"format": "PNG", "camera": "C"}, {"degradations": {Degradation.UNDEREXPOSURE: 0.9, Degradation.MOTION: 0.7}}],
)
def test_camera_pictures_and_blurred_dark_ones_are_proposed_for_the_trash(other: dict[str, Any]) -> None:
    assert actions(proposed([facts("a", 0.1, **other)])) == {"a": "trash"}


# --- keep best ------------------------------------------------------------------------------------------------------


def test_copies_go_and_the_keeper_is_named_with_the_reason() -> None:
    keeper, copy = proposed(groups=[group(facts("a.jpg"), facts("b.jpg"))])
    assert (keeper.action, copy.action) == (Action.KEEP, Action.TRASH)
    assert keeper.sentence == "The one to keep of 2 copies of one photo: it has more pixels (2x1 against 1x1)."
    assert copy.sentence == "A copy of a.jpg, which has more pixels (2x1 against 1x1)."
    assert [reason.fact for reason in copy.reasons] == ["pixels", "kind"]


def test_exact_copies_say_so() -> None:
    _, copy = proposed(groups=[group(facts("a.jpg"), facts("b.jpg"), kind=GroupKind.EXACT)])
    assert copy.action is Action.TRASH
    assert copy.sentence.startswith("Exactly the same as a.jpg, which ")


def test_shots_of_a_moment_are_only_a_question() -> None:
    members = [facts("a.jpg", 0.9), facts("b.jpg", 0.1), facts("c.jpg", 0.1)]
    found = proposed(members, [group(*members, kind=GroupKind.MOMENT)])
    assert actions(found) == {"a.jpg": "keep", "b.jpg": "review", "c.jpg": "review"}


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"companions": (CompanionKind.LIVE_VIDEO,)}, "live-video"),
        ({"companions": (CompanionKind.AAE, CompanionKind.RAW)}, "raw, aae"),
        ({"size": (8000, 6000)}, "8000x6000"),
        ({"taken_at": "2024-05-06T07:08:09"}, "capture time"),
        ({"mos": 0.95}, "better score (0.95 against 0.80)"),
    ],
)
def test_a_copy_that_has_what_the_keeper_lacks_is_only_a_question(other: dict[str, Any], words: str) -> None:
    _, copy = proposed(groups=[group(facts("a.jpg", role=RootRole.PROTECTED), facts("b.jpg", **other))])
    assert copy.action is Action.REVIEW
    assert words in copy.sentence


def test_an_edit_of_the_user_is_only_a_question() -> None:
    assert actions(proposed(groups=[group(facts("a.jpg"), facts("a-edited.jpg"))])) == {
        "a.jpg": "keep",
        "a-edited.jpg": "review",
    }


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
    assert [rule.name for rule in all_rules()] == ["keep-best", "low-quality"]


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
