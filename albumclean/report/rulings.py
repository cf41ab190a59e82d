"""What every rule has to say on one photo, and how far that is from the opposite.

No rule is asked for its thresholds. Each is asked again about the same photo with one value at its other extreme: where
that turns the answer, the value decides, and the answer's own reason names the threshold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from albumclean.config import Settings
from albumclean.domain import Action, Degradation, PhotoFacts, PhotoKind, Proposal
from albumclean.policy.registry import all_rules
from albumclean.policy.rule import Rule

MOS = "mos"

_DOES = {
    Action.TRASH: "Proposes it for the trash",
    Action.REVIEW: "Proposes it for a look",
    Action.KEEP: "Proposes to keep it",
}
_WOULD = {
    Action.TRASH: "Would propose it for the trash",
    Action.REVIEW: "Would propose it for a look",
    Action.KEEP: "Would propose to keep it",
}


@dataclass(frozen=True, slots=True)
class Margin:
    """A value that decides what a rule says, and where the answer turns."""

    fact: str  # "mos" or the name of a degradation
    value: float | None  # None: the scorer gave none
    threshold: float

    @property
    def text(self) -> str:
        """ "MOS 0.24 is 0.06 below the threshold of 0.30"."""
        name = "MOS" if self.fact == MOS else Degradation(self.fact).text
        if self.value is None:
            return f"there is no {name} to compare with the threshold of {self.threshold:.2f}"
        distance = abs(self.value - self.threshold)
        if distance == 0:
            return f"{name} {self.value:.2f} is exactly at the threshold"
        digits = 2 if distance >= 0.005 else 4
        side = "below" if self.value < self.threshold else "above"
        value, threshold = (f"{number:.{digits}f}" for number in (self.value, self.threshold))
        return f"{name} {value} is {distance:.{digits}f} {side} the threshold of {threshold}"


@dataclass(frozen=True, slots=True)
class Ruling:
    """One rule's answer to one photo, before any protection."""

    rule: str
    proposal: Proposal | None
    margins: tuple[Margin, ...] = ()  # empty: nothing that can be measured on the photo alone would turn it
    silent_on: PhotoKind | None = None  # what it is, if the rule speaks only of photos and this may be none

    def verdict(self, held_back: str | None) -> str:
        """The answer for people; `held_back` is why the photo is not proposed whatever the rules say."""
        because = "; ".join(margin.text for margin in self.margins)
        if self.proposal is None:
            if self.silent_on is not None:
                return f"Does not judge it: it is {self.silent_on.text}."
            if not because:
                return "Says nothing on one photo by itself."
            return f"Does not propose it: {because}."
        action = self.proposal.action
        said = f"{_WOULD[action]}, but it {held_back}" if held_back else _DOES[action]
        return f"{said}: {because}." if because else f"{said}."


def rulings(facts: PhotoFacts, settings: Settings, rules: Sequence[Rule] | None = None) -> tuple[Ruling, ...]:
    """Every rule's answer: those that propose something first, then those that might, each by name.

    `rules` replaces the registry (for tests).
    """
    found = (_ruling(rule, facts, settings) for rule in (all_rules() if rules is None else rules))
    return tuple(sorted(found, key=lambda ruling: (ruling.proposal is None, not ruling.margins, ruling.rule)))


def _ruling(rule: Rule, facts: PhotoFacts, settings: Settings) -> Ruling:
    proposal = rule.on_photo(facts, settings)
    margins = []
    for fact, value, other in _other_extremes(facts, fires=proposal is not None):
        turned = rule.on_photo(other, settings)
        firing = proposal or turned
        if firing is None or (proposal is None) == (turned is None):
            continue
        limits = (reason.threshold for reason in firing.reasons if reason.fact == fact)
        margins += [Margin(fact, value, limit) for limit in limits if isinstance(limit, int | float)]
    if proposal is None and not margins and not facts.kind.is_judged:
        as_photo = _ruling(rule, replace(facts, kind=PhotoKind.PHOTO), settings)
        if as_photo.proposal is not None or as_photo.margins:
            return Ruling(rule.name, None, silent_on=facts.kind)
    return Ruling(rule.name, proposal, tuple(margins))


def _other_extremes(facts: PhotoFacts, *, fires: bool) -> Iterator[tuple[str, float | None, PhotoFacts]]:
    """Each measured value with the photo as it were if that alone was perfect (the rule fires) or at its worst."""
    yield MOS, facts.mos, replace(facts, mos=1.0 if fires else 0.0)
    for kind in Degradation:
        severities = {**facts.degradations, kind: 0.0 if fires else 1.0}
        yield kind.value, facts.degradations.get(kind), replace(facts, degradations=severities)
