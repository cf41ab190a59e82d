"""The page, the terminal and `propose --json` say the same, and a review begun in one goes on in another."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from albumclean.words import shown
from benchmarks.review_library import Plan, build
from tests.browser.program import Review
from tests.tmux import Pane, environment
from tests.trash_helpers import snapshot
from tests.web_review import Browser

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="tmux is POSIX")

COMMAND = (sys.executable, "-m", "albumclean")
TERMINAL = (*COMMAND, "review", "--terminal", "--pictures", "none")
PLAN = Plan(good=3, poor=4, exact=2, derived=3, moments=2, drawn=12, group_size=(400, 300))
WIDE = 240  # characters: no sentence needs a second line


@pytest.fixture
def pane() -> Iterator[Pane]:
    with Pane(WIDE, 50) as opened:
        yield opened


@pytest.fixture
def library(home: Path, album: Path) -> Path:
    """The folder of a library that has been scanned."""
    made = build(PLAN)
    made.write(album)
    made.remember(album, home)
    return album


def proposed(home: Path) -> list[dict[str, Any]]:
    done = subprocess.run(
        [*COMMAND, "propose", "--json"], env={**os.environ, **environment(home)}, capture_output=True, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


@contextmanager
def page(home: Path) -> Iterator[Browser]:
    review = Review(home)
    browser = Browser(int(review.base.rpartition(":")[2]))
    assert 303 == browser.enter(review.address).status
    try:
        yield browser
    finally:
        browser.post("/api/end")
        review.end()
        review.stop()


def asked(browser: Browser) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = browser.get("/api/questions?limit=200").json["questions"]
    return found


def test_the_page_and_json_show_the_same_proposals(home: Path, library: Path) -> None:
    expected = {each["path"]: each for each in proposed(home)}
    with page(home) as browser:
        members = [member for question in asked(browser) for member in question["members"]]
    assert len(members) == len({member["path"] for member in members})
    for member in members:
        if member["path"] in expected:
            said = expected.pop(member["path"])
            assert said == {key: member[key] for key in said}
        else:
            assert "keep" == member["action"]
    assert {} == expected


def test_the_terminal_and_json_show_the_same_proposals(home: Path, library: Path, pane: Pane) -> None:
    expected = {each["path"]: each for each in proposed(home)}
    with page(home) as browser:
        questions = asked(browser)  # for their order and members only
    pane.start(TERMINAL, environment(home))
    for number, question in enumerate(questions, 1):
        for place, member in enumerate(question["members"], 1):
            if place > 1:
                pane.press("Right")
                pane.wait(rf"▶{place} of {len(question['members'])}")
            pane.wait(rf"^ {number} of {len(questions)} ")
            if (said := expected.pop(member["path"], None)) is None:
                continue
            pane.wait(re.escape(shown(said["sentence"])))
            for reason in said["reasons"]:
                if reason["fact"] != "kind":  # which the heading of the group says
                    assert shown(reason["text"]) in pane.text
        pane.press("Down")
    assert {} == expected
    pane.press("q")
    pane.end()


def test_a_review_that_was_begun_on_the_page_goes_on_in_the_terminal(home: Path, library: Path, pane: Pane) -> None:
    before = snapshot(library)
    with page(home) as browser:
        first, second, *_, last = questions = asked(browser)
        for question, verdict in ((first, "trash"), (second, "keep"), (last, "trash")):
            assert 200 == browser.post("/api/answers", {"ids": [question["id"]], "verdict": verdict}).status
        chosen = browser.get("/api/overview").json["chosen"]["photos"]
    pane.start(TERMINAL, environment(home))
    left = len(questions) - 1  # what is kept is not asked again
    pane.wait(rf" of {left} · {left - 2} open · to trash: {chosen} photos?,")
    pane.press("t")
    pane.wait(rf" of {left} · {left - 3} open")
    pane.press("q")
    pane.wait("nothing has moved yet")
    assert before == snapshot(library)
    pane.press("n")
    pane.end()


def test_a_review_that_was_begun_in_the_terminal_goes_on_on_the_page(home: Path, library: Path, pane: Pane) -> None:
    with page(home) as browser:
        total = len(asked(browser))
    pane.start(TERMINAL, environment(home))
    pane.wait(rf" of {total} · {total} open")
    pane.press("2")  # another keeper than the proposed one
    pane.wait("Photo 2 stays")
    pane.press("t")
    pane.wait(rf"· {total - 1} open")
    pane.press("C-c")
    pane.end()
    with page(home) as browser:
        answered = [question for question in asked(browser) if question["answer"]]
        overview = browser.get("/api/overview").json
    (question,) = answered
    assert ("trash", True) == (question["answer"]["verdict"], question["answer"]["earlier"])
    first, _kept, *others = question["members"]
    going = [member["id"] for member in (first, *others) if not member["untouchable"]]
    assert going == question["answer"]["going"]
    assert len(question["answer"]["going"]) == overview["chosen"]["photos"] == overview["carried_over"]
