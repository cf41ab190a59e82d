"""Promises of the search: what it finds, what it leaves out, and that nothing but the photos decides it."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from albumclean.config import SimilarSettings
from albumclean.domain import Embedding, Fingerprint
from albumclean.similar import hashes, nearest, vectors
from albumclean.similar.cells import Cells
from albumclean.similar.fingerprint import fingerprint
from albumclean.similar.hashes import PosedHashes, near_hashes
from albumclean.similar.index import FingerprintIndex
from albumclean.similar.nearest import NearestPairs, Room
from albumclean.similar.neighbours import PairChunk, copy_candidates
from albumclean.similar.turns import TURNS, closest_turn, poses, turn_hashes, turn_layouts
from albumclean.similar.vectors import near_vectors
from tests.test_fingerprint import recompressed, scene

DEFAULTS = SimilarSettings()
Pairs = set[tuple[int, int]]
Row = tuple[Fingerprint, float]


def turned(image: Image.Image, turn: int) -> Image.Image:
    """The picture after one of the eight turns."""
    if turn & 4:
        image = image.transpose(Image.Transpose.TRANSPOSE)
    if turn & 2:
        image = image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if turn & 1 else image


def big(seed: int) -> Image.Image:
    """A scene whose sides the fingerprint's reduction divides, so that no border is cut off on one side."""
    return scene(seed, (640, 512))


def content(number: int) -> bytes:
    return number.to_bytes(32, "big")


def rows_of(*images: Image.Image) -> list[Row]:
    return [(fingerprint(image, content(at)), image.width / image.height) for at, image in enumerate(images)]


def unit(values: npt.NDArray[np.float64]) -> npt.NDArray[np.int8]:
    """As embeddings are stored."""
    rounded: npt.NDArray[np.int8] = np.round(127 * values / np.linalg.norm(values, axis=-1, keepdims=True)).astype(
        np.int8
    )
    return rounded


def embeddings(values: Iterable[npt.NDArray[np.int8]]) -> list[Embedding]:
    return [Embedding(content(at), value.tobytes()) for at, value in enumerate(values)]


def pairs_of(chunks: Iterable[PairChunk]) -> Pairs:
    return {pair for chunk in chunks for pair in zip(chunk.i.tolist(), chunk.j.tolist(), strict=True)}


def listed(chunks: Iterable[tuple[npt.NDArray[np.integer[Any]], ...]]) -> list[tuple[int, int]]:
    return [pair for i, j, *_ in chunks for pair in zip(i.tolist(), j.tolist(), strict=True)]


def library(count: int, seed: int = 0) -> tuple[list[Row], list[Embedding]]:
    """Random photos of which every third is a copy of the one before, by hash or by embedding or both."""
    rng = np.random.default_rng(seed)
    seen = rng.normal(size=(count, 32))
    prints: list[Fingerprint] = []
    for at in range(count):
        bits = int(rng.integers(1 << 63, dtype=np.uint64)) | 1 << 63
        if at % 3 == 2:
            if at % 2:
                bits = prints[-1].phash ^ 0b1011
            if at % 4:
                seen[at] = seen[at - 1] + 0.3 * seen[at]
        layout = rng.integers(0, 256, 192, dtype=np.uint8).tobytes()
        prints.append(Fingerprint(content(at), bits, int(rng.integers(1 << 63)), layout, 40.0))
    return [(each, 1.5) for each in prints], embeddings(unit(seen))


# --- turns -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("turn", range(TURNS))
def test_the_hash_of_a_turned_picture_follows_from_the_hash(turn: int) -> None:
    before = np.array([row.phash for row, _ in rows_of(*(big(at) for at in range(8)))], dtype=np.uint64)
    after = np.array([row.phash for row, _ in rows_of(*(turned(big(at), turn) for at in range(8)))], dtype=np.uint64)
    differing = np.bitwise_count(turn_hashes(before, turn) ^ after)
    assert int(differing.max()) <= 8  # coefficients between 0 and the median don't change sides as they should
    assert float(differing.mean()) <= 6


@pytest.mark.parametrize("turn", range(TURNS))
def test_the_layout_of_a_turned_picture_follows_from_the_layout(turn: int) -> None:
    before, after = (
        np.frombuffer(fingerprint(image, b"").layout, np.uint8)[None] for image in (big(1), turned(big(1), turn))
    )
    found = turn_layouts(before, np.array([turn], dtype=np.uint8))
    assert int(np.abs(found.astype(int) - after).max()) <= 1  # rounding in the two passes of the resampling


@pytest.mark.parametrize("turn", range(TURNS))
def test_the_closest_turn_tells_how_a_copy_was_turned(turn: int) -> None:
    original, copy = rows_of(scene(5), turned(scene(5), turn))
    bits, found = closest_turn(np.array([copy[0].phash], np.uint64), np.array([original[0].phash], np.uint64))
    assert [turn] == found.tolist()
    assert int(bits[0]) <= 4


def test_however_a_picture_is_turned_it_has_the_same_pose() -> None:
    for seed in range(20):
        layout = np.frombuffer(fingerprint(scene(seed), b"").layout, np.uint8)[None]
        seen = set()
        for turn in range(TURNS):
            lying = turn_layouts(layout, np.array([turn], np.uint8))
            (pose,) = np.flatnonzero(poses(lying, slack=0.0)[0])
            seen.add(turn_layouts(lying, np.array([pose], np.uint8)).tobytes())
        assert 1 == len(seen)


def test_a_picture_without_slopes_takes_every_pose() -> None:
    assert poses(np.full((1, 192), 77, np.uint8), slack=0.1).all()


# --- hashes ----------------------------------------------------------------------------------------------------------


def test_hashes_that_differ_in_five_bits_are_always_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashes, "_BRUTE_FORCE", 0)
    rng = np.random.default_rng(1)
    values = rng.integers(1 << 63, size=2000, dtype=np.uint64)
    flips = (sum(1 << int(bit) for bit in rng.choice(63, at % 6, replace=False)) for at in range(1000))
    values[1000:] = values[:1000] ^ np.fromiter(flips, np.uint64)
    found = set(listed(near_hashes(PosedHashes(values, np.arange(2000, dtype=np.int32)), 5)))
    assert {(at, at + 1000) for at in range(1000)} == found


def test_nothing_farther_than_the_distance_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    values = np.repeat(rng.integers(1 << 63, size=100, dtype=np.uint64), 5)
    for at in range(500):
        values[at] ^= np.uint64(sum(1 << int(bit) for bit in rng.choice(63, at % 9, replace=False)))
    posed = PosedHashes(values, np.arange(500, dtype=np.int32))
    near = set(listed(near_hashes(posed, 8)))
    differing = np.bitwise_count(values[:, None] ^ values)
    assert {(i, j) for i, j in np.argwhere(differing <= 8).tolist() if i < j} == near
    monkeypatch.setattr(hashes, "_BRUTE_FORCE", 0)
    found = set(listed(near_hashes(posed, 8)))
    assert found <= near
    assert len(found) > 0.9 * len(near)


def test_equal_hashes_take_linear_time_and_stay_linked() -> None:
    posed = PosedHashes(np.full(12_000, 12345, np.uint64), np.arange(12_000, dtype=np.int32))
    found, linked = 0, np.zeros(12_000, dtype=np.bool_)
    for i, j in near_hashes(posed, 0):
        found += len(i)
        linked[j[j == i + 1]] = True
    assert found <= 12_000 * 64 * 12
    assert linked[1:].all()


# --- vectors ---------------------------------------------------------------------------------------------------------


def crowd_of_vectors(count: int, copies: int) -> npt.NDArray[np.int8]:
    """Scattered around some centres; the last are near the first."""
    rng = np.random.default_rng(4)
    values = rng.normal(size=(count // 20, 48))[rng.integers(0, count // 20, count)] + rng.normal(size=(count, 48))
    values[-copies:] = values[:copies] + 0.6 * rng.normal(size=(copies, 48))
    return unit(values)


def test_few_vectors_are_searched_exactly() -> None:
    values = crowd_of_vectors(1500, 150)
    products = values.astype(int) @ values.T.astype(int)
    expected = {(i, j) for i, j in np.argwhere(products >= 10_000).tolist() if i < j}
    found = set(listed(near_vectors(values, np.arange(1500, dtype=np.int32), 10_000)))
    assert expected == found


def test_among_many_vectors_nearly_all_near_ones_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    values, rows = crowd_of_vectors(8000, 800), np.arange(8000, dtype=np.int32)
    exact = set(listed(near_vectors(values, rows, 12_000)))
    monkeypatch.setattr(vectors, "_BRUTE_FORCE", 100)
    found = set(listed(near_vectors(values, rows, 12_000)))
    assert found <= exact
    assert len(found) >= 0.98 * len(exact)


def test_searching_around_the_new_finds_what_searching_everything_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "_BRUTE_FORCE", 100)
    values, rows = crowd_of_vectors(4000, 400), np.arange(4000, dtype=np.int32)
    new = np.zeros(4000, dtype=np.bool_)
    new[np.random.default_rng(2).choice(4000, 40, replace=False)] = True
    everything = set(listed(near_vectors(values, rows, 10_000)))
    assert {(i, j) for i, j in everything if new[i] or new[j]} == set(listed(near_vectors(values, rows, 10_000, new)))


def test_a_crowded_cell_is_searched_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "_BRUTE_FORCE", 100)
    monkeypatch.setattr(vectors, "_CROWD", 50)
    values = np.tile(crowd_of_vectors(40, 2)[:1], (2000, 1))
    found = listed(near_vectors(values, np.arange(2000, dtype=np.int32), 10_000))
    assert 0 < len(found) <= 2000 * 50 * 2


def test_cells_don_t_depend_on_the_number_of_threads() -> None:
    import faiss

    values, rows = crowd_of_vectors(5000, 10), np.arange(5000, dtype=np.int32)
    threads = faiss.omp_get_max_threads()
    found = []
    try:
        for count in (1, 2, 3):
            faiss.omp_set_num_threads(count)
            cells = Cells.train(values, rows)
            found.append((cells.centroids.tobytes(), cells.nearest(values, rows, 4).tobytes()))
    finally:
        faiss.omp_set_num_threads(threads)
    assert found[0] == found[1] == found[2]


def test_cells_are_of_whole_numbers_so_that_float32_is_exact() -> None:
    cells = Cells.train(crowd_of_vectors(5000, 10), np.arange(5000, dtype=np.int32))
    assert np.array_equal(np.round(cells.centroids), cells.centroids)
    assert float((cells.centroids.astype(float) ** 2).sum(axis=1).max()) < 2**23


# --- the nearest -----------------------------------------------------------------------------------------------------


@given(st.data())
def test_the_nearest_are_the_same_in_whatever_portions_they_come(data: st.DataObject) -> None:
    points = data.draw(st.lists(st.integers(0, 60), min_size=2, max_size=24))
    every = [(i, j) for j in range(len(points)) for i in range(j)]
    closeness = {(i, j): 1000 - abs(points[i] - points[j]) for i, j in every}

    def kept(order: Sequence[tuple[int, int]], portion: int) -> list[tuple[int, int]]:
        found = NearestPairs(len(points), Room(strong=5, weak=2, least_strong=990))
        for start in range(0, len(order), portion):
            some = order[start : start + portion]
            i, j = np.array(some, dtype=np.int32).T
            found.add(i, j, np.array([closeness[pair] for pair in some], dtype=np.int16))
        return listed([found.pairs()])

    def among_nearest(one: int, other: int) -> bool:
        others = (at for at in range(len(points)) if at != one)
        ranked = sorted(others, key=lambda at: (-closeness[min(one, at), max(one, at)], at))
        rank = ranked.index(other)
        return rank < (5 if closeness[min(one, other), max(one, other)] >= 990 else 2)

    expected = sorted((i, j) for i, j in every if among_nearest(i, j) or among_nearest(j, i))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nearest, "_ENOUGH", 5)
        shuffled = data.draw(st.permutations(every))
        assert expected == kept(shuffled, data.draw(st.integers(1, 9)))
        assert expected == kept([*every, *shuffled], len(every))  # a pair that comes twice counts once


# --- candidates ------------------------------------------------------------------------------------------------------


def test_turned_scaled_and_recompressed_copies_are_candidates() -> None:
    original = scene(3)
    copies = [recompressed(turned(original, turn).resize((320, 240)), 40) for turn in range(TURNS)]
    found = pairs_of(copy_candidates(FingerprintIndex.build(rows_of(original, *copies)), DEFAULTS))
    assert {(i, j) for j in range(9) for i in range(j)} == found


def test_how_a_pair_is_alike_is_told() -> None:
    original = scene(3)
    index = FingerprintIndex.build(
        rows_of(original, original.transpose(Image.Transpose.ROTATE_90), recompressed(original, 60)),
        embeddings(unit(np.array([[1.0, 0, 0], [0, 1, 0], [4, 3, 0]]))),
    )
    (found,) = copy_candidates(index, DEFAULTS)
    assert [(0, 1), (0, 2), (1, 2)] == list(zip(found.i.tolist(), found.j.tolist(), strict=True))
    assert [0.0, 0.8, 0.6] == pytest.approx(found.cosine.tolist(), abs=0.01)
    assert [False, True, False] == (found.turn == 0).tolist()
    assert int(found.turned_bits.max()) <= 4
    assert float(found.layout.max()) < 3
    assert [True, False, True] == (found.bits > 20).tolist()


def test_embeddings_alone_make_candidates_of_pictures_with_other_hashes() -> None:
    index = FingerprintIndex.build(rows_of(scene(1), scene(2)), embeddings(unit(np.array([[1.0, 0.2], [1.0, 0.1]]))))
    assert {(0, 1)} == pairs_of(copy_candidates(index, DEFAULTS))


def flat(level: int) -> Image.Image:
    """All but the same everywhere, with a faint wave."""
    wave = level + 2 * np.sin(np.arange(200) / 20)
    return Image.fromarray(np.tile(wave, (150, 1)).astype(np.uint8)).convert("RGB")


def test_flat_pictures_are_no_candidates_by_their_hashes() -> None:
    assert set() == pairs_of(copy_candidates(FingerprintIndex.build(rows_of(flat(60), flat(64))), DEFAULTS))
    detail_ignored = SimilarSettings(min_detail=0)
    assert {(0, 1)} == pairs_of(copy_candidates(FingerprintIndex.build(rows_of(flat(60), flat(64))), detail_ignored))


def test_flat_pictures_need_their_embeddings_and_more_to_agree() -> None:
    sky, other_sky = (Image.new("RGB", (200, 150), colour) for colour in ((90, 120, 200), (200, 120, 90)))
    rows = rows_of(sky, Image.blend(sky, other_sky, 0.02), flat(60), flat(200))
    agreeing = embeddings(unit(np.array([[1.0, 0], [1, 0.1], [0, 1], [0, 1]])))
    opposed = embeddings(unit(np.array([[1.0, 0], [-1, 0.1], [0, 1], [0, -1]])))
    assert (0, 1) in pairs_of(copy_candidates(FingerprintIndex.build(rows, agreeing), DEFAULTS))
    assert set() == pairs_of(copy_candidates(FingerprintIndex.build(rows, opposed), DEFAULTS))


def test_flat_pictures_of_other_colours_are_no_candidates_by_their_embeddings() -> None:
    rng = np.random.default_rng(5)
    faint = Image.fromarray(rng.integers(60, 64, (6, 8), dtype=np.uint8)).resize((200, 150)).convert("RGB")
    rows = rows_of(flat(200), faint)
    assert int(closest_turn(*(np.array([row.phash], np.uint64) for row, _ in rows))[0][0]) > 8
    seen = embeddings(unit(np.array([[1.0, 0], [1, 0.1]])))
    assert set() == pairs_of(copy_candidates(FingerprintIndex.build(rows, seen), DEFAULTS))


def test_only_pairs_with_something_new_are_given_of_equal_flat_pictures() -> None:
    index = FingerprintIndex.build(rows_of(*[Image.new("RGB", (200, 150))] * 5))
    new = np.array([False, False, False, True, False])
    assert {(0, 3), (1, 3), (2, 3), (3, 4)} == pairs_of(copy_candidates(index, DEFAULTS, new))


def test_flat_pictures_that_are_equal_in_everything_are_candidates() -> None:
    black = Image.new("RGB", (200, 150))
    images = [black, flat(60), black, black.resize((200, 151)), flat(60), black]
    found = pairs_of(copy_candidates(FingerprintIndex.build(rows_of(*images)), DEFAULTS))
    assert {(0, 2), (0, 5), (2, 5), (1, 4)} == found


def test_the_order_of_the_library_does_not_matter() -> None:
    rows, seen = library(600)
    expected = list(copy_candidates(FingerprintIndex.build(rows, seen), DEFAULTS))
    shuffled = random.Random(1)
    shuffled.shuffle(rows)
    shuffled.shuffle(seen)
    found = list(copy_candidates(FingerprintIndex.build(rows, seen), DEFAULTS))
    assert len(pairs_of(expected)) > 100
    assert [chunk.i.tolist() for chunk in expected] == [chunk.i.tolist() for chunk in found]
    assert [chunk.j.tolist() for chunk in expected] == [chunk.j.tolist() for chunk in found]


def test_photos_that_come_a_few_at_a_time_make_the_same_pairs() -> None:
    rows, seen = library(300)
    at_once = pairs_of(copy_candidates(FingerprintIndex.build(rows, seen), DEFAULTS))
    bit_by_bit: Pairs = set()
    for end in range(50, 301, 50):
        index = FingerprintIndex.build(rows[:end], seen[:end])
        new = np.arange(end) >= end - 50
        found = pairs_of(copy_candidates(index, DEFAULTS, new))
        assert all(new[i] or new[j] for i, j in found)
        bit_by_bit |= found
    assert at_once == bit_by_bit


def test_nothing_new_makes_no_pairs() -> None:
    index = FingerprintIndex.build(*library(60))
    assert [] == list(copy_candidates(index, DEFAULTS, np.zeros(60, dtype=np.bool_)))


def test_a_burst_makes_a_bounded_number_of_pairs_and_keeps_the_closest() -> None:
    rng = np.random.default_rng(3)
    rows = library(200)[0]
    path = np.cumsum(0.4 * rng.normal(size=(200, 32)), axis=0) + 3 * rng.normal(size=32)  # each frame like the last
    found = pairs_of(copy_candidates(FingerprintIndex.build(rows, embeddings(unit(path))), DEFAULTS))
    assert len(found) <= 200 * 24
    assert {(at, at + 1) for at in range(199)} <= found


def test_each_pair_comes_once_and_in_order() -> None:
    chunks = list(copy_candidates(FingerprintIndex.build(*library(600)), DEFAULTS))
    found = [pair for chunk in chunks for pair in zip(chunk.i.tolist(), chunk.j.tolist(), strict=True)]
    assert sorted(set(found)) == found
    assert all(i < j for i, j in found)


def test_an_empty_library_has_no_pairs() -> None:
    assert [] == list(copy_candidates(FingerprintIndex.build([]), DEFAULTS))


# --- the index -------------------------------------------------------------------------------------------------------


def test_each_embedding_stands_beside_its_fingerprint() -> None:
    rows, seen = library(5)
    index = FingerprintIndex.build(reversed(rows), [seen[3], seen[1], Embedding(content(99), seen[0].vector)])
    assert [False, True, False, True, False] == index.vectors.any(axis=1).tolist()
    assert seen[3].vector == index.vectors[3].tobytes()
    assert [0.0] == index.cosine(np.array([0]), np.array([3])).tolist()


def test_embeddings_of_different_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="embeddings of 32 and of 8 numbers"):
        FingerprintIndex.build(library(2)[0], [library(1)[1][0], Embedding(content(1), bytes(8))])


def test_a_photo_takes_at_most_430_bytes() -> None:
    rows, _ = library(100)
    index = FingerprintIndex.build(rows, embeddings(unit(np.random.default_rng(0).normal(size=(100, 128)))))
    arrays = (index.phash, index.dhash, index.inner, index.layout, index.detail, index.aspect, index.vectors)
    of_hash = 33 + 32 + 8  # the object, its bytes, and its place in the list
    assert sum(array.nbytes for array in arrays) / 100 + of_hash <= 430


def test_the_divisions_into_bands_use_every_bit() -> None:
    for stride in hashes._STRIDES:
        assert set(range(63)) == {place * stride % 63 for place in range(63)}
