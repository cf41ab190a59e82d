"""Patterns in gitignore syntax, with git's own semantics: `.albumcleanignore` files, includes and excludes.

A library such as pathspec answers whether a *file* is ignored and has no way to ask it of a folder, which a walk that
prunes must do (`*`, then `!*/`, then `!*.jpg`); hence this small translation of git's wildmatch, which a test holds
against `git check-ignore`. One thing is stricter than git: a pattern that can never match because it is
malformed is an error here, since a folder that the user meant to leave out must not be scanned by accident.

Source: https://git-scm.com/docs/gitignore
"""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

IGNORE_FILE = ".albumcleanignore"
_MAX_BYTES = 1 << 20

# git's core.ignorecase is on for these systems too, as their file systems don't tell the cases apart.
_FLAGS = re.DOTALL | (re.IGNORECASE if sys.platform in ("win32", "darwin") else 0)

_POSIX_CLASSES = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "blank": r" \t", "cntrl": r"\x00-\x1f\x7f", "digit": "0-9",
    "graph": r"\x21-\x7e", "lower": "a-z", "print": r"\x20-\x7e", "punct": r"!-/:-@\[-`{-~", "space": r"\s",
    "upper": "A-Z", "xdigit": "0-9A-Fa-f",
}  # fmt: skip


class PatternError(ValueError):
    """A pattern or an ignore file that can't be used; the message is for people."""


@dataclass(frozen=True, slots=True)
class _Rule:
    regex: re.Pattern[str]
    negated: bool  # `!pattern`: takes back what an earlier pattern ignored
    folders_only: bool  # `pattern/`
    by_name: bool  # no slash in it: matches the last part of the path, at any depth

    def matches(self, path: str, name: str, is_folder: bool) -> bool:
        if self.folders_only and not is_folder:
            return False
        return self.regex.fullmatch(name if self.by_name else path) is not None


@dataclass(frozen=True, slots=True)
class Patterns:
    """The patterns of one ignore file or one option, in order; the last that matches decides."""

    rules: tuple[_Rule, ...]

    @classmethod
    def parse(cls, lines: Iterable[str]) -> Patterns:
        """Patterns from lines in gitignore syntax.

        Raises PatternError, naming the line, for one that can't be used.
        """
        rules = []
        for number, line in enumerate(lines, start=1):
            try:
                rule = _rule(line)
            except (ValueError, re.error) as error:
                raise PatternError(f"line {number}, {line.strip()!r}: {error}") from error
            if rule is not None:
                rules.append(rule)
        return cls(tuple(rules))

    def verdict(self, path: str, is_folder: bool) -> bool | None:
        """True: matched; False: taken back by a `!` pattern; None: no pattern matches.

        `path` is relative to the folder of the patterns, with "/" between its parts. Parents are not looked at: the
        caller asks for each folder before it enters it.
        """
        name = path.rpartition("/")[2]
        for rule in reversed(self.rules):
            if rule.matches(path, name, is_folder):
                return not rule.negated
        return None

    def __bool__(self) -> bool:
        return bool(self.rules)


@dataclass(frozen=True, slots=True)
class IgnoreChain:
    """The ignore files from the top of a scan down to one folder, deepest last."""

    links: tuple[tuple[int, Patterns], ...] = ()  # length of the folder's relative path with its slash, its patterns

    def extended(self, folder: str, patterns: Patterns) -> IgnoreChain:
        """With the ignore file of `folder`, a relative path that ends with "/" or is empty."""
        return IgnoreChain((*self.links, (len(folder), patterns))) if patterns else self

    def described(self) -> list[tuple[object, ...]]:
        """Everything that `ignores` depends on, as plain values."""
        return [
            (length, rule.regex.pattern, rule.regex.flags, rule.negated, rule.folders_only, rule.by_name)
            for length, patterns in self.links
            for rule in patterns.rules
        ]

    def ignores(self, path: str, is_folder: bool) -> bool:
        """Whether a path, relative to the top of the scan, is ignored; a deeper file overrules those above it."""
        for length, patterns in reversed(self.links):
            verdict = patterns.verdict(path[length:], is_folder)
            if verdict is not None:
                return verdict
        return False


def read_ignore_file(path: Path) -> Patterns:
    """The patterns of an ignore file.

    Raises PatternError for one that is malformed, and OSError for one that can't be read.
    """
    # A named pipe under this name must neither block nor be read.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise PatternError("it is not a regular file")
        content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise PatternError(f"it is larger than {_MAX_BYTES >> 20} MB")
    if b"\0" in content:
        raise PatternError("it is not plain text (save it as UTF-8)")
    # File names may hold any bytes, and so may the patterns for them.
    text = os.fsdecode(content.removeprefix(b"\xef\xbb\xbf")) if os.name != "nt" else _decoded(content)
    return Patterns.parse(line.removesuffix("\r") for line in text.split("\n"))


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PatternError("it is not plain text (save it as UTF-8)") from error


def _rule(line: str) -> _Rule | None:
    pattern = _without_trailing_spaces(line)
    if not pattern or pattern.startswith("#"):
        return None
    negated = pattern.startswith("!")
    pattern = pattern.removeprefix("!")
    folders_only = pattern.endswith("/")
    pattern = pattern.removesuffix("/")
    by_name = "/" not in pattern
    if not pattern:
        return None
    segments = [pattern] if by_name else pattern.removeprefix("/").split("/")
    return _Rule(re.compile(_path_regex(segments), _FLAGS), negated, folders_only, by_name)


def _without_trailing_spaces(line: str) -> str:
    stripped = line.rstrip(" ")
    escapes = len(stripped) - len(stripped.rstrip("\\"))
    return stripped + " " if escapes % 2 and len(stripped) < len(line) else stripped


def _path_regex(segments: list[str]) -> str:
    parts: list[str] = []
    last = len(segments) - 1
    for index, segment in enumerate(segments):
        if len(segment) > 1 and not segment.strip("*"):  # "**": any number of folders
            wild = ".*" if index == last else "(?:.*/)?"
            if not parts or parts[-1] != wild:
                parts.append(wild)
        else:
            parts.append(_segment_regex(segment) + ("" if index == last else "/"))
    return "".join(parts)


def _segment_regex(segment: str) -> str:
    chunks = [""]  # the regexes between the stars
    position = 0
    while position < len(segment):
        char = segment[position]
        position += 1
        if char == "*":
            if chunks[-1] or len(chunks) == 1:
                chunks.append("")
        elif char == "?":
            chunks[-1] += "[^/]"
        elif char == "[":
            regex, position = _bracket(segment, position)
            chunks[-1] += regex
        elif char == "\\":
            if position == len(segment):
                raise PatternError("nothing follows the last backslash")
            chunks[-1] += re.escape(segment[position])
            position += 1
        else:
            chunks[-1] += re.escape(char)
    if len(chunks) == 1:
        return chunks[0]
    # Each star but the last may settle for the first fit, so no pattern can make the matching explode.
    first, *middle, tail = chunks
    return first + "".join(f"(?>[^/]*?{chunk})" for chunk in middle) + "[^/]*" + tail


def _bracket(segment: str, start: int) -> tuple[str, int]:
    """The regex of a bracket expression whose inside begins at `start`, and the position after it."""
    position = start
    negated = segment[position : position + 1] in ("!", "^")
    position += negated
    items: list[str] = []
    first = True
    while first or segment[position : position + 1] != "]":
        first = False
        if segment.startswith("[:", position) and (end := segment.find(":]", position)) > 0:
            name = segment[position + 2 : end]
            if name not in _POSIX_CLASSES:
                raise PatternError(f"there is no character class [:{name}:]")
            items.append(_POSIX_CLASSES[name])
            position = end + 2
            continue
        low, position = _bracket_char(segment, position)
        if segment[position : position + 1] == "-" and segment[position + 1 : position + 2] not in ("", "]"):
            high, position = _bracket_char(segment, position + 1)
            # To git, a range backwards is its first character.
            items.append(f"{re.escape(low)}-{re.escape(high)}" if low <= high else re.escape(low))
        else:
            items.append(re.escape(low))
    inside = "".join(items)
    if negated:
        return (f"[^/{inside}]", position + 1)
    return (f"(?!/)[{inside}]" if inside else "(?!)", position + 1)


def _bracket_char(segment: str, position: int) -> tuple[str, int]:
    if segment[position : position + 1] == "\\":
        position += 1
    if position >= len(segment):
        raise PatternError("a [ has no ] after it")
    return segment[position], position + 1
