"""What the owner said: protected folders, favourites and ratings, edits, albums, and folders that are preferred."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from albumclean.domain import CompanionKind, PhotoFacts, RootRole
from albumclean.similar.criteria.criterion import Context, Criterion, Key, each, says
from albumclean.words import counted


def _protected(facts: PhotoFacts) -> Key:
    return (0 if facts.asset.role is RootRole.PROTECTED else 1,)


def _treasured(facts: PhotoFacts) -> Key:
    return (0 if facts.marks.favourite else 1, -max(0, facts.marks.rating or 0))


def _treasure_words(winner: PhotoFacts, _: PhotoFacts, __: Context) -> str:
    return "is a favourite" if winner.marks.favourite else f"is rated {winner.marks.rating}"


def _edited(facts: PhotoFacts) -> Key:
    return (0 if any(one.kind is CompanionKind.EDIT for one in facts.asset.companions) else 1,)


def _albums(facts: PhotoFacts) -> Key:
    return (-len(facts.marks.albums),)


def _album_words(winner: PhotoFacts, loser: PhotoFacts, _: Context) -> str:
    mine, theirs = len(winner.marks.albums), len(loser.marks.albums)
    return f"is in {counted(mine, 'album')} (the other in {theirs or 'none'})"


def _preferred(facts: PhotoFacts, context: Context) -> tuple[int, Path | None]:
    """The place in the user's list of the first folder that the photo lies under, and the folder."""
    folders = [Path(folder).expanduser() for folder in context.settings.keeper_folders]
    for place, folder in enumerate(folders):
        if facts.path.is_relative_to(folder):
            return place, folder
    return len(folders), None


def _folders(photos: Sequence[PhotoFacts], context: Context) -> Sequence[Key]:
    return [(_preferred(facts, context)[0],) for facts in photos]


def _folder_words(winner: PhotoFacts, _: PhotoFacts, context: Context) -> str:
    return f"lies in {_preferred(winner, context)[1]}, a folder that you prefer"


CRITERIA = (
    Criterion("protected", each(_protected), says("lies in a protected folder")),
    Criterion("treasured", each(_treasured), _treasure_words),
    Criterion("edited", each(_edited), says("comes with the edit that you made of it")),
    Criterion("albums", each(_albums), _album_words, lambda facts: ", ".join(facts.marks.albums)),
    Criterion("folder", _folders, _folder_words, lambda facts: str(facts.path.parent)),
)
