"""The circuit breaker: when a run that nobody watches moves nothing at all. Pure: values in, sentences out.

Two questions. Is the library still there (`losses`)? A drive that is not mounted, an emptied phone or a sync that went
wrong look like a flood of vanished photos, and what is left must not be cleaned by what is known of the rest. And is
it more than the user allowed to go in one run (`excess`)? Each answer is a list of sentences; any sentence stops
everything.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from albumclean.config import AutoSettings
from albumclean.store.census import Count
from albumclean.words import counted, shown


@dataclass(frozen=True, slots=True)
class RootLook:
    """One root tonight, beside what was known of it."""

    root: Path
    met: int  # photos that lie there now
    known: int  # photos known there before tonight
    device: int | None  # st_dev now; None: it can't be reached
    count: Count | None = None  # on the last good night
    moved: int = 0  # photos that albumclean itself has moved away since that

    @property
    def expected(self) -> int:
        """Photos that should lie there."""
        counted_then = self.count.photos - self.moved if self.count is not None else 0
        return max(self.known, counted_then, 0)


def losses(roots: Sequence[RootLook], *, accepted: bool = False) -> list[str]:
    """What speaks for photos having been lost: of each root, and of all together, half or more are gone.

    `accepted`: the user has said that the photos are gone on purpose; a root that can't be reached is still a loss.
    """
    found = [sentence for look in roots if (sentence := _loss(look, accepted=accepted))]
    met, expected = sum(look.met for look in roots), sum(look.expected for look in roots)
    if not found and not accepted and _is_half_gone(met, expected):
        found.append(f"Of {counted(expected, 'photo')} in all folders together only {met:,} are left.")
    return found


def excess(planned: int, library: int, limits: AutoSettings) -> list[str]:
    """Why `planned` photos of the `library` known ones are more than one run may move."""
    found = []
    if planned > limits.max_photos:
        found.append(
            f"{counted(planned, 'photo')} could go at once, more than the {limits.max_photos:,} that"
            " [auto] max_photos allows in one run."
        )
    if planned > limits.max_share * library:
        found.append(
            f"{counted(planned, 'photo')} of {library:,} could go at once, more than the share of"
            f" {limits.max_share:.2%} that [auto] max_share allows in one run."
        )
    return found


def _loss(look: RootLook, *, accepted: bool) -> str | None:
    name = shown(look.root)
    if look.device is None:
        return f"{name} can't be reached."
    if accepted:
        return None
    if look.met == 0 < look.expected:
        other = look.count is not None and look.count.device != look.device
        why = "another drive or none is mounted there" if other else "is a drive missing?"
        return f"{name} is empty, though {counted(look.expected, 'photo')} should lie there; {why}"
    if _is_half_gone(look.met, look.expected):
        return f"Of {counted(look.expected, 'photo')} in {name}{_when(look.count)} only {look.met:,} are left."
    return None


def _is_half_gone(met: int, expected: int) -> bool:
    return expected > 0 and 2 * met <= expected


def _when(count: Count | None) -> str:
    return f" (counted {time.strftime('%Y-%m-%d', time.localtime(count.at))})" if count is not None else ""
