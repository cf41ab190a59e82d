"""A review without its looks: which questions there are, what was answered, and what would move in the end.

Every answer is written to the ledger at once, so that a review that ends in any way goes on where it was left, in any
front end. Front ends ask and show, in whatever order they like; the session decides what an answer means.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations, groupby
from pathlib import Path
from typing import Protocol

from albumclean.domain import Action, Decision, PhotoFacts, Proposal, SimilarGroup

SINGLE = "photo"  # the kind of a question that is not about a group


@dataclass(frozen=True, slots=True)
class Question:
    """One photo, or one group with what is proposed for each of its members."""

    proposals: tuple[Proposal, ...]

    @property
    def group(self) -> SimilarGroup | None:
        """None for a single photo."""
        return self.proposals[0].group

    @property
    def key(self) -> str:
        """What the question is known by as long as its photos stay what they are."""
        return self.group.id if self.group else str(self.proposals[0].facts.path)

    @property
    def kind(self) -> str:
        """SINGLE, or how the members of the group are alike."""
        return self.group.kind.value if self.group else SINGLE

    @property
    def rule(self) -> str:
        """Whose proposals these are."""
        return self.proposals[0].rule

    @property
    def members(self) -> tuple[PhotoFacts, ...]:
        """The photos in question; of a group all members, the keeper first."""
        return self.group.members if self.group else (self.proposals[0].facts,)


class Verdict(StrEnum):
    """What the user said to a question."""

    TRASH = "trash"  # the photo; of a group all but the keeper
    KEEP = "keep"  # the photo; of a group all
    NOT_A_DUPLICATE = "not-a-duplicate"
    SKIP = "skip"  # ask again next time

    @property
    def text(self) -> str:
        """What it is called, for people."""
        return self.value.replace("-", " ")


@dataclass(frozen=True, slots=True)
class Answer:
    """The user's word on a question, and what it sends to the trash."""

    verdict: Verdict
    going: tuple[Proposal, ...] = ()
    earlier: bool = False  # given in a former review, and not carried out yet


Pairs = Iterable[tuple[bytes, bytes]]


class Memory(Protocol):
    """The part of the ledger that a review writes."""

    def remember(self, decisions: Iterable[Decision], *, apart: Pairs = (), together: Pairs = ()) -> None:
        """Keep the user's word, all of it or nothing: on photos, on pairs that are no duplicates, or are after all."""
        ...


def questions(proposals: Iterable[Proposal]) -> list[Question]:
    """Proposals in their order, those of one group together."""
    return [
        Question(tuple(asked))
        for _, asked in groupby(proposals, key=lambda p: p.group.id if p.group else str(p.facts.path))
    ]


class ReviewSession:
    """The course of one review: questions, the answers to them, and the way back."""

    def __init__(
        self,
        asked: Sequence[Question],
        memory: Memory,
        earlier: Iterable[Decision] = (),
        now: Callable[[], float] = time.time,
    ) -> None:
        """`earlier` are TRASH decisions of former reviews that were not carried out: they count as answers."""
        self._memory = memory
        self._now = now
        self._earlier = {(decision.path, decision.content_hash) for decision in earlier}
        self._answers: dict[str, tuple[Question, Answer]] = {}
        self._steps: list[list[tuple[Question, Answer | None]]] = []  # what each answer or batch has replaced
        self.questions: Sequence[Question] = ()
        self.replace(asked)

    def replace(self, asked: Sequence[Question]) -> None:
        """Ask these from now on, for example those of another threshold; all answers stay."""
        self.questions = asked
        for question in asked:
            if question.key not in self._answers and (going := self._going_earlier(question)):
                self._answers[question.key] = (question, Answer(Verdict.TRASH, going, earlier=True))

    def answer_to(self, question: Question) -> Answer | None:
        """What the user has said to it; None if it is open."""
        found = self._answers.get(question.key)
        return found[1] if found else None

    @property
    def answered(self) -> int:
        """How many answers there are."""
        return len(self._answers)

    @property
    def to_trash(self) -> list[Proposal]:
        """All that the user has chosen to trash, in the order of the answers."""
        return [proposal for _, answer in self._answers.values() for proposal in answer.going]

    @property
    def bytes_to_trash(self) -> int:
        """How much space that would free."""
        return sum(proposal.facts.asset.size for proposal in self.to_trash)

    @property
    def carried_over(self) -> list[Proposal]:
        """What former reviews chose to trash and did not carry out."""
        return [p for _, answer in self._answers.values() if answer.earlier for p in answer.going]

    def answer(self, question: Question, verdict: Verdict, keep: Collection[PhotoFacts] = ()) -> None:
        """Take the verdict; with TRASH, `keep` names those members of a group that stay in place of the keeper.

        Raises ValueError for NOT_A_DUPLICATE and `keep` where there is no group, and for a `keep` that is no member.
        """
        self._take([(question, self._answer(question, verdict, keep))])

    def answer_many(self, asked: Iterable[Question], verdict: Verdict) -> None:
        """The same verdict to many questions, as one step that one `undo` takes back. Raises as `answer`."""
        self._take([(question, self._answer(question, verdict, ())) for question in asked])

    def undo(self) -> tuple[Question, ...]:
        """Take the latest answer or batch back; the questions that have their former answers again, or none."""
        if not self._steps:
            return ()
        step = self._steps[-1]
        self._write(step)
        self._steps.pop()
        return tuple(question for question, _ in step)

    def forget_carried_over(self) -> None:
        """Take back the choices of former reviews that were not carried out: their questions are open again."""
        self._write([(question, None) for question, answer in self._answers.values() if answer.earlier])
        # A step back to such a choice would bring it up again.
        self._steps = [
            [(question, None if former and former.earlier else former) for question, former in step]
            for step in self._steps
        ]

    def _take(self, answers: list[tuple[Question, Answer | None]]) -> None:
        before = [(question, self.answer_to(question)) for question, _ in answers]
        self._write(answers)
        if answers:
            self._steps.append(before)

    def _write(self, answers: Iterable[tuple[Question, Answer | None]]) -> None:
        """First to the ledger, all at once; then to this session's own memory."""
        changes = {question.key: (question, answer) for question, answer in answers}
        words: list[Decision] = []
        apart: list[tuple[bytes, bytes]] = []
        together: list[tuple[bytes, bytes]] = []
        for question, answer in changes.values():
            former = self.answer_to(question)
            if former is not None and former.verdict is not Verdict.SKIP:
                words += self._words(question.members, Action.REVIEW, question.rule)  # the latest word wins
            if former is not None and former.verdict is Verdict.NOT_A_DUPLICATE:
                together += _pairs(question)
            if answer is not None:
                words += self._meaning(question, answer)
                if answer.verdict is Verdict.NOT_A_DUPLICATE:
                    apart += _pairs(question)
        self._memory.remember(words, apart=apart, together=together)
        for key, (question, answer) in changes.items():
            self._answers.pop(key, None)
            if answer is not None:
                self._answers[key] = (question, answer)
            # What is said now stands in place of what was said in former reviews.
            self._earlier.difference_update((facts.path, facts.content) for facts in question.members)

    def _meaning(self, question: Question, answer: Answer) -> list[Decision]:
        """What the ledger is told."""
        kept = answer.verdict is Verdict.KEEP or (
            # Copies of the very same bytes can't be told apart by their content: the user wants them all.
            answer.verdict is Verdict.NOT_A_DUPLICATE and len(_contents(question)) < len(question.members)
        )
        words = self._words(question.members, Action.KEEP, question.rule) if kept else []
        return words + self._words((p.facts for p in answer.going), Action.TRASH, question.rule)

    def _words(self, photos: Iterable[PhotoFacts], action: Action, rule: str) -> list[Decision]:
        at = self._now()
        return [Decision(facts.content, facts.path, action, rule, at) for facts in photos]

    def _answer(self, question: Question, verdict: Verdict, keep: Collection[PhotoFacts]) -> Answer:
        if question.group is None and (verdict is Verdict.NOT_A_DUPLICATE or keep):
            raise ValueError("a single photo has no duplicate and no other keeper")
        if verdict is not Verdict.TRASH:
            return Answer(verdict)
        return Answer(verdict, _going(question, {facts.path for facts in keep}))

    def _going_earlier(self, question: Question) -> tuple[Proposal, ...]:
        """What of the question former reviews have sent to the trash."""
        chosen = {f.path for f in question.members if (f.path, f.content) in self._earlier}
        stay = {facts.path for facts in question.members} - chosen
        if not chosen or (question.group is not None and not stay):
            return ()
        return _going(question, stay)


def _going(question: Question, stay: Collection[Path]) -> tuple[Proposal, ...]:
    """The proposals to trash all members but `stay`; those that the rule made, where its keeper stays."""
    group = question.group
    if group is None:
        return question.proposals
    if not stay:
        return tuple(p for p in question.proposals if p.action is not Action.KEEP)
    if unknown := set(stay) - {facts.path for facts in group.members}:
        raise ValueError(f"{min(unknown)} is no member of the group")
    kept = tuple(facts for facts in group.members if facts.path in stay)
    others = tuple(facts for facts in group.members if facts.path not in stay)
    proposed = {p.facts.path: p for p in question.proposals if p.action is not Action.KEEP and group.keeper in kept}
    # The group as the user sees it, with what stays first: the plan must check the first of those at the move.
    chosen = SimilarGroup(group.id, group.kind, kept + others, "chosen by you")
    sentence = f"You chose to keep {' and '.join(facts.path.name for facts in kept)}."
    reasons = question.proposals[0].reasons
    return tuple(
        proposed.get(facts.path) or Proposal(facts, Action.TRASH, question.rule, sentence, reasons, chosen)
        for facts in others
        if facts.untouchable is None
    )


def _pairs(question: Question) -> Iterable[tuple[bytes, bytes]]:
    return combinations(_contents(question), 2)


def _contents(question: Question) -> list[bytes]:
    return sorted({facts.content for facts in question.members})
