from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from albumclean.domain import Asset, FileIdentity, Photo, PhotoFacts, Proposal, TrashPlan
from albumclean.media.reading import content_hash
from albumclean.plan import build_plan
from albumclean.review.preview import Previews
from albumclean.review.session import ReviewSession, Verdict, questions
from albumclean.review.terminal import TerminalReviewer
from albumclean.store.ledger import Ledger
from tests.facts import group_of, low_quality, photo
from tests.pictures import save, scene


class Screen:
    """A console that keeps what it shows, a script of keys, and the files that were opened."""

    def __init__(self, keys: str) -> None:
        self.out = io.StringIO()
        self.opened: list[str] = []
        self._keys: Iterator[str] = iter(keys)
        console = Console(file=self.out, width=100, height=40, force_terminal=True, color_system=None)
        self.reviewer = TerminalReviewer(console, lambda: next(self._keys), self.opened.append, lambda *_: None)

    @property
    def text(self) -> str:
        return self.out.getvalue()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.sqlite") as opened:
        yield opened


def play(ledger: Ledger, keys: str, *proposals: Proposal) -> tuple[Screen, ReviewSession]:
    screen = Screen(keys)
    session = ReviewSession(questions(proposals), ledger, ledger.pending())
    screen.reviewer.review(session)
    return screen, session


def test_keys_mean_what_the_page_says(ledger: Ledger) -> None:
    singles = [low_quality(photo(f"{name}.jpg")) for name in "abc"]
    screen, session = play(
        ledger, "tks2n", *singles, *group_of(photo("d.jpg"), photo("e.jpg")), *group_of(photo("f.jpg"), photo("g.jpg"))
    )
    assert [Verdict.TRASH, Verdict.KEEP, Verdict.SKIP, Verdict.TRASH, Verdict.NOT_A_DUPLICATE] == list(
        session.verdicts.values()
    )
    assert ["a.jpg", "d.jpg"] == [proposal.facts.path.name for proposal in session.to_trash]
    for word in (
        "1 of 5",
        "Scored 0.20 of 1.",
        "/album/a.jpg",
        "keep all",
        "not a duplicate",
        "chosen so far: 1 photo",
    ):
        assert word in screen.text


def test_keys_without_a_meaning_are_ignored(ledger: Ledger) -> None:
    _, session = play(ledger, "nxT1\x1bk", low_quality(photo("a.jpg")))
    assert [Verdict.KEEP] == list(session.verdicts.values())


def test_quit_leaves_the_rest_for_another_time(ledger: Ledger) -> None:
    _, session = play(ledger, "tq", *(low_quality(photo(f"{name}.jpg")) for name in "abc"))
    assert (1, 1) == (len(session.verdicts), session.position)


@pytest.mark.parametrize("key", ["\x03", "\x04"])
def test_ctrl_c_ends_the_review_and_answers_stay(ledger: Ledger, key: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        play(ledger, "t" + key, *(low_quality(photo(f"{name}.jpg")) for name in "ab"))
    assert 1 == len(ledger.pending())


def test_choices_of_a_former_review_can_be_forgotten(ledger: Ledger) -> None:
    play(ledger, "t", low_quality(photo("a.jpg")))
    _, session = play(ledger, "f", low_quality(photo("a.jpg")))
    assert ([], []) == (session.to_trash, ledger.pending())


def test_open_shows_every_member_and_waits_for_an_answer(ledger: Ledger) -> None:
    screen, _ = play(ledger, "ok", *group_of(photo("d.jpg"), photo("e.jpg")))
    assert ["/album/d.jpg", "/album/e.jpg"] == screen.opened


def test_names_can_not_speak_to_the_terminal(ledger: Ledger) -> None:
    screen, _ = play(ledger, "q", low_quality(photo("a\x1b]0;owned\x07[red].jpg")))
    assert "\x1b]0;owned" not in screen.text
    assert "\\x1b]0;owned\\x07[red].jpg" in screen.text


@pytest.mark.parametrize(("key", "yes"), [("y", True), ("Y", True), ("n", False), ("\r", False), ("t", False)])
def test_only_y_is_a_yes(key: str, yes: bool) -> None:
    screen = Screen(key)
    result = build_plan([low_quality(photo("a.jpg"))])
    assert yes == screen.reviewer.confirm(result.plan, result.refused)
    assert "Move 1 photo, 1.0 kB, to the trash? [y/N]" in screen.text


def test_the_last_question_names_what_will_stay_and_where_it_goes() -> None:
    screen = Screen("n")
    plan = build_plan([low_quality(photo("a.jpg"))], Path("/quarantine")).plan
    screen.reviewer.confirm(plan, [(photo("b.jpg"), "stays, as it is the last of its group")])
    assert "/album/b.jpg stays, as it is the last of its group" in screen.text
    assert "Move 1 photo, 1.0 kB, to /quarantine?" in screen.text


def test_where_nothing_can_move_nothing_is_asked() -> None:
    screen = Screen("")
    assert not screen.reviewer.confirm(TrashPlan(()), [(photo("b.jpg"), "stays")])
    assert "[y/N]" not in screen.text


def test_a_preview_is_upright_and_fits(album: Path) -> None:
    path = save(scene(1, 300, 200), album / "a.jpg")
    facts = facts_of(path)
    with Previews(10**8) as previews:
        segments = previews.half_blocks(facts, 40, 10)
        again = previews.half_blocks(facts, 20, 5)
    assert again is not None
    assert segments is not None
    lines = "".join(segment.text for segment in segments.segments).splitlines()
    assert (10, {30}) == (len(lines), {len(line) for line in lines})


def test_a_photo_that_is_gone_has_no_preview(album: Path) -> None:
    path = save(scene(1), album / "a.jpg")
    facts = facts_of(path)
    path.write_bytes(b"something else")
    with Previews(10**8) as previews:
        assert previews.half_blocks(facts, 40, 10) is None


def facts_of(path: Path) -> PhotoFacts:
    seen = path.stat()
    file = FileIdentity(path, seen.st_size, seen.st_mtime_ns, seen.st_ino, seen.st_dev)
    return PhotoFacts(Asset(file), Photo(content_hash(path.read_bytes()), 300, 200, "JPEG"))
