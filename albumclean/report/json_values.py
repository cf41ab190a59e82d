"""Paths, numbers and reasons as every JSON output has them; `docs/propose-json.md` is the contract."""

from __future__ import annotations

import base64
import math
import os
import re
from pathlib import Path
from typing import TypeAlias

from albumclean.domain import Reason

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")  # a byte of a file name that is not text


def path_keys(key: str, path: Path) -> dict[str, Json]:
    """The path as text; where it is not text, also its exact bytes."""
    raw = str(path)
    readable = text(raw)
    if readable == raw:
        return {key: readable}
    return {key: readable, f"{key}_base64": base64.b64encode(os.fsencode(raw)).decode("ascii")}


def text(raw: str) -> str:
    """What UTF-8 can carry: U+FFFD for each lone surrogate."""
    return raw if raw.isascii() else _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", raw)


def number(value: float | None) -> float | None:
    """To six decimals; None for what JSON has no number for."""
    return round(value, 6) if value is not None and math.isfinite(value) else None


def reason_keys(reason: Reason) -> dict[str, Json]:
    """One piece of evidence."""
    return {
        "fact": reason.fact,
        "value": _plain(reason.value),
        "threshold": _plain(reason.threshold),
        "text": text(reason.text),
    }


def _plain(value: float | int | str | None) -> Json:
    if isinstance(value, str):
        return text(value)
    return number(value) if isinstance(value, float) else value
