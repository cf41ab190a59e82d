"""The parts of the review's web server that promise something by themselves."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from albumclean.domain import PhotoFacts
from albumclean.errors import StoreBusy
from albumclean.history import History
from albumclean.review.session import SINGLE, Answer, Question, ReviewSession, Verdict, questions
from albumclean.review.web import desk as desk_module
from albumclean.review.web.asks import Said, filter_of, json_object, order_of, page_of, query
from albumclean.review.web.choice import GROUPS, UNKNOWN_YEAR, Choice, Filter, Order, Sort, State
from albumclean.review.web.desk import Desk, Paused
from albumclean.review.web.numbers import Numbers
from albumclean.review.web.pages import STATIC
from albumclean.review.web.refusal import Refusal
from albumclean.review.web.reviewer import WebReviewer
from albumclean.review.web.server import listening
from albumclean.review.web.setting import Setting
from albumclean.review.web.tally import Tally
from albumclean.store.ledger import Ledger
from tests.facts import group_of, low_quality, photo
from tests.web_review import FakePictures, histogram_of

# --- which questions are shown ------------------------------------------------------------------------------------


def dated(facts: PhotoFacts, date: str | None) -> PhotoFacts:
    assert facts.photo is not None
    return replace(facts, photo=replace(facts.photo, taken_at=date))


facts_made = st.builds(
    lambda name, folder, mos, date: dated(photo(f"{folder}/{name}.jpg", mos=mos), date),
    st.sampled_from(["a", "B", "c", "d"]),
    st.sampled_from(["trip", "home", "Trip/day 1"]),
    st.sampled_from([0.1, 0.2, 0.2, 0.7]),
    st.sampled_from([None, "2019-05-06T07:08:09", "2021-01-01T00:00:00"]),
)


@st.composite
def asked(draw: st.DrawFn) -> list[Question]:
    photos = draw(st.lists(facts_made, max_size=12, unique_by=lambda facts: facts.path))
    made = []
    while photos:
        size = draw(st.integers(1, 3))
        some, photos = photos[:size], photos[size:]
        made += [low_quality(some[0])] if len(some) == 1 else group_of(*some)
    return questions(made)


filters = st.builds(
    Filter,
    kind=st.sampled_from([None, SINGLE, GROUPS, "derived", "exact"]),
    folder=st.sampled_from([None, Path("/album/trip"), Path("/album/nowhere")]),
    year=st.sampled_from([None, 2019, UNKNOWN_YEAR]),
    state=st.sampled_from([None, *State]),
    below=st.sampled_from([None, 0.2, 0.5]),
    text=st.sampled_from([None, "TRIP", "a.jpg", "day"]),
)


@settings(deadline=None)  # the machine may be busy
@given(asked(), filters, st.sampled_from([None, *Sort]), st.booleans())
def test_what_is_shown_is_what_matches_each_condition_and_is_in_order(
    asked: list[Question], wanted: Filter, sort: Sort | None, descending: bool
) -> None:
    answers = {question.key: Answer(verdict) for question, verdict in zip(asked, [*Verdict] * 3, strict=False)}
    choice = Choice(asked, lambda question: answers.get(question.key))
    places = choice.matching(wanted, Order(sort, descending))
    for condition in ("kind", "folder", "year", "state", "below", "text"):
        alone = Filter(**{condition: getattr(wanted, condition)})
        assert set(places) <= set(choice.matching(alone, Order()))
    left_out = set(range(len(asked))) - set(places)
    for place in left_out:
        assert any(
            place not in choice.matching(Filter(**{name: getattr(wanted, name)}), Order())
            for name in ("kind", "folder", "year", "state", "below", "text")
        )
    if sort is Sort.SIZE:
        sizes = [sum(p.facts.asset.size for p in asked[place].proposals if p.action != "keep") for place in places]
        assert sorted(sizes, reverse=descending) == sizes
    assert len(places) == len(set(places))


@settings(deadline=None)  # the machine may be busy
@given(asked())
def test_what_is_not_known_comes_last_in_either_order(asked: list[Question]) -> None:
    choice = Choice(asked, lambda _: None)
    dates = [
        next((f.photo.taken_at for f in question.members if f.photo and f.photo.taken_at), None) for question in asked
    ]
    known = sorted(date for date in dates if date is not None)
    for descending in (False, True):
        found = [dates[place] for place in choice.matching(Filter(), Order(Sort.DATE, descending))]
        wanted: list[str | None] = list(reversed(known)) if descending else list(known)
        assert wanted + [None] * (len(asked) - len(known)) == found


def test_a_group_has_the_score_of_the_worst_that_would_go() -> None:
    keeper, worse = photo("a.jpg", mos=0.1), photo("b.jpg", mos=0.6)
    choice = Choice(questions(group_of(keeper, worse)), lambda _: None)
    assert [] == list(choice.matching(Filter(below=0.5), Order()))
    assert [0] == list(choice.matching(Filter(below=0.7), Order()))


def test_an_answer_is_seen_by_the_next_page() -> None:
    asked = questions([low_quality(photo("a.jpg")), low_quality(photo("b.jpg"))])
    choice = Choice(asked, lambda _: None)
    assert [0, 1] == list(choice.matching(Filter(state=State.OPEN), Order()))
    choice.set_answer(asked[0], Answer(Verdict.SKIP))
    assert [1] == list(choice.matching(Filter(state=State.OPEN), Order()))
    choice.set_answer(asked[0], None)
    assert [0, 1] == list(choice.matching(Filter(state=State.OPEN), Order()))


# --- sums ---------------------------------------------------------------------------------------------------------


@settings(deadline=None)  # the machine may be busy
@given(asked(), st.lists(st.tuples(st.integers(0, 11), st.sampled_from(["trash", "keep", "undo"])), max_size=12))
def test_the_running_total_is_that_of_the_session(asked: list[Question], steps: list[tuple[int, str]]) -> None:
    class Forgetful:
        def remember(self, decisions: object, *, apart: object = (), together: object = ()) -> None:
            list(decisions)  # type: ignore[call-overload]

    session = ReviewSession(asked, Forgetful())
    tally = Tally(session)
    for number, step in steps if asked else ():
        question = asked[number % len(asked)]
        if step == "undo":
            tally.update(session.undo())
        else:
            session.answer(question, Verdict(step))
            tally.update([question])
        assert {p.facts.path for p in session.to_trash} == set(tally._chosen)
        assert (len(tally._chosen), session.bytes_to_trash) == (tally.photos, tally.bytes)


def test_a_photo_that_two_groups_send_away_counts_once(tmp_path: Path) -> None:
    a, b, c = photo("a.jpg"), photo("b.jpg"), photo("c.jpg")
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        asked = questions([*group_of(a, c), *group_of(b, c)])
        session = ReviewSession(asked, ledger)
        session.answer_many(asked, Verdict.TRASH)
        tally = Tally(session)
        tally.update(asked)
    assert (1, 1000) == (tally.photos, tally.bytes)


# --- numbers ------------------------------------------------------------------------------------------------------


def test_a_number_always_means_the_same_content() -> None:
    numbers, first = Numbers(), photo("a.jpg", content="one")
    other = photo("a.jpg", content="two")
    number = numbers.of_photo(first)
    assert number == numbers.of_photo(replace(first, mos=0.9))
    assert number != numbers.of_photo(other)
    assert first.photo == _known(numbers, number).photo
    assert numbers.of_photo(other) == numbers.at(other.path)


def test_numbers_that_were_not_given_mean_nothing() -> None:
    numbers = Numbers()
    number = numbers.of_photo(photo("a.jpg"))
    assert [None] * 4 == [numbers.photo(each) for each in (-1, 0, number - 1, number + 1)]
    assert [None] * 3 == [numbers.folder(each) for each in (-1, 0, 1)]
    assert number < 1 << 53  # exact in JavaScript


def _known(numbers: Numbers, number: int) -> PhotoFacts:
    found = numbers.photo(number)
    assert found is not None
    return found


# --- what requests say --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [
        {"offset": "-1"},
        {"offset": "1.5"},
        {"offset": "\u0661"},
        {"offset": "9" * 5000},
        {"limit": "201"},
        {"limit": "x"},
        {"sort": "path"},
        {"order": "up"},
        {"kind": "photos"},
        {"folder": "x"},
        {"folder": "12"},
        {"year": "19x"},
        {"year": "-1"},
        {"state": "done"},
        {"below": "nan"},
        {"below": "2"},
        {"below": "-0.1"},
        {"below": "1e400"},
        {"bellow": "0.1"},
    ],
)
def test_a_query_that_makes_no_sense_is_refused(values: dict[str, str]) -> None:
    with pytest.raises(Refusal) as refused:
        said = query(values)
        page_of(said), order_of(said), filter_of(said, Numbers())
    assert refused.value.status in {404, 422}


def test_empty_values_are_as_if_they_were_not_there() -> None:
    said = query({"kind": "", "below": "", "sort": "", "order": ""})
    assert (Filter(), Order()) == (filter_of(said, Numbers()), order_of(said))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None)  # the machine may be busy
@given(json_values, st.sampled_from(["whole", "share", "text", "wholes", "word", "inner"]))
def test_whatever_a_value_is_it_is_taken_or_refused(value: object, reader: str) -> None:
    said = Said({"x": value}, frozenset({"x"}))
    more = {"word": (Verdict,), "inner": (frozenset({"y"}),)}.get(reader, ())
    try:
        taken = getattr(said, reader)("x", *more)
    except Refusal as refusal:
        assert 422 == refusal.status
    else:
        assert not isinstance(taken, bool)


@settings(deadline=None)  # the machine may be busy
@given(st.binary(max_size=60))
def test_whatever_a_body_is_it_is_taken_or_refused(body: bytes) -> None:
    try:
        json_object(body, "ids")
    except Refusal as refusal:
        assert refusal.status in {400, 422}


# --- the desk -----------------------------------------------------------------------------------------------------


@pytest.fixture
def asker() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as threads:
        yield threads


def ask(desk: Desk, work: Callable[[], object]) -> object:
    """What the server's thread does, but not for ever."""
    return asyncio.run(asyncio.wait_for(desk.ask(work), 5))


def test_jobs_are_done_by_the_owner_in_order_and_answered(asker: ThreadPoolExecutor) -> None:
    desk, done = Desk(10), []

    async def ask_all() -> list[int]:
        return [await desk.ask(lambda n=n: done.append((n, threading.get_ident())) or n) for n in range(5)]  # type: ignore[misc,func-returns-value]

    asked = asker.submit(lambda: asyncio.run(ask_all()))
    assert desk.serve(lambda: len(done) == 5)
    assert [0, 1, 2, 3, 4] == asked.result(10)
    assert [(n, threading.get_ident()) for n in range(5)] == done


def test_the_error_of_a_job_belongs_to_the_one_who_asked(asker: ThreadPoolExecutor) -> None:
    desk, done = Desk(10), []

    def fail() -> None:
        done.append(1)
        raise StoreBusy(path="ledger")

    asked = asker.submit(lambda: ask(desk, fail))
    assert desk.serve(lambda: bool(done))
    with pytest.raises(StoreBusy):
        asked.result(10)


def test_ctrl_c_in_a_job_reaches_the_owner_and_the_one_who_asked_is_told(asker: ThreadPoolExecutor) -> None:
    desk = Desk(10)

    def interrupted() -> None:
        raise KeyboardInterrupt

    asked = asker.submit(lambda: ask(desk, interrupted))
    with pytest.raises(KeyboardInterrupt):
        desk.serve(lambda: False)
    with pytest.raises(Refusal, match="has ended"):
        asked.result(10)


@pytest.mark.parametrize(
    ("shut", "kind"), [(lambda desk: desk.close(), Refusal), (lambda desk: desk.pause("busy"), Paused)]
)
def test_nobody_waits_for_an_owner_who_does_not_come(
    asker: ThreadPoolExecutor, shut: object, kind: type[Refusal]
) -> None:
    desk = Desk(10)
    early = asker.submit(lambda: ask(desk, lambda: 1))
    while desk._jobs.empty():
        time.sleep(0.01)
    shut(desk)  # type: ignore[operator]
    for waiting in (early, asker.submit(lambda: ask(desk, lambda: 2))):
        with pytest.raises(kind):
            waiting.result(10)


def test_an_idle_desk_is_left_and_a_sign_of_life_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_module, "_TICK", 0.001)
    clock = [0.0]
    desk = Desk(60, lambda: clock[0])
    rounds = 0

    def until() -> bool:
        nonlocal rounds
        rounds += 1
        clock[0] += 25
        if rounds < 6:
            desk.seen()
        return False

    assert not desk.serve(until)
    assert 8 == rounds


# --- the server ---------------------------------------------------------------------------------------------------


def test_answers_are_sent_at_once() -> None:
    """asyncio turns Nagle's algorithm off only where it is told TCP; with it, answers wait 40 ms for the browser."""
    with listening(0) as listener:
        assert socket.IPPROTO_TCP == listener.proto


def test_every_static_file_is_of_a_known_type() -> None:
    assert {".js", ".css", ".svg", ".png"} >= {path.suffix for path in STATIC.rglob("*") if path.is_file()}


@pytest.mark.skipif(sys.platform == "win32", reason="a process there can't be sent Ctrl-C alone")
def test_ctrl_c_ends_a_review_cleanly(tmp_path: Path) -> None:
    script = textwrap.dedent("""
        import sys
        from pathlib import Path
        from tests.facts import low_quality, photo
        from tests.web_review import FakePictures
        from albumclean.catalogue import Catalogue
        from albumclean.config import Settings
        from albumclean.history import History
        from albumclean.review.course import conduct
        from albumclean.review.session import ReviewSession, questions
        from albumclean.review.web.setting import Setting
        from tests.web_review import histogram_of
        from albumclean.review.web.reviewer import WebReviewer
        from albumclean.store.cache import Cache
        from albumclean.store.ledger import Ledger

        home = Path(sys.argv[1])
        asked = questions([low_quality(photo("a.jpg"))])
        with Ledger.open(home / "ledger.sqlite") as ledger, Cache.open(home / "cache.sqlite") as cache:
            setting = Setting(0, histogram_of([]), History(ledger), 0.3, lambda below: asked)
            announce = lambda address: print(address, flush=True)
            with WebReviewer(setting, FakePictures(), announce=announce) as reviewer:
                course = conduct(reviewer, ReviewSession(asked, ledger), Catalogue(cache, ledger, Settings()), None)
        print("moved" if course.confirmed else "ended", flush=True)
    """)
    program = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent.parent,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
    )
    assert program.stdout is not None
    assert program.stdout.readline().startswith("http://127.0.0.1:")
    program.send_signal(signal.SIGINT)
    out, errors = program.communicate(timeout=30)
    assert (0, "ended\n", "") == (program.returncode, out, errors)


def test_ctrl_c_as_soon_as_the_address_is_told_ends_the_review(tmp_path: Path) -> None:
    def announce(address: str) -> None:
        raise KeyboardInterrupt

    asked = questions([low_quality(photo("a.jpg"))])
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        setting = Setting(0, histogram_of([]), History(ledger), 0.3, lambda below: asked)
        with WebReviewer(setting, FakePictures(), announce=announce) as reviewer:
            assert not reviewer.review(ReviewSession(asked, ledger))
