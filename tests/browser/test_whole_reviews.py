"""Whole reviews, from the first question to the last, and back again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.choices import end, move_all, undo_all
from tests.browser.conftest import PHONE, Start
from tests.browser.hands import Keys, Mouse, Touch
from tests.browser.libraries import Album
from tests.browser.pages import Json, ReviewPage, members

pytestmark = pytest.mark.timeout(900)  # of real photos there are many questions


def test_a_whole_review_by_keyboard_alone(start: Start, library: Album, home: Path) -> None:
    page = start()
    hand = Keys(page)
    asked = page.questions()
    page.press("Enter")
    page.see("detail")
    answers = _answer_all(page, asked, _Keyboard(page))
    page.press("Shift+Enter")
    moved = move_all(page, hand, library, answers.going(asked))
    assert len(moved) == len(list((home / "share" / "Trash" / "files").iterdir()))
    undo_all(page, hand, library)
    end(page, hand)


def test_a_whole_review_by_mouse_alone(start: Start, library: Album) -> None:
    page = start()
    hand = Mouse(page)
    asked = page.questions()
    page.cards().first.click()
    page.see("detail")
    answers = _answer_all(page, asked, _Buttons(page, hand))
    hand.push("finish-open")
    move_all(page, hand, library, answers.going(asked))
    undo_all(page, hand, library)
    end(page, hand)


def test_a_whole_review_on_a_phone_by_touch_alone(start: Start, library: Album, tmp_path: Path) -> None:
    quarantine = tmp_path / "quarantine"
    page = start("--to", quarantine, **PHONE)
    hand = Touch(page)
    asked = page.questions()
    assert page.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"
    page.cards().first.tap()
    page.see("detail")
    answers = _answer_all(page, asked, _Buttons(page, hand))
    hand.push("detail-back")
    hand.push("finish-open")
    moved = move_all(page, hand, library, answers.going(asked))
    assert {path.name for path in moved} <= {path.name for path in quarantine.rglob("*")}
    undo_all(page, hand, library)
    end(page, hand)


class _Keyboard:
    """Answers with keys."""

    def __init__(self, page: ReviewPage) -> None:
        self.page = page

    def answer(self, verdict: str) -> None:
        self.page.press({"trash": "t", "keep": "k", "not-a-duplicate": "n", "skip": "s"}[verdict])

    def toggle(self, number: int) -> None:
        self.page.press(str(number + 1))


class _Buttons:
    """Answers with the buttons of the page."""

    def __init__(self, page: ReviewPage, hand: Mouse) -> None:
        self.page = page
        self.hand = hand

    def answer(self, verdict: str) -> None:
        names = {"trash": "act-trash", "keep": "act-keep", "not-a-duplicate": "act-distinct", "skip": "act-skip"}
        self.hand.push(names[verdict])

    def toggle(self, number: int) -> None:
        self.hand.push(self.page.at("pane-toggle").nth(number))


class _Answers:
    """What was said, question by question, and which photos the page said would go for it."""

    def __init__(self) -> None:
        self.verdicts: dict[int, str] = {}
        self.photos: dict[int, set[int]] = {}

    def add(self, question: int, verdict: str, going: set[int]) -> None:
        self.verdicts[question] = verdict
        self.photos[question] = going

    def going(self, asked: list[Json]) -> list[Json]:
        """The photos."""
        going = set().union(*self.photos.values())
        return [member for photo, member in members(asked) if photo in going]


def _answer_all(page: ReviewPage, asked: list[Json], by: _Keyboard | _Buttons) -> _Answers:
    """Every question in turn, as it is shown; among the answers are some of each kind, and other keepers."""
    by_id = {question["id"]: question for question in asked}
    answers = _Answers()
    for turn in range(len(asked)):
        question = by_id[page.question()]
        verdict = _verdict(question, turn)
        if question["kind"] != "photo" and turn % 3 == 0 and not any(m["untouchable"] for m in question["members"]):
            by.toggle(1)  # the second stays and the keeper goes
            by.toggle(0)
            assert [True, False] == [going for _, going in page.panes()][:2]
        shown = {photo for photo, going in page.panes() if going or question["kind"] == "photo"}
        answers.add(question["id"], verdict, shown if verdict == "trash" else set())
        by.answer(verdict)
        if turn + 1 < len(asked):
            page.leave(question["id"])
    told = {question["id"]: question["answer"] for question in page.questions()}
    assert answers.verdicts == {question: answer["verdict"] for question, answer in told.items()}
    assert answers.photos == {question: set(answer["going"]) for question, answer in told.items()}
    return answers


def _verdict(question: Json, turn: int) -> str:
    if question["kind"] == "photo":
        return ("trash", "trash", "keep", "trash", "skip")[turn % 5]
    going = any(m["untouchable"] is None and m["action"] != "keep" for m in question["members"])
    return ("trash", "trash", "not-a-duplicate", "trash", "keep", "trash", "skip")[turn % 7] if going else "keep"
