"""How a library came to be: the folders of phones, messengers, exports and photo servers, and what is not the user's.

A layout is known by what must lie in a folder, never by one common name alone: a user's own album may be called
"thumbs", "Trash" or "library". What a layout leaves out is always told with its reason, and is looked at if the user
names the very folder; a trash is not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePath


class Treatment(Enum):
    """What happens to a part of a layout; a later one is the stricter."""

    MANAGED = 0  # a program's database knows each file: compared with the others, never proposed
    LEFT_OUT = 1  # not the user's photos: previews, other people's pictures, old versions
    TRASH = 2  # thrown away by the user, so no copy to rely on


@dataclass(frozen=True, slots=True)
class Part:
    """Folders directly in a layout's folder that are not simply looked at."""

    names: re.Pattern[str]  # fits the whole name, folded
    treatment: Treatment
    text: str  # what lies there, for people


@dataclass(frozen=True, slots=True)
class Layout:
    """One way in which photos come to lie on a disk. All the signs that are given must be there."""

    name: str  # for programs
    title: str  # for people
    source: str  # the documentation that the signs come from
    holds: tuple[frozenset[str], ...] = ()  # of each set at least one name lies in the folder; names are folded
    holds_like: re.Pattern[str] | None = None  # at least one name in the folder, folded, fits as a whole
    called: re.Pattern[str] | None = None  # the folder's own name, folded
    parts: tuple[Part, ...] = ()
    note: str = ""  # what the user should know before a scan

    def part(self, name: str) -> Part | None:
        """What is special about the folder of this name in it; the strictest if there are several."""
        folded = fold(name)
        fitting = (part for part in self.parts if part.names.fullmatch(folded))
        return max(fitting, key=lambda part: part.treatment.value, default=None)

    def fits(self, folder: PurePath, names: Collection[str]) -> bool:
        """Whether a folder that holds these names (folded) has all the signs."""
        return (
            all(not wanted.isdisjoint(names) for wanted in self.holds)
            and (self.called is None or self.called.fullmatch(fold(folder.name)) is not None)
            and (self.holds_like is None or any(self.holds_like.fullmatch(name) for name in names))
        )


def words(*names: str) -> re.Pattern[str]:
    """A pattern that fits exactly these names, folded."""
    return re.compile("|".join(re.escape(fold(name)) for name in names))


def fold(name: str) -> str:
    """A name as layouts compare it: one way to write accents (macOS has another), and no case."""
    return name.casefold() if name.isascii() else unicodedata.normalize("NFC", name).casefold()


def strictest(layouts: Collection[Layout], name: str) -> Part | None:
    """What the layouts of a folder say of the folder `name` in it."""
    said = (part for layout in layouts if (part := layout.part(name)))
    return max(said, key=lambda part: part.treatment.value, default=None)
