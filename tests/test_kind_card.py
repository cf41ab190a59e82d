"""What the kind head promises in writing is what it is: its cutoffs, its file, and intervals that are honest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from albumclean.domain import PhotoKind
from albumclean.policy.kinds import SURE
from albumclean.scoring.scorers.kind import WEIGHTS_SHA256
from models.kind_cutoffs import BUDGET, LOWEST, STEP, cutoff, sureness, told
from models.kind_numbers import by_source, is_right, verdicts
from models.kind_samples import KINDS, POOL, Sample

MODELS = Path(__file__).parent.parent / "models"


def test_the_policy_s_cutoffs_are_those_that_the_rule_chose() -> None:
    chosen = json.loads((MODELS / "kind_cutoffs.json").read_text(encoding="utf-8"))["cutoffs"]
    assert chosen == {kind.value: least for kind, least in SURE.items()}


def test_the_numbers_and_the_card_speak_of_the_weights_that_are_shipped() -> None:
    assert WEIGHTS_SHA256 == json.loads((MODELS / "kind.json").read_text(encoding="utf-8"))["sha256"]
    assert WEIGHTS_SHA256 in (MODELS / "README.md").read_text(encoding="utf-8")


def test_the_cutoffs_in_the_user_s_page_are_the_policy_s() -> None:
    page = (MODELS.parent / "docs" / "kinds.md").read_text(encoding="utf-8")
    for kind, least in SURE.items():
        assert f"{least:.2f}" in page, kind


@settings(max_examples=20)
@given(st.lists(st.booleans(), min_size=2, max_size=40))
def test_pictures_of_one_source_tell_of_one_source_only(right: list[bool]) -> None:
    share = sum(right) / len(right)
    assert [pytest.approx(share, abs=1e-4)] * 2 == by_source(right, ["all"] * len(right))


def test_a_source_that_fails_as_a_whole_widens_the_interval() -> None:
    right = [number >= 10 for number in range(100)]
    alone = by_source(right, [str(number) for number in range(100)])
    together = by_source(right, [str(number // 10) for number in range(100)])
    assert together[0] < alone[0] <= 0.9 <= alone[1] < together[1] + 1e-9


@pytest.mark.parametrize("kind", list(PhotoKind))
def test_a_photo_is_misfiled_only_where_it_is_called_something_that_is_no_photo(kind: PhotoKind) -> None:
    expected = kind not in {PhotoKind.SCREENSHOT, PhotoKind.DOCUMENT, PhotoKind.GRAPHIC, PhotoKind.VIDEO}
    assert expected is is_right(PhotoKind.PHOTO, kind)
    assert (kind is PhotoKind.DOCUMENT) is is_right(PhotoKind.DOCUMENT, kind)


def test_only_photos_gathered_for_their_likeness_are_look_alikes() -> None:
    photo, page = Path(f"/set/{POOL}/photo/a__1.jpg"), Path(f"/set/{POOL}/document/a__1.jpg")
    assert Sample(photo, PhotoKind.PHOTO, "forwarded").is_lookalike
    assert not Sample(page, PhotoKind.DOCUMENT).is_lookalike
    assert not Sample(Path("/set/train/photo/a__1.jpg"), PhotoKind.PHOTO).is_lookalike


@settings(max_examples=40)
@given(kind=st.sampled_from(list(BUDGET)), sure=st.binary(min_size=200, max_size=600))
def test_a_cutoff_keeps_to_its_budget_and_the_next_lower_one_would_not(kind: PhotoKind, sure: bytes) -> None:
    on_photos = torch.tensor(list(sure), dtype=torch.float64) / 255
    least, allowed = cutoff(on_photos, kind), BUDGET[kind] * len(sure)
    assert least == 1.0 or int((on_photos >= least).sum()) <= allowed
    assert least == LOWEST or int((on_photos >= round(least - STEP, 2)).sum()) > allowed


@settings(max_examples=40)
@given(shares=st.lists(st.integers(0, 20), min_size=len(KINDS), max_size=len(KINDS)).filter(any))
def test_the_cutoffs_are_chosen_on_what_the_policy_does(shares: list[int]) -> None:
    likely = torch.tensor([shares], dtype=torch.float64) / sum(shares)
    called = [kind for kind, least in SURE.items() if float(sureness(likely, kind)) >= least]
    (named,) = verdicts(likely)
    assert called == ([named] if named in SURE else [])


def test_look_alikes_set_no_cutoff_and_are_told_by_themselves() -> None:
    album = [Sample(Path(f"/set/train/photo/a__{number}.jpg"), PhotoKind.PHOTO) for number in range(300)]
    alike = [Sample(Path(f"/set/{POOL}/photo/b__{number}.jpg"), PhotoKind.PHOTO) for number in range(30)]
    page = Sample(Path("/set/train/document/c__1.jpg"), PhotoKind.DOCUMENT)
    likely = torch.zeros(331, len(KINDS))
    likely[:300, KINDS.index(PhotoKind.PHOTO)] = 1
    likely[300:, KINDS.index(PhotoKind.DOCUMENT)] = 1
    found = told(likely, [*album, *alike, page])
    assert (300, 0.0) == (found["photos"], found["photos_misfiled"])
    assert (30, 1.0) == (found["lookalikes"], found["lookalikes_misfiled"])
    assert {kind.value: LOWEST for kind in BUDGET} == found["cutoffs"]
