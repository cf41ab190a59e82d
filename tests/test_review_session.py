from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from albumclean.domain import Action, PhotoFacts, Proposal, RootRole
from albumclean.errors import StoreError
from albumclean.review.session import ReviewSession, Verdict, questions
from albumclean.store.ledger import Ledger
from tests.facts import group_of, low_quality, photo


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.sqlite") as opened:
        yield opened


def session_of(ledger: Ledger, *proposals: Proposal) -> ReviewSession:
    return ReviewSession(questions(proposals), ledger, ledger.pending())


def answer(session: ReviewSession, verdict: Verdict, at: int = 0, keep: Sequence[PhotoFacts] = ()) -> None:
    session.answer(session.questions[at], verdict, keep)


def names(session: ReviewSession) -> list[str]:
    return [proposal.facts.path.name for proposal in session.to_trash]


def test_members_of_a_group_are_one_question(ledger: Ledger) -> None:
    a, b, c = photo("a.jpg"), photo("b.jpg"), photo("c.jpg")
    session = session_of(ledger, *group_of(a, b), low_quality(c))
    assert [2, 1] == [len(question.members) for question in session.questions]


def test_trash_chooses_the_photo_and_of_a_group_all_but_the_keeper(ledger: Ledger) -> None:
    session = session_of(ledger, *group_of(photo("a.jpg"), photo("b.jpg"), photo("c.jpg")), low_quality(photo("d.jpg")))
    answer(session, Verdict.TRASH, 0)
    answer(session, Verdict.TRASH, 1)
    assert ["b.jpg", "c.jpg", "d.jpg"] == names(session)
    assert 3000 == session.bytes_to_trash
    assert 2 == session.answered


def test_another_keeper_can_be_chosen_and_the_plan_will_check_that_one(ledger: Ledger) -> None:
    a, b, c = photo("a.jpg"), photo("b.jpg"), photo("c.jpg")
    session = session_of(ledger, *group_of(a, b, c))
    answer(session, Verdict.TRASH, keep=[b])
    assert ["a.jpg", "c.jpg"] == names(session)
    assert [b, b] == [proposal.group.keeper for proposal in session.to_trash if proposal.group]


def test_choosing_another_keeper_never_trashes_a_protected_photo(ledger: Ledger) -> None:
    a, b = photo("a.jpg", role=RootRole.PROTECTED), photo("b.jpg")
    session = session_of(ledger, *group_of(a, b))
    answer(session, Verdict.TRASH, keep=[b])
    assert [] == names(session)


def test_keep_is_remembered_for_ever(ledger: Ledger) -> None:
    d = photo("d.jpg")
    answer(session_of(ledger, low_quality(d)), Verdict.KEEP)
    assert d.photo is not None
    assert {d.photo.content_hash} == ledger.kept("low-quality")


def test_not_a_duplicate_is_remembered_for_every_pair(ledger: Ledger) -> None:
    answer(session_of(ledger, *group_of(photo("a.jpg"), photo("b.jpg"), photo("c.jpg"))), Verdict.NOT_A_DUPLICATE)
    assert 3 == len(ledger.dismissed())


def test_not_a_duplicate_of_exact_copies_keeps_them_all(ledger: Ledger) -> None:
    a, b = photo("a.jpg", content="same"), photo("b.jpg", content="same")
    answer(session_of(ledger, *group_of(a, b)), Verdict.NOT_A_DUPLICATE)
    assert a.photo is not None
    assert {a.photo.content_hash} == ledger.kept("keep-best")


def test_skip_remembers_nothing(ledger: Ledger) -> None:
    session = session_of(ledger, low_quality(photo("d.jpg")))
    answer(session, Verdict.SKIP)
    assert ([], frozenset(), []) == (ledger.pending(), ledger.kept("low-quality"), names(session))


@pytest.mark.parametrize("second", [Verdict.SKIP, Verdict.KEEP])
def test_a_later_answer_replaces_the_earlier(ledger: Ledger, second: Verdict) -> None:
    session = session_of(ledger, low_quality(photo("d.jpg")))
    answer(session, Verdict.TRASH)
    answer(session, second)
    assert ([], []) == (names(session), ledger.pending())


def test_skip_after_keep_asks_again_next_time(ledger: Ledger) -> None:
    session = session_of(ledger, low_quality(photo("d.jpg")))
    answer(session, Verdict.KEEP)
    answer(session, Verdict.SKIP)
    assert frozenset() == ledger.kept("low-quality")


def test_what_was_chosen_but_not_moved_is_answered_in_the_next_review(ledger: Ledger) -> None:
    d, e = photo("d.jpg"), photo("e.jpg")
    answer(session_of(ledger, low_quality(d), low_quality(e)), Verdict.TRASH)
    session = session_of(ledger, low_quality(d), low_quality(e))
    said = session.answer_to(session.questions[0])
    assert said is not None
    assert (Verdict.TRASH, True) == (said.verdict, said.earlier)
    assert session.answer_to(session.questions[1]) is None
    assert ["d.jpg"] == names(session)


def test_another_keeper_is_still_the_keeper_in_the_next_review(ledger: Ledger) -> None:
    a, b, c = photo("a.jpg"), photo("b.jpg"), photo("c.jpg")
    answer(session_of(ledger, *group_of(a, b, c)), Verdict.TRASH, keep=[b, c])
    session = session_of(ledger, *group_of(a, b, c))
    assert ["a.jpg"] == names(session)
    assert [b] == [proposal.group.keeper for proposal in session.to_trash if proposal.group]


def test_a_decision_about_other_content_at_the_same_path_is_no_answer(ledger: Ledger) -> None:
    answer(session_of(ledger, low_quality(photo("d.jpg", content="old"))), Verdict.TRASH)
    session = session_of(ledger, low_quality(photo("d.jpg", content="new")))
    assert ([], 0) == (names(session), session.answered)


def test_choices_of_former_reviews_can_be_forgotten(ledger: Ledger) -> None:
    d, e = photo("d.jpg"), photo("e.jpg")
    answer(session_of(ledger, low_quality(d)), Verdict.TRASH)
    session = session_of(ledger, low_quality(d), low_quality(e))
    answer(session, Verdict.TRASH, 1)
    session.forget_carried_over()
    assert (["e.jpg"], [e.path]) == (names(session), [decision.path for decision in ledger.pending()])
    session.replace(session.questions)
    assert ["e.jpg"] == names(session)


def test_what_the_rule_said_of_a_member_stands_while_its_keeper_stays(ledger: Ledger) -> None:
    session = session_of(ledger, *group_of(a := photo("a.jpg"), b := photo("b.jpg"), photo("c.jpg")))
    answer(session, Verdict.TRASH, keep=[a, b])
    assert ["A copy."] == [proposal.sentence for proposal in session.to_trash]


def test_a_member_that_is_none_can_not_be_kept(ledger: Ledger) -> None:
    session = session_of(ledger, *group_of(photo("a.jpg"), photo("b.jpg")))
    with pytest.raises(ValueError, match="no member"):
        answer(session, Verdict.TRASH, keep=[photo("z.jpg")])
    assert [] == ledger.pending()


def test_undo_brings_the_former_answer_back(ledger: Ledger) -> None:
    session = session_of(ledger, low_quality(d := photo("d.jpg")))
    answer(session, Verdict.TRASH)
    answer(session, Verdict.KEEP)
    assert (session.questions[0],) == session.undo()
    assert (["d.jpg"], [d.path]) == (names(session), [decision.path for decision in ledger.pending()])
    assert frozenset() == ledger.kept("low-quality")
    session.undo()
    assert ([], [], ()) == (names(session), ledger.pending(), session.undo())


def test_undo_takes_not_a_duplicate_back(ledger: Ledger) -> None:
    session = session_of(ledger, *group_of(photo("a.jpg"), photo("b.jpg")))
    answer(session, Verdict.NOT_A_DUPLICATE)
    session.undo()
    assert frozenset() == ledger.dismissed()


def test_many_answers_are_one_step(ledger: Ledger) -> None:
    session = session_of(ledger, *(low_quality(photo(f"{name}.jpg")) for name in "abc"))
    answer(session, Verdict.KEEP, 1)
    session.answer_many(session.questions, Verdict.TRASH)
    assert 3 == len(ledger.pending())
    assert 3 == len(session.undo())
    said = [session.answer_to(question) for question in session.questions]
    assert [None, Verdict.KEEP, None] == [answer and answer.verdict for answer in said]
    assert [] == ledger.pending()


def test_answers_stay_when_other_questions_are_asked(ledger: Ledger) -> None:
    asked = questions(low_quality(photo(f"{name}.jpg")) for name in "abc")
    session = ReviewSession(asked, ledger)
    answer(session, Verdict.TRASH, 2)
    session.replace(asked[:1])
    assert ["c.jpg"] == names(session)
    session.replace(asked)
    said = session.answer_to(asked[2])
    assert said is not None and not said.earlier


def test_an_answer_that_can_not_be_written_down_is_none(ledger: Ledger) -> None:
    session = session_of(ledger, low_quality(photo("d.jpg")))
    ledger.close()
    with pytest.raises(StoreError):
        answer(session, Verdict.TRASH)
    assert ([], ()) == (names(session), session.undo())


VERDICTS = st.sampled_from([Verdict.TRASH, Verdict.KEEP, Verdict.SKIP, Verdict.NOT_A_DUPLICATE])


@given(st.lists(st.one_of(st.none(), st.tuples(st.integers(0, 2), VERDICTS)), max_size=12))
def test_the_ledger_and_the_session_always_say_the_same(steps: list[tuple[int, Verdict] | None]) -> None:
    members = [[photo(f"{group}{name}.jpg") for name in "abc"] for group in range(3)]
    asked = questions(proposal for group in members for proposal in group_of(*group))
    with tempfile.TemporaryDirectory() as folder, Ledger.open(Path(folder) / "ledger.sqlite") as ledger:
        session = ReviewSession(asked, ledger)
        for step in steps:
            if step is None:
                session.undo()
            else:
                session.answer(asked[step[0]], step[1])
        later = ReviewSession(asked, ledger, ledger.pending())
        assert sorted(names(session)) == sorted(names(later))
        said = [session.answer_to(question) for question in asked]
        kept = {
            facts.photo.content_hash
            for question, answer in zip(asked, said, strict=True)
            if answer is not None and answer.verdict is Verdict.KEEP
            for facts in question.members
            if facts.photo
        }
        assert kept == ledger.kept("keep-best")
        apart = sum(answer is not None and answer.verdict is Verdict.NOT_A_DUPLICATE for answer in said)
        assert 3 * apart == len(ledger.dismissed())


def test_a_single_photo_has_no_other_keeper(ledger: Ledger) -> None:
    session = session_of(ledger, low_quality(photo("d.jpg")))
    with pytest.raises(ValueError, match="single"):
        answer(session, Verdict.NOT_A_DUPLICATE)
    assert 0 == session.answered


def test_every_decision_names_its_rule_and_file(ledger: Ledger) -> None:
    answer(session_of(ledger, low_quality(photo("d.jpg"))), Verdict.TRASH)
    (decision,) = ledger.pending()
    assert (Path("/album/d.jpg"), Action.TRASH, "low-quality") == (decision.path, decision.action, decision.rule)
