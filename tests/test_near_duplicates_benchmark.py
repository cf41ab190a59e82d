"""The benchmark of near-duplicates: the copies are what they are called, and answers are counted rightly."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from benchmarks.collect_photos import COLUMNS, Entry
from benchmarks.near_duplicates import geometry, overlays, tones, truth
from benchmarks.near_duplicates.containers import Copy, Original, camera_exif, jpeg, kept_exif, with_metadata
from benchmarks.near_duplicates.generate import Maker, generate
from benchmarks.near_duplicates.groups import Group, read_groups
from benchmarks.near_duplicates.hard_negatives import MADE, Burst, dark
from benchmarks.near_duplicates.measure import Tally, measure, table, without
from benchmarks.near_duplicates.plan import CopyTask, Names, ShotTask, planned
from benchmarks.near_duplicates.transformations import BY_NAME, TRANSFORMATIONS, Header
from benchmarks.near_duplicates.truth import Relation, Row

EVERY = [(one.name, strength) for one in TRANSFORMATIONS for strength in one.strengths]


def scene(width: int = 320, height: int = 240, seed: int = 1) -> Image.Image:
    """Soft colours with some detail."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(30, 226, (6, 8, 3), dtype=np.uint8))
    soft = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), np.int16)
    return Image.fromarray(np.clip(soft + rng.integers(-6, 7, soft.shape), 0, 255).astype(np.uint8))


def photo(seed: int = 1, exif: bytes = b"", size: tuple[int, int] = (320, 240)) -> Original:
    return Original(jpeg(scene(*size, seed=seed), 92, exif))


def camera(orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif.load(camera_exif("2019:05:06 07:08:09", "Canon", "EOS 70D", 0.01, 100))
    return kept_exif(exif, orientation=orientation)


def make(name: str, strength: str, original: Original, seed: int = 3) -> Copy:
    return BY_NAME[name].make(original, strength, np.random.default_rng(seed))


def pixels(copy: Copy) -> np.ndarray:
    return np.asarray(Original(copy.data).image)


# ---- transformations ----


def test_there_are_twenty_transformations_and_more_with_names_of_their_own() -> None:
    assert len(TRANSFORMATIONS) >= 20
    assert len(BY_NAME) == len(TRANSFORMATIONS)


@pytest.mark.parametrize(("name", "strength"), EVERY)
def test_every_copy_can_be_read_and_comes_out_the_same_again(name: str, strength: str) -> None:
    original = photo(exif=camera())
    first = make(name, strength, original)
    assert first == make(name, strength, photo(exif=camera()))
    with Image.open(io.BytesIO(first.data)) as opened:
        assert first.format == opened.format
        opened.load()


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize(
    ("name", "strength"),
    [(name, strength) for name, strength in EVERY if name in {"metadata-stripped", "metadata-changed", "lossless"}],
)
def test_same_pixels_means_other_bytes_and_the_very_same_upright_pixels(
    name: str, strength: str, orientation: int
) -> None:
    for exif in (camera(orientation), kept_exif(Image.Exif(), orientation=orientation)):
        original = photo(exif=exif)
        copy = make(name, strength, original)
        assert Relation.SAME_PIXELS is copy.relation
        assert original.data != copy.data
        assert original.digest == Original(copy.data).digest


@pytest.mark.parametrize("name", ["metadata-stripped", "metadata-changed"])
def test_without_the_word_that_its_numbers_are_adobe_rgb_a_copy_shows_other_colours(name: str) -> None:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.IFD.Interop] = {1: "R03"}
    original = photo(exif=exif.tobytes())
    copy = make(name, {"metadata-stripped": "all"}.get(name, "xmp"), original)
    assert Relation.DERIVED is copy.relation
    assert original.digest != Original(copy.data).digest


def test_same_bytes_means_the_same_bytes() -> None:
    original = photo()
    copy = make("same-bytes", "copy", original)
    assert (original.data, Relation.SAME_BYTES) == (copy.data, copy.relation)


@pytest.mark.parametrize(
    ("name", "strength"), [pair for pair in EVERY if pair[0] not in {"same-bytes", "metadata-stripped"}]
)
def test_derived_means_other_pixels(name: str, strength: str) -> None:
    original = photo(size=(640, 420))
    copy = make(name, strength, original)
    assert (copy.relation is Relation.SAME_PIXELS) == (Original(copy.data).digest == original.digest)


@pytest.mark.parametrize(
    ("name", "strength", "size"),
    [
        ("resize", "0.5", (960, 640)),
        ("resize", "0.12", (230, 154)),
        ("upscale", "2", (3840, 2560)),
        ("thumbnail", "160", (160, 107)),
        ("crop", "10", (1728, 1152)),
        ("rotate", "90", (1280, 1920)),
        ("rotate-flag", "270", (1280, 1920)),
        ("mirror", "vertical", (1920, 1280)),
        ("messenger", "whatsapp-like", (1600, 1067)),
        ("messenger-chain", "facebook-like+mail-small", (800, 533)),
        ("square", "blurred", (1920, 1920)),
        ("recompress", "15", (1920, 1280)),
    ],
)
def test_copies_have_the_size_that_their_name_says(name: str, strength: str, size: tuple[int, int]) -> None:
    assert size == Original(make(name, strength, photo(size=(1920, 1280))).data).image.size


def test_a_flag_turns_the_same_way_as_pixels_do() -> None:
    original = photo()
    for strength in BY_NAME["rotate-flag"].strengths:
        expected = np.asarray(geometry.turned(original.image, strength))
        assert np.array_equal(expected, pixels(make("rotate-flag", strength, original)))


def test_straightening_leaves_no_empty_corner() -> None:
    white = Image.new("RGB", (301, 200), "white")
    for degrees in (-4, -1, 1, 4):
        level = geometry.straightened(white, degrees)
        assert 255 == np.asarray(level).min()
        assert 301 > level.width > 301 * 0.85
        assert pytest.approx(301 / 200, rel=0.02) == level.width / level.height


def test_crops_are_taken_from_inside_and_not_always_from_the_middle() -> None:
    image = scene(100, 80)
    places = set()
    for seed in range(8):
        part = np.asarray(geometry.cropped(image, 10, np.random.default_rng(seed)))
        (place,) = [
            (x, y)
            for x in range(11)
            for y in range(9)
            if np.array_equal(part, np.asarray(image)[y : y + 72, x : x + 90])
        ]
        places.add(place)
    assert len(places) > 4


def test_one_stop_doubles_linear_light() -> None:
    grey = Image.new("RGB", (4, 4), (100, 100, 100))
    # sRGB 100 is 0.1274 of full light, 0.2549 is sRGB 138 (IEC 61966-2-1)
    assert (138, 138, 138) == tones.exposure(grey, 1).getpixel((0, 0))


def test_grain_has_the_deviation_that_it_says() -> None:
    grey = Image.new("RGB", (200, 200), (128, 128, 128))
    noisy = np.asarray(tones.grain(grey, 8, np.random.default_rng(1)), np.float64)
    assert pytest.approx(8, rel=0.03) == noisy.std()


def test_black_and_white_has_no_colour() -> None:
    for how in BY_NAME["black-and-white"].strengths:
        grey = np.asarray(tones.black_and_white(scene(), how))
        assert np.array_equal(grey[..., 0], grey[..., 1])
        assert np.array_equal(grey[..., 0], grey[..., 2])


def test_a_frame_goes_around_the_photo_and_leaves_it_as_it_was() -> None:
    image = scene(200, 100)
    framed = overlays.framed(image, "white")
    assert (210, 110) == framed.size
    assert np.array_equal(np.asarray(image), np.asarray(framed.crop((5, 5, 205, 105))))


def test_a_larger_copy_has_more_bytes_than_its_source() -> None:
    original = Original(jpeg(scene(), 80))
    for strength in BY_NAME["recompress-larger"].strengths:
        assert len(make("recompress-larger", strength, original).data) > len(original.data)


def test_messengers_and_screens_lose_exif_and_about_half_of_the_editors_keep_it() -> None:
    original = photo(exif=camera())
    for name in ("messenger", "messenger-chain", "screenshot", "thumbnail"):
        for strength in BY_NAME[name].strengths:
            assert not len(Original(make(name, strength, original).data).exif)
    kept = sum(len(Original(make("crop", "5", original, seed).data).exif) > 0 for seed in range(60))
    assert 15 < kept < 45


def test_pixels_that_were_turned_are_not_turned_again() -> None:
    original = photo(exif=camera(orientation=6))
    for seed in range(6):
        copy = Original(make("sharpen", "50", original, seed).data)
        assert 1 == copy.orientation
        assert original.image.size == copy.image.size


def test_metadata_are_taken_out_of_jpegs_only_and_of_whole_ones() -> None:
    data = photo(exif=camera()).data
    assert not len(Original(with_metadata(data, b"")).exif)
    with pytest.raises(ValueError, match="no JPEG"):
        with_metadata(b"\x89PNG", b"")
    with pytest.raises(ValueError, match="ends before"):
        with_metadata(data[:40], b"")


def test_a_colour_profile_outlives_the_stripping_of_metadata() -> None:
    out = io.BytesIO()
    scene().save(out, "JPEG", icc_profile=b"a profile", exif=camera())
    assert b"a profile" == Original(with_metadata(out.getvalue(), b"")).icc


# ---- look-alikes ----


def test_frames_of_a_burst_show_one_scene_and_no_two_are_the_same() -> None:
    base = scene(1200, 900)
    frames = [Original(Burst(8).frame(base, number).data) for number in range(3)]
    small = [np.asarray(frame.image.resize((8, 8), Image.Resampling.BOX), np.float64).ravel() for frame in frames]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert np.corrcoef(small[one], small[other])[0, 1] > 0.8
        assert np.abs(np.asarray(frames[one].image, np.int16) - np.asarray(frames[other].image)).mean() > 1
    times = [str(frame.exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal, "")) for frame in frames]
    assert 3 == len(set(times))  # seconds apart
    assert times[0][:14] == times[2][:14]
    assert not len(Original(Burst(9).frame(base, 0).data).exif)  # every second burst has lost it


@pytest.mark.parametrize("family", [*MADE, "dark-simulated"])
def test_made_families_give_another_picture_each_time_and_the_same_for_the_same_seed(family: str) -> None:
    def made(seed: int) -> bytes:
        rng = np.random.default_rng(seed)
        return (MADE[family](rng) if family in MADE else dark(scene(), rng)).data

    first = made(1)
    assert first == made(1)
    assert first != made(2)
    assert Relation.NEGATIVE is MADE["flat-sky-simulated"](np.random.default_rng(1)).relation


# ---- the whole generator ----


def listed(folder: Path, kinds: list[str]) -> list[Entry]:
    """Photos where `collect_photos` puts them."""
    entries = []
    for seed, kind in enumerate(kinds):
        data = photo(seed, camera() if seed % 2 else b"").data
        entry = Entry("github:a/b@c", f"{seed}.jpg", kind, "test", hashlib.sha1(data).hexdigest())
        entry.target(folder).parent.mkdir(parents=True, exist_ok=True)
        entry.target(folder).write_bytes(data)
        entries.append(entry)
    return entries


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), int(path.stat().st_mtime))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_truth_names_every_file_and_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    entries = listed(tmp_path / "photos", ["photo", "phone", "night", "night", "burst", "burst"])
    tasks = planned(entries, tmp_path / "photos", 1, copies=4, made=0)
    rows = generate(tasks, tmp_path / "two", 1, workers=2)
    maker = Maker(tmp_path / "one", 1)
    (tmp_path / "one/rows").mkdir(parents=True)
    for task in reversed(tasks):
        maker(task)
    assert contents(tmp_path / "two/files") == contents(tmp_path / "one/files")
    assert rows == truth.read(tmp_path / "two/truth.csv")
    assert {row.file for row in rows} == set(contents(tmp_path / "two/files"))
    source = next(row for row in rows if row.relation is Relation.SOURCE)
    collected = next(entry for entry in entries if entry.sha1.startswith(source.shot))
    assert collected.target(tmp_path / "photos").read_bytes() == (tmp_path / "two/files" / source.file).read_bytes()


def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path) -> None:
    tasks = planned(listed(tmp_path / "photos", ["photo", "photo"]), tmp_path / "photos", 1, copies=3, made=0)
    (tmp_path / "out/rows").mkdir(parents=True)
    maker = Maker(tmp_path / "out", 1)
    tables = [maker(task) for task in tasks]
    before = contents(tmp_path / "out")
    kept = next(iter(truth.read(tables[0]))).file
    (tmp_path / "out/files" / kept).write_bytes(b"seen to be left alone")
    lost = next(iter(truth.read(tables[1]))).file
    (tmp_path / "out/files" / lost).unlink()
    tables[1].unlink()
    for task in tasks:
        maker(task)
    after = contents(tmp_path / "out")
    assert b"seen to be left alone" == after[f"files/{kept}"][0]
    assert before[f"files/{lost}"] == after[f"files/{lost}"]


def test_two_ways_to_the_same_pixels_give_one_file(tmp_path: Path) -> None:
    # No messenger scales so small a photo: `mail-small` makes a JPEG of quality 70 of it, as `recompress` does.
    (base,) = listed(tmp_path / "photos", ["photo"])
    copies = tuple(
        CopyTask(name, strength, f"{name}-{number}")
        for number, (name, strength) in enumerate((("recompress", "70"), ("messenger", "mail-small"), ("crop", "2")))
    )
    task = ShotTask("shot", "first", "", base.target(tmp_path / "photos"), None, 1, copies)
    (tmp_path / "out/rows").mkdir(parents=True)
    rows = truth.read(Maker(tmp_path / "out", 1)(task))
    assert ["", "recompress", "crop"] == [row.transformation for row in rows]
    assert 3 == len(contents(tmp_path / "out/files"))


def test_no_name_is_given_twice() -> None:
    names = Names(np.random.default_rng(1))
    stems = [names.beside("Pictures") for _ in range(20_000)]
    assert len(stems) == len({stem.lower() for stem in stems})


def test_transformations_are_dealt_out_evenly(tmp_path: Path) -> None:
    entries = listed(tmp_path, ["photo"] * 40)
    tasks = planned(entries, tmp_path, 1, copies=27, made=0)
    dealt = [(copy.transformation, copy.strength) for task in tasks for copy in task.copies]
    suits = {one.name for one in TRANSFORMATIONS if one.fits(Header("JPEG", 320, 240), one.strengths[0])}
    of_large = Counter(name for name, _ in dealt if name in suits)
    assert max(of_large.values()) - min(of_large.values()) <= 2
    few = sum(len(task.copies) <= 3 for task in tasks)
    assert 6 <= few <= 22  # about a third, as in real albums
    for task in tasks:
        assert len(task.copies) == len({(copy.transformation, copy.strength) for copy in task.copies})
    stems = [task.stem for task in tasks] + [copy.stem for task in tasks for copy in task.copies]
    assert not any(name in stem for stem in stems for name in BY_NAME)


def test_no_scene_serves_for_a_burst_and_in_the_dark(tmp_path: Path) -> None:
    tasks = planned(listed(tmp_path, ["burst"] * 4), tmp_path, 1, copies=1, made=2)
    bases = {kind: {task.base for task in tasks if task.family.startswith(kind)} for kind in ("burst-", "dark-")}
    assert (2, 2) == (len(bases["burst-"]), len(bases["dark-"] - {None}))
    assert not bases["burst-"] & bases["dark-"]


@pytest.mark.parametrize("name", ["tune_sources.csv", "test_sources.csv"])
def test_the_lists_name_no_photo_twice_and_split_no_repository(name: str) -> None:
    folder = Path(truth.__file__).parent
    with (folder / name).open(encoding="utf-8", newline="") as file:
        lines = csv.DictReader(file)
        rows = list(lines)
    assert COLUMNS == tuple(lines.fieldnames or ())
    assert len(rows) == len({row["sha1"] for row in rows})
    assert {name.partition("_")[0]} == {row["split"] for row in rows}


# ---- measuring ----

TRUTH = [
    Row("a.jpg", "A", Relation.SOURCE),  # 0
    Row("a-small.jpg", "A", Relation.DERIVED, "resize", "0.5"),  # 1
    Row("a-same.jpg", "A", Relation.SAME_BYTES, "same-bytes", "copy"),  # 2
    Row("b.jpg", "B", Relation.SOURCE),  # 3
    Row("b-small.jpg", "B", Relation.DERIVED, "resize", "0.5"),  # 4
    Row("b-crop.jpg", "B", Relation.DERIVED, "crop", "5"),  # 5
    Row("n1.jpg", "N1", Relation.NEGATIVE, family="night"),  # 6
    Row("n2.jpg", "N2", Relation.NEGATIVE, family="night"),  # 7
    Row("n3.jpg", "N3", Relation.NEGATIVE, family="night"),  # 8
]


def test_a_perfect_answer_is_perfect() -> None:
    found = measure(TRUTH, [Group("exact", (0, 2)), Group("derived", (0, 1)), Group("derived", (3, 4, 5))])
    # {a, same} are one: the small copy of the one is a copy of the other as well
    assert Tally(5, 0, 0) == found.derived_pairs
    assert Tally(1, 0, 0) == found.exact_pairs
    assert Tally(3, 0, 0) == found.derived_files
    assert (2, 0, 0, 0, 1.0) == (
        found.keepers.untouched,
        found.keepers.same_pixels,
        found.keepers.derived,
        found.keepers.without_source,
        found.keepers.share,
    )
    assert (0, 0) == (found.mixed_groups, found.mixed_files)
    assert (1, 1) == (found.by_transformation["same-bytes"]["copy"].found, found.by_transformation["crop"]["5"].found)


def test_no_answer_is_precise_and_finds_nothing() -> None:
    found = measure(TRUTH, [])
    assert Tally(0, 0, 5) == found.derived_pairs
    assert Tally(0, 0, 1) == found.exact_pairs
    assert (1.0, 0.0, 0.0) == (found.derived_pairs.precision, found.derived_pairs.recall, found.derived_pairs.f1)
    assert math.isnan(found.keepers.share)
    assert 0.0 == found.by_transformation["resize"]["0.5"].recall


def test_strangers_in_a_group_are_wrong_pairs_and_wrong_files() -> None:
    found = measure(TRUTH, [Group("derived", (0, 1, 3))])
    assert Tally(1, 2, 4) == found.derived_pairs
    assert Tally(1, 1, 2) == found.derived_files
    assert (1, 1) == (found.mixed_groups, found.mixed_files)


def test_a_copy_among_copies_is_found_only_beside_its_source_or_keeper() -> None:
    found = measure(TRUTH, [Group("derived", (4, 5))])
    assert Tally(1, 0, 4) == found.derived_pairs
    assert (
        Tally(1, 0, 2) == found.derived_files
    )  # the crop has a keeper of its shot; the small one, which stays, nothing
    assert 1 == found.keepers.without_source


def test_a_copy_kept_before_its_source_is_a_wrong_keeper() -> None:
    found = measure(TRUTH, [Group("derived", (4, 3, 5)), Group("derived", (0, 1))])
    assert (1, 1, 0.5) == (found.keepers.untouched, found.keepers.derived, found.keepers.share)


def test_keepers_of_photos_are_counted_apart_from_those_of_look_alikes() -> None:
    rows = [*TRUTH, Row("n1-small.jpg", "N1", Relation.DERIVED, "resize", "0.5", family="night")]
    found = measure(rows, [Group("derived", (4, 3)), Group("derived", (2, 1, 0)), Group("derived", (9, 6))]).keepers
    assert (1, 2, 2, 1) == (found.untouched, found.derived, found.photos, found.untouched_photos)


def test_a_family_can_be_left_out_with_its_copies() -> None:
    rows = [*TRUTH[6:], *TRUTH[:6]]
    left, groups = without(
        ["night"], rows, [Group("derived", (0, 3, 4)), Group("derived", (1, 3)), Group("exact", (3, 5))]
    )
    assert TRUTH[:6] == left
    assert [Group("derived", (0, 1)), Group("exact", (0, 2))] == groups
    with pytest.raises(ValueError, match="no such family in the truth: day"):
        without(["day"], rows, [])


def test_copies_called_exact_are_found_copies_but_wrong_as_exact_ones() -> None:
    found = measure(TRUTH, [Group("exact", (0, 1))])
    assert Tally(1, 0, 4) == found.derived_pairs
    assert Tally(0, 1, 1) == found.exact_pairs


def test_programs_with_one_kind_of_group_are_not_blamed_for_exact_copies_in_it() -> None:
    found = measure(TRUTH, [Group("derived", (0, 1, 2))])
    assert Tally(2, 0, 3) == found.derived_pairs
    assert Tally(0, 0, 1) == found.exact_pairs


def test_look_alikes_are_counted_by_pairs_of_shots() -> None:
    found = measure(TRUTH, [Group("derived", (6, 7)), Group("derived", (7, 6)), Group("moment", (6, 7, 8, 0))])
    (night,) = found.look_alikes.values()
    assert (3, 1, 3) == (night.pairs, night.as_copies, night.as_moment)
    assert 1 == found.derived_pairs.wrong  # the same pair twice is one mistake; a moment is none


@given(st.lists(st.sets(st.integers(0, len(TRUTH) - 1), min_size=2), max_size=5))
def test_neither_the_order_of_groups_nor_of_members_behind_the_keeper_matters(
    sets: list[set[int]],
) -> None:
    groups = [Group("derived", tuple(sorted(members))) for members in sets]
    turned = [Group("derived", (one.members[0], *reversed(one.members[1:]))) for one in reversed(groups)]
    assert measure(TRUTH, groups) == measure(TRUTH, turned)


@given(st.lists(st.lists(st.integers(0, len(TRUTH) - 1), min_size=2, unique=True), max_size=6))
def test_pairs_add_up_whatever_is_answered(sets: list[list[int]]) -> None:
    found = measure(TRUTH, [Group("derived", tuple(members)) for members in sets])
    assert 5 == found.derived_pairs.right + found.derived_pairs.missed
    claimed = {frozenset((one, other)) for members in sets for one in members for other in members if one != other}
    exact = frozenset((0, 2)) in claimed
    assert len(claimed) == found.derived_pairs.right + found.derived_pairs.wrong + exact


def test_an_answer_about_unknown_files_is_refused(tmp_path: Path) -> None:
    def said(kind: str, *members: str) -> Path:
        document = tmp_path / "groups.json"
        document.write_text(json.dumps([{"kind": kind, "members": members}]))
        return document

    assert [Group("exact", (2, 0))] == read_groups(said("exact", "a-same.jpg", "a.jpg"), TRUTH)
    with pytest.raises(ValueError, match=r"not in the truth: z\.jpg"):
        read_groups(said("exact", "a.jpg", "z.jpg"), TRUTH)
    with pytest.raises(ValueError, match="twice"):
        read_groups(said("exact", "a.jpg", "a.jpg"), TRUTH)
    with pytest.raises(ValueError, match="unknown kind"):
        read_groups(said("alike", "a.jpg", "b.jpg"), TRUTH)


def test_the_table_shows_what_was_measured_and_json_can_hold_it() -> None:
    found = measure(TRUTH, [Group("derived", (0, 1))])
    assert "| resize | 0.5000 | 0.5: 0.500 |" in table(found)
    assert "| night | 3 | 0 | 0 |" in table(found)
    assert 0.2 == json.loads(json.dumps(measure(TRUTH, [Group("derived", (0, 1))]).json()))["derived_pairs"]["recall"]
    assert None is json.loads(json.dumps(measure(TRUTH, []).json()))["keepers"]["share"]


def test_a_truth_comes_back_as_it_was_written_and_foreign_tables_are_refused(tmp_path: Path) -> None:
    truth.write(tmp_path / "truth.csv", TRUTH)
    assert truth.read(tmp_path / "truth.csv") == TRUTH
    (tmp_path / "other.csv").write_text("file,shot\na,b\n")
    with pytest.raises(ValueError, match="columns"):
        truth.read(tmp_path / "other.csv")
