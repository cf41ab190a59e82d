"""The questions of a review as the page asks for them and answers them. Used by the thread that owns the session."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from albumclean.domain import PhotoFacts
from albumclean.report.json_values import Json, text
from albumclean.review.session import Question, ReviewSession, Verdict
from albumclean.review.web.choice import UNKNOWN_YEAR, Choice, Filter, Order, Sort
from albumclean.review.web.numbers import Numbers
from albumclean.review.web.refusal import Refusal
from albumclean.review.web.setting import Setting
from albumclean.review.web.tally import Tally
from albumclean.review.web.values import place_text, question_json
from albumclean.words import shown

MOST_SHOWN = 200  # questions in one answer

_NOT_ASKED = "This question is no longer part of the review. Load the page again."


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list."""

    offset: int = 0
    limit: int = 60


class Asking:
    """A session with the columns and sums that make it quick to page through."""

    def __init__(self, session: ReviewSession, setting: Setting, numbers: Numbers) -> None:
        self.session = session
        self.below = setting.below
        self._setting = setting
        self._numbers = numbers
        self._known: dict[str, Question] = {}  # by key, those of former thresholds too: their answers still count
        self._tally = Tally(session)
        self._see_questions()

    def chosen(self) -> dict[str, Json]:
        """What would go."""
        return {"photos": self._tally.photos, "bytes": self._tally.bytes}

    def overview(self) -> dict[str, Json]:
        """Everything that does not depend on which questions are shown."""
        return {
            **self._unanswered,
            "open": self._choice.open,
            "chosen": self.chosen(),
            "carried_over": len(self.session.carried_over),
        }

    def page(self, wanted: Filter, order: Order, page: Page) -> dict[str, Json]:
        """Some of the matching questions."""
        places = self._choice.matching(wanted, order)
        shown_ones = [self._choice.questions[place] for place in places[page.offset : page.offset + page.limit]]
        return {"total": len(places), "offset": page.offset, "questions": self._all_json(shown_ones)}

    def one(self, number: int) -> dict[str, Json]:
        """One question. Raises Refusal if it is not asked."""
        question = self._question(number)
        return question_json(question, self.session.answer_to(question), self._numbers)

    def answer(self, numbers: Sequence[int], verdict: Verdict, keep: Collection[int] | None) -> dict[str, Json]:
        """Answer these questions in one step; `keep` names the photos of a single group that stay.

        Raises Refusal for a number that is not asked and for a verdict that does not fit.
        """
        asked = [self._question(number) for number in dict.fromkeys(numbers)]
        if not keep:
            return self._answered_all(asked, verdict)
        if len(asked) != 1:
            raise Refusal(422, "Which photos stay can only be said for one group at a time.")
        members = {self._numbers.of_photo(facts): facts for facts in asked[0].members}
        if unknown := [number for number in keep if number not in members]:
            raise Refusal(422, f"Photo {unknown[0]} does not belong to this group.")
        return self._answered(asked, verdict, [members[number] for number in keep])

    def answer_matching(self, wanted: Filter, verdict: Verdict, expected: int | None) -> dict[str, Json]:
        """Answer all matching questions in one step. `expected` is how many the user was told there are.

        Raises Refusal if there are more or fewer, and for a verdict that does not fit.
        """
        asked = [self._choice.questions[place] for place in self._choice.matching(wanted, Order())]
        if expected is not None and expected != len(asked):
            raise Refusal(409, f"There are {len(asked):,} such questions now, not {expected:,}. Look again.")
        return self._answered_all(asked, verdict)

    def undo(self) -> dict[str, Json]:
        """Take back the last answer or batch."""
        return self._changed(self.session.undo())

    def propose_below(self, below: float) -> None:
        """Propose single photos below another score; answers stay."""
        self.session.replace(self._setting.repropose(below))
        self.below = below
        self._see_questions()

    def forget_carried_over(self) -> None:
        """Take back the choices of former reviews."""
        forgotten = [
            question
            for question in self._known.values()
            if (answer := self.session.answer_to(question)) is not None and answer.earlier
        ]
        self.session.forget_carried_over()
        self._update(forgotten)

    def _answered_all(self, asked: Sequence[Question], verdict: Verdict) -> dict[str, Json]:
        try:
            self.session.answer_many(asked, verdict)
        except ValueError as error:
            raise Refusal(422, "A single photo has no duplicate. Say keep or trash.") from error
        return self._changed(asked)

    def _answered(self, asked: Sequence[Question], verdict: Verdict, keep: Collection[PhotoFacts]) -> dict[str, Json]:
        try:
            self.session.answer(asked[0], verdict, keep)
        except ValueError as error:
            raise Refusal(422, "This is a single photo: there is no other that could stay.") from error
        return self._changed(asked)

    def _changed(self, changed: Sequence[Question]) -> dict[str, Json]:
        self._update(changed)
        return {"changed": self._all_json(changed[:MOST_SHOWN]), "count": len(changed), "chosen": self.chosen()}

    def _update(self, changed: Iterable[Question]) -> None:
        for question in changed:
            self._choice.set_answer(question, self.session.answer_to(question))
        self._tally.update(changed)

    def _all_json(self, asked: Iterable[Question]) -> list[Json]:
        return [question_json(question, self.session.answer_to(question), self._numbers) for question in asked]

    def _question(self, number: int) -> Question:
        question = self._by_number.get(number)
        if question is None:
            raise Refusal(404, _NOT_ASKED)
        return question

    def _see_questions(self) -> None:
        asked = self.session.questions
        self._choice = Choice(asked, self.session.answer_to)
        self._choice.matching(Filter(), Order(Sort.SCORE))  # sorted before the page asks for it, as it soon does
        self._by_number = {self._numbers.of_question(question): question for question in asked}
        self._known.update((question.key, question) for question in asked)
        self._tally.update(asked)
        self._unanswered = self._overview_but_for_answers()

    def _overview_but_for_answers(self) -> dict[str, Json]:
        setting, choice, histogram = self._setting, self._choice, self._setting.histogram
        return {
            "title": text(setting.title),
            "below": self.below,
            "total": len(choice.questions),
            "library": {"photos": setting.photos, "scored": sum(histogram.counts)},
            "histogram": {"counts": list(histogram.counts), "bytes": list(histogram.bytes)},
            "kinds": {kind: choice.kinds[kind] for kind in sorted(choice.kinds)},
            "folders": [
                {"id": self._numbers.of_folder(folder), "name": shown(folder), "count": len(places)}
                for folder, places in choice.folders.items()
            ],
            "years": [
                {"year": None if year == UNKNOWN_YEAR else year, "count": choice.years[year]}
                for year in sorted(choice.years, key=str)
            ],
            "knows_beauty": choice.knows_beauty,
            "destination": place_text(setting.destination),
            "rest": text(setting.rest()),
            "notes": [text(note) for note in setting.notes()],
        }
