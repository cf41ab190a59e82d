"""Of a group of similar photos the best stays; copies of it are proposed for the trash, other shots for a look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from albumclean.config import Settings
from albumclean.domain import Action, GroupKind, PhotoFacts, Proposal, Reason, SimilarGroup
from albumclean.policy.bonds import Bond, Bonds
from albumclean.policy.doubts import Case, doubts
from albumclean.policy.rule import NOBODY, Reach
from albumclean.policy.words import joined, told_apart

_KEPT_OF = {
    GroupKind.EXACT: "exact copies",
    GroupKind.DERIVED: "copies of one photo",
    GroupKind.MOMENT: "shots of one moment",
}
_LIKE = {Bond.COPY: "A copy of", Bond.SOURCE: "Nearer to the camera than"}
_OVERRULED = "By a look at the two alone nearer to the camera than"  # the other copies say otherwise
_DECIDING_WEIGHT, _EVIDENCE_WEIGHT = 2.0, 1.5


@dataclass(frozen=True, slots=True)
class KeepBest:
    """Keeps the keeper of each group; says nothing on single photos."""

    name: str = "keep-best"

    def reach(self, settings: Settings) -> Reach:
        """Groups alone."""
        return Reach(below=NOBODY)

    def on_photo(self, facts: PhotoFacts, settings: Settings) -> Proposal | None:
        """Nothing: a photo that is like no other is no business of this rule."""
        return None

    def on_group(self, group: SimilarGroup, settings: Settings) -> Sequence[Proposal]:
        """KEEP for the keeper; for every other member TRASH, or REVIEW if there is doubt or it is a shot of its own."""
        bonds = Bonds.of(group)
        others = [self._against(rank, bonds, settings) for rank in range(1, len(group.members))]
        return [self._for_keeper(bonds), *others]

    def _for_keeper(self, bonds: Bonds) -> Proposal:
        group, told = bonds.group, _most_telling(bonds.group)
        sentence = f"Keep {group.keeper.path.name}"
        if _is_nearest(bonds):
            sentence += ", the nearest to the camera"
        sentence += f" of {len(group.members)} {_KEPT_OF[group.kind]}"
        if told is None:
            return Proposal(group.keeper, Action.KEEP, self.name, f"{sentence}.", (_kind_reason(group),), group)
        beside = f"beside {told_apart(group.members[told].path, group.keeper.path)}, " if len(group.members) > 2 else ""
        sentence += f": {beside}it {group.verdicts[told].text}."
        reasons = (replace(group.verdicts[told], weight=_DECIDING_WEIGHT), _kind_reason(group))
        return Proposal(group.keeper, Action.KEEP, self.name, sentence, reasons, group)

    def _against(self, rank: int, bonds: Bonds, settings: Settings) -> Proposal:
        group = bonds.group
        facts, verdicts = group.members[rank], group.verdicts[rank : rank + 1]
        bond, look = bonds.to_keeper(facts), bonds.look(facts)
        is_copy, rival = group.kind is not GroupKind.MOMENT, facts.content in group.rivals
        found = doubts(Case(facts, group.keeper, bond, look, settings.similar, rival)) if is_copy else []
        overruled = bond is Bond.SOURCE and any(verdict.fact == "source" for verdict in verdicts)
        like = _OVERRULED if overruled else _like(group, facts, bond)
        sentence = f"{like} {told_apart(group.keeper.path, facts.path)}"
        sentence += f", which {verdicts[0].text}." if verdicts else "."
        if found:
            sentence += f" Look first: it {joined([doubt.text for doubt in found])}."
        evidence = look.reasons if look is not None and bond is Bond.COPY else ()
        return Proposal(
            facts=facts,
            action=Action.TRASH if is_copy and not found else Action.REVIEW,
            rule=self.name,
            sentence=sentence,
            reasons=(
                *found,
                *(replace(verdict, weight=_DECIDING_WEIGHT) for verdict in verdicts),
                *(replace(reason, weight=_EVIDENCE_WEIGHT) for reason in evidence),
                _kind_reason(group),
            ),
            group=group,
        )


def _most_telling(group: SimilarGroup) -> int | None:
    """The member that tells best why the keeper stays: of copies the one it beats most clearly, else the runner-up."""
    others = range(1, len(group.verdicts))
    if group.kind is GroupKind.DERIVED:
        return max(others, key=lambda at: group.verdicts[at].weight, default=None)
    return next(iter(others), None)


def _is_nearest(bonds: Bonds) -> bool:
    others = bonds.group.members[1:]
    is_made = bonds.group.kind is GroupKind.DERIVED
    return is_made and all(bonds.to_keeper(facts) in {Bond.SAME, Bond.COPY} for facts in others)


def _like(group: SimilarGroup, facts: PhotoFacts, bond: Bond) -> str:
    """What the member is to the keeper, whose name follows."""
    if group.kind is GroupKind.MOMENT:
        return "A shot much like"
    if bond is Bond.SAME:
        mine, theirs = (one.photo.content_hash if one.photo else None for one in (facts, group.keeper))
        return "Exactly the same as" if mine == theirs else "The same picture as"
    return _LIKE.get(bond, "Another version of")


def _kind_reason(group: SimilarGroup) -> Reason:
    return Reason("kind", group.kind.value, None, f"one of {len(group.members)} {_KEPT_OF[group.kind]}")


RULE = KeepBest()
