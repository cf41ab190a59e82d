"""What the page must know of this review besides its questions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from albumclean.history import History
from albumclean.review.session import Question
from albumclean.store.overview import Histogram


@dataclass(frozen=True, slots=True)
class Setting:
    """Everything that surrounds the questions. The callables are called by the thread that reviews."""

    photos: int  # that are known
    histogram: Histogram  # of them by their scores, of 100 bins
    history: History
    below: float  # the score below which single photos are proposed, in [0, 1]
    repropose: Callable[[float], Sequence[Question]]  # the questions of another such score
    destination: Path | None = None  # None: the system's trash
    notes: Callable[[], Sequence[str]] = tuple  # what people should know of the latest questions, a sentence each
    rest: Callable[[], str] = str  # how many the latest questions are of all, a sentence; "" if they are all
    title: str = ""  # what is reviewed, for example the folders that were named
