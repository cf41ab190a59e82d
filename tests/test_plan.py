"""Whatever the user chooses, the plan keeps one of every group and names a keeper that stays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from albumclean.domain import (
    Action,
    Asset,
    Companion,
    CompanionKind,
    Failure,
    FileIdentity,
    GroupKind,
    Photo,
    PhotoFacts,
    Proposal,
    RootRole,
    SimilarGroup,
    Stage,
    UserMarks,
)
from albumclean.plan import PlanResult, build_plan


def facts(name: str, inode: int | None = None, role: RootRole = RootRole.NORMAL) -> PhotoFacts:
    path = Path("/album") / name
    identity = FileIdentity(path, 10, 20, hash(name) % 2**40 + 1 if inode is None else inode, 7)
    photo = Photo(name.encode().ljust(32), 100, 100, "JPEG")
    return PhotoFacts(Asset(identity, role=role), photo, mos=0.2)


def group(*members: PhotoFacts, name: str = "g") -> SimilarGroup:
    return SimilarGroup(name, GroupKind.DERIVED, members)


def trash(chosen: PhotoFacts, of: SimilarGroup | None = None) -> Proposal:
    return Proposal(chosen, Action.TRASH, "duplicate" if of else "low-quality", "for a test", group=of)


def planned(result: PlanResult) -> list[str]:
    return [item.path.name for item in result.plan.items]


def refused(result: PlanResult) -> list[str]:
    return [photo.path.name for photo, _ in result.refused]


A, B, C, D = (facts(name) for name in "abcd")


def test_an_item_names_the_best_member_that_stays() -> None:
    trio = group(A, B, C)
    result = build_plan([trash(A, trio), trash(C, trio)])
    assert ["a", "c"] == planned(result)
    keepers = [item.keeper for item in result.plan.items]
    assert [B.path, B.path] == [keeper.identity.path for keeper in keepers if keeper]


def test_when_all_of_a_group_are_chosen_the_best_one_stays() -> None:
    trio = group(B, A, C)
    result = build_plan([trash(A, trio), trash(B, trio), trash(C, trio)])
    assert (["a", "c"], ["b"]) == (planned(result), refused(result))


def test_a_keeper_that_another_rule_would_trash_stays() -> None:
    result = build_plan([trash(B, group(A, B)), trash(A)])
    assert (["b"], ["a"]) == (planned(result), refused(result))


def test_a_keeper_that_another_group_would_trash_is_not_named() -> None:
    first, second = group(A, B, name="1"), group(C, A, name="2")
    result = build_plan([trash(B, first), trash(A, second)])
    gone = set(planned(result))
    assert all(item.keeper and item.keeper.identity.path.name not in gone for item in result.plan.items)
    assert {"a"} == set(refused(result))


def test_protected_photos_are_never_planned_even_if_chosen() -> None:
    result = build_plan([trash(facts("p", role=RootRole.PROTECTED))])
    assert ([], ["p"]) == (planned(result), refused(result))


def test_what_could_not_be_read_or_scored_is_not_planned() -> None:
    failed = replace(A, failure=Failure(A.path, Stage.DECODE, "it is cut off"))
    result = build_plan([trash(failed), trash(replace(B, photo=None)), trash(replace(C, mos=None))])
    assert ([], ["a", "b", "c"]) == (planned(result), refused(result))


def test_an_unreadable_photo_is_no_keeper() -> None:
    broken = replace(A, failure=Failure(A.path, Stage.DECODE, "it is cut off"))
    pair = group(broken, B)
    assert ([], ["b"]) == (planned(build_plan([trash(B, pair)])), refused(build_plan([trash(B, pair)])))


def test_an_unscored_photo_can_be_trashed_as_a_copy() -> None:
    assert ["b"] == planned(build_plan([trash(replace(B, mos=None), group(A, B))]))


def test_favourites_are_planned_when_the_user_chose_them() -> None:
    assert ["a"] == planned(build_plan([trash(replace(A, marks=UserMarks(favourite=True)))]))


def test_one_file_under_two_names_is_planned_once() -> None:
    result = build_plan([trash(facts("x", inode=5)), trash(facts("y", inode=5)), trash(facts("x", inode=5))])
    assert (["x"], ["y"]) == (planned(result), refused(result))


def test_a_hard_link_does_not_keep_its_own_file() -> None:
    one, other = facts("x", inode=5), facts("y", inode=5)
    assert [] == planned(build_plan([trash(one, group(one, other))]))


def test_companions_travel_along_with_their_photo() -> None:
    sidecar = Companion(CompanionKind.XMP, FileIdentity(Path("/album/a.xmp"), 1, 2, 99, 7))
    result = build_plan([trash(replace(A, asset=replace(A.asset, companions=(sidecar,))))])
    assert [A.path, Path("/album/a.xmp")] == [file.identity.path for file in result.plan.items[0].files]


@st.composite
def choices(draw: st.DrawFn) -> list[Proposal]:
    count = draw(st.integers(1, 8))
    photos = []
    for number in range(count):
        inode = draw(st.integers(1, 10))
        role = draw(st.sampled_from([RootRole.NORMAL, RootRole.NORMAL, RootRole.PROTECTED]))
        photo = facts(f"p{number}", inode=inode, role=role)
        if draw(st.integers(0, 5)) == 0:
            photo = replace(photo, failure=Failure(photo.path, Stage.READ, "it can't be read"))
        photos.append(photo)
    groups = [
        group(*draw(st.lists(st.sampled_from(photos), min_size=2, max_size=5, unique_by=lambda p: p.path)), name=str(n))
        for n in range(draw(st.integers(0, 3)) if count > 1 else 0)
    ]
    proposals = [trash(member, of) for of in groups for member in of.members if draw(st.booleans())]
    return proposals + [trash(photo) for photo in photos if draw(st.booleans())]


@given(choices(), st.randoms(use_true_random=False))
def test_for_all_choices_the_invariants_hold(chosen: list[Proposal], shuffle: object) -> None:
    result = build_plan(chosen)
    items = result.plan.items
    inodes = {item.files[0].identity.inode for item in items}
    paths = {item.path for item in items}
    assert len(inodes) == len(paths) == len(items), "one physical file is planned twice"
    for proposal in chosen:
        if proposal.group is not None and any(member.path in paths for member in proposal.group.members):
            staying = [m for m in proposal.group.members if m.asset.primary.inode not in inodes and m.failure is None]
            assert staying, "nothing of the group stays"
    for item in items:
        assert item.keeper is None or item.keeper.identity.inode not in inodes, "a keeper is in the plan"
    by_path = {proposal.facts.path: proposal.facts for proposal in chosen}
    assert all(by_path[path].asset.role is RootRole.NORMAL and by_path[path].failure is None for path in paths)
    reordered = list(chosen)
    shuffle.shuffle(reordered)  # type: ignore[attr-defined]
    assert result == build_plan(reordered)
    assert {proposal.facts.path for proposal in chosen} == paths | {photo.path for photo, _ in result.refused}
