"""A review without its looks: which questions there are, what was answered, and what would move in the end.

Every answer is written to the ledger at once, so that a review that ends in any way goes on where it was left. Front
ends (`Reviewer`) ask and show; the session decides what an answer means.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations, groupby
from pathlib import Path
from typing import Protocol

from albumclean.domain import Action, Decision, PhotoFacts, Proposal, SimilarGroup, TrashPlan


@dataclass(frozen=True, slots=True)
class Question:
    """One photo, or one group with what is proposed for each of its members."""

    proposals: tuple[Proposal, ...]

    @property
    def group(self) -> SimilarGroup | None:
        """None for a single photo."""
        return self.proposals[0].group

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


class Memory(Protocol):
    """The part of the ledger that a review writes."""

    def decide(self, decisions: Iterable[Decision]) -> None:
        """Remember the user's word."""
        ...

    def dismiss(self, pairs: Iterable[tuple[bytes, bytes]]) -> None:
        """Remember pairs of contents that are no duplicates."""
        ...

    def withdraw(self, paths: Iterable[Path]) -> int:
        """Take back TRASH decisions that were not carried out."""
        ...


class Reviewer(Protocol):
    """A front end."""

    def review(self, session: ReviewSession) -> None:
        """Ask until the questions or the user's patience end."""
        ...

    def confirm(self, plan: TrashPlan, refused: Sequence[tuple[PhotoFacts, str]]) -> bool:
        """The last question, with count and size: may this move now? `refused` is what the plan would not take."""
        ...


def questions(proposals: Iterable[Proposal]) -> list[Question]:
    """Proposals in their order, those of one group together."""
    return [
        Question(tuple(asked))
        for _, asked in groupby(proposals, key=lambda p: p.group.id if p.group else str(p.facts.path))
    ]


class ReviewSession:
    """The course of one review; `position` is the question that is being asked."""

    def __init__(
        self,
        asked: Sequence[Question],
        memory: Memory,
        earlier: Sequence[Decision],
        now: Callable[[], float] = time.time,
    ) -> None:
        """`earlier` are TRASH decisions of former reviews that were not carried out yet: they are not asked again."""
        decided = {(decision.path, decision.content_hash) for decision in earlier}
        self.carried_over: list[Proposal] = []
        self.questions: list[Question] = []
        for question in asked:
            waiting = [p for p in question.proposals if p.action is not Action.KEEP]
            if waiting and all((p.facts.path, _content(p.facts)) in decided for p in waiting):
                self.carried_over += waiting
            else:
                self.questions.append(question)
        self.position = 0
        self.verdicts: dict[int, Verdict] = {}
        self._chosen: dict[int, tuple[Proposal, ...]] = {}
        self._memory = memory
        self._now = now

    @property
    def question(self) -> Question | None:
        """The one to ask now; None at the end."""
        return self.questions[self.position] if self.position < len(self.questions) else None

    @property
    def to_trash(self) -> list[Proposal]:
        """All that the user has chosen to trash, in the order of the questions."""
        return [*self.carried_over, *(p for at in sorted(self._chosen) for p in self._chosen[at])]

    @property
    def bytes_to_trash(self) -> int:
        """How much space that would free."""
        return sum(proposal.facts.asset.size for proposal in self.to_trash)

    def answer(self, verdict: Verdict, keep: PhotoFacts | None = None) -> None:
        """Take the verdict on the present question and go to the next; `keep` names another keeper of a group.

        Raises ValueError for NOT_A_DUPLICATE where there is no group, and for a keeper that is no member.
        """
        question = self.question
        if question is None:
            raise ValueError("the review has ended")
        if question.group is None and (verdict is Verdict.NOT_A_DUPLICATE or keep is not None):
            raise ValueError("a single photo has no duplicate and no other keeper")
        chosen = self._losers(question, keep) if verdict is Verdict.TRASH else ()
        if self.verdicts.get(self.position) in {Verdict.TRASH, Verdict.KEEP}:
            self._decide(question.members, Action.REVIEW, question.rule)  # the latest word wins
        if verdict is Verdict.NOT_A_DUPLICATE:
            hashes = sorted({_content(facts) for facts in question.members})
            self._memory.dismiss(combinations(hashes, 2))
            # Copies of the very same bytes can't be told apart by their content: the user wants them all.
            if len(hashes) < len(question.members):
                self._decide(question.members, Action.KEEP, question.rule)
        elif verdict is Verdict.KEEP:
            self._decide(question.members, Action.KEEP, question.rule)
        self._decide((proposal.facts for proposal in chosen), Action.TRASH, question.rule)
        self._chosen[self.position] = chosen
        self.verdicts[self.position] = verdict
        self.position += 1

    def forget_carried_over(self) -> None:
        """Take back the choices of former reviews that were not carried out; the next review asks again."""
        self._memory.withdraw([proposal.facts.path for proposal in self.carried_over])
        self.carried_over.clear()

    def back(self) -> None:
        """Ask the question before once more; its answer holds until another is given."""
        self.position = max(0, self.position - 1)

    def _losers(self, question: Question, keep: PhotoFacts | None) -> tuple[Proposal, ...]:
        group = question.group
        if group is None:
            return question.proposals
        if keep is None:
            return tuple(p for p in question.proposals if p.action is not Action.KEEP)
        if all(facts.path != keep.path for facts in group.members):
            raise ValueError(f"{keep.path} is no member of the group")
        # The group as the user sees it, with the new keeper first: the plan must check that one at the move.
        others = tuple(facts for facts in group.members if facts.path != keep.path)
        members = (keep, *others)
        chosen_group = SimilarGroup(group.id, group.kind, members, "chosen by you")
        sentence = f"You chose to keep {keep.path.name}."
        reasons = question.proposals[0].reasons
        return tuple(
            Proposal(facts, Action.TRASH, question.rule, sentence, reasons, chosen_group)
            for facts in others
            if facts.untouchable is None
        )

    def _decide(self, photos: Iterable[PhotoFacts], action: Action, rule: str) -> None:
        at = self._now()
        self._memory.decide(Decision(_content(facts), facts.path, action, rule, at) for facts in photos)


def _content(facts: PhotoFacts) -> bytes:
    return facts.photo.content_hash if facts.photo else b""
