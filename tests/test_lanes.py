"""Forward passes in several threads, and what a process does with its memory while photos pass through it."""

from __future__ import annotations

import gc
import platform
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import psutil
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from albumclean.config import ScanSettings
from albumclean.domain import FileIdentity
from albumclean.engines import local, networks
from albumclean.engines.analyse import Job, Wanted
from albumclean.engines.engine import Assignment, Known
from albumclean.engines.networks import NetworkThread
from albumclean.media import patches, statistics
from albumclean.media.allocation import importing
from albumclean.media.view import NetworkView, network_view
from albumclean.media.workers import WorkerPool
from albumclean.scoring import batches, lanes, registry
from albumclean.scoring.device import Placement
from albumclean.scoring.findings import Findings
from albumclean.scoring.forms import TorchForm
from albumclean.scoring.lanes import Lanes, lanes_on
from albumclean.scoring.scorer import Scorer
from tests.memory_tasks import BLOCK, pages_given
from tests.pictures import scene

CPU = Placement("cpu")
JUDGE = registry.shipped(registry.JUDGE)


class Mean(torch.nn.Module):
    """Its values are the mean of the picture. Counts how many threads are in it, which each stay for a while."""

    def __init__(self, pause: float = 0.0) -> None:
        super().__init__()
        self.pause = pause
        self.inside = 0
        self.most_inside = 0
        self.passed = 0
        self.threads: set[int] = set()
        self._lock = threading.Lock()

    def forward(self, whole: torch.Tensor, patches: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        with self._lock:
            self.inside += 1
            self.most_inside = max(self.most_inside, self.inside)
            self.threads.add(torch.get_num_threads())
        time.sleep(self.pause)
        with self._lock:
            self.inside -= 1
            self.passed += 1
        mean = whole.float().flatten(1).mean(dim=1, keepdim=True) / 255
        return mean.expand(-1, len(JUDGE.spec.quantities)), torch.cat([mean, 1 - mean], dim=1)


def scorer_of(network: torch.nn.Module) -> Scorer:
    return SimpleNamespace(spec=JUDGE.spec, load=lambda: network)


def view(value: int, rows: int = 2) -> NetworkView:
    return NetworkView(np.full((rows, 3, 3), value, np.uint8), np.zeros((1, 2, 2, 3), np.uint8))


def said(found: Findings) -> dict[bytes, float]:
    """Each photo's first value; fails if one was answered twice."""
    first = [score for score in found.scores if score.quantity == JUDGE.spec.quantities[0]]
    assert 1 == max(Counter(score.content_hash for score in first).values(), default=1)
    return {score.content_hash: score.value for score in first}


@pytest.fixture
def side_by_side(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets the number of lanes, each with one thread, whatever machine this is."""

    def use(count: int) -> None:
        monkeypatch.setattr(networks, "usable_cores", lambda: count)

    return use


@pytest.mark.parametrize("count", [1, 2, 4])
@pytest.mark.parametrize("batch", [1, 3, 8])
def test_every_photo_is_answered_once_whatever_the_number_of_lanes(
    count: int, batch: int, side_by_side: Callable[[int], None]
) -> None:
    side_by_side(count)
    with NetworkThread("cpu", batch, [scorer_of(Mean())]) as network:
        found = Findings()
        for number in range(60):
            network.put(registry.JUDGE, bytes([number]), view(4 * number, 2 + number % 3))
            found += network.findings()
        found += network.finish()
    expected = {bytes([number]): pytest.approx(4 * number / 255) for number in range(60)}
    assert expected == said(found)


def test_forward_passes_do_run_side_by_side(side_by_side: Callable[[int], None]) -> None:
    side_by_side(3)
    together, module = threading.Barrier(3, timeout=60), Mean()

    def meet(*_: object) -> None:
        together.wait()

    module.register_forward_pre_hook(meet)
    with NetworkThread("cpu", 1, [scorer_of(module)]) as network:
        for number in range(3):
            network.put(registry.JUDGE, bytes([number]), view(0))
        assert 3 == len(said(network.finish()))  # the barrier would break if one waited for another


def test_the_judge_says_the_same_in_one_lane_and_in_three(side_by_side: Callable[[int], None]) -> None:
    views = [network_view(scene(seed, 200, 160), JUDGE.spec.input) for seed in range(3)]
    found = []
    for count in (1, 3):
        side_by_side(count)
        with NetworkThread("cpu", 1, [JUDGE]) as network:
            for number, each in enumerate(views):
                network.put(registry.JUDGE, bytes([number]), each)
            scores = network.finish().scores
        found.append({(score.content_hash, score.quantity): score.value for score in scores})
    assert 3 * len(JUDGE.spec.quantities) == len(found[0])
    assert found[0] == found[1]


def test_a_flush_waits_for_what_other_lanes_still_run(side_by_side: Callable[[int], None]) -> None:
    side_by_side(2)
    begun, go_on = threading.Event(), threading.Event()

    def hold(_: object, given: tuple[torch.Tensor, torch.Tensor]) -> None:
        if given[0].max() == 7:
            begun.set()
            go_on.wait(60)

    module = Mean()
    module.register_forward_pre_hook(hold)
    with NetworkThread("cpu", 1, [scorer_of(module)]) as network:
        network.put(registry.JUDGE, b"slow", view(7))
        assert begun.wait(60)
        network.put(registry.JUDGE, b"quick", view(0))
        flushed = network.flush()
        later = network.flush()
        assert not flushed.wait(0.3)
        go_on.set()
        assert flushed.wait(60)
        assert later.wait(60)
        assert {b"slow", b"quick"} == said(network.findings()).keys()
        network.finish()


def test_a_flush_runs_batches_that_are_not_full_and_the_rest_goes_on(side_by_side: Callable[[int], None]) -> None:
    side_by_side(2)
    with NetworkThread("cpu", 100, [scorer_of(Mean())]) as network:
        network.put(registry.JUDGE, b"one", view(0))
        network.put(registry.JUDGE, b"another shape", view(0, rows=5))
        assert network.flush().wait(60)
        assert {b"one", b"another shape"} == said(network.findings()).keys()
        network.put(registry.JUDGE, b"last", view(0))
        assert {b"last"} == said(network.finish()).keys()


def test_an_error_in_any_lane_reaches_the_caller(side_by_side: Callable[[int], None]) -> None:
    side_by_side(3)

    def fail(*_: object) -> None:
        raise ValueError("no such layer")

    module = Mean()
    module.register_forward_pre_hook(fail)
    with (
        pytest.raises(ValueError, match="no such layer"),
        NetworkThread("cpu", 1, [scorer_of(module)]) as network,
    ):
        for number in range(20):
            network.put(registry.JUDGE, bytes([number]), view(0))
        network.finish()


def test_expected_networks_are_loaded_once_and_before_the_first_view() -> None:
    loaded: list[bool] = []
    seen = threading.Event()

    def load() -> torch.nn.Module:
        loaded.append(True)
        seen.set()
        return Mean()

    with NetworkThread("cpu", 1, [SimpleNamespace(spec=JUDGE.spec, load=load)]) as network:
        network.expect([registry.JUDGE, "of somebody else"])
        network.expect([registry.JUDGE])
        assert seen.wait(60)
        network.put(registry.JUDGE, b"x", view(0))
        assert {b"x"} == said(network.finish()).keys()
    assert [True] == loaded


def test_without_views_nothing_is_loaded() -> None:
    with NetworkThread("cpu", 1, [SimpleNamespace(spec=JUDGE.spec, load=pytest.fail)]) as network:
        assert [] == network.finish().scores


def test_the_lanes_share_the_cores_and_leave_pytorch_its_threads() -> None:
    before = torch.get_num_threads()
    for cores, count, each in ((1, 1, 1), (2, 2, 1), (3, 3, 1), (8, 4, 2), (64, 4, 16)):
        assert count == lanes_on(CPU, cores)
        made = Lanes(CPU, cores)
        with made.room(1):
            assert each == torch.get_num_threads()
        assert before == torch.get_num_threads()


def test_afterwards_new_threads_have_all_threads_of_pytorch_again(side_by_side: Callable[[int], None]) -> None:
    def threads_of_a_new_thread() -> int:
        found: list[int] = []
        asking = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
        asking.start()
        asking.join(60)
        return found[0]

    side_by_side(4)
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with NetworkThread("cpu", 1, [scorer_of(Mean(pause=0.01))]) as network:
            for number in range(20):
                network.put(registry.JUDGE, bytes([number]), view(0))
            network.finish()
        assert (3, 3) == (torch.get_num_threads(), threads_of_a_new_thread())
    finally:
        torch.set_num_threads(before)


def test_a_pass_that_takes_all_memory_runs_alone_with_all_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "free_pixels", lambda _: 1000)
    before = torch.get_num_threads()
    for pixels, most, threads in ((250, 4, 1), (400, 2, 2), (900, 1, 4), (5000, 1, 4)):
        network, made = Mean(pause=0.02), Lanes(CPU, 4)
        running = [threading.Thread(target=pass_through, args=(network, made, pixels)) for _ in range(8)]
        for each in running:
            each.start()
        for each in running:
            each.join(60)
        assert 8 == network.passed
        assert network.most_inside <= most
        assert {threads} == network.threads
    assert before == torch.get_num_threads()


def pass_through(network: Mean, made: Lanes, pixels: int) -> None:
    with made.room(pixels):
        network(torch.zeros(1, 2, 2, 3), torch.zeros(1))


def test_lanes_that_share_memory_take_smaller_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = type("Memory", (), {"available": 64 * 10**9})
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    assert [4, 2, 1] == [batches.NetworkBatches(scorer_of(Mean()), "cpu", lanes=count).batch for count in (1, 2, 4)]


# --- a GPU, as far as that can be tried without one -------------------------------------------------------------------


def test_views_go_to_a_gpu_from_pinned_memory_without_waiting_and_to_others_as_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[object] = []

    def pin(self: torch.Tensor) -> torch.Tensor:
        told.append("pinned")
        return self

    def to(self: torch.Tensor, device: str, **how: bool) -> torch.Tensor:
        told.append((device, how))
        return self

    network = TorchForm(scorer_of(Mean()), CPU)
    monkeypatch.setattr(torch.Tensor, "pin_memory", pin)
    monkeypatch.setattr(torch.Tensor, "to", to)
    pixels = np.arange(6, dtype=np.uint8).reshape(2, 3)
    for device, expected in (
        ("cpu", [("cpu", {})]),
        ("mps", [("mps", {})]),
        ("cuda", ["pinned", ("cuda", {"non_blocking": True})]),
        ("cuda:1", ["pinned", ("cuda:1", {"non_blocking": True})]),
    ):
        told.clear()
        network.placement = Placement(device)
        assert np.array_equal([pixels, pixels], network._moved([pixels, pixels]).numpy())
        assert expected == told


def test_each_lane_on_a_gpu_has_a_stream_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    current: list[object] = []

    @contextmanager
    def stream(which: object) -> Iterator[None]:
        current.append(which)
        yield

    def new(device: str) -> object:
        made.append(device)
        return object()

    monkeypatch.setattr(torch.cuda, "Stream", new)
    monkeypatch.setattr(torch.cuda, "stream", stream)
    monkeypatch.setattr(lanes, "free_pixels", lambda _: 1000)
    gpu = Lanes(Placement("cuda"), 8)
    assert 2 == gpu.count
    threads_before = torch.get_num_threads()

    def run() -> None:
        for _ in range(3):
            with gpu.room(1):
                assert threads_before == torch.get_num_threads()

    for _ in range(2):
        thread = threading.Thread(target=run)
        thread.start()
        thread.join(60)
    assert ["cuda", "cuda"] == made
    assert [3, 3] == sorted(Counter(map(id, current)).values())
    assert 1 == Lanes(Placement("mps"), 8).count


# --- memory ---------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc gives large blocks back at once")
def test_a_worker_keeps_the_memory_of_one_photo_for_the_next() -> None:
    import resource  # Windows has none

    pool = WorkerPool(pages_given, workers=1, timeout=60, memory=ScanSettings().worker_memory)
    ((_, pages),) = pool.run([5], lambda _: None)
    assert isinstance(pages, int)
    assert pages < BLOCK // resource.getpagesize()  # else those of all blocks of five pictures


def test_the_models_are_gone_and_their_memory_given_back_before_anything_else_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "photo.jpg"
    scene(1).save(path)
    models: list[weakref.ref[NetworkThread]] = []
    left: list[NetworkThread | None] = []

    def made(*arguments: Any) -> NetworkThread:
        models.append(weakref.ref(thread := NetworkThread(*arguments)))
        return thread

    monkeypatch.setattr(local, "NetworkThread", made)
    monkeypatch.setattr(local, "give_back_memory", lambda: left.extend(each() for each in models))
    assignment = Assignment(ScanSettings(workers=1, device="cpu"), [JUDGE], cast("Known", None))
    job = Job(FileIdentity.of(path, path.stat()), ScanSettings().max_pixels)
    found = list(local.engine(assignment).run(iter([job]), lambda _: Wanted((JUDGE.spec,))))
    assert ([True, True], [None]) == ([bool(found), any(isinstance(each, Findings) for each in found)], left)


def test_what_is_imported_is_no_work_for_the_garbage_collector() -> None:
    frozen = gc.get_freeze_count()
    try:
        for enabled in (True, False):
            (gc.enable if enabled else gc.disable)()
            with pytest.raises(ImportError), importing():
                assert not gc.isenabled()
                raise ImportError
            assert enabled == gc.isenabled()
        assert frozen < gc.get_freeze_count()
    finally:
        gc.enable()
        gc.unfreeze()


# --- quicker sums that must stay the same -----------------------------------------------------------------------------

LEVELS = arrays.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40)))


@given(LEVELS, st.data())
def test_means_of_levels_are_those_of_single_precision(plane: npt.NDArray[np.uint8], data: st.DataObject) -> None:
    gradient = 2 * np.tile(plane, (20, 1)).astype(np.int16) + 1  # sums go far beyond 16 bits
    length = data.draw(st.integers(1, 4000))
    side = data.draw(st.integers(1, length))
    starts = np.array(data.draw(st.lists(st.integers(0, length - side), min_size=1, max_size=5)), np.int64)
    expected = patches._span_means(gradient.astype(np.float32), starts, side, length)
    assert np.array_equal(expected, patches._span_means(gradient, starts, side, length))
    assert np.array_equal(
        np.full((1, 3), 510.0), patches._span_means(np.full((300, 3), 510, np.int16), np.zeros(1, np.int64), 9, 9)
    )


@given(LEVELS)
def test_counted_shares_are_numpys(plane: npt.NDArray[np.uint8]) -> None:
    which = plane > 100
    assert float(which.mean()) == statistics._share(which)
    for axis in (0, 1):
        assert np.array_equal(which.mean(axis=axis), statistics._shares(which, axis))


@given(st.lists(st.integers(0, 255), min_size=1, max_size=20))
def test_medians_of_counts_are_numpys(levels: list[int]) -> None:
    assert float(np.median(levels)) == statistics._median(np.bincount(levels, minlength=256))
