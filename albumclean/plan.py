"""From the user's choices to a TrashPlan that keeps the invariants. Pure: it looks at values, never at the disk.

What the plan promises of the library as it was scanned is checked again on the disk, file by file, by the trash room.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from albumclean.domain import (
    Asset,
    PhotoFacts,
    PlanItem,
    PlannedFile,
    Proposal,
    RootRole,
    SimilarGroup,
    TrashPlan,
)

_Place = tuple[int, int] | Path  # (device, inode) or a name
_LAST_ONE = "stays, as the best readable photo of its group: none of the others would be left in its place"


@dataclass(frozen=True, slots=True)
class PlanResult:
    """The plan, and what was chosen but may not be moved, each with the reason for the user."""

    plan: TrashPlan
    refused: tuple[tuple[PhotoFacts, str], ...] = ()


def build_plan(chosen: Sequence[Proposal], quarantine: Path | None = None) -> PlanResult:
    """Plan to move what the user chose; `chosen` are the proposals that they said TRASH to.

    Of every group at least one member stays: where all were chosen, the one ranked best is refused. The keeper that an
    item names is the best-ranked member that stays, in this group and in all others. Protected photos are refused,
    and so are those without a readable content, other names of a photo that stays, and second names of one file.
    Favourites and rated photos are planned if the user chose them. The order is that of the paths, whatever the order
    of `chosen`.
    """
    refused: dict[Path, tuple[PhotoFacts, str]] = {}
    wanted: dict[Path, Proposal] = {}
    seen: dict[_Place, Path] = {}
    for proposal in sorted(chosen, key=_order):
        facts = proposal.facts
        if facts.path in wanted or facts.path in refused:
            continue
        if reason := _forbidden(proposal):
            refused[facts.path] = (facts, reason)
        elif twin := _seen_as(facts.asset, seen):
            refused[facts.path] = (facts, f"is the same file as {twin}, which is in the plan already")
        else:
            wanted[facts.path] = proposal
            seen.update(dict.fromkeys(_places(facts.asset), facts.path))

    groups = _groups(chosen)
    # What stays only grows here, so one pass is enough: a member refused for one group stays for all the others too.
    for group in groups:
        if any(_can_keep(member, wanted, seen) for member in group.members):
            continue
        best = next((member for member in group.members if member.path in wanted), None)
        if best is not None:
            del wanted[best.path]
            for place in _places(best.asset):
                seen.pop(place, None)
            refused[best.path] = (best, _LAST_ONE)

    items = []
    for path, proposal in wanted.items():
        keeper = None
        if proposal.group is not None:
            keeper = next((member for member in proposal.group.members if _can_keep(member, wanted, seen)), None)
            if keeper is None:  # the proposal is about a photo that its own group does not name
                refused[path] = (proposal.facts, _LAST_ONE)
                continue
        items.append(_item(proposal, keeper))
    return PlanResult(TrashPlan(tuple(items), quarantine), tuple(refused[path] for path in sorted(refused)))


def _order(proposal: Proposal) -> tuple[Path, bool, str, str]:
    # Of two proposals for one photo the one with a group wins: it names a keeper, which is looked at before the move.
    return (proposal.facts.path, proposal.group is None, proposal.rule, proposal.group.id if proposal.group else "")


def _forbidden(proposal: Proposal) -> str | None:
    facts = proposal.facts
    if facts.asset.role is not RootRole.NORMAL:
        return "lies in a protected folder"
    if facts.failure is not None:
        return f"could not be read or scored ({facts.failure.reason}), so nothing is known against it"
    if facts.photo is None:
        return "has not been read, so nothing is known against it"
    if proposal.group is None and facts.mos is None and not facts.degradations:
        return "has not been scored, so nothing is known against its quality"
    return None


def _places(asset: Asset) -> set[_Place]:
    """All that one could mistake for another file: the names of the photo and of its companions, and their inodes."""
    places: set[_Place] = set()
    for file in asset.files:
        places.add(file.path)
        if file.inode:  # 0 where the file system does not number its files
            places.add((file.device, file.inode))
    return places


def _seen_as(asset: Asset, seen: dict[_Place, Path]) -> Path | None:
    return next((seen[place] for place in sorted(_places(asset), key=str) if place in seen), None)


def _can_keep(facts: PhotoFacts, wanted: dict[Path, Proposal], seen: dict[_Place, Path]) -> bool:
    """Whether this photo can be read and stays: the plan would not move it under this name or another."""
    readable = facts.photo is not None and facts.failure is None
    return readable and facts.path not in wanted and _seen_as(facts.asset, seen) is None


def _groups(proposals: Iterable[Proposal]) -> list[SimilarGroup]:
    """Every group that is named, once, in an order that does not depend on the input's."""
    groups = {
        (group.id, tuple(member.path for member in group.members)): group
        for proposal in proposals
        if (group := proposal.group) is not None
    }
    return [groups[key] for key in sorted(groups)]


def _item(proposal: Proposal, keeper: PhotoFacts | None) -> PlanItem:
    asset, photo = proposal.facts.asset, proposal.facts.photo
    files = (
        PlannedFile(asset.primary, photo.content_hash if photo else None),
        *(PlannedFile(companion.file, None, companion.kind) for companion in asset.companions),
    )
    kept = PlannedFile(keeper.asset.primary, keeper.photo.content_hash) if keeper and keeper.photo else None
    return PlanItem(files, proposal.rule, proposal.sentence, kept)
