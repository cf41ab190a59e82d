from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from albumclean.domain import Proposal, RootRole, UserMarks
from albumclean.review.session import ReviewSession, Verdict, questions
from albumclean.review.terminal import faces, keys
from albumclean.review.terminal.browsing import Browser, parse_score
from albumclean.store.ledger import Ledger
from tests.facts import group_of, low_quality, photo


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.sqlite") as opened:
        yield opened


def browser_of(ledger: Ledger, *proposals: Proposal) -> Browser:
    return Browser(ReviewSession(questions(proposals), ledger, ledger.pending()))


def singles(names: str, mos: float = 0.2) -> list[Proposal]:
    return [low_quality(photo(f"{name}.jpg", mos=mos)) for name in names]


def names(browser: Browser) -> list[str]:
    return sorted(proposal.facts.path.name for proposal in browser.session.to_trash)


def test_an_answer_goes_on_to_the_next_open_question_and_round_again(ledger: Ledger) -> None:
    browser = browser_of(ledger, *singles("abc"))
    browser.go(1)
    rows = []
    for _ in range(3):
        rows.append(browser.row)
        browser.answer(Verdict.KEEP)
    assert [1, 2, 0] == rows
    assert 0 == browser.open_left


def test_a_review_begins_where_it_was_left(ledger: Ledger) -> None:
    browser_of(ledger, *singles("abc")).answer(Verdict.TRASH)
    again = browser_of(ledger, *singles("abc"))
    assert (1, 2, (1, 1000)) == (again.row, again.open_left, again.chosen)


def test_the_rules_own_choice_keeps_the_rules_own_words(ledger: Ledger) -> None:
    browser = browser_of(ledger, *group_of(photo("a.jpg"), photo("b.jpg")))
    browser.answer(Verdict.TRASH)
    assert ["A copy."] == [proposal.sentence for proposal in browser.session.to_trash]


def test_a_digit_chooses_the_keeper(ledger: Ledger) -> None:
    browser = browser_of(ledger, *group_of(photo("a.jpg"), photo("b.jpg"), photo("c.jpg")))
    assert browser.keep_only(1)
    browser.answer(Verdict.TRASH)
    assert ["a.jpg", "c.jpg"] == names(browser)


def test_there_is_no_keeper_beyond_the_group_nor_of_a_single_photo(ledger: Ledger) -> None:
    browser = browser_of(ledger, *group_of(photo("a.jpg"), photo("b.jpg")), *singles("c"))
    assert not browser.keep_only(2)
    browser.go(1)
    assert not browser.keep_only(0)
    assert browser.toggle()


def test_members_go_and_stay_one_by_one_but_never_all(ledger: Ledger) -> None:
    browser = browser_of(ledger, *group_of(photo("a.jpg"), photo("b.jpg"), photo("c.jpg")))
    assert "never goes as a whole" in browser.toggle()
    browser.look_at(1)
    assert "" == browser.toggle()
    browser.look_at(0)
    assert "" == browser.toggle()
    browser.answer(Verdict.TRASH)
    assert ["a.jpg", "c.jpg"] == names(browser)


def test_a_treasured_member_stays_whatever_is_chosen(ledger: Ledger) -> None:
    treasured = replace(photo("b.jpg"), marks=UserMarks(favourite=True))
    protected = photo("c.jpg", role=RootRole.PROTECTED)
    browser = browser_of(ledger, *group_of(photo("a.jpg"), treasured, protected))
    browser.look_at(1)
    assert "is a favourite" in browser.toggle()
    browser.keep_only(0)
    assert {"a.jpg", "b.jpg", "c.jpg"} == {path.name for path in browser.staying(browser.rows[0])}


def test_where_all_would_stay_trash_is_no_answer(ledger: Ledger) -> None:
    browser = browser_of(ledger, *group_of(photo("a.jpg"), photo("b.jpg")))
    browser.look_at(1)
    browser.toggle()
    assert not browser.answer(Verdict.TRASH)
    assert (1, []) == (browser.open_left, names(browser))


def test_an_answered_group_shows_what_stays(ledger: Ledger) -> None:
    browser = browser_of(ledger, *group_of(photo("a.jpg"), photo("b.jpg"), photo("c.jpg")))
    browser.keep_only(2)
    browser.answer(Verdict.TRASH)
    assert {"c.jpg"} == {path.name for path in browser.staying(browser.rows[0])}


def test_undo_goes_back_to_the_question(ledger: Ledger) -> None:
    browser = browser_of(ledger, *singles("abc"))
    browser.answer(Verdict.TRASH)
    browser.answer(Verdict.TRASH)
    assert (1, 1) == (browser.undo(), browser.row)
    assert (["a.jpg"], 2) == (names(browser), browser.open_left)
    assert (1, 0) == (browser.undo(), browser.undo())


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("", "abcd"),
        ("B.JPG", "b"),
        ("kind:photo", "ab"),
        ("kind:copies", "cd"),
        ("kind:moment", ""),
        ("is:trash", "a"),
        ("is:open jpg", "bcd"),
        ("is:nonsense", ""),
        ("/album/", "abcd"),
        ("nothing of the kind", ""),
    ],
)
def test_the_filter_shows_what_fits_every_word(ledger: Ledger, words: str, shown: str) -> None:
    copies = [*group_of(photo("c.jpg"), photo("x.jpg")), *group_of(photo("d.jpg"), photo("y.jpg"))]
    browser = browser_of(ledger, *singles("ab"), *copies)
    browser.answer(Verdict.TRASH)
    browser.set_filter(words)
    assert [f"{name}.jpg" for name in shown] == [question.members[0].path.name for question in browser.rows]
    assert (browser.question is None) == (shown == "")


def test_a_filter_stays_at_the_question(ledger: Ledger) -> None:
    browser = browser_of(ledger, *singles("abcd"))
    browser.go(2)
    browser.set_filter("c.jpg")
    assert browser.question is not None
    assert "c.jpg" == browser.question.members[0].path.name
    browser.set_filter("")
    assert 2 == browser.row


def test_all_below_a_score_leaves_answers_and_groups_alone(ledger: Ledger) -> None:
    browser = browser_of(
        ledger, *singles("ab", 0.1), *singles("c", 0.2), *group_of(photo("d.jpg", mos=0.1), photo("e.jpg", mos=0.1))
    )
    browser.answer(Verdict.KEEP)
    asked = browser.below(0.2)
    assert ["b.jpg"] == [question.members[0].path.name for question in asked]
    browser.trash_many(asked)
    assert ["b.jpg"] == names(browser)
    assert 1 == browser.undo()
    assert [] == names(browser)


@pytest.mark.parametrize(
    ("text", "score"),
    [("0.25", 0.25), (" ,3 ", 0.3), ("1", 1.0), ("1.01", None), ("-1", None), ("nan", None), ("", None), ("x", None)],
)
def test_a_score_is_a_number_from_0_to_1(text: str, score: float | None) -> None:
    assert score == parse_score(text)


def test_groups_are_found_in_both_directions(ledger: Ledger) -> None:
    copies = [group_of(photo(f"{name}.jpg"), photo(f"{name}2.jpg")) for name in "pq"]
    browser = browser_of(ledger, *singles("a"), *copies[0], *singles("b"), *copies[1])
    assert [True, True, False] == [browser.next_group(1) for _ in range(3)]
    assert 3 == browser.row
    assert [True, False] == [browser.next_group(-1) for _ in range(2)]


@settings(max_examples=40, deadline=None)
@given(moves=st.lists(st.sampled_from("udtksnx1234<>[]"), max_size=60))
def test_whatever_is_pressed_a_member_of_every_group_stays(
    moves: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with Ledger.open(tmp_path_factory.mktemp("any") / "ledger.sqlite") as ledger:
        groups = [group_of(*(photo(f"{name}{at}.jpg") for at in range(3))) for name in "pq"]
        browser = browser_of(ledger, *groups[0], *singles("a"), *groups[1])
        for move in moves:
            _press(browser, move)
        going = {proposal.facts.path for proposal in browser.session.to_trash}
        for question in browser.session.questions:
            if question.group is not None:
                assert {facts.path for facts in question.members} - going
        assert browser.chosen[0] == len(going)
        open_ = [q for q in browser.session.questions if browser.session.answer_to(q) is None]
        assert browser.open_left == len(open_)


def _press(browser: Browser, move: str) -> None:
    verdicts = {"t": Verdict.TRASH, "k": Verdict.KEEP, "s": Verdict.SKIP, "n": Verdict.NOT_A_DUPLICATE}
    if move in verdicts:
        browser.answer(verdicts[move])
    elif move.isdigit():
        browser.keep_only(int(move) - 1)
    elif move in "[]":
        browser.next_group(1 if move == "]" else -1)
    elif move in "<>":
        browser.look_at(browser.focus + (1 if move == ">" else -1))
    else:
        {"u": browser.undo, "d": lambda: browser.go(browser.row + 1), "x": browser.toggle}[move]()


def test_names_are_never_shown_raw() -> None:
    question = questions([low_quality(photo("a\x1b]0;owned\x07[red]\u202egpj.jpg"))])[0]
    for text in (faces.title(question), faces.details(question, 0).plain):
        assert "\\x1b]0;owned\\x07[red]\\u202egpj.jpg" in text
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_the_words_about_a_photo_say_all_that_is_known() -> None:
    text = faces.details(questions([low_quality(photo("a.jpg"))])[0], 0).plain
    for part in ("a.jpg", "/album", "400 x 300 JPEG", "1.0 kB", "██░░░░░░░░ score 0.20 of 1", "out of focus 0.80"):
        assert part in text
    assert "Scored 0.20 of 1." in text


@given(width=st.integers(20, 200), group=st.booleans())
def test_the_hints_fit_into_two_lines(width: int, group: bool) -> None:
    proposals = group_of(photo("a.jpg"), photo("b.jpg")) if group else [low_quality(photo("a.jpg"))]
    lines = keys.hints(questions(proposals)[0], 1, photo("a.jpg"), width)
    assert len(lines) <= 2
    assert all(len(line) <= width for line in lines)


def test_the_help_names_every_key_that_does_something() -> None:
    told = " ".join(key for _, rows in keys.HELP for key, _ in rows) + " ".join(
        meaning for _, rows in keys.HELP for _, meaning in rows
    )
    symbols = {"up": "↑", "down": "↓", "left": "←", "right": "→", "left_square_bracket,G": "[", "slash": "/"}
    symbols |= {"right_square_bracket,g": "]", "question_mark,f1": "help", "space": "Space", "enter": "Enter"}
    symbols |= {"escape": "Esc", "shift+up": "Shift ↑", "shift+down": "↓", "pageup": "PageUp", "pagedown": "PageDown"}
    for key, _ in keys.ACTIONS:
        name = symbols.get(key, key.capitalize() if len(key) > 1 else key)
        assert name in told or name == "help"
