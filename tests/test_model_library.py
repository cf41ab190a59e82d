"""The user's models: brought, kept whole, checked, used by every command, and taken away again."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from albumclean.cli.main import main
from albumclean.domain import Says
from albumclean.errors import CheckpointUnusable, DiskFull, ModelBroken, ScorerUnknown, UsageError
from albumclean.media.view import network_view
from albumclean.scoring import adding, inspection, registry
from albumclean.scoring.adding import add, remove, would_be
from albumclean.scoring.checkpoints import find_weights
from albumclean.scoring.collection import Scorers
from albumclean.scoring.inspection import Found, Inspection, look, made_picture
from albumclean.scoring.library import CALIBRATIONS, RECORD, WEIGHTS, ModelLibrary, Record, is_name
from albumclean.scoring.variants import NotRecognised, recognised, variant, variants
from albumclean.scoring.verifying import verify
from tests.pictures import save, scene

NIMA = "nima-aesthetic"


@cache
def random_weights(network: str, seed: int) -> dict[str, torch.Tensor]:
    torch.manual_seed(seed)
    return dict(variant(network).network().state_dict())


def weights(path: Path, seed: int = 1, network: str = NIMA) -> Path:
    """A published file, but for its numbers: they are random."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(random_weights(network, seed), path)
    return path


def downloaded(folder: Path, network: str) -> Path:
    """A folder as `modelscope download` leaves it."""
    weights(folder / "pytorch_model.pt", network=network)
    task = {"framework": "pytorch", "task": "image-quality-assessment-mos", "pipeline": {"type": "x"}}
    (folder / "configuration.json").write_text(json.dumps(task))
    (folder / "README.md").write_text("---\nlicense: Apache License 2.0\n---\n# a model\n")
    (folder / ".mv").write_text("Revision:master,CreatedAt:1678000000")
    (folder / ".msc").write_bytes(b"\x80\x04]\x94.")
    (folder / "assets").mkdir()
    return folder


@pytest.fixture
def library(tmp_path: Path) -> ModelLibrary:
    return ModelLibrary(tmp_path / "home" / "models")


def inspect_here(path: Path, *, variant: str | None = None, target: Path | None = None) -> Found:
    return look(Inspection(find_weights(path), variant, target), lambda _: None)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checkpoints are looked at in this process: the other one has its own tests."""
    monkeypatch.setattr(adding, "inspect", inspect_here)


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {".lock"}


# --- recognition ----------------------------------------------------------------------------------------------------


@cache
def meta(name: str) -> dict[str, torch.Tensor]:
    with torch.device("meta"):
        return dict(variant(name).network().state_dict())


@pytest.mark.parametrize("name", [each.name for each in variants()])
def test_every_network_is_recognised_by_its_names_and_shapes(name: str) -> None:
    state = meta(name)
    found = recognised(state)
    assert name in {found.variant.name, *found.others}
    assert state.keys() == found.state.keys()
    assert name == recognised(state, name).variant.name


@pytest.mark.parametrize("name", [each.name for each in variants()])
def test_names_of_variants_are_names_of_models_and_none_is_shipped(name: str) -> None:
    assert is_name(name)
    assert name not in registry.names()


def test_two_networks_of_one_form_are_told_apart_by_the_user() -> None:
    found = recognised(meta("nima-technical"))
    assert ("nima-aesthetic", "nima-technical") == (found.variant.name, found.others[0])
    assert ("nima-technical", ()) == (recognised(meta(NIMA), "nima-technical").variant.name, ())


def test_counters_of_training_steps_may_lack() -> None:
    state = {name: each for name, each in meta("modelscope-mos").items() if not name.endswith("num_batches_tracked")}
    found = recognised(state)
    assert "modelscope-mos" == found.variant.name
    assert 0 == found.state["backbone.bn1.num_batches_tracked"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"head.fc_out.2.bias": None}, "1 weight missing (head.fc_out.2.bias)"),
        ({"fc.weight": torch.zeros(1)}, "1 weight not known (fc.weight)"),
        (
            {"backbone.conv1.weight": torch.zeros(64, 1, 7, 7)},
            "1 weight of another shape (backbone.conv1.weight: 64 x 1 x 7 x 7 instead of 64 x 3 x 7 x 7)",
        ),
    ],
)
def test_of_another_network_the_nearest_one_and_the_difference_are_named(
    change: dict[str, torch.Tensor | None], said: str
) -> None:
    state = {name: each for name, each in {**meta("modelscope-mos"), **change}.items() if each is not None}
    with pytest.raises(NotRecognised) as caught:
        recognised(state)
    assert f"it is no network that is known here. The nearest is modelscope-mos: {said}" == str(caught.value)


def test_a_network_without_any_likeness_is_compared_with_none() -> None:
    with pytest.raises(NotRecognised, match=r"it holds 1 weight, of no network that is known here \(.*modelscope-mos"):
        recognised({"layer": torch.zeros(1)})
    with pytest.raises(NotRecognised, match=r"it is not modelscope-mos: \d+ weights missing .*, 1 weight not known"):
        recognised({"layer": torch.zeros(1)}, "modelscope-mos")
    with pytest.raises(NotRecognised, match=r"there is no network 'x'; known are .*modelscope-mos"):
        recognised({"layer": torch.zeros(1)}, "x")


def test_names_out_of_a_file_do_not_steer_the_terminal() -> None:
    state = meta("modelscope-mos") | {"\x1b[2J" * 99: torch.zeros(1)}
    with pytest.raises(NotRecognised) as caught:
        recognised(state)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


# --- adding ---------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("here")
def test_a_model_is_kept_with_what_it_is(tmp_path: Path, library: ModelLibrary) -> None:
    path = weights(tmp_path / "weights_mobilenet.pth")
    outcome = add(library, path)
    model = library.find(NIMA)
    assert model is not None
    assert (False, (NIMA,)) == (outcome.was_there, library.names())
    assert {f"{NIMA}/{RECORD}", f"{NIMA}/{WEIGHTS}"} == files(library.folder)
    assert ("weights_mobilenet.pth", "Apache-2.0") == (model.record.source_name, model.record.licence)
    spec = model.spec
    assert (NIMA, Says.BEAUTY, (1.0, 10.0)) == (spec.name, spec.says, spec.value_range)
    assert spec.revision.endswith(model.record.weights_sha256[:8])
    network = variant(NIMA).network()
    network.load_state_dict(torch.load(path, weights_only=True))
    assert inspection.tried(network.eval(), spec.input) == model.record.outputs
    assert spec == Scorers.of(library.folder).find(NIMA).spec


@pytest.mark.usefixtures("here")
def test_adding_the_same_again_changes_nothing(tmp_path: Path, library: ModelLibrary) -> None:
    path = weights(tmp_path / "a.pth")
    add(library, path)
    before = (library.folder / NIMA / RECORD).read_bytes()
    assert add(library, path).was_there
    assert add(library, path.rename(tmp_path / "b.pth"), name=NIMA).was_there
    assert before == (library.folder / NIMA / RECORD).read_bytes()
    assert {f"{NIMA}/{RECORD}", f"{NIMA}/{WEIGHTS}"} == files(library.folder)


@pytest.mark.usefixtures("here")
def test_another_model_does_not_take_the_name_of_one_that_is_there(tmp_path: Path, library: ModelLibrary) -> None:
    add(library, weights(tmp_path / "a.pth"))
    with pytest.raises(UsageError, match=r"There is another model 'nima-aesthetic' already, from a\.pth\. Give this"):
        add(library, weights(tmp_path / "b.pth", seed=2))
    with pytest.raises(UsageError, match="There is another model"):  # the same file, read in another way
        add(library, tmp_path / "a.pth", name=NIMA, as_variant="nima-technical")
    assert "a.pth" == library.find(NIMA).record.source_name  # type: ignore[union-attr]
    add(library, tmp_path / "b.pth", name="other")
    assert (NIMA, "other") == library.names()


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "../x", "a/b", "a\\b", "/etc", ".hidden", "-x", "x-", "x.", "Judge", "a b", "a:b", "a,b"),
        *("a\n", "ä", "a" * 65, "con", "nul.x", "com1", CALIBRATIONS, "judge", "kind", "pack"),
    ],
)
def test_a_name_that_can_not_be_had_is_refused_before_anything_is_done(
    tmp_path: Path, library: ModelLibrary, name: str
) -> None:
    with pytest.raises(UsageError) as caught:
        add(library, tmp_path / "none.pth", name=name, taken=("judge", "kind", "pack"))
    assert type(caught.value) is UsageError
    assert not library.folder.exists()


@pytest.mark.usefixtures("here")
def test_a_dry_run_tells_all_and_stores_nothing(tmp_path: Path, library: ModelLibrary) -> None:
    path = weights(tmp_path / "a.pth")
    name, found, there = would_be(library, path)
    assert (NIMA, NIMA, "nima-technical", False) == (name, found.variant, found.others[0], there)
    assert not library.folder.exists()
    add(library, path)
    assert would_be(library, path)[2]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda name, each: each * torch.nan if name == "dense_1.bias" else each, "its dense_1.bias holds values that"),
        (lambda name, each: each * torch.inf if name == "conv1.weight" else each, "its conv1.weight holds values that"),
        (lambda name, each: each * 0, "its weights are all zero"),
        (lambda name, each: -each - 1 if "running_var" in name else each, "as nima-aesthetic it gives (nan, nan)"),
    ],
)
def test_weights_that_make_no_sense_are_refused(
    tmp_path: Path, library: ModelLibrary, change: object, said: str
) -> None:
    path = weights(tmp_path / "a.pth")
    state = {name: change(name, each) for name, each in torch.load(path, weights_only=True).items()}  # type: ignore[operator]
    torch.save(state, path)
    with pytest.raises(CheckpointUnusable) as caught:
        add(library, path)
    assert said in str(caught.value)
    assert set() == files(library.folder)


@pytest.mark.usefixtures("here")
def test_weights_in_half_or_double_precision_are_kept_in_single(tmp_path: Path, library: ModelLibrary) -> None:
    path = weights(tmp_path / "a.pth")
    state = torch.load(path, weights_only=True)
    torch.save({name: each.double() if each.is_floating_point() else each for name, each in state.items()}, path)
    network = add(library, path).model.load()
    assert {torch.float32} == {each.dtype for each in network.parameters()}
    assert not network.training
    assert torch.equal(state["conv1.weight"], network.get_parameter("conv1.weight"))


@pytest.mark.usefixtures("here")
def test_a_full_disk_is_named_and_leaves_nothing(
    tmp_path: Path, library: ModelLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = weights(tmp_path / "a.pth")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull, match="No space is left for"):
        add(library, path)
    assert set() == files(library.folder)
    monkeypatch.undo()


class Killed(BaseException):
    """Stands for `kill -9`: nothing is tidied up behind it."""


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("call", ["mkdir", "record", "rename", "after"])
def test_a_kill_in_the_middle_leaves_no_half_model_and_the_next_add_goes_on(
    tmp_path: Path, library: ModelLibrary, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = weights(tmp_path / "a.pth")
    clear, take_place = adding._clear, adding._take_place
    alive = [True]

    def die(*arguments: Path, **_: object) -> None:
        alive.clear()  # nothing is tidied up any more
        if call == "after":
            take_place(*arguments)
        raise Killed

    target = {"mkdir": "inspect", "record": "_write_durably", "rename": "_take_place", "after": "_take_place"}[call]
    with monkeypatch.context() as patch:
        patch.setattr(adding, "_clear", lambda folder: clear(folder) if alive else ())
        patch.setattr(adding, target, die)
        with pytest.raises(Killed):
            add(library, path)
    assert ((NIMA,) if call == "after" else ()) == library.names()
    assert (call == "after") == add(library, path).was_there
    assert {f"{NIMA}/{RECORD}", f"{NIMA}/{WEIGHTS}"} == files(library.folder)
    assert verify(library.find(NIMA))  # type: ignore[arg-type]


def test_two_adds_at_once_give_one_whole_model(
    tmp_path: Path, library: ModelLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = weights(tmp_path / "a.pth")
    inside: list[int] = []
    most: list[int] = []

    def slowly(path: Path, **wishes: object) -> Found:
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.3)  # the other one would be here by now
        try:
            return inspect_here(path, **wishes)  # type: ignore[arg-type]
        finally:
            inside.pop()

    monkeypatch.setattr(adding, "inspect", slowly)
    found: list[bool] = []
    both = [threading.Thread(target=lambda: found.append(add(library, path).was_there)) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert ([False, True], [1, 1]) == (sorted(found), most)
    assert {f"{NIMA}/{RECORD}", f"{NIMA}/{WEIGHTS}"} == files(library.folder)


# --- finding --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def added(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with one model, to be copied."""
    folder = tmp_path_factory.mktemp("library")
    path = weights(folder / "a.pth")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adding, "inspect", inspect_here)
        add(ModelLibrary(folder / "models"), path)
    return folder


@pytest.fixture
def stored(tmp_path: Path, library: ModelLibrary, added: Path, here: None) -> Path:
    """The folder of an added model; the file that it came from lies as `a.pth` in `tmp_path`."""
    shutil.copytree(added / "models", library.folder)
    shutil.copy(added / "a.pth", tmp_path)
    return library.folder / NIMA


def test_there_are_no_models_without_a_folder(library: ModelLibrary) -> None:
    assert ((), None) == (library.names(), library.find(NIMA))
    with pytest.raises(ScorerUnknown):
        Scorers.of(library.folder).find(NIMA)


def test_what_is_no_model_is_not_listed(library: ModelLibrary) -> None:
    for name in ("empty", CALIBRATIONS, "With Space", ".adding"):
        (library.folder / name).mkdir(parents=True)
    (library.folder / CALIBRATIONS / RECORD).touch()
    (library.folder / ".adding" / RECORD).touch()
    (library.folder / "file").touch()
    assert () == library.names()
    for name in ("empty", CALIBRATIONS, ".adding", "../models/empty", "file", "x\0y"):
        assert library.find(name) is None


@pytest.mark.parametrize(
    ("file", "data", "said"),
    [
        (RECORD, b"", "its record model.json is damaged"),
        (RECORD, b"{}", "its record model.json is damaged"),
        (RECORD, b"\xff" * 9, "its record model.json is damaged"),
        (RECORD, b"[" * 100_000, "its record model.json is damaged"),
        (WEIGHTS, b"", "its weights are cut off or have been changed"),
    ],
)
def test_a_damaged_model_is_named_with_what_to_do(
    library: ModelLibrary, stored: Path, file: str, data: bytes, said: str
) -> None:
    (stored / file).write_bytes(data)
    with pytest.raises(ModelBroken) as caught:
        library.find(NIMA)
    text = str(caught.value)
    assert f"The model {NIMA} can't be used: {said}." in text
    assert f"`albumclean models remove {NIMA}` takes it away; then `albumclean models add PATH`" in text
    assert (NIMA,) == library.names()  # it can be removed


@pytest.mark.parametrize("change", [{"size": "1"}, {"outputs": [1]}, {"variant": None}, {"more": 1}, {"version": 2}])
def test_a_record_is_read_strictly(library: ModelLibrary, stored: Path, change: dict[str, object]) -> None:
    document = json.loads((stored / RECORD).read_text())
    assert Record.parsed(json.dumps(document)).text == (stored / RECORD).read_text()
    (stored / RECORD).write_text(json.dumps(document | change))
    with pytest.raises(ModelBroken, match=r"its record model\.json is damaged"):
        library.find(NIMA)


def test_a_network_of_a_newer_albumclean_is_said(library: ModelLibrary, stored: Path) -> None:
    document = json.loads((stored / RECORD).read_text())
    (stored / RECORD).write_text(json.dumps(document | {"variant": "nima-3000\x1b"}))
    with pytest.raises(ModelBroken, match=r"does not know its network 'nima-3000") as caught:
        library.find(NIMA)
    assert str(caught.value).isprintable()


def test_missing_weights_are_said_when_they_are_loaded(library: ModelLibrary, stored: Path) -> None:
    model = library.find(NIMA)
    assert model is not None
    (stored / WEIGHTS).rename(stored / "moved")
    with pytest.raises(ModelBroken, match=r"its weights can't be read \(No such file or directory\)"):
        library.find(NIMA).load()  # type: ignore[union-attr]


# --- verifying ------------------------------------------------------------------------------------------------------


def test_a_model_as_it_was_is_verified(library: ModelLibrary, stored: Path) -> None:
    assert verify(library.find(NIMA))  # type: ignore[arg-type]


def test_one_flipped_bit_in_the_weights_is_found(library: ModelLibrary, stored: Path) -> None:
    data = bytearray((stored / WEIGHTS).read_bytes())
    data[-1000] ^= 1
    (stored / WEIGHTS).write_bytes(data)
    model = library.find(NIMA)
    assert model is not None
    with pytest.raises(ModelBroken, match="its weights have been changed since"):
        verify(model)
    with pytest.raises(ModelBroken, match="its weights have been changed since"):  # a scan does not use it either
        model.load()


def test_a_network_that_says_something_else_than_once_is_found(library: ModelLibrary, stored: Path) -> None:
    model = library.find(NIMA)
    assert model is not None
    mean, spread = model.record.outputs
    near = replace(model, record=replace(model.record, outputs=(mean + 9e-6, spread)))
    assert verify(near)
    for outputs in ((mean + 1e-3, spread), (mean, float("nan")), (mean,)):
        other = replace(model, record=replace(model.record, outputs=outputs))
        with pytest.raises(ModelBroken, match="for a picture for which it once gave"):
            verify(other)
    aged = replace(model, record=replace(model.record, outputs=(0.0, 0.0), variant_revision="0"))
    assert not verify(aged)


def test_the_made_picture_is_the_same_for_ever() -> None:
    picture = np.asarray(made_picture())
    assert ((480, 640, 3), "uint8") == (picture.shape, str(picture.dtype))
    assert [[42, 13, 172], [173, 182, 92]] == [picture[0, 0].tolist(), picture[300, 500].tolist()]


# --- removing -------------------------------------------------------------------------------------------------------


def test_a_removed_model_is_gone_and_can_come_again(tmp_path: Path, library: ModelLibrary, stored: Path) -> None:
    assert () == remove(library, NIMA)
    assert (False, ()) == (stored.exists(), library.names())
    assert (tmp_path / "a.pth").exists()
    assert not add(library, tmp_path / "a.pth").was_there


def test_removing_touches_no_file_of_others(library: ModelLibrary, stored: Path) -> None:
    (stored / "notes.txt").write_text("mine")
    assert ("notes.txt",) == remove(library, NIMA)
    assert {"notes.txt"} == files(stored)


def test_a_damaged_model_can_be_removed(library: ModelLibrary, stored: Path) -> None:
    (stored / RECORD).write_bytes(b"")
    remove(library, NIMA)
    assert not stored.exists()


def test_only_models_are_removed(library: ModelLibrary, stored: Path) -> None:
    for name in ("../models/nima-aesthetic", "judge", "", "..", CALIBRATIONS):
        with pytest.raises(UsageError, match=r"There is no added model .*; there is nima-aesthetic"):
            remove(library, name)
    assert {RECORD, WEIGHTS} == files(stored)


def test_a_removal_that_was_ended_does_not_stand_in_the_way(
    tmp_path: Path, library: ModelLibrary, stored: Path
) -> None:
    (stored / RECORD).rename(tmp_path / "gone")
    assert () == library.names()
    add(library, tmp_path / "a.pth")
    assert verify(library.find(NIMA))  # type: ignore[arg-type]


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path, library: ModelLibrary, here: None) -> None:
    (library.folder / NIMA).mkdir(parents=True)
    (library.folder / NIMA / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"holds files that are not albumclean's, such as notes\.txt"):
        add(library, weights(tmp_path / "a.pth"))
    assert {f"{NIMA}/notes.txt"} == files(library.folder)


# --- the commands ---------------------------------------------------------------------------------------------------


def command(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command, run in this process."""
    capsys.readouterr()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["albumclean", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
    said = capsys.readouterr()
    return int(ended.value.code or 0), said.out, said.err


@pytest.mark.timeout(200)
def test_a_downloaded_model_goes_the_whole_way(
    tmp_path: Path, home: Path, album: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "modelscope-mos"
    folder = downloaded(tmp_path / "hub" / "damo" / "cv_resnet_image-quality-assessment-mos_youtubeUGC", name)
    before = files(folder)
    photos = [save(scene(seed, 320, 240), album / f"{seed}.jpg") for seed in range(2)]
    table = tmp_path / "table.csv"
    table.write_text("file,mos\n" + "".join(f"{photo},{0.2 + 0.3 * at}\n" for at, photo in enumerate(photos)))

    code, out, err = command(capsys, "models", "add", folder)
    assert (0, "") == (code, err)
    assert f"{folder / 'pytorch_model.pt'} is {name}: MOS of ModelScope's" in out
    assert "Kept as modelscope-mos, 46.9 MB in " in out
    code, out, _ = command(capsys, "models", "list", "--json")
    listed = {each["name"]: each for each in json.loads(out)["models"]}
    assert (0, {"judge", "kind", name}) == (code, listed.keys() & {"judge", "kind", name})
    assert ("added", "quality", [0, 1], "pytorch_model.pt", False) == tuple(
        listed[name][key] for key in ("origin", "says", "range", "source", "in_use")
    )
    code, out, _ = command(capsys, "models", "verify", name)
    assert (0, True) == (code, out.startswith(f"  ok    {name}: every byte is as it was stored, and it says"))

    assert 0 == command(capsys, "scan", album, "--scorer", name)[0]
    code, out, _ = command(capsys, "propose", album, "--scorer", name, "--below", "1", "--json")
    proposed = {Path(each["path"]): each["mos"] for each in map(json.loads, out.splitlines())}
    assert (0, set(photos)) == (code, set(proposed))
    network = variant(name).network()
    network.load_state_dict(random_weights(name, 1))
    with Image.open(photos[0]) as image:  # what the network says, computed here
        view = network_view(image.convert("RGB"), variant(name).input)
    with torch.inference_mode():
        said = network.eval()(torch.from_numpy(view.whole[None]), torch.from_numpy(view.patches[None]))[0].item()
    assert said == pytest.approx(proposed[photos[0]], abs=1e-5)
    code, out, _ = command(capsys, "explain", photos[0], "--scorer", name, "--json")
    assert (0, proposed[photos[0]]) == (code, pytest.approx(json.loads(out)["photos"][0]["mos"], abs=1e-5))
    code, out, _ = command(capsys, "eval", table, "--scorer", name, "--json")
    assert (0, name, 2) == (code, json.loads(out)["scorer"], json.loads(out)["photos"])

    assert 0 == command(capsys, "models", "use", f"{name}:2", "judge")[0]
    assert f'scorers = ["{name}:2", "judge"]' in (home / "config.toml").read_text()
    code, _, err = command(capsys, "models", "remove", name)
    assert (2, True) == (code, "'modelscope-mos' is chosen in [scoring] scorers" in err)
    assert 0 == command(capsys, "models", "use", "judge")[0]
    assert 0 == command(capsys, "models", "remove", name)[0]
    code, _, err = command(capsys, "scan", album, "--scorer", name)
    assert (2, True) == (code, "There is no scorer 'modelscope-mos'; there are judge, kind" in err)
    assert before == files(folder)


def test_the_commands_tell_of_a_damaged_model_and_of_a_wrong_one(
    tmp_path: Path, home: Path, added: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(added / "models", home / "models")
    with (home / "models" / NIMA / WEIGHTS).open("r+b") as file:
        file.seek(-9, os.SEEK_END)
        file.write(b"\x01")
    code, out, _ = command(capsys, "models", "verify")
    assert 1 == code
    assert f"  FAIL  {NIMA}: The model {NIMA} can't be used: its weights have been changed since." in out
    assert "  ok    judge: every byte is as it was shipped" in out
    code, out, _ = command(capsys, "doctor")
    assert (3, True) == (code, "  FAIL  added models: The model nima-aesthetic can't be used" in out)
    (home / "models" / NIMA / RECORD).write_text("{")
    code, out, _ = command(capsys, "models", "list")
    assert (1, True) == (code, "can't be used: The model nima-aesthetic can't be used: its record" in out)
    code, _, err = command(capsys, "models", "use", NIMA)
    assert (3, True) == (code, "`albumclean models remove nima-aesthetic` takes it away" in err)
    assert not (home / "config.toml").exists()
    assert 0 == command(capsys, "models", "remove", NIMA)[0]
    code, _, err = command(capsys, "models", "verify", "nobody")
    assert (2, True) == (code, "'nobody' is no model that came with albumclean" in err)


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_kill_9_while_a_model_is_added_leaves_nothing_half(tmp_path: Path, home: Path) -> None:
    path = weights(tmp_path / "a.pth")
    adding_it = subprocess.Popen(
        [sys.executable, "-m", "albumclean", "models", "add", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    fresh = home / "models" / ".adding"
    while not fresh.exists():
        assert adding_it.poll() is None
        time.sleep(0.01)
    adding_it.kill()
    adding_it.communicate()
    library = ModelLibrary(home / "models")
    assert ((), True) == (library.names(), fresh.exists())
