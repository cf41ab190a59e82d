"""What every tool is to the runner."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.near_duplicates.peers.answer import Answer


class Tool(ABC):
    """A duplicate finder: what to install, how to ask it, how to read what it says.

    `ask` runs inside the tool's own environment, so this package imports nothing but the standard library and, within
    `ask`, the tool. Only calls that neither delete nor move are used.
    """

    name: str
    requirements: tuple[str, ...]  # for pip, pinned; none: the tool is a program of the system
    default: str  # the setting that stands for the documented defaults
    settings: tuple[str, ...]  # every setting worth a try on the tuning set, the default among them
    keeps: bool  # says itself which file of a group should stay

    @abstractmethod
    def ask(self, folder: Path, scratch: Path, settings: Sequence[str]) -> Iterator[tuple[str, object]]:
        """The tool's own words on `folder` for each of `settings`, as values that JSON can hold.

        Files are read once for all the settings where the tool allows that. `scratch` is an empty folder to write in.
        """

    @abstractmethod
    def read(self, said: object, folder: Path) -> Answer:
        """The answer that lies in the tool's own words. Raises ValueError where they have another form."""


def file_name(tool: Tool, setting: str) -> str:
    """What the answer of `tool` at `setting` is called: the default's bears the tool's name alone."""
    return tool.name if setting == tool.default else f"{tool.name}@{setting}"


def field(said: object, name: str) -> object:
    """A field of a tool's own words. Raises ValueError where it is missing."""
    if not isinstance(said, dict) or name not in said:
        raise ValueError(f"the tool's answer has no {name!r}")
    return said[name]


def strings(said: object) -> list[str]:
    """A list of names of a tool's own words. Raises ValueError for anything else."""
    if not isinstance(said, list) or not all(isinstance(item, str) for item in said):
        raise ValueError("the tool's answer has something else where file names should stand")
    return said


def groups(said: object) -> list[list[str]]:
    """A list of groups of a tool's own words. Raises ValueError for anything else."""
    if not isinstance(said, list):
        raise ValueError("the tool's answer has something else where groups should stand")
    return [strings(group) for group in said]
