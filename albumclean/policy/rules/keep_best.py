"""Of a group of similar photos the best stays; copies of it are proposed for the trash, other shots for a look."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from albumclean.config import Settings
from albumclean.domain import Action, CompanionKind, GroupKind, PhotoFacts, Proposal, Reason, SimilarGroup
from albumclean.policy.words import joined

_PRECIOUS = (CompanionKind.LIVE_VIDEO, CompanionKind.RAW, CompanionKind.XMP, CompanionKind.AAE)
_EDIT_NAME = re.compile(r"(?:^|[\W_])(?:edited|edit|bearbeitet)(?:$|[\W_])|^img_e\d+", re.IGNORECASE)
_PIXEL_MARGIN = 1.1  # a copy with more pixels than this times the keeper's is no mere copy
_MOS_MARGINS = 2.0  # nor is one that scores this many margins better

_KEPT_OF = {
    GroupKind.EXACT: "exact copies",
    GroupKind.DERIVED: "copies of one photo",
    GroupKind.MOMENT: "shots that look alike",
}
_LIKE = {
    GroupKind.EXACT: "Exactly the same as",
    GroupKind.DERIVED: "A copy of",
    GroupKind.MOMENT: "A shot much like",
}
_DOUBT_WEIGHT, _DECIDING_WEIGHT = 3.0, 2.0


@dataclass(frozen=True, slots=True)
class KeepBest:
    """Keeps the keeper of each group; says nothing on single photos."""

    name: str = "keep-best"

    def on_photo(self, facts: PhotoFacts, settings: Settings) -> Proposal | None:
        """Nothing: a photo that is like no other is no business of this rule."""
        return None

    def on_group(self, group: SimilarGroup, settings: Settings) -> Sequence[Proposal]:
        """KEEP for the keeper, TRASH or REVIEW for every other member."""
        others = [self._against(rank, group, settings) for rank in range(1, len(group.members))]
        sentence = f"The one to keep of {len(group.members)} {_KEPT_OF[group.kind]}"
        sentence += f": it {group.keeper_reason}." if group.keeper_reason else "."
        reasons = (*group.verdicts[:1], _kind_reason(group))
        return [Proposal(group.keeper, Action.KEEP, self.name, sentence, reasons, group), *others]

    def _against(self, rank: int, group: SimilarGroup, settings: Settings) -> Proposal:
        facts, verdicts = group.members[rank], group.verdicts[rank : rank + 1]
        doubts = _doubts(facts, group, settings) if group.kind is not GroupKind.MOMENT else []
        sentence = f"{_LIKE[group.kind]} {_called(group.keeper, facts)}"
        sentence += f", which {verdicts[0].text}." if verdicts else "."
        if doubts:
            sentence += f" Look first: it {joined([doubt.text for doubt in doubts])}."
        return Proposal(
            facts=facts,
            action=Action.REVIEW if doubts or group.kind is GroupKind.MOMENT else Action.TRASH,
            rule=self.name,
            sentence=sentence,
            reasons=(
                *doubts,
                *(replace(verdict, weight=_DECIDING_WEIGHT) for verdict in verdicts),
                _kind_reason(group),
            ),
            group=group,
        )


def _called(keeper: PhotoFacts, facts: PhotoFacts) -> str:
    """The keeper's name, with its folder where the name alone would not tell the two apart."""
    path = keeper.path
    return path.name if path.name != facts.path.name else f"{path.name} in {path.parent}"


def _kind_reason(group: SimilarGroup) -> Reason:
    return Reason("kind", group.kind.value, None, f"one of {len(group.members)} {_KEPT_OF[group.kind]}")


def _doubts(facts: PhotoFacts, group: SimilarGroup, settings: Settings) -> list[Reason]:
    """What the keeper does not have: each turns the trash into a question."""
    keeper = group.keeper
    doubts = []
    lacking = {one.kind for one in facts.asset.companions} - {one.kind for one in keeper.asset.companions}
    if missing := [kind.value for kind in _PRECIOUS if kind in lacking]:
        text = f"has companion files that the other lacks ({', '.join(missing)})"
        doubts.append(Reason("companions", ", ".join(missing), None, text, _DOUBT_WEIGHT))
    if group.kind is GroupKind.EXACT or facts.photo is None or keeper.photo is None:
        return doubts
    if facts.photo.pixels > keeper.photo.pixels * _PIXEL_MARGIN:
        text = f"has more pixels ({facts.photo.width}x{facts.photo.height})"
        doubts.append(Reason("pixels", facts.photo.pixels, keeper.photo.pixels, text, _DOUBT_WEIGHT))
    if facts.photo.taken_at is not None and keeper.photo.taken_at is None:
        text = "has a capture time, which the other lacks"
        doubts.append(Reason("taken_at", facts.photo.taken_at, None, text, _DOUBT_WEIGHT))
    if _EDIT_NAME.search(facts.path.stem):
        text = "may be an edit that you made"
        doubts.append(Reason("name", facts.path.name, None, text, _DOUBT_WEIGHT))
    margin = _MOS_MARGINS * settings.similar.mos_margin
    if facts.mos is not None and keeper.mos is not None and facts.mos > keeper.mos + margin:
        text = f"has a clearly better score ({facts.mos:.2f} against {keeper.mos:.2f})"
        doubts.append(Reason("mos", facts.mos, keeper.mos, text, _DOUBT_WEIGHT))
    return doubts


RULE = KeepBest()
