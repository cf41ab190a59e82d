"""Promises of the choice of the keeper: the untouched source stays, and the choice is the same every time."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from albumclean.config import SimilarSettings
from albumclean.domain import (
    Asset,
    Companion,
    CompanionKind,
    Degradation,
    FileIdentity,
    Photo,
    PhotoFacts,
    RootRole,
    UserMarks,
)
from albumclean.errors import ConfigError
from albumclean.similar.keeper import DEFAULT_ORDER, copy_marks, rank, verdicts

DEFAULTS = SimilarSettings()


def facts(
    path: str,
    size: tuple[int, int] = (4000, 3000),
    *,
    mos: float | None = 0.6,
    compression: float = 0.1,
    taken_at: str | None = None,
    camera: str | None = None,
    kind: str = "JPEG",
    bytes_: int = 1000,
    mtime_ns: int = 1,
    role: RootRole = RootRole.NORMAL,
    marks: UserMarks = UserMarks(),  # noqa: B008 - frozen
    companions: tuple[CompanionKind, ...] = (),
) -> PhotoFacts:
    identity = FileIdentity(Path(path), bytes_, mtime_ns, 0, 0)
    beside = tuple(Companion(one, replace(identity, path=Path(f"{path}.{one.value}"))) for one in companions)
    photo = Photo(path.encode(), *size, kind, taken_at, camera)
    return PhotoFacts(Asset(identity, beside, role), photo, mos, {Degradation.COMPRESSION: compression}, marks=marks)


def keeper(*members: PhotoFacts, settings: SimilarSettings = DEFAULTS) -> tuple[str, str]:
    """The keeper's path and the reason, checked to be the same from every order."""
    ranked, sentence = rank(members, settings)
    for seed in range(5):
        shuffled = list(members)
        random.Random(seed).shuffle(shuffled)
        assert rank(shuffled, settings) == (ranked, sentence)
    return str(ranked[0].path), sentence


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


def test_the_photo_with_its_capture_facts_wins_over_a_stripped_or_brightened_copy() -> None:
    source = facts("/z/IMG_1.jpg", taken_at="2024-05-06T07:08:09", camera="C", mos=0.5)
    path, why = keeper(source, facts("/a/a.jpg", (4200, 3150), mos=0.8))
    assert path == "/z/IMG_1.jpg"
    assert why == "still has its camera and capture time"


def test_a_conversion_to_a_lossless_format_does_not_win_over_the_camera_file() -> None:
    camera = {"taken_at": "2024-05-06T07:08:09", "camera": "C"}
    path, _ = keeper(facts("/a/a.png", kind="PNG", compression=0.0, **camera), facts("/a/b.jpg", **camera))  # type: ignore[arg-type]
    assert path == "/a/b.jpg"


def test_a_screenshot_wins_over_its_lossy_copy() -> None:
    assert keeper(facts("/a/a.jpg"), facts("/a/b.png", kind="PNG"))[0] == "/a/b.png"


@pytest.mark.parametrize(
    ("better", "why"),
    [
        ({"role": RootRole.PROTECTED}, "lies in a protected folder"),
        ({"marks": UserMarks(favourite=True)}, "is a favourite"),
        ({"marks": UserMarks(rating=4)}, "is rated 4"),
    ],
)
def test_what_the_user_said_comes_before_pixels(better: dict[str, object], why: str) -> None:
    small = facts("/z/z.jpg", (640, 480), mos=0.1, **better)  # type: ignore[arg-type]
    assert keeper(small, facts("/a/a.jpg", mos=0.9)) == ("/z/z.jpg", why)


def test_the_source_wins_over_a_copy_that_has_companions() -> None:
    copy = facts("/a/a.jpg", (640, 480), companions=(CompanionKind.LIVE_VIDEO,))
    assert keeper(copy, facts("/z/z.jpg"))[0] == "/z/z.jpg"


def test_of_equals_the_whole_asset_wins_over_the_better_score() -> None:
    whole = facts("/z/z.jpg", companions=(CompanionKind.LIVE_VIDEO,), mos=0.1)
    assert keeper(whole, facts("/a/a.jpg", mos=0.9)) == ("/z/z.jpg", "comes with more of its companion files")


@pytest.mark.parametrize(
    "copy",
    ["IMG_1 (1).jpg", "IMG_1-edited.jpg", "IMG_1 copy.jpg", "Copy of IMG_1.jpg", "IMG_1 - Kopie.jpg", "IMG_1~2.jpg"],
)
def test_of_exact_copies_the_one_named_as_a_copy_goes(copy: str) -> None:
    assert (
        keeper(facts(f"/a/{copy}"), facts("/album/deep/down/IMG_1.jpg", mtime_ns=9))[0] == "/album/deep/down/IMG_1.jpg"
    )


@pytest.mark.parametrize("folder", ["Downloads", "WhatsApp Images", "tmp", "Telegram Desktop", "Backup"])
def test_of_exact_copies_the_one_in_a_passing_folder_goes(folder: str) -> None:
    assert keeper(facts(f"/{folder}/a.jpg"), facts("/Album/2024/May/a.jpg", mtime_ns=9))[0] == "/Album/2024/May/a.jpg"


@pytest.mark.parametrize(
    "name", ["IMG_1234.jpg", "DSC00001.JPG", "copyright.jpg", "Kopenhagen.jpg", "20240506_070809.jpg", "smallville.jpg"]
)
def test_ordinary_names_are_not_taken_for_copies(name: str) -> None:
    assert copy_marks(Path("/Pictures/2024") / name) == 0


def test_of_otherwise_equal_files_the_oldest_then_the_shortest_path_then_the_name_decides() -> None:
    assert keeper(facts("/a/a.jpg", mtime_ns=2), facts("/a/b.jpg", mtime_ns=1))[0] == "/a/b.jpg"
    assert keeper(facts("/a/a/a.jpg"), facts("/a/bbb.jpg"))[0] == "/a/bbb.jpg"
    assert keeper(facts("/a/a.jpg"), facts("/a/b.jpg"))[0] == "/a/a.jpg"


def test_a_small_difference_of_score_decides_nothing() -> None:
    assert keeper(facts("/a/a.jpg", mos=0.60), facts("/a/b.jpg", mos=0.65))[0] == "/a/a.jpg"
    assert keeper(facts("/a/a.jpg", mos=0.60), facts("/a/b.jpg", mos=0.66))[0] == "/a/b.jpg"


def test_a_missing_score_decides_nothing() -> None:
    assert keeper(facts("/a/a.jpg", mos=None), facts("/a/b.jpg", mos=0.9))[0] == "/a/a.jpg"


def test_the_user_sets_the_order_and_protected_still_leads() -> None:
    settings = SimilarSettings(keeper=("mos",))
    small, large = facts("/a/s.jpg", (640, 480), mos=0.9), facts("/a/l.jpg", mos=0.5)
    assert keeper(small, large, settings=settings)[0] == "/a/s.jpg"
    assert keeper(small, facts("/a/l.jpg", mos=0.5, role=RootRole.PROTECTED), settings=settings)[0] == "/a/l.jpg"


def test_the_path_ends_every_order_so_that_there_is_always_one_keeper() -> None:
    settings = SimilarSettings(keeper=("mos",))
    assert keeper(facts("/a/b.jpg"), facts("/a/a.jpg"), facts("/a/c.jpg"), settings=settings)[0] == "/a/a.jpg"


def test_an_unknown_criterion_is_named_in_the_error() -> None:
    with pytest.raises(ConfigError, match=r"'megapixels'.*protected, treasured"):
        rank([facts("/a/a.jpg")], SimilarSettings(keeper=("megapixels",)))


def test_verdicts_give_each_member_its_own_reason_with_numbers() -> None:
    members = [facts("/a/a.jpg"), facts("/a/b.jpg", mtime_ns=5), facts("/a/c.jpg", (1280, 960))]
    ranked, sentence = rank(members, DEFAULTS)
    first, second, third = verdicts(ranked, DEFAULTS)
    assert first == second
    assert (second.fact, second.text) == ("oldest", sentence)
    assert (third.fact, third.value, third.threshold) == ("pixels", 1280 * 960, 4000 * 3000)


def test_a_single_member_needs_no_reason() -> None:
    assert rank([facts("/a/a.jpg")], DEFAULTS)[1] == ""


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
    ),
    min_size=2,
    max_size=8,
    unique_by=lambda one: one.path,
)


@given(MEMBERS, st.randoms(use_true_random=False), st.permutations(DEFAULT_ORDER), st.sampled_from([0.0, 0.05, 0.3]))
def test_the_ranking_does_not_depend_on_the_order_and_protected_lead(
    members: list[PhotoFacts], shuffler: random.Random, order: list[str], margin: float
) -> None:
    settings = SimilarSettings(keeper=tuple(order), mos_margin=margin)
    ranked, sentence = rank(members, settings)
    shuffled = list(members)
    shuffler.shuffle(shuffled)
    assert rank(shuffled, settings) == (ranked, sentence)
    assert sentence
    protected = [one.asset.role is RootRole.PROTECTED for one in ranked]
    assert protected == sorted(protected, reverse=True)
