"""Which questions a page of the review shows: filters, sorting and pages over tens of thousands, in milliseconds."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Final

from albumclean.domain import Action, PhotoFacts
from albumclean.review.session import SINGLE, Answer, Question, Verdict

UNKNOWN_YEAR: Final = "unknown"
GROUPS: Final = "group"  # as a kind: every question that is about a group

SortKey = tuple[object, ...] | None  # None: not known, and last in either order


class Sort(StrEnum):
    """By what questions can be sorted."""

    SCORE = "score"  # the lowest of what would go
    AESTHETIC = "aesthetic"  # likewise
    SIZE = "size"  # of what would go
    DATE = "date"
    NAME = "name"
    FOLDER = "folder"


class State(StrEnum):
    """Questions by what the user said to them."""

    OPEN = "open"
    ANSWERED = "answered"
    TRASH = "trash"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Filter:
    """All conditions must hold; None: any."""

    kind: str | None = None  # SINGLE, GROUPS, or the kind of a group
    folder: Path | None = None  # in which a member lies itself
    year: int | str | None = None  # UNKNOWN_YEAR for photos without a date
    state: State | None = None
    below: float | None = None  # the score by which questions are sorted is less than this
    text: str | None = None  # somewhere in the path or camera of a member, whatever the case


@dataclass(frozen=True, slots=True)
class Order:
    """`sort` None: as the rules gave them."""

    sort: Sort | None = None
    descending: bool = False


class Choice:
    """Columns over the questions of a session, made when they are first needed; answers are told by `set_answer`."""

    def __init__(self, questions: Sequence[Question], answer_to: Callable[[Question], Answer | None]) -> None:
        self.questions = questions
        self._places = {question.key: place for place, question in enumerate(questions)}
        self._verdicts = [_verdict(answer_to(question)) for question in questions]
        self._orders: dict[Order, list[int]] = {}
        self._found: tuple[Filter, Order, list[int]] | None = None  # the latest: its next pages cost nothing

    def set_answer(self, question: Question, answer: Answer | None) -> None:
        """The question has this answer now."""
        place = self._places.get(question.key)
        if place is not None:
            self._verdicts[place] = _verdict(answer)
            self._found = None

    @property
    def open(self) -> int:
        """How many questions have no answer."""
        return self._verdicts.count(None)

    def matching(self, wanted: Filter, order: Order) -> Sequence[int]:
        """The places of all matching questions, in order."""
        if self._found is not None and self._found[:2] == (wanted, order):
            return self._found[2]
        found = self._matching(wanted, self._ordered(order))
        self._found = (wanted, order, found)
        return found

    @cached_property
    def kinds(self) -> Counter[str]:
        """How many questions there are of each kind."""
        return Counter(self._kinds)

    @cached_property
    def folders(self) -> dict[Path, frozenset[int]]:
        """For each folder, by path, the places of the questions with a photo in it."""
        places: dict[str, set[int]] = {}
        for place, question in enumerate(self.questions):
            for facts in question.members:
                # As text: to build a Path for each of many thousand photos would be felt.
                places.setdefault(os.path.dirname(facts.path), set()).add(place)  # noqa: PTH120
        return {Path(folder): frozenset(places[folder]) for folder in sorted(places)}

    @cached_property
    def knows_beauty(self) -> bool:
        """Whether a scorer of beauty has seen any of the photos."""
        return any(facts.aesthetic is not None for question in self.questions for facts in question.members)

    @cached_property
    def years(self) -> Counter[int | str]:
        """How many questions there are of each year."""
        return Counter(self._years)

    @cached_property
    def _kinds(self) -> list[str]:
        return [question.kind for question in self.questions]

    @cached_property
    def _years(self) -> list[int | str]:
        return [_year(_date(question)) for question in self.questions]

    @cached_property
    def _scores(self) -> list[float | None]:
        return [_score(question) for question in self.questions]

    @cached_property
    def _texts(self) -> list[str]:
        return ["\n".join(map(_searched, question.members)) for question in self.questions]

    def _matching(self, wanted: Filter, places: list[int]) -> list[int]:
        if wanted.kind == GROUPS:
            places = [place for place in places if self._kinds[place] != SINGLE]
        elif wanted.kind is not None:
            places = [place for place in places if self._kinds[place] == wanted.kind]
        if wanted.folder is not None:
            inside = self.folders.get(wanted.folder, frozenset())
            places = [place for place in places if place in inside]
        if wanted.year is not None:
            places = [place for place in places if self._years[place] == wanted.year]
        if wanted.state is not None:
            verdicts = _VERDICTS[wanted.state]
            places = [place for place in places if self._verdicts[place] in verdicts]
        if wanted.below is not None:
            scores, below = self._scores, wanted.below
            places = [place for place in places if (score := scores[place]) is not None and score < below]
        if wanted.text is not None:
            part = wanted.text.casefold()
            places = [place for place in places if part in self._texts[place]]
        return places

    def _ordered(self, order: Order) -> list[int]:
        """Every place in this order; questions without the wanted fact come last, equals as the rules gave them."""
        found = self._orders.get(order)
        if found is None:
            found = self._orders[order] = self._sorted(order)
        return found

    def _sorted(self, order: Order) -> list[int]:
        places = range(len(self.questions))
        if order.sort is None:
            return list(reversed(places) if order.descending else places)
        key = _KEYS[order.sort]
        keys = [key(question) for question in self.questions]
        known = [place for place in places if keys[place] is not None]
        known.sort(key=lambda place: keys[place] or (), reverse=order.descending)
        return known + [place for place in places if keys[place] is None]


def _verdict(answer: Answer | None) -> Verdict | None:
    return None if answer is None else answer.verdict


_VERDICTS: Final[dict[State, frozenset[Verdict | None]]] = {
    State.OPEN: frozenset({None}),
    State.ANSWERED: frozenset(Verdict),
    State.TRASH: frozenset({Verdict.TRASH}),
    State.KEEP: frozenset({Verdict.KEEP, Verdict.NOT_A_DUPLICATE}),
}


def _at_stake(question: Question) -> list[PhotoFacts]:
    """What would go; all, if nothing would."""
    return [p.facts for p in question.proposals if p.action is not Action.KEEP] or list(question.members)


def _score(question: Question) -> float | None:
    return min((facts.mos for facts in _at_stake(question) if facts.mos is not None), default=None)


def _date(question: Question) -> str | None:
    return next((facts.photo.taken_at for facts in question.members if facts.photo and facts.photo.taken_at), None)


def _year(date: str | None) -> int | str:
    return int(date[:4]) if date is not None and date[:4].isdecimal() else UNKNOWN_YEAR


def _searched(facts: PhotoFacts) -> str:
    camera = facts.photo.camera if facts.photo and facts.photo.camera else ""
    return f"{facts.path}\n{camera}".casefold()


def _by_score(question: Question) -> SortKey:
    score = _score(question)
    return None if score is None else (score,)


def _by_beauty(question: Question) -> SortKey:
    known = [facts.aesthetic for facts in _at_stake(question) if facts.aesthetic is not None]
    return (min(known),) if known else None


def _by_size(question: Question) -> SortKey:
    return (sum(facts.asset.size for facts in _at_stake(question)),)


def _by_date(question: Question) -> SortKey:
    date = _date(question)
    return None if date is None else (date,)


def _by_name(question: Question) -> SortKey:
    path = question.members[0].path
    return (path.name.casefold(), str(path))


def _by_folder(question: Question) -> SortKey:
    path = question.members[0].path
    return (str(path.parent), path.name.casefold(), str(path))


_KEYS: Final[dict[Sort, Callable[[Question], SortKey]]] = {
    Sort.SCORE: _by_score,
    Sort.AESTHETIC: _by_beauty,
    Sort.SIZE: _by_size,
    Sort.DATE: _by_date,
    Sort.NAME: _by_name,
    Sort.FOLDER: _by_folder,
}
