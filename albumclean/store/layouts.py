"""How a scorer's values lie in a row of the cache.

A scorer's `quantities` are the order of its values: the first, the main one, in a column of its own, the others packed
behind each other, in single precision where that holds them exactly (networks speak in it), else in double (means over
a video's frames).
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from albumclean.domain import ScorerSpec
from albumclean.store.rows import Quantity

Values: TypeAlias = Mapping[str, float]  # by quantity, as far as there are any
Packed: TypeAlias = tuple[int, float | None, bytes]  # the columns present, main, others


@dataclass(frozen=True, slots=True)
class Layout:
    """How a scorer's values lie in its rows."""

    id: int
    scorer: str
    quantities: tuple[str, ...]

    def bits(self, quantities: Iterable[str]) -> int | None:
        """What `present` has where they all have a value; None if one has no place."""
        try:
            return sum(1 << self.quantities.index(quantity) for quantity in quantities)
        except ValueError:
            return None

    def pack(self, values: Values) -> Packed:
        """The row's columns. A value that is not a number counts as none."""
        ordered = [values.get(quantity, math.nan) for quantity in self.quantities]
        present = sum(1 << number for number, value in enumerate(ordered) if not math.isnan(value))
        return present, ordered[0] if present & 1 else None, _packed(ordered[1:])

    def unpack(self, main: float | None, others: bytes) -> dict[str, float]:
        """The reverse of `pack`."""
        # Rows that were written before the layout grew are shorter.
        pairs = zip(self.quantities[1:], _unpacked(others), strict=False)
        values = {quantity: value for quantity, value in pairs if not math.isnan(value)}
        return values if main is None else {self.quantities[0]: main, **values}


class Reading:
    """A query's part for the scores of some scorers: a row of `file` gets their columns through joins."""

    def __init__(self, layouts: Sequence[tuple[Layout, ScorerSpec]]) -> None:
        tables = [(f"score{number}", layout.id) for number, (layout, _) in enumerate(layouts)]
        self.columns = "".join(f", {table}.present, {table}.main, {table}.others" for table, _ in tables)
        self.joins = "".join(
            f" LEFT JOIN score AS {table} ON {table}.content_hash = file.content_hash AND {table}.scorer = {scorer}"
            for table, scorer in tables
        )
        self._decoders = [Decoder(layout, spec) for layout, spec in layouts]

    def values(self, columns: Sequence[Any]) -> dict[Quantity, float]:
        """From the values of `columns`: what was asked for, as far as there is any."""
        found: dict[Quantity, float] = {}
        for at, decoder in enumerate(self._decoders):
            present, main, others = columns[3 * at : 3 * at + 3]
            if present is not None:
                decoder.add(found, present, main, others)
        return found


class Decoder:
    """Puts a scorer's values beside those of others."""

    def __init__(self, layout: Layout, spec: ScorerSpec) -> None:
        self._layout = layout
        self._wanted = set(spec.quantities)
        self._keys = [(spec.name, quantity) for quantity in layout.quantities]
        # Where a row holds all that there is and all was asked for, nothing has to be looked at one by one.
        self._whole = layout.bits(layout.quantities) if self._wanted.issuperset(layout.quantities) else None

    def add(self, found: dict[Quantity, float], present: int, main: float | None, others: bytes) -> None:
        """What was asked for of the values in a row's columns goes into `found`."""
        if present == self._whole and main is not None:
            # A row may hold places that have been made since the layout was read.
            found.update(zip(self._keys, (main, *_unpacked(others)), strict=False))
            return
        for quantity, value in self._layout.unpack(main, others).items():
            if quantity in self._wanted:
                found[self._layout.scorer, quantity] = value


@lru_cache(maxsize=64)
def names_of(text: str) -> tuple[str, ...]:
    """The quantities of a layout from their JSON list."""
    return tuple(json.loads(text))


def _packed(values: Sequence[float]) -> bytes:
    count = len(values)
    with suppress(OverflowError):
        single = struct.pack(f"<c{count}f", b"f", *values)
        read = struct.unpack_from(f"<{count}f", single, 1)
        if all(one == other or math.isnan(one) for one, other in zip(values, read, strict=True)):
            return single
    return struct.pack(f"<c{count}d", b"d", *values)


def _unpacked(packed: bytes) -> tuple[float, ...]:
    return _form(packed[:1], len(packed)).unpack_from(packed, 1)


@lru_cache(maxsize=256)
def _form(precision: bytes, length: int) -> struct.Struct:
    """What reads the values from a row's `others` of so many bytes."""
    return struct.Struct(f"<{(length - 1) // struct.calcsize(precision)}{precision.decode()}")
