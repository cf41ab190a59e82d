"""The judge without PyTorch: the same answers, and PyTorch wherever it can't be had."""

from __future__ import annotations

import ctypes.util
import inspect
import platform
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from albumclean.errors import MemoryRanOut, ModelDamaged
from albumclean.media.picture import Picture
from albumclean.media.statistics import COUNT, statistics
from albumclean.media.view import NetworkView, network_view
from albumclean.scoring import depth, device, registry
from albumclean.scoring.batches import NetworkBatches
from albumclean.scoring.contract import made_picture
from albumclean.scoring.forms import SINGLE, form_of
from albumclean.scoring.graphs import backbone, runtime
from albumclean.scoring.graphs import judge as graphs
from albumclean.scoring.graphs.backbone import Wanted
from albumclean.scoring.graphs.judge import JudgeGraph, KindGraph
from albumclean.scoring.lite0 import FEATURES
from albumclean.scoring.nets.judge import Judge
from albumclean.scoring.nets.kind import KindHead
from tests.pictures import scene

JUDGE, KIND = registry.shipped(registry.JUDGE), registry.shipped(registry.KIND)
SHAPES = ((160, 128), (96, 192), (64, 64))  # small: a whole pass of full size would cost seconds

pytestmark = pytest.mark.skipif(
    platform.machine().lower() not in ("x86_64", "amd64"), reason="only x86 has these graphs"
)


def view(width: int, height: int, seed: int = 0) -> NetworkView:
    pixels = np.asarray(made_picture(width, height, seed))
    patches = [pixels[:64, :64], pixels[-64:, :64], pixels[:64, -64:], pixels[-64:, -64:]]
    return NetworkView(pixels, np.stack(patches))


def judge(*, half: bool) -> JudgeGraph:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graphs, "has_half", lambda: half)
        return cast(JudgeGraph, compile_anew(JUDGE, 1))


compile_anew = inspect.unwrap(registry.Shipped.compiled)  # without what the other tests share


@pytest.fixture(autouse=True)
def anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry.Shipped, "compiled", compile_anew)


@pytest.fixture(scope="module")
def single() -> JudgeGraph:
    return judge(half=False)


@pytest.fixture(scope="module")
def by_torch() -> Callable[[NetworkView, bool], list[npt.NDArray[np.float32]]]:
    network = cast(Judge, JUDGE.load())

    def ask(seen: NetworkView, half: bool) -> list[npt.NDArray[np.float32]]:
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
            found = network.seen(torch.from_numpy(seen.whole.copy())[None], torch.from_numpy(seen.patches)[None])
        return [each.numpy() for each in found]

    return ask


Ask = Callable[[NetworkView, bool], list[npt.NDArray[np.float32]]]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_graph_gives_the_same_answers_as_torch_in_single_precision(
    single: JudgeGraph, by_torch: Ask, shape: tuple[int, int]
) -> None:
    seen = view(*shape)
    (values, embedding, features), expected = single(seen), by_torch(seen, False)
    assert [(1, 9), (1, 128), (1, FEATURES)] == [each.shape for each in (values, embedding, features)]
    assert {np.dtype(np.float32)} == {each.dtype for each in (values, embedding, features)}
    np.testing.assert_allclose(values, expected[0], rtol=0, atol=1e-5)
    np.testing.assert_allclose(embedding, expected[1], rtol=0, atol=1e-5)
    np.testing.assert_allclose(features, expected[2], rtol=0, atol=1e-3)


def test_flat_and_black_pictures_are_judged_as_torch_judges_them(single: JudgeGraph, by_torch: Ask) -> None:
    for level in (0, 127, 255):
        seen = NetworkView(np.full((64, 96, 3), level, np.uint8), np.full((4, 32, 32, 3), level, np.uint8))
        np.testing.assert_allclose(single(seen)[0], by_torch(seen, False)[0], rtol=0, atol=1e-4)


def test_half_precision_shifts_scores_no_more_than_torchs_does(by_torch: Ask) -> None:
    graph = judge(half=True)
    for seed in range(3):
        seen = view(160, 128, seed)
        exact = by_torch(seen, False)
        (values, embedding, _), theirs = graph(seen), by_torch(seen, True)
        assert np.abs(values - exact[0]).max() <= np.abs(theirs[0] - exact[0]).max() + 5e-3
        assert (embedding * exact[1]).sum() > 0.995


@pytest.mark.parametrize("seed", range(3))
def test_the_kind_is_what_torch_makes_of_the_same_features(seed: int) -> None:
    random = np.random.default_rng(seed)
    features = random.random((1, FEATURES), np.float32) - np.float32(0.1)
    statistics = random.random(COUNT, np.float32)
    with torch.inference_mode():
        expected = cast(KindHead, KIND.load())(torch.from_numpy(features), torch.from_numpy(statistics[None]))
    found = cast(KindGraph, KIND.compiled(1))(features, statistics)
    np.testing.assert_allclose(found, expected.numpy(), rtol=0, atol=1e-5)


def test_a_picture_gets_the_same_scores_whatever_shapes_came_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backbone, "_OFTEN", 1)
    graph = judge(half=runtime.has_half())
    seen = view(96, 192)
    answers = [graph(one)[0] for one in (seen, view(160, 128), seen, view(160, 128, 1), seen)]
    fresh = judge(half=runtime.has_half())
    fresh(view(128, 128))  # now the shape has no graph of its own
    assert len(fresh._whole._own) == 1
    assert 2 == len(graph._whole._own)
    for each in (answers[2], answers[4], fresh(seen)[0]):
        np.testing.assert_allclose(each, answers[0], rtol=0, atol=1e-4)


@given(shapes=st.lists(st.integers(1, 30), max_size=120))
def test_the_graphs_for_shapes_are_bounded_and_each_picture_meets_one_that_fits(shapes: list[int]) -> None:
    made: list[tuple[int, int]] = []

    class Halves:
        def __init__(self, shape: tuple[int, int]) -> None:
            self.shape = shape
            made.append(shape)

        def __call__(self, pictures: npt.NDArray[np.uint8]) -> list[npt.NDArray[np.float32]]:
            assert self.shape in {pictures.shape[1:3], (-1, -1)}
            return []

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backbone, "_OFTEN", 3)
        patch.setattr(backbone, "_MOST", 2)
        eyes = backbone.Backbone({}, JUDGE.spec.input, 1, half=False, wanted=Wanted.NOTHING)  # type: ignore[arg-type]
        eyes._made_for = Halves  # type: ignore[assignment]
        for side in shapes:
            eyes(np.zeros((32 * side, 32, 3), np.uint8))
    assert all(count == 1 for count in Counter(made).values())
    assert len(made) <= 3


def test_threads_that_ask_at_once_get_their_own_answers(single: JudgeGraph) -> None:
    views = [view(160, 128, seed) for seed in range(4)]
    alone = [single(each)[0] for each in views]
    found: dict[int, list[npt.NDArray[np.float32]]] = {}

    def ask(number: int) -> None:
        found[number] = [single(views[number])[0] for _ in range(3)]

    threads = [threading.Thread(target=ask, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for number, expected in enumerate(alone):
        assert 3 == len(found[number])
        for each in found[number]:
            np.testing.assert_allclose(each, expected, rtol=0, atol=1e-5)


def test_two_lanes_share_a_graph_and_all_lanes_answer_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def compiled(_: object, threads: int) -> JudgeGraph:
        asked.append(threads)
        return cast(JudgeGraph, made(JUDGE, threads))

    made = registry.Shipped.compiled
    monkeypatch.setattr(registry.Shipped, "compiled", compiled)
    form = form_of(JUDGE, "cpu", 4, 1)
    together, found = threading.Barrier(4, timeout=60), []

    def ask() -> None:
        together.wait()
        found.append(form.answers([view(64, 64)])[0])

    lanes = [threading.Thread(target=ask) for _ in range(4)]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join(60)
    assert [1, 1] == asked
    assert 4 == len(found)
    for each in found[1:]:
        np.testing.assert_array_equal(found[0], each)


def test_on_a_processor_the_judge_runs_without_torch_and_elsewhere_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not NetworkBatches(JUDGE, "cpu").by_torch
    monkeypatch.setattr(runtime, "openvino", lambda: None)
    network = NetworkBatches(JUDGE, "cpu")
    assert network.by_torch
    assert network.precision in {"bfloat16", SINGLE}


def test_both_forms_find_the_same_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = scene(5, 640, 480)
    seen = replace(network_view(picture, JUDGE.spec.input), statistics=statistics(Picture(picture)))
    first = NetworkBatches(JUDGE, "cpu").add(b"x", seen)
    monkeypatch.setattr(runtime, "openvino", lambda: None)
    torchs = NetworkBatches(JUDGE, "cpu", 1).add(b"x", seen)
    named = [{(each.scorer, each.quantity): each.value for each in found.scores} for found in (first, torchs)]
    assert named[0].keys() == named[1].keys()
    assert {registry.JUDGE, registry.KIND} == {scorer for scorer, _ in named[0]}
    for key, value in named[0].items():
        assert value == pytest.approx(named[1][key], abs=0.01), key
    one, other = (np.frombuffer(found.embeddings[0].vector, np.int8).astype(float) for found in (first, torchs))
    assert one @ other / np.linalg.norm(one) / np.linalg.norm(other) > 0.995


def test_a_photo_in_depth_is_told_the_same_by_both_forms_and_without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = scene(6, 640, 480)
    seen = replace(network_view(picture, JUDGE.spec.input), statistics=statistics(Picture(picture)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(depth, "_by_torch", pytest.fail)
        first = depth.judge_in_depth(seen, "cpu")
    monkeypatch.setattr(runtime, "openvino", lambda: None)
    depth._graph.cache_clear()
    torchs = depth.judge_in_depth(seen, "cpu")
    depth._graph.cache_clear()
    assert first.values == pytest.approx(torchs.values, abs=1e-5)
    assert {registry.KIND} == first.read.keys() == torchs.read.keys()
    assert first.read[registry.KIND] == pytest.approx(torchs.read[registry.KIND], abs=1e-4)
    np.testing.assert_allclose(first.quality_map, torchs.quality_map, rtol=0, atol=1e-4)
    np.testing.assert_allclose(first.embedding, torchs.embedding, rtol=0, atol=1e-5)


def test_other_processors_take_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    runtime.openvino.cache_clear()
    try:
        monkeypatch.setattr(platform, "machine", lambda: "aarch64")
        assert runtime.openvino() is None
        assert JUDGE.compiled(1) is None
    finally:
        runtime.openvino.cache_clear()


@pytest.mark.parametrize("error", [ImportError("libtbb.so.12: cannot open shared object file"), OSError("no")])
def test_where_openvino_can_not_be_imported_torch_judges(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "openvino":
                raise error

    runtime.openvino.cache_clear()
    try:
        for name in [name for name in sys.modules if name.partition(".")[0] == "openvino"]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setattr(sys, "meta_path", [Refusing(), *sys.meta_path])
        assert NetworkBatches(JUDGE, "cpu").by_torch
    finally:
        runtime.openvino.cache_clear()


def test_where_a_graph_can_not_be_compiled_torch_judges(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("Exception from src/inference/src/cpp/core.cpp:107: not supported")

    monkeypatch.setattr(graphs, "Graph", refuse)
    assert NetworkBatches(JUDGE, "cpu").by_torch
    assert "OpenVINO can't run judge, so PyTorch does" in caplog.text


def test_a_graph_for_which_there_is_no_memory_is_not_left_to_torch_which_takes_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("Exception from src/inference/src/dev/plugin.cpp:54:\ncan't alloc\n\n")

    monkeypatch.setattr(graphs, "Graph", refuse)
    with pytest.raises(MemoryRanOut, match=r"plugin.cpp:54: can't alloc\). Close other programs"):
        NetworkBatches(JUDGE, "cpu")


def test_damaged_weights_are_refused_before_a_graph_is_made_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("albumclean.__file__", str(tmp_path / "albumclean" / "__init__.py"))
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "judge.safetensors").write_bytes(b"not the model")
    with pytest.raises(ModelDamaged, match=r"judge\.safetensors is damaged"):
        NetworkBatches(JUDGE, "cpu")


def said_by(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stderr
    return done.stdout.strip()


def test_openvino_tells_its_makers_nothing() -> None:
    program = """
import socket, sys
def refuse(*_): raise AssertionError("the network was used")
socket.socket.connect = socket.getaddrinfo = refuse
from albumclean.scoring.batches import NetworkBatches
from albumclean.scoring.registry import shipped
assert not NetworkBatches(shipped("judge"), "cpu").by_torch
print([name for name in sys.modules if name.startswith("openvino_telemetry")])
"""
    assert "[]" == said_by(program)


def test_a_scan_on_a_processor_never_imports_torch(tmp_path: Path) -> None:
    album = tmp_path / "album"
    album.mkdir()
    for seed in range(3):
        scene(seed, 640, 480).save(album / f"{seed}.jpg")
    program = f"""
import os, sys
os.environ["ALBUMCLEAN_HOME"] = os.environ["HOME"] = {str(tmp_path / "home")!r}
os.environ["XDG_DATA_HOME"] = os.environ["XDG_CACHE_HOME"] = os.environ["XDG_CONFIG_HOME"] = os.environ["HOME"]
from albumclean.cli.main import main
sys.argv = ["albumclean", "scan", "--quiet", "--device", "cpu", {str(album)!r}]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print("torch" in sys.modules, "openvino" in sys.modules)
"""
    assert "False True" == said_by(program).splitlines()[-1]


@pytest.mark.parametrize(
    ("system", "there", "expected"),
    [
        ("Linux", set(), False),
        ("Linux", {"/dev/nvidiactl"}, True),
        ("Linux", {"/dev/kfd"}, True),
        ("Windows", set(), False),
        ("Windows", {"nvcuda"}, True),
        ("Darwin", set(), True),
    ],
)
def test_torch_is_asked_for_a_gpu_only_where_there_may_be_one(
    system: str, there: set[str], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(Path, "exists", lambda path: str(path) in there)
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: name if name in there else None)
    monkeypatch.setattr(device, "import_torch", lambda: asked.append(True))
    device.place("auto")
    assert [True] * expected == asked
