"""Whole reviews in a real terminal. What moves on the disk must be what the keys said, and nothing else."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from albumclean.catalogue import Catalogue
from albumclean.cli.ordering import by_folder
from albumclean.config import Settings
from albumclean.domain import Action
from albumclean.review.session import Question, questions
from albumclean.store.cache import Cache
from albumclean.store.ledger import Ledger
from albumclean.words import counted, shown
from benchmarks.review_library import Plan, build
from tests.terminal import Terminal
from tests.tmux import Pane, environment
from tests.trash_helpers import snapshot

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="tmux is POSIX")

COMMAND = (sys.executable, "-m", "albumclean")
REVIEW = (*COMMAND, "review", "--terminal", "--pictures", "blocks")
PLAN = Plan(good=4, poor=12, exact=14, derived=22, moments=15, drawn=16, group_size=(400, 300))
GROUPS = 50
LAST_PAGE = r"to the trash\? \[y/N\]"
SEED = 6


@pytest.fixture
def pane() -> Iterator[Pane]:
    with Pane() as opened:
        yield opened


def asked(home: Path) -> list[Question]:
    """The questions in the order of the list, found out without the front end."""
    with Cache.open(home / "cache.sqlite") as cache, Ledger.open(home / "ledger.sqlite") as ledger:
        return questions(by_folder(Catalogue(cache, ledger, Settings()).proposals()))


class User:
    """Answers as a seed says, and keeps books on what must move: from the questions, not from the screen."""

    def __init__(self, pane: Pane, home: Path) -> None:
        self.going: dict[str, frozenset[Path]] = {}  # by question
        self.files: dict[Path, set[Path]] = {}  # by photo: itself and its companions
        self.groups: set[str] = set()  # that were answered for good
        self._pane = pane
        self._home = home
        self._random = random.Random(SEED)
        self._questions: list[Question] = []
        self._open: list[int] = []

    def begin(self) -> None:
        """A new session, in which what was skipped is asked again, and what is to be trashed is not."""
        self._questions = asked(self._home)
        self._open = [row for row, question in enumerate(self._questions) if question.key not in self.going]
        for question in self._questions:
            for facts in question.members:
                self.files[facts.path] = {file.path for file in facts.asset.files}
        self._pane.start(REVIEW, environment(self._home))

    def answer(self, count: int | None = None) -> None:
        """So many questions, or all; every sixth is undone and answered anew."""
        for at in range(len(self._open) if count is None else count):
            self._answer(self._open[0])
            row = self._open.pop(0)
            if at % 6 == 3:
                self._settled()
                self._pane.press("u")
                self._open.insert(0, row)
                self.going.pop(self._questions[row].key, None)
                self._answer(row)
                self._open.pop(0)
        self._settled()

    def chosen(self) -> set[Path]:
        return {path for paths in self.going.values() for path in paths}

    def _answer(self, row: int) -> None:
        question = self._questions[row]
        total, photos = len(self._questions), len(self.chosen())
        self._pane.wait(rf"^ {row + 1} of {total} · {len(self._open)} open · to trash: {photos} photos?,")
        self._pane.wait(rf"^▶· {_start(question)}")
        ways = ["t", "t", "k", "s"] + ["n", "digit", "digit", "space", "space"] * (question.group is not None)
        way = self._random.choice(ways)
        going: set[Path] = set()
        if way in {"t", "digit", "space"}:
            staying = {"t": _proposed, "digit": self._keeper, "space": self._chosen_ones}[way](question)
            going = {facts.path for facts in question.members} - staying
            way = "t" if going else "k"
        self._pane.press(way)
        if going:
            self.going[question.key] = frozenset(going)
        if question.group is not None and way != "s":
            self.groups.add(question.key)

    def _settled(self) -> None:
        self._pane.wait(rf"· {len(self._open)} open · to trash: {len(self.chosen())} photos?,")

    def _keeper(self, question: Question) -> set[Path]:
        member = self._random.randrange(min(9, len(question.members)))
        self._pane.press(str(member + 1))
        self._pane.wait(f"Photo {member + 1} stays")
        return {question.members[member].path} | {facts.path for facts in question.members if facts.untouchable}

    def _chosen_ones(self, question: Question) -> set[Path]:
        """Walk over the members, and let some of them stay or go."""
        staying = _proposed(question)
        for member, facts in enumerate(question.members):
            if member:
                self._pane.press("Right")
            heading = rf"▶{member + 1} of {len(question.members)}"
            self._pane.wait(heading)
            if self._random.random() < 0.5:
                self._pane.press("Space")
                changed = staying ^ {facts.path}
                if facts.untouchable is not None or not changed:
                    self._pane.wait("That one stays")
                else:
                    staying = changed
                    self._pane.wait(f"{heading} {'✓ stays' if facts.path in staying else '✗ goes'}")
        return staying


def _proposed(question: Question) -> set[Path]:
    going = {proposal.facts.path for proposal in question.proposals if proposal.action is not Action.KEEP}
    return {facts.path for facts in question.members} - going


def _start(question: Question) -> str:
    """The beginning of its name in the list, as far as it is of letters that every terminal shows alike."""
    name = shown(question.members[0].path.name)
    plain = next((at for at, letter in enumerate(name) if not (letter.isascii() and letter.isalnum())), len(name))
    return name[: min(plain, 12)]


@pytest.mark.timeout(400)  # half a minute where nothing else runs
def test_fifty_groups_are_reviewed_without_a_wrong_move(pane: Pane, home: Path, album: Path) -> None:
    library = build(PLAN)
    library.write(album)
    library.remember(album, home)
    before = snapshot(album)

    user = User(pane, home)
    user.begin()
    user.answer(20)
    pane.press("C-c")
    assert 130 == pane.end()

    user.begin()
    user.answer(20)
    pane.vanish()

    user.begin()
    user.answer()
    assert before == snapshot(album)
    assert GROUPS <= len(user.groups)

    pane.press("q")
    pane.wait(LAST_PAGE)
    chosen = user.chosen()
    moving = {path for photo in chosen for path in user.files[photo]}
    pane.wait(rf"^ Move {len(chosen)} photos \({len(moving)} files with their companions\), .* to the trash\? \[y/N\]")
    pane.press("y")
    assert 0 == pane.end()
    assert re.search(rf"^{len(chosen)} photos .* moved to the trash\.$", pane.told, re.MULTILINE)
    assert {str(path.relative_to(album)) for path in moving} == before.keys() - snapshot(album).keys()
    assert snapshot(album).items() <= before.items()

    undone = subprocess.run(
        [*COMMAND, "undo"], env={**os.environ, **environment(home)}, capture_output=True, check=True
    )
    assert b"" == undone.stderr
    assert before == snapshot(album)


def test_what_changed_vanished_or_became_unreadable_stays_and_is_named(pane: Pane, home: Path, album: Path) -> None:
    library = build(Plan(good=0, poor=7, exact=0, derived=0, moments=0))
    library.write(album)
    library.remember(album, home)
    open_questions = asked(home)
    paths = [question.members[0].path for question in open_questions]
    changed, vanished, unreadable, *others = paths
    pane.start(REVIEW, environment(home))
    for left in range(len(paths), 0, -1):
        pane.wait(rf"· {left} open")
        pane.press("t")
    pane.press("q")
    pane.wait(LAST_PAGE)
    changed.write_bytes(changed.read_bytes() + b"!")
    vanished.unlink()
    unreadable.unlink()
    unreadable.mkdir()
    pane.press("y")
    assert 1 == pane.end()
    text = pane.told
    assert others
    assert f"{counted(len(others), 'photo')} (" in text
    for path in (changed, vanished, unreadable):
        assert f"{shown(path)} stays where it is" in text
    assert (True, False, True) == (changed.exists(), vanished.exists(), unreadable.exists())
    assert not any(path.exists() for path in others)


@pytest.mark.parametrize("keys", [("n",), ("Enter",), ("q",), ("C-c",)])
def test_nothing_moves_without_a_y(pane: Pane, home: Path, album: Path, keys: tuple[str, ...]) -> None:
    library = build(Plan(good=0, poor=2, exact=1, derived=0, moments=0, group_size=(400, 300)))
    library.write(album)
    library.remember(album, home)
    before = snapshot(album)
    pane.start(REVIEW, environment(home))
    pane.wait("1 of 2")
    pane.press("t", "t", "q", "y")  # typed ahead: a `y` to a page that was not there yet is no answer
    pane.wait(LAST_PAGE)
    pane.press(*keys)
    assert pane.end() in {0, 130}
    assert before == snapshot(album)


def test_a_review_whose_terminal_vanished_without_a_word_ends_and_keeps_its_answers(home: Path, album: Path) -> None:
    library = build(Plan(good=0, poor=3, exact=0, derived=0, moments=0))
    library.write(album)
    library.remember(album, home)
    terminal = Terminal([*REVIEW[:-1], "none"], {**os.environ, **environment(home)})
    terminal.wait("all below")
    terminal.press("t")
    terminal.wait("✗")
    terminal.vanish()
    assert 0 != terminal.process.wait(30)
    with Ledger.open(home / "ledger.sqlite") as ledger:
        assert 1 == len(ledger.pending())
