"""Promises of the compact cache: rows hold what was said, old caches lose nothing, and counts are never stale."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from albumclean.domain import (
    Asset,
    Companion,
    CompanionKind,
    Failure,
    FileIdentity,
    FrameScore,
    InputSpec,
    Photo,
    Score,
    ScorerSpec,
    Stage,
    UserMarks,
)
from albumclean.errors import StoreBusy
from albumclean.store.cache import Cache
from albumclean.store.database import open_database
from albumclean.store.file_table import Needs
from albumclean.store.layouts import Layout
from albumclean.store.schema_cache import MIGRATIONS
from albumclean.store.state import State

SCHEMA_5 = 5  # one row for each quantity
QUANTITIES = ("mos", "spread", "noise")
JUDGE = ScorerSpec("judge", "r1", QUANTITIES, (0.0, 1.0), "Apache-2.0", "for tests", InputSpec(64))
OTHER = replace(JUDGE, name="other", quantities=("beauty",))
NEWER = replace(JUDGE, revision="r2")
SPECS = (JUDGE, OTHER, NEWER)

Said = dict[tuple[bytes, str, str, str], float]  # by content, scorer, revision and quantity


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    with Cache.open(tmp_path / "cache.sqlite") as opened:
        yield opened


def digest_of(number: int) -> bytes:
    return number.to_bytes(32, "big")


def file_of(number: int, size: int = 10) -> FileIdentity:
    return FileIdentity(Path(f"/p/{number:05}.jpg"), size, 20, 30, 40)


def hold(cache: Cache, count: int) -> None:
    """File n holds content n, of which the picture's facts are known."""
    scan = cache.begin_scan([Path("/p")])
    cache.meet(scan, [(Asset(file_of(number)), UserMarks()) for number in range(count)])
    cache.write(
        hashes=[(file_of(number), digest_of(number)) for number in range(count)],
        photos=[(Photo(digest_of(number), 40, 30, "JPEG"), None, "") for number in range(count)],
    )


def expect(cache: Cache, said: Said, contents: int) -> None:
    """Every way to read gives just what was said."""
    for spec in SPECS:
        of_spec = {
            (content, quantity): value
            for (content, name, revision, quantity), value in said.items()
            if (name, revision) == (spec.name, spec.revision)
        }
        found = {
            (known.content_hash, quantity): value
            for known in cache.known((), [spec])
            for (_, quantity), value in known.scores.items()
        }
        assert of_spec == found
        main = spec.quantities[0]
        for quantity in spec.quantities:
            expected = {content: value for (content, named), value in of_spec.items() if named == quantity}
            assert expected == dict(cache.values_of(map(digest_of, range(contents)), spec, quantity))
        for limit in (-1.0, 0.25, 0.5, 2.0):
            below = sorted(content for (content, named), value in of_spec.items() if named == main and value < limit)
            assert below == list(cache.contents_below(spec, limit))
    for number in range(contents):
        content = digest_of(number)
        lacking = tuple(
            spec
            for spec in SPECS
            if not all((content, spec.name, spec.revision, quantity) in said for quantity in spec.quantities)
        )
        assert (lacking, False) == cache.missing(content, Needs(SPECS, None, "d"))


values = st.one_of(
    st.floats(0, 1, width=32), st.floats(0, 1), st.floats(allow_nan=False), st.sampled_from([0.0, 0.25, 0.5, 1e300])
)
portions = st.lists(
    st.lists(
        st.tuples(st.integers(0, 4), st.sampled_from(SPECS), st.integers(0, 2), values),
        max_size=12,
    ),
    max_size=5,
)


@given(portions)
@settings(max_examples=40, deadline=None)
def test_whatever_is_said_in_whatever_order_is_read_as_it_was_said(
    tmp_path_factory: pytest.TempPathFactory, spoken: list[list[tuple[int, ScorerSpec, int, float]]]
) -> None:
    said: Said = {}
    with Cache.open(tmp_path_factory.mktemp("c") / "cache.sqlite") as cache:
        hold(cache, 5)
        for portion in spoken:
            scores = [
                Score(digest_of(number), spec.name, spec.revision, spec.quantities[which % len(spec.quantities)], value)
                for number, spec, which, value in portion
            ]
            cache.write(scores=scores)
            said |= {(each.content_hash, each.scorer, each.revision, each.quantity): each.value for each in scores}
        expect(cache, said, 5)
        complete = Needs((JUDGE,), None, "d")
        to_do = {int(file.path.stem) for file in cache.to_do(1, complete)}
        assert {number for number in range(5) if cache.missing(digest_of(number), complete)[0]} == to_do


def old_cache(path: Path, said: Said, frames: list[FrameScore]) -> None:
    """As the version before left it, each quantity a row."""
    connection = open_database(path, MIGRATIONS[:SCHEMA_5], backup=False)
    numbers: dict[tuple[str, str, str], int] = {}

    def series(*key: str) -> int:
        if key not in numbers:
            row = connection.execute(
                "INSERT INTO series (scorer, revision, quantity) VALUES (?, ?, ?) RETURNING id", key
            ).fetchone()
            numbers[key[0], key[1], key[2]] = row[0]
        return numbers[key[0], key[1], key[2]]

    for number in range(5):
        connection.execute(
            "INSERT INTO file (path, size, mtime_ns, inode, device, role, favourite, marks_unknown, content_hash, seen)"
            " VALUES (?, 10, 20, '30', '40', 'normal', 0, 0, ?, 1)",
            (str(file_of(number).path).encode(), digest_of(number)),
        )
        connection.execute(
            "INSERT INTO photo (content_hash, width, height, format) VALUES (?, 40, 30, 'JPEG')", (digest_of(number),)
        )
    for (content, *key), value in said.items():
        connection.execute("INSERT INTO score VALUES (?, ?, ?)", (content, series(*key), value))
    for each in frames:
        number = series(each.scorer, each.revision, each.quantity)
        connection.execute(
            "INSERT INTO frame_score VALUES (?, ?, ?, ?)", (each.content_hash, number, each.seconds, each.value)
        )
    connection.close()


@given(
    st.dictionaries(st.tuples(st.integers(0, 4), st.sampled_from(SPECS), st.integers(0, 2)), values, max_size=20),
    st.dictionaries(st.tuples(st.integers(0, 2), st.integers(0, 2)), st.floats(0, 1), max_size=6),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_an_older_cache_keeps_every_value_exactly(
    tmp_path_factory: pytest.TempPathFactory,
    rows: dict[tuple[int, ScorerSpec, int], float],
    seen: dict[tuple[int, int], float],
) -> None:
    said: Said = {
        (digest_of(number), spec.name, spec.revision, spec.quantities[which % len(spec.quantities)]): value
        for (number, spec, which), value in rows.items()
    }
    frames = [
        FrameScore(digest_of(0), at / 3, "judge", "r1", QUANTITIES[which], value) for (at, which), value in seen.items()
    ]
    path = tmp_path_factory.mktemp("c") / "cache.sqlite"
    old_cache(path, said, frames)
    with Cache.open(path) as cache:
        expect(cache, said, 5)
        expected: dict[float, dict[tuple[str, str], float]] = {}
        for each in sorted(frames, key=lambda frame: frame.seconds):
            expected.setdefault(each.seconds, {})["judge", each.quantity] = each.value
        assert expected == cache.frames_of(digest_of(0), SPECS)
        assert list(expected) == list(cache.frames_of(digest_of(0), SPECS))
        assert 5 == cache.counts().files == cache.counts().contents


def test_another_look_at_a_video_forgets_the_moments_of_before_but_not_what_else_was_said_of_them(cache: Cache) -> None:
    def frame(content: int, seconds: float, quantity: str, value: float) -> FrameScore:
        return FrameScore(digest_of(content), seconds, "judge", "r1", quantity, value)

    mos, spread = ("judge", "mos"), ("judge", "spread")
    cache.write(frames=[frame(1, at, quantity, 0.1) for at in (0.5, 1.5) for quantity in ("mos", "spread")])
    cache.write(frames=[frame(2, 0.5, "mos", 0.3), frame(2, 0.5, "spread", 0.4)])
    # One of two videos is told anew with another number of frames, and another quantity of the other.
    cache.write(frames=[frame(1, 0.75, "mos", 0.2), frame(2, 0.5, "spread", 0.5)])
    assert {0.5: {spread: 0.1}, 0.75: {mos: 0.2}, 1.5: {spread: 0.1}} == cache.frames_of(digest_of(1), [JUDGE])
    assert {0.5: {mos: 0.3, spread: 0.5}} == cache.frames_of(digest_of(2), [JUDGE])
    cache.write(frames=[frame(2, 0.25, "mos", 0.6), frame(2, 0.25, "spread", 0.7)])
    assert {0.25: {mos: 0.6, spread: 0.7}} == cache.frames_of(digest_of(2), [JUDGE])


def test_values_of_networks_take_four_bytes_and_others_eight() -> None:
    layout = Layout(1, "judge", ("main", *map(str, range(8))))
    single = [struct.unpack("<f", struct.pack("<f", number / 7))[0] for number in range(9)]
    present, main, others = layout.pack(dict(zip(layout.quantities, single, strict=True)))
    assert (0b1_1111_1111, single[0], 1 + 4 * 8) == (present, main, len(others))
    assert dict(zip(layout.quantities, single, strict=True)) == layout.unpack(main, others)
    mean = dict(zip(layout.quantities, [0.5, *[number / 7 for number in range(8)]], strict=True))
    assert 1 + 8 * 8 == len(layout.pack(mean)[2])
    assert mean == layout.unpack(*layout.pack(mean)[1:])
    present, main, others = layout.pack({"main": math.nan, "0": 0.5})
    assert (0b10, None, {"0": 0.5}) == (present, main, layout.unpack(main, others))


def test_one_scorer_s_word_takes_few_bytes(cache: Cache) -> None:
    quantities = tuple(f"q{number}" for number in range(9))
    cache.write(
        scores=[
            Score(bytes([number % 251]) * 31 + bytes([number // 251]), "wide", "r1", quantity, 0.25)
            for number in range(2000)
            for quantity in quantities
        ]
    )
    stored = cache._connection.execute("SELECT sum(length(others)) FROM score").fetchone()[0]
    assert 2000 * 33 == stored
    assert (2000,) == cache._connection.execute("SELECT count(*) FROM score").fetchone()


def test_what_another_process_has_learnt_meanwhile_is_seen(cache: Cache, tmp_path: Path) -> None:
    hold(cache, 1)
    assert [{}] == [known.scores for known in cache.known((), [JUDGE])]
    with Cache.open(tmp_path / "cache.sqlite") as other:
        other.write(scores=[Score(digest_of(0), "judge", "r1", "spread", 0.5)])
        assert [{("judge", "spread"): 0.5}] == [known.scores for known in cache.known((), [JUDGE])]
        other.write(scores=[Score(digest_of(0), "judge", "r1", "mos", 0.25)])
        assert [] == list(cache.contents_below(JUDGE, 0.25))  # by now "mos" leads the rows
        (known,) = other.known((), [JUDGE])
        assert {("judge", "mos"): 0.25, ("judge", "spread"): 0.5} == known.scores


# --- numbers of the whole library --------------------------------------------------------------------------------


def meet(number: int, size: int, video: bool, companion: int) -> Callable[[Cache], object]:
    def change(cache: Cache) -> None:
        beside = Companion(CompanionKind.XMP, replace(file_of(number), path=Path(f"/p/{number}.xmp"), size=companion))
        asset = Asset(file_of(number, size), (beside,) if companion else (), video=video)
        cache.meet(cache.begin_scan([Path("/p")]), [(asset, UserMarks())])

    return change


def read(number: int, size: int, content: int, value: float) -> Callable[[Cache], object]:
    return lambda cache: cache.write(
        hashes=[(file_of(number, size), digest_of(content))],
        scores=[Score(digest_of(content), "judge", "r1", "mos", value)],
    )


def fail(number: int, size: int) -> Callable[[Cache], object]:
    failure = Failure(file_of(number).path, Stage.DECODE, "is cut off")
    return lambda cache: cache.write(failures=[(file_of(number, size), failure, None)], decoder="d")


def forget(number: int) -> Callable[[Cache], object]:
    return lambda cache: cache.forget([file_of(number).path])


def lose(number: int) -> Callable[[Cache], object]:
    def change(cache: Cache) -> None:
        scan = cache.begin_scan([Path("/p")])
        cache.forget_unseen(scan, file_of(number).path, [])

    return change


one, size = st.integers(0, 1), st.sampled_from([10, 10, 10, 11])
changes = st.lists(
    st.one_of(
        st.builds(meet, one, size, st.sampled_from([False, False, True]), st.sampled_from([0, 3])),
        st.builds(read, one, size, st.integers(0, 2), st.sampled_from([0.1, 0.5])),
        st.builds(fail, one, size),
        st.builds(forget, one),
        st.builds(lose, one),
    ),
    min_size=6,
    max_size=14,
)


@given(changes)
@settings(max_examples=40, deadline=None)
def test_numbers_that_were_kept_are_those_of_the_library_as_it_is(
    tmp_path_factory: pytest.TempPathFactory, course: list[Callable[[Cache], object]]
) -> None:
    with Cache.open(tmp_path_factory.mktemp("c") / "cache.sqlite") as cache:
        for change in course:
            change(cache)
            kept = cache.counts(), cache.histogram(JUDGE, 4)
            rows = list(cache.known((), [JUDGE]))
            good = [each for each in rows if not each.failure and not each.asset.video and each.scores]
            counts, sizes = [0] * 4, [0] * 4
            for each in good:
                at = int(4 * each.scores["judge", "mos"])
                counts[at] += 1
                sizes[at] += sum(file.size for file in each.asset.files)
            assert (tuple(counts), tuple(sizes)) == (kept[1].counts, kept[1].bytes)
            assert (
                len(rows),
                sum(each.asset.video for each in rows),
                sum(each.asset.primary.size for each in rows),
                sum(each.content_hash is None and each.failure is None for each in rows),
                sum(each.failure is not None for each in rows),
                len({each.content_hash for each in rows} - {None}),
            ) == (
                kept[0].files, kept[0].videos, kept[0].bytes, kept[0].unread, kept[0].failed, kept[0].contents
            )  # fmt: skip


def work_of(cache: Cache, question: Callable[[], object]) -> int:
    """Hundreds of SQLite's steps."""
    steps = [0]

    def count() -> int:
        steps[0] += 1
        return 0

    cache._connection.set_progress_handler(count, 100)  # type: ignore[union-attr]
    question()
    cache._connection.set_progress_handler(None, 100)  # type: ignore[union-attr]
    return steps[0]


def test_what_is_asked_of_few_photos_does_not_go_through_all(cache: Cache) -> None:
    hold(cache, 3000)
    cache.write(
        scores=[Score(digest_of(number), "judge", "r1", "mos", number / 3000) for number in range(3000)],
        failures=[(file_of(7), Failure(file_of(7).path, Stage.READ, "denied"), None)],
    )
    cache.summarise([JUDGE])
    everything = work_of(cache, lambda: list(cache.known((), [JUDGE])))
    questions: dict[str, Callable[[], object]] = {
        "counts": cache.counts,
        "histogram": lambda: cache.histogram(JUDGE),
        "failures": lambda: list(cache.failures()),
        "failures of a folder": lambda: list(cache.failures([Path("/p")])),
        "videos": lambda: (cache.has_videos(), cache.has_videos([Path("/p")]), list(cache.known(videos=True))),
        "roots": cache.roots,
        "below": lambda: list(cache.contents_below(JUDGE, 0.002)),
    }
    assert everything > 1000
    assert {} == {name: work for name, question in questions.items() if (work := work_of(cache, question)) > 5}


def test_a_write_of_nothing_leaves_the_state_as_it_is(cache: Cache) -> None:
    hold(cache, 1)
    before = cache.state.generation
    cache.write(decoder="d")
    assert before == cache.state.generation
    cache.write(scores=[Score(digest_of(0), "judge", "r1", "mos", 0.5)])
    assert before < cache.state.generation


def test_numbers_that_cannot_be_kept_are_told_all_the_same(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(state: State, name: str, value: str) -> None:
        raise StoreBusy(path=Path(str(cache.path)))

    hold(cache, 2)
    monkeypatch.setattr(State, "remember", refuse)
    assert 2 == cache.counts().files
    assert cache.state.value("counts") is None


def test_a_change_while_the_numbers_are_worked_out_makes_them_numbers_of_the_past(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(cache, 2)
    count = Cache._count

    def disturbed(mine: Cache) -> dict[str, int]:
        found = count(mine)
        with Cache.open(Path(str(cache.path))) as other:
            other.forget([file_of(0).path])
        return found

    monkeypatch.setattr(Cache, "_count", disturbed)
    assert 2 == cache.counts().files
    monkeypatch.setattr(Cache, "_count", count)
    assert json.loads(cache.state.value("counts") or "{}")["generation"] < cache.state.generation
    assert 1 == cache.counts().files
