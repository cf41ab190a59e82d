from __future__ import annotations

import asyncio
import io
import os
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from textual import events
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Static

from albumclean.domain import GroupKind, MoveState, PhotoFacts, Proposal, TrashOutcome, TrashPlan
from albumclean.errors import ReadError, StoreError
from albumclean.plan import build_plan
from albumclean.review.course import Confirmation
from albumclean.review.session import ReviewSession, Verdict, questions
from albumclean.review.terminal.app import ReviewApp
from albumclean.review.terminal.detection import Abilities
from albumclean.review.terminal.loader import Loader, Wish
from albumclean.review.terminal.moving import MovingLine
from albumclean.review.terminal.painting import Box, Cell, PictureMode
from albumclean.review.terminal.pictures_pane import PicturesPane
from albumclean.review.terminal.plan_app import PlanApp
from albumclean.store.ledger import Ledger
from tests.facts import group_of, low_quality, photo
from tests.pictures import scene

Script = Callable[["Pilot[Any]"], Awaitable[None]]


@dataclass
class Made:
    """Pictures made in code, each of its own colour; those named can't be read."""

    unreadable: Sequence[str] = ()
    asked: list[str] = field(default_factory=list)

    def image(self, facts: PhotoFacts, width: int, height: int) -> Image.Image:
        self.asked.append(facts.path.name)
        if facts.path.name in self.unreadable:
            raise ReadError(path=facts.path, detail="it is gone")
        picture = scene(len(facts.path.name), 64, 48)
        picture.thumbnail((width, height))
        return picture


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.sqlite") as opened:
        yield opened


def singles(names: str, mos: float = 0.2) -> list[Proposal]:
    return [low_quality(photo(f"{name}.jpg", mos=mos)) for name in names]


class Reviewing(ReviewApp):
    """Remembers what was opened."""

    def __init__(self, session: ReviewSession, pictures: Made) -> None:
        self.opened: list[Path] = []
        super().__init__(session, pictures, Abilities(), self._open)

    def _open(self, path: Path) -> bool:
        self.opened.append(path)
        return True


def app_of(ledger: Ledger, *proposals: Proposal, pictures: Made | None = None) -> Reviewing:
    return Reviewing(ReviewSession(questions(proposals), ledger, ledger.pending()), pictures or Made())


def drive(app: App[Any], *keys: str, size: tuple[int, int] = (80, 24), script: Script | None = None) -> None:
    async def play() -> None:
        async with app.run_test(size=size) as pilot:
            await pilot.press(*keys)
            if script is not None:
                await script(pilot)

    asyncio.run(play())


def screen(app: App[Any]) -> str:
    """All that is on the screen, line by line."""
    return "\n".join("".join(segment.text for segment in line) for line in app.screen._compositor.render_strips())


def lines(app: App[Any], widget: str) -> str:
    return str(app.screen_stack[0].query_one(widget, Static).render())


def verdicts(app: ReviewApp) -> str:
    answers = [app.browser.session.answer_to(question) for question in app.browser.session.questions]
    return " ".join(answer.verdict if answer else "-" for answer in answers)


def going(app: ReviewApp) -> list[str]:
    return [proposal.facts.path.name for proposal in app.browser.session.to_trash]


# --- keys ---------------------------------------------------------------------------------------------------------


def test_keys_mean_what_the_page_says(ledger: Ledger) -> None:
    groups = [*group_of(photo("d.jpg"), photo("e.jpg")), *group_of(photo("f.jpg"), photo("g.jpg"))]
    app = app_of(ledger, *singles("abc"), *groups)
    drive(app, *"tks2tnq")
    assert "trash keep skip trash not-a-duplicate" == verdicts(app)
    assert ["a.jpg", "d.jpg"] == going(app)
    assert app.return_value is True


def test_keys_without_a_meaning_are_ignored(ledger: Ledger) -> None:
    app = app_of(ledger, *singles("ab"))
    drive(app, "n", "x", "T", "1", "y", "tab", "ctrl+t", "space", "k")
    assert "keep -" == verdicts(app)


def test_the_members_of_a_group_are_chosen_one_by_one(ledger: Ledger) -> None:
    app = app_of(ledger, *group_of(*(photo(f"{name}.jpg") for name in "abc")))
    drive(app, "right", "space", "t")
    assert ["c.jpg"] == going(app)


def test_undo_takes_the_latest_answer_back(ledger: Ledger) -> None:
    app = app_of(ledger, *singles("ab"))
    drive(app, *"ttu")
    assert "trash -" == verdicts(app)
    assert 1 == app.browser.row


def test_arrows_pages_and_edges_move_through_the_list(ledger: Ledger) -> None:
    app = app_of(ledger, *(low_quality(photo(f"{number:03}.jpg")) for number in range(100)))
    rows = []

    async def look(pilot: Pilot[Any]) -> None:
        for key in ("down", "down", "up", "pagedown", "end", "down", "pageup", "home", "up"):
            await pilot.press(key)
            rows.append(app.browser.row)

    drive(app, script=look)
    page = 24 - 1 - 1 - 2  # without the lines at the top and the bottom
    assert [1, 2, 1, 1 + page, 99, 99, 99 - page, 0, 0] == rows


@pytest.mark.parametrize(("there", "back"), [("]", "["), ("g", "G")])
def test_groups_are_one_key_away(ledger: Ledger, there: str, back: str) -> None:
    app = app_of(
        ledger, *group_of(photo("a.jpg"), photo("b.jpg")), *singles("cd"), *group_of(photo("e.jpg"), photo("f.jpg"))
    )
    rows = []

    async def look(pilot: Pilot[Any]) -> None:
        for key in (there, there, back):
            await pilot.press({"]": "right_square_bracket", "[": "left_square_bracket"}.get(key, key))
            rows.append(app.browser.row)

    drive(app, script=look)
    assert [3, 3, 0] == rows


def test_open_hands_the_photo_that_is_looked_at_to_the_viewer(ledger: Ledger) -> None:
    app = app_of(ledger, *group_of(photo("d.jpg"), photo("e.jpg")))
    drive(app, "right", "o")
    assert [Path("/album/e.jpg")] == app.opened
    assert "-" == verdicts(app)


def test_trash_below_a_score_says_how_many_and_asks(ledger: Ledger) -> None:
    app = app_of(ledger, *singles("ab", 0.1), *singles("cd", 0.3))
    said = []

    async def ask(pilot: Pilot[Any]) -> None:
        await pilot.press("a", "0", "full_stop", "2")
        said.append(lines(app, "#message"))
        await pilot.press("enter")
        said.append(lines(app, "#message"))
        await pilot.press("y")

    drive(app, script=ask)
    assert "2 photos (2.0 kB) below 0.20" in said[0]
    assert "Trash 2 photos (2.0 kB) that score below 0.20? [y/N]" == said[1]
    assert ["a.jpg", "b.jpg"] == going(app)


@pytest.mark.parametrize("key", ["n", "enter", "t", "k", "q", "escape", "space"])
def test_trash_below_a_score_takes_only_a_y_for_a_yes(ledger: Ledger, key: str) -> None:
    app = app_of(ledger, *singles("ab", 0.1))
    drive(app, "a", "1", "enter", key, "y")
    assert ([], "- -") == (going(app), verdicts(app))
    assert app.return_value is None


@pytest.mark.parametrize("typed", ["t", "2", "nan", "0 0"])
def test_what_is_no_score_trashes_nothing(ledger: Ledger, typed: str) -> None:
    app = app_of(ledger, *singles("ab", 0.1))
    drive(app, "a", *(key if key != " " else "space" for key in typed), "enter", "y")
    assert "- -" == verdicts(app)


def test_the_filter_shows_at_once_and_escape_takes_it_away(ledger: Ledger) -> None:
    app = app_of(ledger, *singles("abc"))
    seen = []

    async def filter_it(pilot: Pilot[Any]) -> None:
        await pilot.press("slash", "c", "full_stop")
        seen.append(len(app.browser.rows))
        await pilot.press("enter", "t")
        seen.append(len(app.browser.rows))
        await pilot.press("escape")
        seen.append(len(app.browser.rows))
        await pilot.press("slash", "z", "z")
        assert "No question fits the filter" in screen(app)
        await pilot.press("t", "escape")
        seen.append(len(app.browser.rows))

    drive(app, script=filter_it)
    assert [1, 1, 3, 3] == seen
    assert ["c.jpg"] == going(app)


def test_earlier_choices_are_shown_and_can_be_forgotten(ledger: Ledger) -> None:
    drive(app_of(ledger, *singles("ab")), "t")
    app = app_of(ledger, *singles("ab"))
    said = []

    async def look(pilot: Pilot[Any]) -> None:
        said.append(lines(app, "#message"))
        await pilot.press("f")

    drive(app, script=look)
    assert "1 photo chosen in earlier reviews" in said[0]
    assert ([], []) == (going(app), ledger.pending())


def test_the_help_says_every_key_and_goes_away_again(ledger: Ledger) -> None:
    app = app_of(ledger, *singles("a"))

    async def look(pilot: Pilot[Any]) -> None:
        await pilot.press("question_mark")
        assert "choose the keeper" in screen(app)
        await pilot.press("t", "escape", "k")

    drive(app, script=look, size=(120, 50))
    assert "keep" == verdicts(app)


def test_ctrl_c_leaves_and_answers_stay(ledger: Ledger) -> None:
    app = app_of(ledger, *singles("ab"))
    drive(app, "t", "ctrl+c")
    assert app.interrupted
    assert 1 == len(ledger.pending())


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_signal_to_end_leaves_cleanly_and_is_given_back(ledger: Ledger) -> None:
    before = signal.getsignal(signal.SIGTERM)
    app = app_of(ledger, *singles("ab"))

    async def end(pilot: Pilot[Any]) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        await pilot.pause(0.1)

    drive(app, "t", script=end)
    assert app.interrupted
    assert before == signal.getsignal(signal.SIGTERM)


def test_a_ledger_that_fails_ends_the_review_with_its_own_words(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = app_of(ledger, *singles("ab"))

    def fail(*_: object, **__: object) -> None:
        raise StoreError(path="ledger.sqlite", detail="the disk is full")

    monkeypatch.setattr(ledger, "remember", fail)
    drive(app, "t")
    assert "the disk is full" in str(app.failure)
    assert "- -" == verdicts(app)


# --- what is on the screen ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_the_screen_tells_all_that_matters(ledger: Ledger, size: tuple[int, int]) -> None:
    app = app_of(ledger, *singles("ab"), *group_of(photo("keeper.jpg"), photo("copy.jpg"), kind=GroupKind.EXACT))
    seen = []

    async def look(pilot: Pilot[Any]) -> None:
        seen.append(screen(app))
        await pilot.press("t", "k")
        seen.append(screen(app))

    drive(app, script=look, size=size)
    for part in ("1 of 3 · 3 open · to trash: 0 photos", "▶· a.jpg", "/album", "score 0.20 of 1", "out of focus 0.80"):
        assert part in seen[0]
    for part in (
        "3 of 3 · 1 open · to trash: 1 photo, 1.0 kB",
        "✗ a.jpg",
        "trash",
        "✓ b.jpg",
        "keep",
        "1 of 2 ✓ stays",
    ):
        assert part in seen[1]
    assert "2 of 2 ✗ goes" in seen[1]
    assert {size[0]} == {len(line) for line in seen[0].splitlines() if line.isascii()}


def test_the_screen_follows_the_size_of_the_terminal(ledger: Ledger) -> None:
    app = app_of(ledger, *group_of(*(photo(f"{name}.jpg") for name in "abcdef")))
    shown = []

    async def resize(pilot: Pilot[Any]) -> None:
        for size in ((200, 60), (80, 24), (40, 10), (120, 40)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            shown.append(screen(app).count(" stays") + screen(app).count(" goes"))

    drive(app, script=resize, size=(80, 24))
    assert [6, 2, 0, 3] == shown  # ten lines hold nothing but words


def test_a_group_too_wide_for_the_screen_scrolls_to_the_member(ledger: Ledger) -> None:
    app = app_of(ledger, *group_of(*(photo(f"member{number}.jpg") for number in range(12))))
    drive(app, *["right"] * 11, "space", "t")
    assert "member11.jpg" not in going(app)
    assert 10 == len(going(app))


def test_names_can_not_speak_to_the_terminal(ledger: Ledger) -> None:
    app = app_of(ledger, *singles(""), low_quality(photo("a\x1b]0;owned\x07[red].jpg")))

    async def look(_: Pilot[Any]) -> None:
        text = screen(app)
        assert "\x1b" not in text
        assert "a\\x1b]0;owned\\x07[red].jpg" in text

    drive(app, script=look, size=(120, 40))


def test_large_shows_one_photo_alone(ledger: Ledger) -> None:
    app = app_of(ledger, *group_of(photo("one.jpg"), photo("two.jpg")))

    async def look(pilot: Pilot[Any]) -> None:
        await pilot.press("enter", "right")
        await pilot.pause()
        assert "two.jpg" in screen(app)
        assert "one.jpg" not in screen(app)
        await pilot.press("escape")
        await pilot.pause()
        assert "one.jpg" in screen(app)

    drive(app, script=look)


async def _until(pilot: Pilot[Any], true: Callable[[], bool]) -> None:
    for _ in range(500):
        if true():
            return
        await pilot.pause(0.01)
    raise AssertionError("it never came")


def test_pictures_come_and_what_can_not_be_read_is_said(ledger: Ledger) -> None:
    app = app_of(ledger, *singles("ab"), pictures=Made(unreadable=["b.jpg"]))

    async def look(pilot: Pilot[Any]) -> None:
        await _until(pilot, lambda: "▀▀▀" in screen(app))
        await pilot.press("down")
        await _until(pilot, lambda: "can't be shown" in screen(app))

    drive(app, script=look)


@pytest.mark.parametrize(
    ("mode", "start"),
    [(PictureMode.KITTY, "\x1b_Ga=T"), (PictureMode.SIXEL, "\x1bP0;1;0q"), (PictureMode.ITERM2, "\x1b]1337;File=")],
)
def test_pictures_are_drawn_after_the_blanks_that_they_cover(ledger: Ledger, mode: PictureMode, start: str) -> None:
    session = ReviewSession(questions(group_of(photo("a.jpg"), photo("b.jpg"))), ledger)
    app = ReviewApp(session, Made(), Abilities(mode, Cell(8, 16)), lambda _: True)

    async def look(pilot: Pilot[Any]) -> None:
        pane = app.query_one(PicturesPane)

        def last() -> str:
            return "".join(segment.text for segment in pane.render_line(pane.size.height - 1) if segment.control)

        await _until(pilot, lambda: last().count(start) == 2)
        assert last().startswith("\x1b7")
        assert last().endswith("\x1b8")
        above = [segment for y in range(pane.size.height - 1) for segment in pane.render_line(y)]
        assert not any("\x1b" in segment.text for segment in above)
        assert pane.size.width == pane.render_line(pane.size.height - 1).cell_length

    drive(app, script=look)


def test_kittys_pictures_are_taken_away_before_anything_else_is_shown(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = ReviewSession(questions([*group_of(photo("a.jpg"), photo("b.jpg")), *singles("c")]), ledger)
    app = ReviewApp(session, Made(), Abilities(PictureMode.KITTY, Cell(8, 16)), lambda _: True)
    drawn: list[str] = []
    monkeypatch.setattr(app, "draw", drawn.append)

    async def look(pilot: Pilot[Any]) -> None:
        pane = app.query_one(PicturesPane)
        await _until(pilot, lambda: len(pane._drawn) == 2)
        await pilot.press("down")  # one picture in place of two
        await pilot.pause()
        assert 1 == "".join(drawn).count("a=d")
        await _until(pilot, lambda: len(pane._drawn) == 1)
        await pilot.press("question_mark")
        await pilot.pause()
        assert 2 == "".join(drawn).count("a=d")

    drive(app, script=look)


def test_without_pictures_none_are_made(ledger: Ledger) -> None:
    made = Made()
    session = ReviewSession(questions(singles("ab")), ledger)
    drive(ReviewApp(session, made, Abilities(PictureMode.NONE), lambda _: True), "down", "up")
    assert [] == made.asked


# --- the loader ---------------------------------------------------------------------------------------------------


def test_what_has_been_scrolled_past_is_not_made() -> None:
    gate, began = threading.Event(), threading.Event()
    asked: list[str] = []

    class Slow:
        def image(self, facts: PhotoFacts, width: int, height: int) -> Image.Image:
            asked.append(facts.path.name)
            began.set()
            gate.wait(10)
            return scene(1, 64, 48)

    loader = Loader(Slow())
    done = threading.Semaphore(0)
    loader.start(done.release)
    wishes = [
        (Wish.of(photo(f"{at}.jpg"), PictureMode.BLOCKS, Box(4, 4), Cell(), 1), photo(f"{at}.jpg")) for at in range(50)
    ]
    loader.want(wishes[:1])
    began.wait(10)
    for wish in wishes[1:]:
        loader.want([wish])
    gate.set()
    done.acquire(timeout=10)
    done.acquire(timeout=10)
    loader.close()
    assert ["0.jpg", "49.jpg"] == asked


def test_keys_never_wait_for_pictures(ledger: Ledger) -> None:
    gate = threading.Event()

    class Stuck:
        def image(self, facts: PhotoFacts, width: int, height: int) -> Image.Image:
            gate.wait(20)
            return scene(1, 64, 48)

    session = ReviewSession(questions(singles("abc")), ledger)
    app = ReviewApp(session, Stuck(), Abilities(), lambda _: True)

    async def press(pilot: Pilot[Any]) -> None:
        began = time.monotonic()
        await pilot.press(*"tkt")
        assert time.monotonic() - began < 5
        gate.set()

    drive(app, script=press)
    assert "trash keep trash" == verdicts(app)


# --- the last page ------------------------------------------------------------------------------------------------


def plan_app(*proposals: Proposal, refused: Sequence[tuple[PhotoFacts, str]] = (), to: Path | None = None) -> PlanApp:
    result = build_plan(list(proposals), to)
    return PlanApp(result.plan, (*result.refused, *refused), light=False)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("y", Confirmation.MOVE),
        ("Y", Confirmation.MOVE),
        ("n", Confirmation.LEAVE),
        ("enter", Confirmation.LEAVE),
        ("q", Confirmation.LEAVE),
        ("b", Confirmation.BACK),
        ("escape", Confirmation.BACK),
        ("t", None),
        ("space", None),
    ],
)
def test_only_y_is_a_yes(key: str, said: Confirmation | None) -> None:
    app = plan_app(*singles("ab"))

    async def answer(pilot: Pilot[Any]) -> None:
        await pilot.press("down", "pagedown", "end", "right")
        await pilot.pause(0.2)
        await pilot.press(key)

    drive(app, script=answer)
    assert said == app.return_value


@pytest.mark.parametrize("keys", ["xy", "[?2026;2$y", "tty"])
def test_a_y_among_other_keys_is_no_answer(keys: str) -> None:
    app = plan_app(*singles("ab"))

    async def paste(pilot: Pilot[Any]) -> None:
        await pilot.pause(0.2)
        for key in keys:
            app.post_message(events.Key(key, key))
        await pilot.pause(0.1)

    drive(app, script=paste)
    assert app.return_value is None


def test_the_first_answer_counts() -> None:
    app = plan_app(*singles("ab"))

    async def answer(pilot: Pilot[Any]) -> None:
        await pilot.pause(0.2)
        app.action_answer("back")
        app.action_answer("move")

    drive(app, script=answer)
    assert Confirmation.BACK == app.return_value


def test_the_last_page_shows_what_goes_what_stays_and_where_to() -> None:
    app = plan_app(*singles("a"), refused=[(photo("b.jpg"), "is the last of its group")], to=Path("/quarantine"))

    async def look(pilot: Pilot[Any]) -> None:
        await _until(pilot, lambda: "[y/N]" in screen(app))
        text = screen(app)
        for part in ("/album/a.jpg", "Scored 0.20 of 1.", "stays  /album/b.jpg", "is the last of its group"):
            assert part in text
        assert "Move 1 photo, 1.0 kB, to /quarantine? [y/N]" in text

    drive(app, script=look)


def test_where_nothing_can_move_there_is_no_yes() -> None:
    app = PlanApp(TrashPlan(()), [(photo("b.jpg"), "stays")], light=False)
    drive(app, "y")
    assert app.return_value is None


def test_a_plan_of_thousands_is_shown_at_once_and_scrolls() -> None:
    app = plan_app(*(low_quality(photo(f"{number:05}.jpg")) for number in range(5000)))

    async def look(pilot: Pilot[Any]) -> None:
        assert "00000.jpg" in screen(app)
        await pilot.press("end")
        assert "04999.jpg" in screen(app)

    drive(app, script=look)


# --- moving -------------------------------------------------------------------------------------------------------


class _Screen(io.StringIO):
    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def test_the_moves_are_counted_on_one_line_that_goes_away() -> None:
    out = _Screen(terminal=True)
    moving = MovingLine(out)
    moving.expect(2)
    moving.waiting("albumclean 12\x1b")
    for name in ("a\x1b.jpg", "b.jpg"):
        moving.moved_one(TrashOutcome(Path("/album") / name, MoveState.MOVED, size=1000))
    moving.finished()
    shown = out.getvalue().split("\r\x1b[K")
    assert "Waiting for another albumclean to end (albumclean 12\\x1b)…\r" == shown[1]
    assert "1 of 2 photos  a\\x1b.jpg\r" == shown[2]
    assert "2 of 2 photos  b.jpg\r" == shown[3]
    assert "\r" == shown[4]


def test_where_there_is_no_terminal_nothing_is_counted() -> None:
    out = _Screen(terminal=False)
    moving = MovingLine(out)
    moving.expect(1)
    moving.moved_one(TrashOutcome(Path("/album/a.jpg"), MoveState.MOVED))
    moving.finished()
    assert "" == out.getvalue()


def test_verdicts_of_another_front_end_are_shown(ledger: Ledger) -> None:
    session = ReviewSession(questions(singles("ab")), ledger)
    session.answer(session.questions[0], Verdict.TRASH)
    app = app_of(ledger, *singles("ab"))
    drive(app)
    assert "trash -" == verdicts(app)
