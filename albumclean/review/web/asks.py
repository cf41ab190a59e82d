"""What a request says, checked: every value has the type and range that it must have, or the request is refused."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from enum import StrEnum
from typing import NoReturn, TypeVar

from albumclean.domain import GroupKind
from albumclean.review.session import SINGLE
from albumclean.review.web.asking import MOST_SHOWN, Page
from albumclean.review.web.choice import GROUPS, UNKNOWN_YEAR, Filter, Order, Sort, State
from albumclean.review.web.numbers import Numbers
from albumclean.review.web.refusal import Refusal

_KINDS = frozenset({SINGLE, GROUPS, *GroupKind})
_FILTER_KEYS = frozenset({"kind", "folder", "year", "state", "below", "text"})
_VIEW_KEYS = frozenset({"offset", "limit", "sort", "order"})
_MOST_ITEMS = 100_000
_MOST = 10**12  # of any number in a request

Word = TypeVar("Word", bound=StrEnum)


class Said:
    """The names and values of one request: a query, whose values are text, or a JSON object.

    Empty text and null are as if they were not there. A name that is not known is an error: a filter with a misspelled
    condition would match everything.
    """

    def __init__(self, values: Mapping[str, object], known: frozenset[str]) -> None:
        """Raises Refusal for names beside `known`."""
        for name in values:
            if name not in known:
                raise Refusal(422, "The request has a part that albumclean doesn't know.")
        self._values = {name: value for name, value in values.items() if value is not None and value != ""}

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def says(self, name: str, value: str) -> bool:
        """Whether the value of `name` is this text."""
        return self._values.get(name) == value

    def whole(self, name: str, default: int | None = None, *, most: int = _MOST) -> int:
        """A whole number from 0 to `most`. Raises Refusal for anything else."""
        value = self._values.get(name, default)
        if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= len(str(_MOST)):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            _refuse(name, f"a whole number from 0 to {most}")
        return value

    def share(self, name: str) -> float:
        """A number in [0, 1]. Raises Refusal for anything else."""
        value = self._values.get(name)
        if isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                value = None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1 or math.isnan(value):
            _refuse(name, "a number from 0 to 1")
        return float(value)

    def word(self, name: str, words: type[Word]) -> Word:
        """One of these words. Raises Refusal for anything else."""
        value = self._values.get(name)
        if not isinstance(value, str) or value not in set(words):
            _refuse(name, f"one of {', '.join(words)}")
        return words(value)

    def text(self, name: str) -> str:
        """Any text. Raises Refusal for anything else."""
        value = self._values.get(name)
        if not isinstance(value, str):
            _refuse(name, "text")
        return value

    def wholes(self, name: str) -> list[int]:
        """A list of whole numbers, each once. Raises Refusal for anything else."""
        value = self._values.get(name)
        if not isinstance(value, list) or len(value) > _MOST_ITEMS:
            _refuse(name, "a list of numbers")
        for each in value:
            if isinstance(each, bool) or not isinstance(each, int) or not 0 <= each < 1 << 63:
                _refuse(name, "a list of whole numbers")
        return list(dict.fromkeys(value))

    def inner(self, name: str, known: frozenset[str]) -> Said:
        """An object in the object. Raises Refusal for anything else."""
        value = self._values.get(name)
        if not isinstance(value, dict):
            _refuse(name, "an object")
        return Said(value, known)


def number_in(text: str) -> int | None:
    """The whole number of a path's part; None for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else None


def json_object(body: bytes, *known: str) -> Said:
    """The JSON object of a body; an empty body is an empty object. Raises Refusal."""
    try:
        value = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "The request is not JSON.") from error
    if not isinstance(value, dict):
        raise Refusal(422, "The request must be a JSON object.")
    return Said(value, frozenset(known))


def query(values: Mapping[str, str]) -> Said:
    """The query of a list of questions. Raises Refusal."""
    return Said(values, _FILTER_KEYS | _VIEW_KEYS)


def filter_in(said: Said) -> Said:
    """The filter of a batch: the same names as in a query; how it is sorted and cut into pages means nothing there."""
    return said.inner("filter", _FILTER_KEYS | _VIEW_KEYS)


def page_of(said: Said) -> Page:
    """Raises Refusal."""
    return Page(said.whole("offset", 0), said.whole("limit", 60, most=MOST_SHOWN))


def order_of(said: Said) -> Order:
    """Raises Refusal."""
    direction = said.text("order") if "order" in said else "asc"
    if direction not in {"asc", "desc"}:
        _refuse("order", "asc or desc")
    return Order(said.word("sort", Sort) if "sort" in said else None, direction == "desc")


def filter_of(said: Said, numbers: Numbers) -> Filter:
    """Raises Refusal."""
    kind = said.text("kind") if "kind" in said else None
    if kind is not None and kind not in _KINDS:
        _refuse("kind", f"one of {', '.join(sorted(_KINDS))}")
    folder = None
    if "folder" in said:
        folder = numbers.folder(said.whole("folder"))
        if folder is None:
            raise Refusal(404, "There is no such folder in this review. Load the page again.")
    return Filter(
        kind=kind,
        folder=folder,
        year=_year(said) if "year" in said else None,
        state=said.word("state", State) if "state" in said else None,
        below=said.share("below") if "below" in said else None,
        text=said.text("text") if "text" in said else None,
    )


def _year(said: Said) -> int | str:
    return UNKNOWN_YEAR if said.says("year", UNKNOWN_YEAR) else said.whole("year", most=9999)


def _refuse(name: str, wanted: str) -> NoReturn:
    raise Refusal(422, f"In this request, {name} must be {wanted}.")
