"""Runs the rules over groups and photos and holds the promises that no rule can break."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from albumclean.config import Settings
from albumclean.domain import Action, PhotoFacts, Proposal, SimilarGroup
from albumclean.policy.registry import chosen_rules
from albumclean.policy.rule import Rule

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
    active = tuple(rules) if rules is not None else chosen_rules(only)
    kept_by_rule = {rule.name: kept(rule.name) for rule in active}
    reserved: set[Path] = set()
    for group in groups:
        fresh = [facts for facts in group.members if facts.path not in reserved]
        judged = False
        for rule in active:
            answers = rule.on_group(group, settings)
            if answers:
                judged = True
                yield from _held(group, fresh, answers, kept_by_rule[rule.name])
                break
        reserved.update(facts.path for facts in (group.members if judged else group.members[:1]))
    for facts in photos:
        if facts.path not in reserved:
            yield from _strongest(facts, active, settings, kept_by_rule)


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


def _strongest(
    facts: PhotoFacts, rules: Sequence[Rule], settings: Settings, kept: Mapping[str, frozenset[bytes]]
) -> Iterator[Proposal]:
    answers = [
        answer
        for rule in rules
        if _may_go(facts, kept[rule.name]) and (answer := rule.on_photo(facts, settings)) is not None
    ]
    if answers:
        yield max(answers, key=lambda answer: _FORCE[answer.action])  # of equals the first by the rule's name
