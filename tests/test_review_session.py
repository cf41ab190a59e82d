from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from albumclean.domain import Action, Proposal, RootRole
from albumclean.review.session import ReviewSession, Verdict, questions
from albumclean.store.ledger import Ledger
from tests.facts import group_of, low_quality, photo


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.sqlite") as opened:
        yield opened


def session_of(ledger: Ledger, *proposals: Proposal) -> ReviewSession:
    return ReviewSession(questions(proposals), ledger, ledger.pending())


def names(session: ReviewSession) -> list[str]:
    return [proposal.facts.path.name for proposal in session.to_trash]


def test_members_of_a_group_are_one_question(ledger: Ledger) -> None:
    a, b, c = photo("a.jpg"), photo("b.jpg"), photo("c.jpg")
    session = session_of(ledger, *group_of(a, b), low_quality(c))
    assert [2, 1] == [len(question.members) for question in session.questions]


def test_trash_chooses_the_photo_and_of_a_group_all_but_the_keeper(ledger: Ledger) -> None:
    session = session_of(ledger, *group_of(photo("a.jpg"), photo("b.jpg"), photo("c.jpg")), low_quality(photo("d.jpg")))
    session.answer(Verdict.TRASH)
    session.answer(Verdict.TRASH)
    assert ["b.jpg", "c.jpg", "d.jpg"] == names(session)
    assert 3000 == session.bytes_to_trash
    assert session.question is None


def test_another_keeper_can_be_chosen_and_the_plan_will_check_that_one(ledger: Ledger) -> None:
    a, b, c = photo("a.jpg"), photo("b.jpg"), photo("c.jpg")
    session = session_of(ledger, *group_of(a, b, c))
    session.answer(Verdict.TRASH, keep=b)
    assert ["a.jpg", "c.jpg"] == names(session)
    assert [b, b] == [proposal.group.keeper for proposal in session.to_trash if proposal.group]


def test_choosing_another_keeper_never_trashes_a_protected_photo(ledger: Ledger) -> None:
    a, b = photo("a.jpg", role=RootRole.PROTECTED), photo("b.jpg")
    session = session_of(ledger, *group_of(a, b))
    session.answer(Verdict.TRASH, keep=b)
    assert [] == names(session)


def test_keep_is_remembered_for_ever(ledger: Ledger) -> None:
    d = photo("d.jpg")
    session_of(ledger, low_quality(d)).answer(Verdict.KEEP)
    assert d.photo is not None
    assert {d.photo.content_hash} == ledger.kept("low-quality")


def test_not_a_duplicate_is_remembered_for_every_pair(ledger: Ledger) -> None:
    session_of(ledger, *group_of(photo("a.jpg"), photo("b.jpg"), photo("c.jpg"))).answer(Verdict.NOT_A_DUPLICATE)
    assert 3 == len(ledger.dismissed())


def test_not_a_duplicate_of_exact_copies_keeps_them_all(ledger: Ledger) -> None:
    a, b = photo("a.jpg", content="same"), photo("b.jpg", content="same")
    session_of(ledger, *group_of(a, b)).answer(Verdict.NOT_A_DUPLICATE)
    assert a.photo is not None
    assert {a.photo.content_hash} == ledger.kept("keep-best")


def test_skip_remembers_nothing(ledger: Ledger) -> None:
    session = session_of(ledger, low_quality(photo("d.jpg")))
    session.answer(Verdict.SKIP)
    assert ([], frozenset(), []) == (ledger.pending(), ledger.kept("low-quality"), names(session))


@pytest.mark.parametrize("second", [Verdict.SKIP, Verdict.KEEP])
def test_going_back_takes_an_answer_back(ledger: Ledger, second: Verdict) -> None:
    session = session_of(ledger, low_quality(photo("d.jpg")))
    session.answer(Verdict.TRASH)
    session.back()
    session.answer(second)
    assert ([], []) == (names(session), ledger.pending())


def test_going_back_from_keep_to_skip_asks_again_next_time(ledger: Ledger) -> None:
    session = session_of(ledger, low_quality(photo("d.jpg")))
    session.answer(Verdict.KEEP)
    session.back()
    session.answer(Verdict.SKIP)
    assert frozenset() == ledger.kept("low-quality")


def test_what_was_chosen_but_not_moved_is_carried_over_and_not_asked_again(ledger: Ledger) -> None:
    d, e = photo("d.jpg"), photo("e.jpg")
    session_of(ledger, low_quality(d), low_quality(e)).answer(Verdict.TRASH)
    session = session_of(ledger, low_quality(d), low_quality(e))
    assert ["d.jpg"] == names(session)
    assert [e] == [question.members[0] for question in session.questions]


def test_a_decision_about_other_content_at_the_same_path_is_not_carried_over(ledger: Ledger) -> None:
    session_of(ledger, low_quality(photo("d.jpg", content="old"))).answer(Verdict.TRASH)
    session = session_of(ledger, low_quality(photo("d.jpg", content="new")))
    assert ([], 1) == (names(session), len(session.questions))


def test_a_single_photo_has_no_other_keeper(ledger: Ledger) -> None:
    session = session_of(ledger, low_quality(photo("d.jpg")))
    with pytest.raises(ValueError, match="single"):
        session.answer(Verdict.NOT_A_DUPLICATE)
    assert ({}, 0) == (session.verdicts, session.position)


def test_every_decision_names_its_rule_and_file(ledger: Ledger) -> None:
    session_of(ledger, low_quality(photo("d.jpg"))).answer(Verdict.TRASH)
    (decision,) = ledger.pending()
    assert (Path("/album/d.jpg"), Action.TRASH, "low-quality") == (decision.path, decision.action, decision.rule)
