"""Where the user is in a review: the questions that pass the filter, the present one, and what of its group stays."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from albumclean.domain import Action, PhotoFacts
from albumclean.review.session import SINGLE, Answer, Question, ReviewSession, Verdict
from albumclean.words import shown

KINDS = {
    "photo": SINGLE,
    "photos": SINGLE,
    "exact": "exact",
    "copies": "derived",
    "derived": "derived",
    "moment": "moment",
    "moments": "moment",
}
STATES = ("open", "trash", "keep", "skip", "differ")


class Browser:
    """Moves over the questions of a session and answers them. Rows are places in the filtered list."""

    def __init__(self, session: ReviewSession) -> None:
        self.session = session
        self.filter = ""
        self.rows: Sequence[Question] = session.questions
        self.row = 0
        self.focus = 0  # which member of a group is looked at
        self._staying: dict[str, frozenset[Path]] = {}  # by question, where the user has changed it
        self.chosen = (0, 0)  # photos and bytes to trash
        self.open_left = self._count_open(session.questions)  # whatever the filter
        self._sum_up()
        self.next_open(start=0)

    @property
    def question(self) -> Question | None:
        """The present one; None where nothing passes the filter."""
        return self.rows[self.row] if self.rows else None

    def answer_to(self, question: Question) -> Answer | None:
        """What the user has said to it."""
        return self.session.answer_to(question)

    def go(self, row: int) -> None:
        """To that row, or to the nearest there is."""
        row = max(0, min(row, len(self.rows) - 1))
        if row != self.row:
            self.row, self.focus = row, 0

    def next_open(self, start: int | None = None) -> bool:
        """To the next question without an answer, from the top again after the last; False if there is none."""
        count = len(self.rows)
        first = self.row + 1 if start is None else start
        for step in range(count):
            row = (first + step) % count
            if self.session.answer_to(self.rows[row]) is None:
                self.go(row)
                return True
        return False

    def next_group(self, step: int) -> bool:
        """To the next (1) or the previous (-1) group; False if there is none."""
        row = self.row + step
        while 0 <= row < len(self.rows):
            if self.rows[row].group is not None:
                self.go(row)
                return True
            row += step
        return False

    def look_at(self, member: int) -> None:
        """At another member of the present group."""
        if (question := self.question) is not None:
            self.focus = max(0, min(member, len(question.members) - 1))

    # --- what of a group stays ------------------------------------------------------------------------------------

    def staying(self, question: Question) -> frozenset[Path]:
        """The members of a group that a `trash` would leave, or has left."""
        if (changed := self._staying.get(question.key)) is not None:
            return changed
        answer = self.session.answer_to(question)
        if answer is not None and answer.going:
            going = {proposal.facts.path for proposal in answer.going}
            return frozenset(facts.path for facts in question.members if facts.path not in going)
        return _proposed(question)

    def keep_only(self, member: int) -> bool:
        """Choose the keeper: that member stays, all others go but those that may not. False if there is no such."""
        question = self.question
        if question is None or question.group is None or not 0 <= member < len(question.members):
            return False
        self.focus = member
        chosen = question.members[member]
        self._staying[question.key] = frozenset({chosen.path} | _untouchable(question))
        return True

    def toggle(self) -> str:
        """Let the member that is looked at go instead of stay, or stay instead of go; else why that can't be."""
        question = self.question
        if question is None or question.group is None:
            return "Only the photos of a group can be chosen one by one."
        facts = question.members[self.focus]
        if facts.untouchable is not None:
            return f"That one stays: it {facts.untouchable}."
        staying = self.staying(question) ^ {facts.path}
        if not staying:
            return "That one stays: a group never goes as a whole."
        self._staying[question.key] = staying
        return ""

    # --- answers --------------------------------------------------------------------------------------------------

    def answer(self, verdict: Verdict) -> bool:
        """Answer the present question and go to the next open one; False if the answer does not fit."""
        question = self.question
        if question is None or (verdict is Verdict.NOT_A_DUPLICATE and question.group is None):
            return False
        keep: list[PhotoFacts] = []
        if verdict is Verdict.TRASH and question.group is not None:
            staying = self.staying(question)
            # Where the rule's own choice stands, its own words stand as well.
            keep = [] if staying == _proposed(question) else [f for f in question.members if f.path in staying]
            if len(staying) == len(question.members):
                return False
        self.open_left -= self._count_open([question])
        self.session.answer(question, verdict, keep)
        self._staying.pop(question.key, None)
        self._sum_up()
        if not self.next_open():
            self.go(self.row + 1)
        return True

    def below(self, score: float) -> list[Question]:
        """The open questions on single photos in the list that score less."""
        return [
            question
            for question in self.rows
            if question.group is None
            and question.members[0].mos is not None
            and question.members[0].mos < score
            and self.session.answer_to(question) is None
        ]

    def trash_many(self, asked: Sequence[Question]) -> None:
        """TRASH for each, as one step that one undo takes back."""
        self.open_left -= self._count_open(asked)
        self.session.answer_many(asked, Verdict.TRASH)
        self._sum_up()
        self.next_open(start=self.row)

    def undo(self) -> int:
        """Take the latest answer or batch back and go there; how many questions that were."""
        changed = self.session.undo()  # all of them were answered before
        self.open_left += self._count_open(changed)
        self._sum_up()
        for question in changed[:1]:
            self._show(question)
        return len(changed)

    def forget_carried_over(self) -> int:
        """Take back the choices of former reviews; how many photos that were."""
        count = len(self.session.carried_over)
        self.session.forget_carried_over()
        self.open_left = self._count_open(self.session.questions)
        self._sum_up()
        return count

    # --- the filter -----------------------------------------------------------------------------------------------

    def set_filter(self, words: str) -> None:
        """Show only questions that fit every word: a kind, `is:` and a state, or a part of a path."""
        present = self.question
        self.filter = words.strip()
        asked = self.session.questions
        self.rows = [q for q in asked if self._passes(q)] if self.filter else asked
        self.row = self.focus = 0
        if present is not None:
            self._show(present)

    def _passes(self, question: Question) -> bool:
        for word in self.filter.casefold().split():
            name, colon, value = word.partition(":")
            if colon and name == "is" and value in STATES:
                fits = value == self._state(question)
            elif colon and name == "kind" and value in KINDS:
                fits = question.kind == KINDS[value]
            else:
                fits = any(word in shown(facts.path).casefold() for facts in question.members)
            if not fits:
                return False
        return True

    def _state(self, question: Question) -> str:
        answer = self.session.answer_to(question)
        if answer is None:
            return "open"
        return "differ" if answer.verdict is Verdict.NOT_A_DUPLICATE else answer.verdict.value

    def _show(self, question: Question) -> None:
        row = next((row for row, each in enumerate(self.rows) if each.key == question.key), None)
        if row is not None:
            self.go(row)

    def _sum_up(self) -> None:
        going = self.session.to_trash
        self.chosen = (len(going), sum(proposal.facts.asset.size for proposal in going))

    def _count_open(self, asked: Iterable[Question]) -> int:
        return sum(self.session.answer_to(question) is None for question in asked)


def parse_score(text: str) -> float | None:
    """A score in [0, 1] as a person types it; None if it is none."""
    try:
        score = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return score if math.isfinite(score) and 0 <= score <= 1 else None


def _proposed(question: Question) -> frozenset[Path]:
    going = {proposal.facts.path for proposal in question.proposals if proposal.action is not Action.KEEP}
    return frozenset(facts.path for facts in question.members if facts.path not in going)


def _untouchable(question: Question) -> set[Path]:
    return {facts.path for facts in question.members if facts.untouchable is not None}
