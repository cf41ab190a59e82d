"""Questions, photos and plans as the page gets them. The proposals in them are those of `propose --json`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from albumclean.domain import Action, CompanionKind, PhotoFacts, PlanItem, Proposal
from albumclean.history import PastGroup, PastItem, PastRun
from albumclean.report.json_values import Json, path_keys, text
from albumclean.report.proposals import to_json
from albumclean.review.session import Answer, Question
from albumclean.review.web.numbers import Numbers
from albumclean.words import shown

_NOT_ASKED = "Stays: nothing is proposed for it here."

# Hundreds of photos in one answer lie in a few folders.
_folder_text = lru_cache(maxsize=4096)(shown)

PhotoAt = Callable[[Path], int | None]  # the number of the photo at a path, if it has one


def question_json(question: Question, answer: Answer | None, numbers: Numbers) -> dict[str, Json]:
    """One question with all its members, the keeper first."""
    proposals = {proposal.facts.path: proposal for proposal in question.proposals}
    members: list[Json] = [
        photo_json(proposals.get(facts.path) or _stays(question, facts), numbers) for facts in question.members
    ]
    return {
        "id": numbers.of_question(question),
        "kind": question.kind,
        "rule": question.rule,
        "keeper_reason": text(question.group.keeper_reason) if question.group else "",
        "answer": _answer_json(answer, numbers),
        "members": members,
    }


def photo_json(proposal: Proposal, numbers: Numbers) -> dict[str, Json]:
    """A photo and what is proposed for it. `name` and `folder` are safe to show; `path` is exact."""
    facts, photo = proposal.facts, proposal.facts.photo
    return {
        **to_json(proposal),
        "id": numbers.of_photo(facts),
        "name": shown(facts.path.name),
        "folder": _folder_text(facts.path.parent),
        "width": photo.width if photo else None,
        "height": photo.height if photo else None,
        "format": photo.format if photo else None,
        "taken_at": photo.taken_at if photo else None,
        "camera": text(photo.camera) if photo and photo.camera else None,
        "untouchable": facts.untouchable,
        "rating": facts.marks.rating,
        "edits": [text(each.file.path.name) for each in facts.asset.companions if each.kind is CompanionKind.EDIT],
        "albums": [text(album) for album in facts.marks.albums],
    }


def plan_item_json(item: PlanItem, photo_at: PhotoAt) -> dict[str, Json]:
    """One photo that would move, with its companions."""
    return {
        "photo": photo_at(item.path),
        **path_keys("path", item.path),
        "name": shown(item.path.name),
        "folder": shown(item.path.parent),
        "files": [shown(file.identity.path) for file in item.files],
        "edits": [shown(file.identity.path.name) for file in item.files if file.kind is CompanionKind.EDIT],
        "bytes": item.size,
        "sentence": text(item.sentence),
    }


def refused_json(facts: PhotoFacts, why: str) -> dict[str, Json]:
    """A photo that the plan would not take."""
    return {**path_keys("path", facts.path), "name": shown(facts.path.name), "why": text(why)}


def run_json(run: PastRun) -> dict[str, Json]:
    """A run of the history."""
    return {
        "id": run.id,
        "kind": run.kind.value,
        "started_at": _moment(run.started_at),
        "finished_at": None if run.finished_at is None else _moment(run.finished_at),
        "destination": place_text(run.destination),
        "photos": {state.value: count for state, count in run.photos.items()},
        "bytes": run.bytes,
        "can_be_undone": run.can_be_undone,
    }


def past_group_json(group: PastGroup, photo_at: PhotoAt) -> dict[str, Json]:
    """What moved for one photo that stayed."""
    return {
        "id": group.id,
        "kept": text(str(group.kept)) if group.kept else None,
        "kept_photo": photo_at(group.kept) if group.kept else None,
        "rule": group.rule,
        "items": [_past_item_json(item, photo_at) for item in group.items],
    }


def place_text(folder: Path | None) -> str:
    """Where photos go, for people; None: the system's trash."""
    return "the trash" if folder is None else shown(folder)


def _past_item_json(item: PastItem, photo_at: PhotoAt) -> dict[str, Json]:
    return {
        "id": item.id,
        "photo": photo_at(item.path),
        **path_keys("path", item.path),
        "name": shown(item.path.name),
        "size": item.size,
        "state": item.state.value,
        "reason": text(item.reason),
        "sentence": text(item.sentence),
    }


def _moment(seconds: float) -> str:
    """ISO 8601 with the offset of this computer's zone."""
    return datetime.fromtimestamp(seconds).astimezone().isoformat(timespec="seconds")


def _answer_json(answer: Answer | None, numbers: Numbers) -> Json:
    if answer is None:
        return None
    going: list[Json] = [numbers.of_photo(proposal.facts) for proposal in answer.going]
    return {"verdict": answer.verdict.value, "going": going, "earlier": answer.earlier}


def _stays(question: Question, facts: PhotoFacts) -> Proposal:
    """For a member that the rule says nothing on: it is shown all the same."""
    return Proposal(facts, Action.KEEP, question.rule, _NOT_ASKED, group=question.group)
