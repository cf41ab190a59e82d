"""Presets of published data sets, each in a tiny folder of its true layout; and `albumclean eval --preset`."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import groupby, product
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.io import savemat
from typer.testing import CliRunner

from albumclean.cli import evaluate_rated
from albumclean.cli.evaluate_rated import Wish, evaluate_preset
from albumclean.cli.main import app
from albumclean.config import Settings
from albumclean.domain import Failure, NativeInput, Says, ScorerSpec, Stage
from albumclean.errors import DatasetUnusable, ExitCode, TableError, UsageError
from albumclean.evaluation import matlab
from albumclean.evaluation.agreement import agreement
from albumclean.evaluation.kadid import of_files
from albumclean.evaluation.measured import Measured
from albumclean.evaluation.preset import ALL, Preset, Published, read_preset
from albumclean.evaluation.preset_registry import all_presets, preset_named
from albumclean.evaluation.presets import kadid10k, tid2013
from albumclean.scoring.calibration import Calibration
from albumclean.scoring.opinion import Opinion, Voice, default

Maker = Callable[[Path], None]


def picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 6), (120, 90, 60)).save(path)


def sheet(path: Path, rows: Sequence[Sequence[object]], title: str = "Sheet1", before: str | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    if before is not None:
        page.title = before
        page.append(["nothing", "of", "interest"])
        page = book.create_sheet(title)
    page.title = title
    for row in rows:
        page.append(list(row))
    book.save(path)


def koniq(root: Path) -> None:
    lines = ["image_name,c1,c2,c3,c4,c5,c_total,MOS,SD,set"]
    for name, mos, part in (
        ("1.jpg", 77.38, "training"),
        ("2.jpg", 68.73, "test"),
        ("3.jpg", 30.9, "test"),
        ("4.jpg", 59.6, "validation"),
    ):
        lines.append(f"{name},0.0,0.0,0.2,0.7,0.1,105,{mos},0.5,{part}")
        picture(root / "1024x768" / name)
        picture(root / "512x384" / name)
    (root / "koniq10k_distributions_sets.csv").write_text("\n".join(lines))


def live(root: Path, photos: Sequence[str] = ("10.bmp", "1003.JPG", "1039.JPG")) -> None:
    names = [*(f"t{number}.bmp" for number in range(1, 8)), *photos]
    scores = np.arange(60.0, 60.0 + len(names))
    (root / "Data").mkdir(parents=True)
    savemat(root / "Data/AllImages_release.mat", {"AllImages_release": np.array(names, dtype=object)[:, None]})
    savemat(root / "Data/AllMOS_release.mat", {"AllMOS_release": scores[None]}, do_compression=True)
    savemat(root / "Data/AllStdDev_release.mat", {"AllStdDev_release": scores[None] / 4})
    for name in names:
        picture(root / "Images" / ("trainingImages" if name[0] == "t" else "") / name)


def spaq(root: Path) -> None:
    rows: list[list[object]] = [
        ["Image name", "MOS", "Brightness"],
        ["00001.jpg", 48.86, 47],
        ["00002.jpg", 62.5, 55],
        ["00003.jpg", 77, 60],
    ]
    sheet(root / "Annotations/MOS and Image attribute scores.xlsx", rows)
    for number in range(1, 4):
        picture(root / f"TestImage/0000{number}.jpg")


def biq(root: Path) -> None:
    root.mkdir(exist_ok=True)
    (root / "Train (Images and MOS).csv").write_text(
        "Image Name,MOS,,\nss03 (3753).jpg,0.8471,,\nss01 (1).jpg,0.2874,,\n"
    )
    (root / "Test (Images and MOS).csv").write_text("Image Name,MOS\nss02 (7805).jpg,0.7321\nss03 (954).jpg,0.6337\n")
    for name in ("ss03 (3753).jpg", "ss01 (1).jpg", "ss02 (7805).JPG", "ss03 (954).jpg"):
        picture(root / "Images" / name)


def kadid(root: Path) -> None:
    lines = ["dist_img,ref_img,dmos,var"]
    for reference, kind, level in product((1, 2), range(1, 26), range(1, 6)):
        name = f"I{reference:02d}_{kind:02d}_{level:02d}.png"
        lines.append(f"{name},I{reference:02d}.png,{5 - 0.7 * level:.2f},0.7")
        picture(root / "images" / name)
    (root / "dmos.csv").write_text("\n".join(lines))


def tid(root: Path) -> None:
    lines = []
    for number, (kind, level) in enumerate(product((1, 8, 24), (1, 2))):
        lines.append(f"{5.51 - number * 0.3:.5f} I01_{kind:02d}_{level}.bmp")
        picture(root / "distorted_images" / f"i01_{kind:02d}_{level}.bmp")  # the archive mixes upper and lower case
    root.joinpath("mos_with_names.txt").write_text("\r\n".join(lines) + "\r\n")


def ugc(root: Path) -> None:
    rows: list[list[object]] = [
        ["vid", "category", "MOS full", "MOS chunk00"],
        ["Gaming_720P-1a2b", "Gaming", 3.5, 3.4],
        ["Vlog_1080P-22", "Vlog", 4, 4.1],
        ["Sports_360P-9", "Sports", 2.2, 2],
        ["Vlog_480P-7", "Vlog", None, 3],
    ]
    sheet(root / "original_videos_MOS_for_YouTube_UGC_dataset.xlsx", rows, title="MOS", before="readme")
    for name in (
        "Gaming_720P-1a2b.png",
        "Vlog_1080P-22_0001.png",
        "Vlog_1080P-22_0002.png",
        "Vlog_1080P-22_0003.png",
        "Sports_360P-9/a.jpg",
        "unknown.png",
    ):
        picture(root / "frames" / name)


MAKERS: Mapping[str, Maker] = {
    "koniq-10k": koniq, "live-itw": live, "spaq": spaq, "biq2021": biq, "kadid-10k": kadid, "tid2013": tid,
    "youtube-ugc": ugc,
}  # fmt: skip
LABELS: Mapping[str, str] = {
    "koniq-10k": "koniq10k_distributions_sets.csv", "live-itw": "AllMOS_release.mat",
    "spaq": "MOS and Image attribute scores.xlsx", "biq2021": "Test (Images and MOS).csv", "kadid-10k": "dmos.csv",
    "tid2013": "mos_with_names.txt", "youtube-ugc": "original_videos_MOS_for_YouTube_UGC_dataset.xlsx",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("one")


every = pytest.mark.parametrize("preset", all_presets(), ids=lambda preset: preset.name)


def rows(name: str, folder: Path, part: str | None = None) -> dict[str, tuple[float, str]]:
    table, _ = read_preset(preset_named(name), folder, part)
    return {row.file: (round(row.mos, 6), row.subset) for row in table.rows}


def test_the_data_sets_of_the_field_are_there() -> None:
    assert sorted(MAKERS) == [preset.name for preset in all_presets()]
    assert preset_named("KonIQ-10k") is preset_named("koniq-10k")
    with pytest.raises(UsageError, match="no preset 'ava'; there are biq2021, kadid-10k, koniq-10k,"):
        preset_named("ava")


@every
def test_a_preset_says_where_it_is_had_and_who_measured_what(preset: Preset) -> None:
    for text in (preset.title, preset.paper, preset.source, preset.licence, preset.layout, preset.note):
        assert text
    assert preset.scale[0] < preset.scale[1]
    assert preset.published or preset.published_faults
    for each in (*preset.published, *preset.published_faults):
        assert each.source
        assert each.on
        assert all(-1 <= value <= 1 for value in (each.plcc, each.srcc, each.krcc) if value is not None)
        assert each.plcc is not None or each.srcc is not None
    published = [(each.model, each.on) for each in preset.published]
    assert len(published) == len(set(published))


@every
@pytest.mark.parametrize("below", ["", "unpacked/again"])
def test_a_true_layout_is_read_however_its_archive_was_unpacked(preset: Preset, below: str, tmp_path: Path) -> None:
    (tmp_path / below).mkdir(parents=True, exist_ok=True)
    MAKERS[preset.name](tmp_path / below)
    table, part = read_preset(preset, tmp_path)
    assert preset.part == part
    assert len(table.rows) >= 2
    for row in table.rows:
        assert row.path.is_file()
        assert preset.scale[0] <= row.mos <= preset.scale[1]


@every
def test_a_folder_without_labels_is_told_what_was_expected_and_what_is_there(preset: Preset, tmp_path: Path) -> None:
    MAKERS[preset.name](tmp_path)
    next(tmp_path.rglob(LABELS[preset.name])).rename(tmp_path / "other\x1b[0m.bin")
    with pytest.raises(DatasetUnusable) as caught:
        read_preset(preset, tmp_path)
    said = str(caught.value)
    assert f"does not look like {preset.title}" in said
    assert preset.layout in said
    assert "other\\x1b[0m.bin" in said
    assert 2 == caught.value.exit_code


@every
def test_labels_without_their_pictures_are_not_begun_with(preset: Preset, tmp_path: Path) -> None:
    MAKERS[preset.name](tmp_path)
    for path in sorted(tmp_path.rglob("*")):
        if path.suffix.lower() in {".jpg", ".png", ".bmp"}:
            path.rename(path.with_suffix(".gone"))
    with pytest.raises(DatasetUnusable, match=r"pictures|frames"):
        read_preset(preset, tmp_path)


@every
def test_a_folder_that_is_not_there_is_said(preset: Preset, tmp_path: Path) -> None:
    with pytest.raises(DatasetUnusable, match="No such file"):
        read_preset(preset, tmp_path / "none")


def test_koniqs_split_and_its_larger_pictures_are_taken(tmp_path: Path) -> None:
    koniq(tmp_path)
    assert {"2.jpg": (68.73, ""), "3.jpg": (30.9, "")} == rows("koniq-10k", tmp_path)
    assert ["1.jpg"] == list(rows("koniq-10k", tmp_path, "train"))
    assert {"train", "test", "val"} == {subset for _, subset in rows("koniq-10k", tmp_path, ALL).values()}
    table, _ = read_preset(preset_named("koniq-10k"), tmp_path)
    assert {"1024x768"} == {row.path.parent.name for row in table.rows}
    shutil.rmtree(tmp_path / "1024x768")
    table, _ = read_preset(preset_named("koniq-10k"), tmp_path)
    assert {"512x384"} == {row.path.parent.name for row in table.rows}
    with pytest.raises(UsageError, match="no part 'leak'; this copy of KonIQ-10k has test, train, val and all"):
        rows("koniq-10k", tmp_path, "leak")


def test_koniqs_other_table_has_its_scale_and_no_split(tmp_path: Path) -> None:
    picture(tmp_path / "512x384" / "1.jpg")
    (tmp_path / "koniq10k_scores_and_distributions.csv").write_text(
        '"image_name","c1","c2","c3","c4","c5","c_total","MOS","SD","MOS_zscore"\n"1.jpg",0,0,25,73,7,105,3.82,0.5,77.38\n'
    )
    table, part = read_preset(preset_named("koniq-10k"), tmp_path)
    assert (ALL, 77.38) == (part, table.rows[0].mos)
    with pytest.raises(UsageError, match="does not name parts"):
        rows("koniq-10k", tmp_path, "test")


def test_a_set_that_koniq_does_not_have_is_an_error_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "koniq10k_distributions_sets.csv").write_text("image_name,MOS,set\n1.jpg,50,train\n")
    with pytest.raises(TableError, match="line 2: the set train is none of training, validation, test"):
        rows("koniq-10k", tmp_path)


def test_lives_training_pictures_do_not_count(tmp_path: Path) -> None:
    live(tmp_path)
    expected = {"10.bmp": (67, "test"), "1003.JPG": (68, "test"), "1039.JPG": (69, "train")}
    assert expected == rows("live-itw", tmp_path)


def test_lives_neighbours_share_a_part_and_a_fifth_is_held_out(tmp_path: Path) -> None:
    live(tmp_path, [f"{number}.JPG" for number in range(1, 1163)])
    parts = [part for _, part in rows("live-itw", tmp_path).values()]
    assert {"train", "test"} == set(parts)
    assert 0.18 < parts.count("test") / len(parts) < 0.22
    assert all(len(list(run)) >= 2 for _, run in groupby(parts))
    assert sum(1 for _ in groupby(parts)) <= 2 * 1162 // 100 + 2
    assert parts.count("test") == len(rows("live-itw", tmp_path, "test"))


def test_matlab_files_that_are_none_or_too_new_are_said(tmp_path: Path) -> None:
    live(tmp_path)
    path = tmp_path / "Data/AllMOS_release.mat"
    good = path.read_bytes()
    for data in (
        b"",
        b"MATLAB",
        good[:200],
        good[:-9],
        b"\0" * 400,
        good[:128] + bytes(255 - byte for byte in good[128:]),
    ):
        path.write_bytes(data)
        with pytest.raises(TableError, match=r"not a sound MATLAB file|has no variable"):
            rows("live-itw", tmp_path)
    path.write_bytes(good[:124] + b"\x00\x02IM" + good[128:])
    with pytest.raises(TableError, match=r"7\.3; save it again"):
        rows("live-itw", tmp_path)
    for variables in ({"Other": np.ones(3)}, {"AllMOS_release": np.array(["a"], dtype=object)}):
        savemat(path, variables)
        with pytest.raises(TableError, match="AllMOS_release"):
            rows("live-itw", tmp_path)
    savemat(path, {"AllMOS_release": np.full((1, 10), np.nan)})
    with pytest.raises(DatasetUnusable, match="holds scores that are not numbers"):
        rows("live-itw", tmp_path)
    savemat(path, {"AllMOS_release": np.ones((1, 3))})
    with pytest.raises(DatasetUnusable, match=r"names 10 pictures, but AllMOS_release\.mat holds 3 scores"):
        rows("live-itw", tmp_path)


@settings(deadline=None, max_examples=200)
@given(st.data(), st.booleans(), st.sampled_from(["texts", "numbers"]))
def test_a_damaged_matlab_file_gives_values_or_a_sentence(
    folder: Path, drawn: st.DataObject, packed: bool, form: str
) -> None:
    path = folder / "damaged.mat"
    value = np.array(["10.bmp", "1003.JPG", "ä.bmp"], dtype=object) if form == "texts" else np.arange(9.0)
    savemat(path, {"x": value}, do_compression=packed)
    data = bytearray(path.read_bytes())
    for _ in range(drawn.draw(st.integers(1, 4))):
        data[drawn.draw(st.integers(100, len(data) - 1))] = drawn.draw(st.sampled_from([0, 1, 4, 14, 15, 127, 255]))
    path.write_bytes(data[: drawn.draw(st.integers(100, len(data)))])
    with suppress(TableError):
        getattr(matlab, form)(path, "x")


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", ["f8", "f4", "i4", "u2", "i1", "u8"])
def test_numbers_and_names_are_what_scipy_wrote(kind: str, packed: bool, tmp_path: Path) -> None:
    path = tmp_path / "x.mat"
    table = np.arange(12).reshape(3, 4).astype(kind)
    names = np.array([["a.bmp", "ä ö.jpg"], ["b", "日本.png"]], dtype=object)
    savemat(path, {"other": np.eye(2), "names": names, "table": table}, do_compression=packed)
    assert table.ravel(order="F").tolist() == matlab.numbers(path, "table").tolist()
    assert ["a.bmp", "b", "ä ö.jpg", "日本.png"] == matlab.texts(path, "names")
    for read, name in ((matlab.texts, "table"), (matlab.numbers, "names"), (matlab.numbers, "none")):
        with pytest.raises(TableError, match=name):
            read(path, name)


def test_an_excel_sheet_that_was_saved_as_text_needs_no_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spaq(tmp_path)
    expected = rows("spaq", tmp_path)
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(TableError, match=r"pip install .*or save its sheet as MOS and Image attribute scores\.csv"):
        rows("spaq", tmp_path)
    (tmp_path / "Annotations/MOS and Image attribute scores.csv").write_text(
        "Image name;MOS;Brightness\n00001.jpg;48,86;47\n00002.jpg;62,5;55\n00003.jpg;77;60\n"
    )
    assert expected == rows("spaq", tmp_path)


def test_an_excel_file_that_is_none_is_said(tmp_path: Path) -> None:
    spaq(tmp_path)
    path = tmp_path / "Annotations/MOS and Image attribute scores.xlsx"
    good = path.read_bytes()
    for data in (b"", b"PK\x03\x04", good[:300], good[:-40]):
        path.write_bytes(data)
        with pytest.raises(TableError, match="not a sound Excel file"):
            rows("spaq", tmp_path)
    sheet(path, [["Image", "Score"], ["1.jpg", 3]])
    with pytest.raises(TableError, match="none of its sheets names the columns 'Image name' and 'MOS'"):
        rows("spaq", tmp_path)
    sheet(path, [["Image name", "MOS"], ["1.jpg", "good"]])
    with pytest.raises(TableError, match="line 2: the MOS 'good' is not a number"):
        rows("spaq", tmp_path)
    sheet(path, [["Image name", "MOS"]])
    with pytest.raises(DatasetUnusable, match="names no pictures"):
        rows("spaq", tmp_path)


def test_biqs_parts_and_subsets_are_told_apart(tmp_path: Path) -> None:
    biq(tmp_path)
    assert {"ss02 (7805).jpg": (0.7321, "ss02"), "ss03 (954).jpg": (0.6337, "ss03")} == rows("biq2021", tmp_path)
    assert 4 == len(rows("biq2021", tmp_path, ALL))


def test_kadids_names_say_the_distortion(tmp_path: Path) -> None:
    kadid(tmp_path)
    found = rows("kadid-10k", tmp_path)
    assert (250, 25) == (len(found), len({subset for _, subset in found.values()}))
    assert (4.3, "gaussian-blur") == found["I01_01_01.png"]
    assert ["jpeg2000", "jpeg", "white-noise", "pixelate", "contrast-change"] == [
        found[f"I02_{kind}_05.png"][1] for kind in ("09", "10", "11", "21", "25")
    ]
    for name in ("I01_26_01.png", "I01_01_06.png", "x.png"):
        (tmp_path / "dmos.csv").write_text(f"dist_img,ref_img,dmos,var\n{name},I01.png,3,1\n")
        with pytest.raises(TableError, match=r"line 2: .* not named as KADID-10k"):
            rows("kadid-10k", tmp_path)


def test_the_lists_of_distortions_are_as_long_as_the_papers() -> None:
    assert (25, 24) == (len(set(kadid10k.DISTORTIONS)), len(set(tid2013.DISTORTIONS)))


def test_tids_lines_are_read_and_bad_ones_named(tmp_path: Path) -> None:
    tid(tmp_path)
    assert (5.51, "gaussian-noise") == rows("tid2013", tmp_path)["I01_01_1.bmp"]
    for text in ("5.1\n", "5.1 I01_25_1.bmp\n", "5.1 a b.bmp\n", "I01_01_1.bmp 5.1\n"):
        (tmp_path / "mos_with_names.txt").write_text(f"5.5 I01_01_1.bmp\n{text}")
        with pytest.raises(TableError, match="line 2: it is not a score and a name"):
            rows("tid2013", tmp_path)
    (tmp_path / "mos_with_names.txt").write_text("nan I01_01_1.bmp\n")
    with pytest.raises(TableError, match="line 1: its score is not a number"):
        rows("tid2013", tmp_path)


def test_of_a_video_the_middle_frame_counts_and_its_score_is_on_the_published_scale(tmp_path: Path) -> None:
    ugc(tmp_path)
    assert {
        "frames/Gaming_720P-1a2b.png": (0.7, "Gaming"),
        "frames/Vlog_1080P-22_0002.png": (0.8, "Vlog"),
        "frames/Sports_360P-9/a.jpg": (0.44, "Sports"),
    } == rows("youtube-ugc", tmp_path)


def test_modelscopes_table_of_frames_is_read(tmp_path: Path) -> None:
    picture(tmp_path / "images" / "a.png")
    picture(tmp_path / "b.png")
    (tmp_path / "notes.csv").write_text("a,b\n1,2\n")
    (tmp_path / "val.csv").write_text("image:FILE,mos\nYouTubeUGC/a.png,4.5\nb.png,2\ngone.png,3\n")
    table, _ = read_preset(preset_named("youtube-ugc"), tmp_path)
    assert [("images/a.png", 0.9), ("b.png", 0.4), ("gone.png", 0.6)] == [
        (row.file, round(row.mos, 9)) for row in table.rows
    ]
    assert [True, True, False] == [row.path.is_file() for row in table.rows]


class Fake:
    """A scorer that is only asked for its spec."""

    def __init__(self, spec: ScorerSpec) -> None:
        self.spec = spec

    def load(self) -> object:
        raise NotImplementedError


def spec(name: str, says: Says, *quantities: str, low: float = 0, high: float = 1, rises: bool = True) -> ScorerSpec:
    shape = NativeInput(least=1, short_side=1, most=1)
    return ScorerSpec(name, "r1", quantities, (low, high), "", "", shape, says=says, rises=rises)


def opinion(*specs: ScorerSpec) -> Opinion:
    scorers = tuple(map(Fake, specs))
    voices = tuple(Voice(each, 1.0, Calibration.of_range(each)) for each in specs)
    judge = default()
    return replace(
        judge,
        scorers=(*judge.scorers, *scorers),  # type: ignore[arg-type]
        quality=tuple(voice for voice in voices if voice.spec.says is Says.QUALITY) or judge.quality,
        beauty=tuple(voice for voice in voices if voice.spec.says is Says.BEAUTY),
    )


FAULTS = spec("faulty", Says.FAULTS, "noise", "blur", "compression", rises=False)


def judged(monkeypatch: pytest.MonkeyPatch, said: Callable[[Path], dict[tuple[str, str], float]]) -> None:
    def judge_files(paths: Sequence[Path], **_: object) -> Iterator[tuple[Path, object]]:
        for path in reversed(paths):
            yield path, said(path) if path.exists() else Failure(path, Stage.READ, "it is not there")

    monkeypatch.setattr(evaluate_rated, "judge_files", judge_files)
    monkeypatch.setattr(evaluate_rated, "agreement", partial(agreement, resamples=10))


def run(
    capsys: pytest.CaptureFixture[str], name: str, folder: Path, measured: Measured, **wish: Path | None
) -> tuple[ExitCode, dict[str, object]]:
    code = evaluate_preset(
        name,
        folder,
        measured,
        Wish(wish.get("predictions"), wish.get("plot"), "cpu", 1, json=True),
        Settings(),
        part=None,
    )
    return code, json.loads(capsys.readouterr().out)


def test_the_answer_holds_ours_and_theirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kadid(tmp_path)
    (tmp_path / "images/I02_25_05.png").unlink()

    def said(path: Path) -> dict[tuple[str, str], float]:
        level = int(path.stem[-1])
        return {
            ("judge", "mos"): 1 - level / 10,
            **{("judge", head): level / 5 for head in ("defocus", "noise")},
            ("judge", "compression"): 0.3,
        }

    judged(monkeypatch, said)
    out = tmp_path / "out.csv"
    code, found = run(capsys, "kadid-10k", tmp_path, Measured.of(default(), ("judge",)), predictions=out)
    assert (ExitCode.SOME_FAILED, 249, 1.0) == (code, found["photos"], found["srcc"])
    assert {"name": "kadid-10k", "part": "all", "scale": [1.0, 5.0]}.items() <= found["preset"].items()  # type: ignore[attr-defined]
    assert 25 == len(found["subsets"])  # type: ignore[arg-type]
    protocol = found["kadid_protocol"]["judge"]  # type: ignore[index]
    assert (20, 6, 0.7) == (protocol["ladders"], protocol["constant"], protocol["mean_srcc"])
    assert [0.9963] == [each["srcc"] for each in found["published_kadid_protocol"]]  # type: ignore[attr-defined]
    lines = list(csv.DictReader(out.read_text().splitlines()))
    assert ("file", "subset", "mos", "prediction", "mos_std") == tuple(lines[0])[:5]
    assert ("0.900000", "4.3") == (lines[0]["prediction"], lines[0]["mos"])


def test_people_see_the_published_numbers_with_their_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    koniq(tmp_path)
    judged(monkeypatch, lambda path: {("judge", "mos"): int(path.stem) / 10})
    wish = Wish(None, None, "cpu", 1, json=False)
    assert ExitCode.OK == evaluate_preset(
        "koniq-10k", tmp_path, Measured.of(default(), ("judge",)), wish, Settings(), part=None
    )
    said = capsys.readouterr().out
    for text in (
        "on a scale of 0 to 100",
        "KonIQ-10k, test part",
        "CLIP-IQA",
        "0.7211",
        "[1] C. Chen, J. Mo: IQA-PyTorch",
    ):
        assert text in said
    assert "HyperIQA *" in said
    assert "trained on other pictures of this data set" in said


def test_a_scorer_of_faults_is_measured_on_kadid_and_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kadid(tmp_path)
    seen: list[Path] = []

    def said(path: Path) -> dict[tuple[str, str], float]:
        seen.append(path)
        return {("faulty", head): int(path.stem[-1]) / 5 for head in FAULTS.quantities}

    judged(monkeypatch, said)
    measured = Measured.of(opinion(FAULTS), ("faulty",))
    code, found = run(capsys, "kadid-10k", tmp_path, measured)
    assert (ExitCode.OK, "faulty", False) == (code, found["scorer"], "srcc" in found)
    assert 100 == len(seen)  # ten distortions at five levels of two photos: no work for nothing
    assert 1.0 == found["kadid_protocol"]["faulty"]["mean_srcc"]  # type: ignore[index]
    with pytest.raises(UsageError, match="faulty says what is wrong with a photo"):
        run(capsys, "koniq-10k", tmp_path, measured)
    wish = Wish(None, tmp_path / "plot.svg", "cpu", 1, json=True)
    with pytest.raises(UsageError, match="--plot needs a scorer that gives a score"):
        evaluate_preset("kadid-10k", tmp_path, measured, wish, Settings(), part=None)


def test_each_scorer_of_an_ensemble_is_measured_by_itself_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kadid(tmp_path)
    rising = spec("rising", Says.QUALITY, "score", low=0, high=100)
    falling = spec("falling", Says.QUALITY, "score", low=0, high=10, rises=False)
    judged(
        monkeypatch,
        lambda path: {("rising", "score"): 100 - 10 * int(path.stem[-1]), ("falling", "score"): int(path.stem[-1]) % 3},
    )
    out = tmp_path / "out.csv"
    _, found = run(
        capsys, "kadid-10k", tmp_path, Measured.of(opinion(rising, falling), ("rising", "falling")), predictions=out
    )
    assert "rising:1,falling:1" == found["scorer"]
    assert ["rising", "falling"] == list(found["others"])  # type: ignore[call-overload]
    assert 1.0 == found["others"]["rising"]["srcc"]  # type: ignore[index]
    first = next(csv.DictReader(out.read_text().splitlines()))
    assert (0.9, 90, 1) == (float(first["prediction"]), float(first["rising.score"]), float(first["falling.score"]))


def test_a_single_scorer_is_measured_as_it_came_and_calibrated_beside() -> None:
    steep = spec("steep", Says.QUALITY, "score", low=0, high=10, rises=False)
    plain, *rest = Measured.of(opinion(steep), ("steep:2",)).predictions
    assert [] == rest
    assert [1.25, 0.25] == [plain.of({("steep", "score"): raw}) for raw in (-2.5, 7.5)]
    assert plain.of({("judge", "mos"): 1}) is None
    voice = Voice(steep, 1.0, Calibration((0.0, 5.0), (1.0, 0.5), "a table"))
    plain, fitted = Measured.of(replace(opinion(steep), quality=(voice,)), ("steep",)).predictions
    assert (0.5, 0.5, "steep, calibrated") == (
        plain.of({("steep", "score"): 5}),
        fitted.of({("steep", "score"): 7}),
        fitted.name,
    )


def test_a_scorer_of_beauty_is_measured_by_itself() -> None:
    measured = Measured.of(opinion(spec("pretty", Says.BEAUTY, "mean", "std", low=1, high=10)), ("pretty",))
    assert ("pretty", ("pretty",), ()) == (
        measured.name,
        tuple(each.spec.name for each in measured.scorers),
        measured.faults,
    )
    assert 1.0 == measured.predictions[0].of({("pretty", "mean"): 10})


def test_a_ladder_without_all_levels_does_not_count() -> None:
    whole = [(f"I01_10_0{level}.png", {"compression": level / 5}) for level in range(1, 6)]
    found = of_files([*whole, ("I02_10_01.png", {"compression": 0.5}), ("images/I02_10_02.png", {"compression": 0.1})])
    assert found is not None
    assert (1, ["compression"]) == (found.overall.ladders, list(found.by_head))
    assert pytest.approx(1.0) == found.overall.mean_srcc
    assert of_files(whole[:4]) is None
    assert of_files([("I01_15_01.png", {"blur": 1.0})] * 5) is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--preset", "ava", "."), "There is no preset 'ava'"),
        (("--preset", "spaq"), "Name either"),
        (("--part", "test", "t.csv"), "--part goes with --preset"),
        (("--kadid", ".", "--preset", "spaq"), "not with --kadid"),
        (("--preset", "spaq", "."), "does not look like SPAQ"),
    ],
)
def test_wrong_usage_is_said_before_any_work(
    arguments: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["eval", *arguments])
    assert 0 != done.exit_code
    assert said in (str(done.exception) if isinstance(done.exception, UsageError) else done.output)


def test_what_modelscope_published_is_what_the_models_say() -> None:
    by_model = {each.model: each for each in preset_named("youtube-ugc").published}
    mos: Published = by_model["ModelScope MOS"]
    assert (0.8219, 0.8224, 0.0724) == (mos.plcc, mos.srcc, mos.rmse)
    (faults,) = preset_named("kadid-10k").published_faults
    assert (0.9654, 0.9963) == (faults.plcc, faults.srcc)
