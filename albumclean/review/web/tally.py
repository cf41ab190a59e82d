"""How much would go to the trash, kept up to date answer by answer: a sum over all of them would be felt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from albumclean.review.session import Question, ReviewSession


class Tally:
    """Photos and bytes that answers send to the trash, of all questions told to `update`; each photo counts once."""

    def __init__(self, session: ReviewSession) -> None:
        self._session = session
        self._chosen: Counter[Path] = Counter()
        self._going: dict[str, tuple[Path, ...]] = {}  # by the key of the question
        self.photos = 0
        self.bytes = 0
        self._sizes: dict[Path, int] = {}

    def update(self, changed: Iterable[Question]) -> None:
        """These questions may have other answers now."""
        for question in changed:
            for path in self._going.pop(question.key, ()):
                self._chosen[path] -= 1
                if not self._chosen[path]:
                    del self._chosen[path]
                    self.photos -= 1
                    self.bytes -= self._sizes.pop(path)
            answer = self._session.answer_to(question)
            if answer is None or not answer.going:
                continue
            self._going[question.key] = tuple(proposal.facts.path for proposal in answer.going)
            for proposal in answer.going:
                path = proposal.facts.path
                self._chosen[path] += 1
                if self._chosen[path] == 1:
                    self._sizes[path] = proposal.facts.asset.size
                    self.photos += 1
                    self.bytes += self._sizes[path]
