from __future__ import annotations

import math
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import numpy.typing as npt
import psutil
import pytest
import torch

from albumclean.domain import Embedding, InputSpec, NativeInput, PatchSpec
from albumclean.engines import networks
from albumclean.errors import DeviceMissing, MemoryRanOut, ModelDamaged, ModelMissing, ModelUnreadable, TorchUnusable
from albumclean.media.picture import Picture
from albumclean.media.statistics import statistics
from albumclean.media.view import NetworkView, network_view
from albumclean.scoring import batches, device, registry
from albumclean.scoring.batches import NetworkBatches
from albumclean.scoring.device import Placement, batch_size, place
from albumclean.scoring.findings import Findings, embeddings_of
from tests.pictures import scene


class Mean(torch.nn.Module):
    """Its values are the means of the picture and its patches, its embedding points by them.

    It can run out of memory and overflow.
    """

    def __init__(self, most: int = 1000) -> None:
        super().__init__()
        self.most = most
        self.sizes: list[int] = []

    def forward(self, whole: torch.Tensor, patches: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        if len(whole) > self.most:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")
        self.sizes.append(len(whole))
        means = [each.float().flatten(1).mean(dim=1) / 255 for each in (whole, patches)]
        values = torch.stack(means + [means[0]] * (len(QUANTITIES) - 2), dim=1)
        angle = torch.where(means[0] > 0.99, torch.nan, means[0])
        return torch.where(values > 0.99, torch.nan, values), torch.stack([angle.cos(), angle.sin()], dim=1)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mean]:
    made = Mean()
    monkeypatch.setattr(registry.Shipped, "load", lambda _: made)
    monkeypatch.setattr(registry.Shipped, "compiled", lambda *_: None)
    yield made


QUANTITIES = registry.spec(registry.JUDGE).quantities
WHOLE, PATCHES = QUANTITIES[:2]


def view(value: int, rows: int = 2) -> NetworkView:
    return NetworkView(np.full((rows, 3, 3), value, np.uint8), np.full((2, 4, 4, 3), value // 2, np.uint8))


def findings(batch: int, *views: NetworkView) -> Findings:
    made = NetworkBatches(registry.shipped(registry.JUDGE), "cpu", batch)
    found = Findings()
    for number, one in enumerate(views):
        found += made.add(bytes([number]), one)
    found += made.flush()
    return found


def scores(batch: int, *views: NetworkView, quantity: str = WHOLE) -> dict[bytes, float]:
    found = findings(batch, *views)
    return {score.content_hash: score.value for score in found.scores if score.quantity == quantity}


def vector(embedding: Embedding) -> npt.NDArray[np.float64]:
    return np.frombuffer(embedding.vector, np.int8).astype(np.float64)


def test_every_photo_gets_its_own_score_whatever_the_shapes_and_batches(network: Mean) -> None:
    views = [view(value, 2 + value % 3) for value in range(0, 250, 10)]
    expected = {bytes([number]): pytest.approx(number * 10 / 255) for number in range(25)}
    close = {bytes([number]): pytest.approx(number * 5 / 255) for number in range(25)}
    for batch in (1, 3, 8, 100):
        assert expected == scores(batch, *views)
        assert close == scores(batch, *views, quantity=PATCHES)


def test_what_waits_is_never_more_than_two_batches(network: Mean) -> None:
    made = NetworkBatches(registry.shipped(registry.JUDGE), "cpu", 4)
    done = sum(len(made.add(bytes([number]), view(0, number + 1)).embeddings) for number in range(50))
    assert done > 50 - 8


def test_large_views_that_wait_are_bounded_by_their_bytes(network: Mean, monkeypatch: pytest.MonkeyPatch) -> None:
    size = view(0).size
    monkeypatch.setattr(batches, "MOST_WAITING", 5 * size)
    made = NetworkBatches(registry.shipped(registry.JUDGE), "cpu", 100)
    waiting = 0
    for number in range(60):
        found = made.add(bytes([number]), view(number, 2 + number % 3))
        waiting += 1 - len(found.embeddings)
        assert made._held() <= 5 * size
        assert waiting <= 6
    assert waiting == len(made.flush().embeddings)


def test_views_of_native_size_pass_the_network_as_many_at_once_as_their_own_size_allows(
    network: Mean, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = registry.shipped(registry.JUDGE)
    native = SimpleNamespace(spec=replace(asked.spec, input=NativeInput(1, 1, 10**6)), load=asked.load)
    monkeypatch.setattr(device, "LARGEST_PIXELS_ON_CPU", 100)
    made = NetworkBatches(native, "cpu", 16)
    for number, side in enumerate([4] * 16 + [9] * 16 + [20] * 16):
        pixels = np.full((side, side, 3), number, np.uint8)
        made.add(bytes([number]), NetworkView(pixels, np.zeros((1, 1, 1, 3), np.uint8)))
    assert [4] * 4 + [1] * 32 == network.sizes


def test_a_network_is_asked_in_its_quicker_form(network: Mean, monkeypatch: pytest.MonkeyPatch) -> None:
    quicker = Mean()
    monkeypatch.setattr(Mean, "for_inference", lambda _: quicker, raising=False)
    assert 3 == len(scores(3, *(view(value) for value in range(3))))
    assert ([], [3]) == (network.sizes, quicker.sizes)


def test_the_queue_to_the_networks_is_bounded_by_number_and_by_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    size = view(0).size
    for most, room in ((100 * size, networks.WAITING), (3 * size, 3), (0, 1)):
        monkeypatch.setattr(networks, "MOST_WAITING", most)
        queue = networks._Views()
        taken = 0
        while queue.put(("judge", b"", view(0)), timeout=0):
            taken += 1
        assert room == taken
        assert queue.get(timeout=0) is not None
        assert queue.put(("judge", b"", view(0)), timeout=0)


def test_one_who_waits_for_room_gets_it_when_a_view_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "MOST_WAITING", 0)
    queue = networks._Views()
    queue.put(("judge", b"1", view(1)), timeout=0)
    taker = threading.Timer(0.05, queue.get, [1.0])
    taker.start()
    assert queue.put(("judge", b"2", view(2)), timeout=30)
    taker.join()
    item = queue.get(timeout=0)
    assert isinstance(item, tuple)
    assert b"2" == item[1]


def test_an_error_is_not_held_up_by_a_network_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "_JOIN_SECONDS", 0.05)
    begun, let_go = threading.Event(), threading.Event()

    def hang() -> torch.nn.Module:
        begun.set()
        let_go.wait(20)
        return Mean()

    judge = registry.shipped(registry.JUDGE)
    try:
        with (
            pytest.raises(KeyboardInterrupt),
            networks.NetworkThread("cpu", 1, [SimpleNamespace(spec=judge.spec, load=hang)]) as thread,
        ):
            thread.put(registry.JUDGE, b"x", view(1))
            assert begun.wait(60)
            raise KeyboardInterrupt
        assert thread._threads[0].is_alive()  # it still hangs
    finally:
        let_go.set()
        thread._threads[0].join()


def test_where_memory_runs_out_a_batch_is_halved_and_nothing_is_lost(network: Mean) -> None:
    network.most = 2
    assert 7 == len(scores(7, *(view(value) for value in range(7))))
    assert max(network.sizes) <= 2


def test_one_photo_that_does_not_fit_is_an_error(network: Mean) -> None:
    network.most = 0
    with pytest.raises(MemoryRanOut, match=r"not enough memory to ask judge of a photo \(Default.*allocate memory"):
        scores(1, view(1))


def test_torch_that_can_not_be_loaded_is_an_error_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch")
    monkeypatch.setattr(sys, "meta_path", [_Refusing(), *sys.meta_path])
    with pytest.raises(TorchUnusable, match=r"failed to map segment.*install it anew"):
        device.import_torch()


class _Refusing:
    """Finds no torch, in the words of a loader that has no memory for it."""

    def find_spec(self, name: str, *_: object) -> None:
        if name == "torch":
            raise ImportError("libtorch_cpu.so: failed to map segment from shared object")


def test_a_value_that_is_not_finite_is_no_score(network: Mean) -> None:
    assert {b"\0"} == scores(2, view(1), view(255)).keys()


def test_every_photo_gets_its_own_embedding_whatever_the_shapes_and_batches(network: Mean) -> None:
    views = [view(value, 2 + value % 3) for value in range(0, 250, 10)]
    angles = {bytes([number]): number * 10 / 255 for number in range(25)}
    for batch in (1, 3, 100):
        found = findings(batch, *views).embeddings
        assert angles.keys() == {embedding.content_hash for embedding in found}
        for embedding in found:
            angle = angles[embedding.content_hash]
            assert [round(127 * math.cos(angle)), round(127 * math.sin(angle))] == vector(embedding).tolist()


def test_an_embedding_that_is_not_finite_is_none(network: Mean) -> None:
    assert [b"\0"] == [embedding.content_hash for embedding in findings(2, view(1), view(255)).embeddings]


def test_a_network_without_embeddings_gives_none() -> None:
    assert [] == embeddings_of([b"a", b"b"], np.zeros((2, 0), np.float32))


def test_the_batch_is_found_from_the_free_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = registry.spec(registry.JUDGE).input

    def with_free(gigabytes: float, device: str) -> int:
        memory = type("Memory", (), {"available": int(gigabytes * 1e9)})
        monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
        return batch_size(Placement(device), spec.pixels)

    assert [1, 4, 1, 32] == [with_free(*case) for case in ((0.1, "cpu"), (64, "cpu"), (0.1, "mps"), (64, "mps"))]


def test_patches_take_memory_too(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = type("Memory", (), {"available": 10**10})
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    plain = InputSpec(area=384 * 384)
    sizes = [batch_size(Placement("mps"), spec.pixels) for spec in (plain, replace(plain, patches=PatchSpec(9, 384)))]
    assert [24, 2] == sizes


def test_a_device_that_is_not_there_is_named() -> None:
    with pytest.raises(DeviceMissing, match="mps"):
        place("mps")


def test_threads_do_not_spin_beside_the_decoders() -> None:
    probe = """
import os, sys
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            print(os.environ.get("OMP_WAIT_POLICY"))
sys.meta_path.insert(0, Watch())
from albumclean.scoring.batches import NetworkBatches
from albumclean.scoring.graphs import runtime
from albumclean.scoring.registry import shipped
runtime.openvino = lambda: None
NetworkBatches(shipped("judge"), "cpu", 1)
"""
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert "PASSIVE" == done.stdout.strip()


def test_damaged_and_missing_weights_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("albumclean.__file__", str(tmp_path / "albumclean" / "__init__.py"))
    spec = registry.spec(registry.JUDGE)
    with pytest.raises(ModelMissing, match=r"judge\.safetensors"):
        registry.weights_of(spec)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "judge.safetensors").write_bytes(b"not the model")
    with pytest.raises(ModelDamaged, match=r"judge\.safetensors is damaged"):
        registry.weights_of(spec)


def test_weights_that_may_not_be_read_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # root, who runs the tests on some machines, may read everything
    with pytest.raises(ModelUnreadable, match=r"judge\.safetensors can't be read: Permission denied"):
        registry.weights_of(registry.spec(registry.JUDGE))


@pytest.mark.parametrize("name", registry.names())
def test_every_scorer_keeps_its_contract(name: str) -> None:
    spec = registry.spec(name)
    assert name == spec.name
    assert spec.revision
    assert spec.licence
    assert spec.quantities
    assert spec.value_range[0] < spec.value_range[1]
    view = network_view(scene(3), spec.input)
    if spec.reads:
        view = replace(view, statistics=statistics(Picture(scene(3))))
    made = NetworkBatches(registry.shipped(spec.reads or name), "cpu", 1)
    found = made.add(b"x", view)
    found += made.flush()
    scores = [score for score in found.scores if score.scorer == name]
    assert list(spec.quantities) == [score.quantity for score in scores]
    assert {spec.revision} == {score.revision for score in scores}
    assert all(spec.value_range[0] <= score.value <= spec.value_range[1] for score in scores)
    if spec.reads:
        return
    assert [spec.embedding] * bool(spec.embedding) == [len(embedding.vector) for embedding in found.embeddings]
    assert all(pytest.approx(127, abs=2) == np.linalg.norm(vector(embedding)) for embedding in found.embeddings)


def test_scores_and_embeddings_do_not_depend_on_the_rest_of_the_batch() -> None:
    views = [network_view(scene(seed, 320, 240), registry.spec(registry.JUDGE).input) for seed in range(5)]
    alone, together = findings(1, *views), findings(3, *views)
    for one, other in zip(alone.scores, together.scores, strict=True):
        assert one.value == pytest.approx(other.value, abs=1e-3)
    for first, second in zip(map(vector, alone.embeddings), map(vector, together.embeddings), strict=True):
        assert 0.9999 <= first @ second / np.linalg.norm(first) / np.linalg.norm(second)
