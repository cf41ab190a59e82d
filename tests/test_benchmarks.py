"""The arithmetic of the benchmarks that measure the judge."""

from __future__ import annotations

import math
from hashlib import sha1
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from albumclean.domain import Degradation, PhotoKind
from benchmarks import clean_photos
from benchmarks.carry_over import CHANGES, compare, resamples
from benchmarks.false_trash import measure
from benchmarks.judged import ResultLog, Row, Share, revision, spread
from benchmarks.ladders import FAMILIES, LEVELS, Ladder, report, summary, worst


def test_a_shares_interval_is_wilsons() -> None:
    # Newcombe (1998), table I: 81 of 263 and 0 of 20
    assert pytest.approx((0.2553, 0.3662), abs=5e-5) == Share(81, 263).interval
    assert pytest.approx((0.0, 0.1611), abs=5e-5) == Share(0, 20).interval


def test_a_share_of_nothing_says_nothing_and_holds_no_bar() -> None:
    nothing = Share(0, 0)
    assert math.isnan(nothing.value)
    assert (0.0, 1.0) == nothing.interval
    assert nothing.json()["share"] is None


def test_a_spread_takes_so_many_from_all_over() -> None:
    assert [0, 3, 6] == list(spread(range(10), 3))
    assert list(range(10)) == list(spread(range(10), 0))
    assert list(range(3)) == list(spread(range(3), 5))


def test_a_log_outlives_a_run_that_was_killed_in_the_middle_of_a_line(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    ResultLog(path, ("photo", "level")).add([{"photo": "a", "level": 1, "mos": 0.5}])
    with path.open("a", encoding="utf-8") as file:
        file.write('{"photo": "a", "lev')
    log = ResultLog(path, ("photo", "level"))
    log.add([{"photo": "a", "level": 2, "mos": 0.4}])
    again = ResultLog(path, ("photo", "level"))
    assert {"photo": "a", "level": 1, "mos": 0.5} == again.find("a", 1)
    assert {"photo": "a", "level": 2, "mos": 0.4} == again.find("a", 2)
    assert again.find("a", 3) is None


def test_a_copy_that_scores_as_its_clean_photo_is_out_of_order() -> None:
    falling = Ladder("a", "jpeg", tuple(0.9 - 0.05 * level for level in range(LEVELS + 1)))
    flat = Ladder("b", "jpeg", (0.5,) * (LEVELS + 1))
    found = summary([falling, flat])
    assert (0.5, 0.5, 0.5) == (found["in_order"], found["levels_in_order"], found["levels_tied"])
    assert 2 * LEVELS == found["pairs"]
    assert pytest.approx([0.025 * level for level in range(1, LEVELS + 1)], abs=1e-4) == found["mean_fall_by_level"]
    assert {"b"} == {row["sha1"] for row in worst([falling, flat])}


def test_the_worst_violation_comes_first() -> None:
    scores = [0.5] + [0.4] * LEVELS
    scores[3], scores[7] = 0.52, 0.6
    assert [7, 3] == [row["level"] for row in worst([Ladder("a", "webp", tuple(scores))])]


def test_every_ladder_is_in_the_report_of_its_family_and_kind() -> None:
    ladders = [Ladder("a", kind, (1.0,) + (0.0,) * LEVELS) for kinds in FAMILIES.values() for kind in kinds]
    found = report(ladders)
    assert len(ladders) == sum(part["ladders"] for part in found["by_family"].values())
    assert len(ladders) == sum(part["ladders"] for part in found["by_kind"].values())
    assert FAMILIES.keys() == found["by_family"].keys()


def test_a_clean_photo_that_is_too_large_is_scaled_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clean_photos, "PIXELS", 12_000)
    monkeypatch.setattr(clean_photos, "LARGEST", 12_600)
    sizes = []
    for size in ((500, 400), (100, 126)):
        path = tmp_path / f"{size[0]}.jpg"
        Image.new("RGB", size).save(path)
        sizes.append(clean_photos.open_clean(path).size)
    assert [(122, 98), (100, 126)] == sizes


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_gives_a_picture_and_leaves_the_original(name: str) -> None:
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (96, 120, 3), dtype=np.uint8)
    image = Image.fromarray(pixels)
    changed = CHANGES[name].apply(image)
    assert "RGB" == changed.mode
    assert np.array_equal(pixels, np.asarray(image))
    if name.startswith("side-"):
        assert int(name.removeprefix("side-")) == min(changed.size)
    if name.startswith("crop-"):
        across, down = map(int, name.removeprefix("crop-").split(":"))
        assert pytest.approx(across / down, abs=0.03) == changed.width / changed.height


def test_scores_that_only_shift_lose_no_rank() -> None:
    plain = np.linspace(0.1, 0.8, 20)
    mos = np.roll(plain, 3)
    line = compare(plain, plain + 0.1, mos, resamples([""] * 20, 50), harmless=True)
    assert 0.0 == line.lost
    assert pytest.approx(1.0) == line.srcc_with_unchanged
    assert pytest.approx(0.1) == line.mean_change
    assert pytest.approx(0.1) == line.mean_abs_change
    assert line.well


def test_photos_of_one_scene_are_drawn_together() -> None:
    weights = resamples(["s", "", "s", "", ""], 30)
    assert (31, 5) == weights.shape
    assert [1] * 5 == weights[0].tolist()
    assert np.array_equal(weights[:, 0], weights[:, 2])


def _known_photos(folder: Path, scores: list[float], **faults: float) -> tuple[list[Path], ResultLog]:
    """Files that the log already knows as photos with these scores and faults, so that nothing is judged."""
    log = ResultLog(folder / "log.jsonl", ("revision", "sha1"))
    paths = []
    for number, mos in enumerate(scores):
        path = folder / f"{number}.jpg"
        path.write_bytes(bytes([number]))
        photo: Row = {"width": 4000, "height": 3000, "format": "JPEG", "taken_at": None}
        digest = sha1(path.read_bytes()).hexdigest()
        values = {"mos": mos, **{kind.value: 0.0 for kind in Degradation}, **faults, PhotoKind.PHOTO.value: 1.0}
        log.add([{"revision": revision(), "sha1": digest, "photo": photo, "values": values}])
        paths.append(path)
    return paths, log


def test_proposals_are_right_or_wrong_by_what_people_gave(tmp_path: Path) -> None:
    paths, log = _known_photos(tmp_path, [0.01, 0.02, 0.03, 0.99])
    mos = (0.1, 0.3, 0.6, 0.15)  # rightly found, neither, wrongly proposed, missed
    photos = [
        (path, "ss01" if number else "ss02", given) for number, (path, given) in enumerate(zip(paths, mos, strict=True))
    ]
    found = measure(photos, log, hard=False)
    shares = {name: (share["count"], share["of"]) for name, share in found["overall"].items()}
    assert {"proposed": (3, 4), "wrong": (1, 3), "found": (1, 2)}.items() <= shares.items()
    assert ["2.jpg"] == [alarm["file"] for alarm in found["false_alarms"]]
    assert {"ss01", "ss02"} == found["by_group"].keys()
    assert not found["well"]


def test_a_good_picture_fools_the_judge_even_if_it_is_only_put_to_the_user(tmp_path: Path) -> None:
    paths, log = _known_photos(tmp_path, [0.01, 0.9], underexposure=0.9)
    found = measure([(path, "fog", None) for path in paths], log, hard=True)
    assert (1, 0) == (found["overall"]["proposed"]["count"], found["overall"]["trashed"]["count"])
    assert ["review"] == [alarm["action"] for alarm in found["false_alarms"]]
    assert not found["well"]
