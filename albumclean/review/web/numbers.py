"""Numbers for questions, photos and folders: the browser names things by them alone, so it can name nothing else."""

from __future__ import annotations

import secrets
from pathlib import Path

from albumclean.domain import PhotoFacts
from albumclean.review.session import Question

# Pictures are cached by the browser under their numbers: a number of another review must not bring up another photo.
_STARTS = 1 << 31
_STEP = 1 << 20  # 31 + 20 bits: JavaScript's numbers are exact up to 53


class Numbers:
    """Given by one thread as things are shown; photos may be looked up by any thread."""

    def __init__(self) -> None:
        self._start = secrets.randbelow(_STARTS) * _STEP
        self._photos: list[PhotoFacts] = []
        self._photo_numbers: dict[Path, int] = {}
        self._question_numbers: dict[str, int] = {}
        self._folder_numbers: dict[Path, int] = {}
        self._folders: list[Path] = []

    def of_photo(self, facts: PhotoFacts) -> int:
        """The photo's number; another content at the same path is another photo."""
        number = self._photo_numbers.get(facts.path)
        if number is not None:
            known = self._photos[number]
            if known is facts:
                return self._start + number
            if known.photo == facts.photo:
                self._photos[number] = facts
                return self._start + number
        number = self._photo_numbers[facts.path] = len(self._photos)
        self._photos.append(facts)
        return self._start + number

    def at(self, path: Path) -> int | None:
        """The number of the photo that was last known at `path`; None if it has none."""
        number = self._photo_numbers.get(path)
        return None if number is None else self._start + number

    def photo(self, number: int) -> PhotoFacts | None:
        """The photo of a number; None if none has it."""
        place = number - self._start
        return self._photos[place] if 0 <= place < len(self._photos) else None

    def of_question(self, question: Question) -> int:
        """The question's number, which it keeps when the questions are put anew."""
        return self._question_numbers.setdefault(question.key, len(self._question_numbers) + 1)

    def of_folder(self, folder: Path) -> int:
        """The folder's number."""
        if folder not in self._folder_numbers:
            self._folders.append(folder)
            self._folder_numbers[folder] = len(self._folders)
        return self._folder_numbers[folder]

    def folder(self, number: int) -> Path | None:
        """The folder of a number; None if none has it."""
        return self._folders[number - 1] if 1 <= number <= len(self._folders) else None
