"""Carries out what the auto rules may do without asking, all of it within the circuit breaker or nothing at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from albumclean.catalogue import Catalogue
from albumclean.config import AutoSettings
from albumclean.crawl.settle import is_settled, open_for_writing
from albumclean.domain import (
    Action,
    Asset,
    Decision,
    DecisionBy,
    FileIdentity,
    MoveState,
    PhotoFacts,
    Proposal,
    RootRole,
    TrashOutcome,
)
from albumclean.errors import AlbumcleanError, MoveRefused, QuarantineUnusable
from albumclean.plan import PlanResult, build_plan
from albumclean.trash import apply_plan
from albumclean.trash.files import hash_file, identity_of, words_for
from albumclean.unattended.auto_rule import AutoRule
from albumclean.unattended.breaker import excess
from albumclean.words import shown


class KeeperUnreadable(AlbumcleanError):
    """{path}, which should stay, can't be read: {detail}. The drive may be failing."""


@dataclass(frozen=True, slots=True)
class Moved:
    """One photo that a rule has moved."""

    rule: str
    sentence: str  # why
    outcome: TrashOutcome


@dataclass(slots=True)
class AutoResult:
    """What the auto rules did."""

    moved: list[Moved] = field(default_factory=list)
    stayed: list[TrashOutcome] = field(default_factory=list)  # planned, but something was in the way
    held_back: list[str] = field(default_factory=list)  # why nothing moved at all


@dataclass(frozen=True, slots=True)
class AutoMove:
    """One use of the auto rules."""

    catalogue: Catalogue
    under: Sequence[Path]  # nothing else is moved: no other folder was looked at tonight
    rules: Sequence[AutoRule]
    now: Callable[[], float]  # seconds since the epoch
    settle: float  # seconds for which a file must have been left alone

    def run(self) -> AutoResult:
        """Choose, ask the breaker, look at the files, move. Raises StoreError."""
        limits, library = self.catalogue.settings.auto, self.catalogue.cache.counts().files
        wanted, number = self._wanted(limits.max_photos)
        if held_back := excess(number, library, limits):
            return AutoResult(held_back=held_back)
        try:
            chosen = self._confirmed(wanted)
        except KeeperUnreadable as error:
            return AutoResult(held_back=[str(error)])
        return self._carry_out(chosen, build_plan([proposal for _, proposal in chosen], _quarantine(limits)))

    def _wanted(self, most: int) -> tuple[list[tuple[AutoRule, Proposal]], int]:
        """What the rules want, the first `most` of it, and how much that is in all."""
        ledger = self.catalogue.ledger
        kept, leaving = ledger.kept_contents(), {(each.path, each.content_hash) for each in ledger.pending()}
        wanted: list[tuple[AutoRule, Proposal]] = []
        number = 0
        for proposal in self.catalogue.proposals(self.under):
            rule = next((rule for rule in self.rules if may_ever_go(proposal) and rule.wants(proposal)), None)
            if rule is None or proposal.facts.content in kept:
                continue
            # What the user is about to trash is not to be counted on, and is theirs to confirm.
            if any((facts.path, facts.content) in leaving for facts in _concerned(proposal)):
                continue
            number += 1
            if number <= most:
                wanted.append((rule, proposal))
        return wanted, number

    def _confirmed(self, wanted: Iterable[tuple[AutoRule, Proposal]]) -> list[tuple[AutoRule, Proposal]]:
        """Those whose files, looked at now, are what the scan says, at rest and no one else's."""
        look = _Look()
        chosen = []
        for rule, proposal in wanted:
            assets = [facts.asset for facts in _concerned(proposal)]
            if not all(is_settled(asset, self.now(), self.settle) for asset in assets):
                continue
            if open_for_writing(file.path for asset in assets for file in asset.files):
                continue
            if look.confirms(rule, proposal):
                chosen.append((rule, proposal))
        return chosen

    def _carry_out(self, chosen: Sequence[tuple[AutoRule, Proposal]], planned: PlanResult) -> AutoResult:
        ledger = self.catalogue.ledger
        by_path = {proposal.facts.path: (rule, proposal) for rule, proposal in chosen}
        plan = replace(
            planned.plan,
            items=tuple(
                replace(item, sentence=f"{item.sentence} Moved by the rule {by_path[item.path][0].name}.")
                for item in planned.plan.items
            ),
        )
        at = self.now()
        going = [by_path[item.path][1] for item in plan.items]
        ledger.remember(
            Decision(each.facts.content, each.facts.path, Action.TRASH, each.rule, at, DecisionBy.RULE)
            for each in going
        )
        result = AutoResult()

        def took(outcome: TrashOutcome) -> None:
            rule, proposal = by_path[outcome.path]
            if outcome.state is MoveState.MOVED:
                self.catalogue.cache.forget([outcome.path])
                result.moved.append(Moved(rule.name, proposal.sentence, outcome))
            else:
                result.stayed.append(outcome)

        try:
            apply_plan(plan, ledger, on_outcome=took)
        except QuarantineUnusable as error:  # before anything has moved
            result.held_back.append(str(error))
        # Not after a kill or an error: by the decisions that stay open the next run knows whose moves these were.
        ledger.withdraw_rules()
        return result


def may_ever_go(proposal: Proposal) -> bool:
    """What holds for every auto rule: a sure proposal on a readable photo that is the user's to lose.

    If it goes for another one, that can be read and is not the same file. Videos never go without a question.
    """
    facts, *keeper = _concerned(proposal)
    if facts.asset.video:
        return False
    if proposal.action is not Action.TRASH or facts.untouchable is not None:
        return False
    if facts.asset.role is not RootRole.NORMAL or any(each.photo is None or each.failure for each in (facts, *keeper)):
        return False
    return not any(_share_a_file(facts.asset, each.asset) for each in keeper)


def _concerned(proposal: Proposal) -> tuple[PhotoFacts, ...]:
    """The photo, and the one that stays in its place if there is such."""
    return (proposal.facts,) if proposal.group is None else (proposal.facts, proposal.group.keeper)


def _share_a_file(one: Asset, other: Asset) -> bool:
    names, inodes = ({file.path for file in one.files}, {(f.device, f.inode) for f in one.files if f.inode})
    return any(file.path in names or (file.device, file.inode) in inodes for file in other.files)


def _quarantine(limits: AutoSettings) -> Path | None:
    return Path(limits.to).expanduser().absolute() if limits.to else None


class _Look:
    """Reads files, each keeper once."""

    def __init__(self) -> None:
        self._hashes: dict[FileIdentity, bytes] = {}

    def confirms(self, rule: AutoRule, proposal: Proposal) -> bool:
        """Whether the rule still wants it. A copy that can't be read just stays; raises KeeperUnreadable."""
        stays = {file.path for facts in _concerned(proposal)[1:] for file in facts.asset.files}

        def hash_of(file: FileIdentity) -> bytes:
            try:
                return self._hash(file)
            except OSError as error:
                if file.path in stays:
                    raise KeeperUnreadable(path=shown(file.path), detail=words_for(error)) from error
                raise

        try:
            return rule.confirms(proposal, hash_of)
        except (OSError, MoveRefused):
            return False

    def _hash(self, file: FileIdentity) -> bytes:
        if file not in self._hashes:
            if not file.same_file_state(identity_of(file.path)):
                raise MoveRefused(path=file.path, detail="it has been changed since the scan")
            self._hashes[file] = hash_file(file.path)
        return self._hashes[file]
