"""Runs the rules over groups and photos and holds the promises that no rule can break."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from albumclean.config import Settings
from albumclean.domain import Action, PhotoFacts, Proposal, SimilarGroup
from albumclean.policy.registry import chosen_rules
from albumclean.policy.rule import NOBODY, Rule

Kept = Callable[[str], frozenset[bytes]]

_FORCE = {Action.KEEP: 0, Action.REVIEW: 1, Action.TRASH: 2}


def propose(
    photos: Iterable[PhotoFacts],
    groups: Iterable[SimilarGroup],
    settings: Settings,
    kept: Kept,
    only: Collection[str] | None = None,
    *,
    rules: Sequence[Rule] | None = None,
) -> Iterator[Proposal]:
    """At most one proposal an asset: first those of the groups, then of the other photos, in the order given.

    `kept` gives the content hashes that the user chose to keep against the rule of a name; `only` restricts the rules
    by name; `rules` replaces the registry (for tests). Streams; what stays in memory are the paths of group members
    and the kept hashes.

    - An untouchable photo is never proposed for review or trash, nor is one that failed or was not scanned.
    - A photo that the user kept against a rule is not proposed by that rule again.
    - Of every group at least one member stays, and the keeper is proposed for nothing else.
    - A group of which nobody would go is not mentioned.

    Raises UsageError for an unknown name in `only`.
    """
    yield from Bench(settings, kept, only, rules=rules).propose(photos, groups)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the rules say on one group, and which photos nothing else is said of."""

    proposals: tuple[Proposal, ...]
    reserved: tuple[Path, ...]


class Bench:
    """The rules that are active, and what the user kept against each: for who asks of one group or photo at a time."""

    def __init__(
        self,
        settings: Settings,
        kept: Kept,
        only: Collection[str] | None = None,
        *,
        rules: Sequence[Rule] | None = None,
    ) -> None:
        """As in `propose`."""
        self._settings = settings
        self._rules = tuple(rules) if rules is not None else chosen_rules(only)
        self._kept = {rule.name: kept(rule.name) for rule in self._rules}
        reaches = {rule.name: rule.reach(settings) for rule in self._rules}
        self.below = max((reach.below for reach in reaches.values()), default=NOBODY)  # as in `Reach`, for all rules
        speaking = [name for name, reach in reaches.items() if reach.below > NOBODY]
        self._settled_photos = _in_all([self._kept[name] for name in speaking])
        self.judges_groups = any(reach.groups for reach in reaches.values())
        self._settled_groups = _in_all([self._kept[name] for name, reach in reaches.items() if reach.groups])

    def propose(self, photos: Iterable[PhotoFacts], groups: Iterable[SimilarGroup]) -> Iterator[Proposal]:
        """As the function of that name."""
        reserved: set[Path] = set()
        for group in groups:
            ruling = self.on_group(group, reserved)
            yield from ruling.proposals
            reserved.update(ruling.reserved)
        for facts in photos:
            if facts.path not in reserved and (proposal := self.on_photo(facts)) is not None:
                yield proposal

    @property
    def settled_photos(self) -> int:
        """How many contents those are."""
        return len(self._settled_photos)

    def is_settled(self, content: bytes) -> bool:
        """Whether the user has kept this content against every rule that may speak of it as a single photo."""
        return content in self._settled_photos

    def are_settled(self, contents: Iterable[bytes]) -> bool:
        """The same of a group with no other contents than these: nobody in it could go."""
        return self._settled_groups.issuperset(contents)

    def on_group(self, group: SimilarGroup, reserved: Container[Path] = frozenset()) -> Ruling:
        """The answers of the first rule that has any; `reserved` are photos of which something has been said."""
        for rule in self._rules:
            if answers := rule.on_group(group, self._settings):
                fresh = [facts for facts in group.members if facts.path not in reserved]
                held = _held(group, fresh, answers, self._kept[rule.name])
                return Ruling(tuple(held), tuple(facts.path for facts in group.members))
        return Ruling((), (group.keeper.path,))

    def on_photo(self, facts: PhotoFacts) -> Proposal | None:
        """The strongest of the answers, of equals the first by the rule's name."""
        answers = [
            answer
            for rule in self._rules
            if _may_go(facts, self._kept[rule.name]) and (answer := rule.on_photo(facts, self._settings)) is not None
        ]
        return max(answers, key=lambda answer: _FORCE[answer.action], default=None)


def _in_all(sets: Sequence[frozenset[bytes]]) -> frozenset[bytes]:
    return sets[0].intersection(*sets[1:]) if sets else frozenset()


def _held(
    group: SimilarGroup, fresh: Sequence[PhotoFacts], answers: Sequence[Proposal], kept: frozenset[bytes]
) -> Iterator[Proposal]:
    """The answers of one rule to a group, in the order of its members, with the engine's promises held."""
    by_path = {answer.facts.path: answer for answer in reversed(answers)}
    going = {
        facts.path
        for facts in fresh
        if facts.path in by_path and by_path[facts.path].action is not Action.KEEP and _may_go(facts, kept)
    }
    if len(going) == len(group.members):
        going.discard(group.keeper.path)
    if not going:
        return
    for facts in fresh:
        answer = by_path.get(facts.path)
        if answer is None:
            continue
        if facts.path in going or answer.action is Action.KEEP:
            yield answer
        elif facts.untouchable is not None:
            sentence = f"Stays: it {facts.untouchable}."
            yield Proposal(facts, Action.KEEP, answer.rule, sentence, answer.reasons, group)


def _may_go(facts: PhotoFacts, kept: frozenset[bytes]) -> bool:
    if facts.failure is not None or facts.photo is None:
        return False
    return facts.untouchable is None and facts.photo.content_hash not in kept
