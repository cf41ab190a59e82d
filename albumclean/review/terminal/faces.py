"""What is said of questions and photos, as text for the screen. Names and reasons are made safe to print here."""

from __future__ import annotations

from rich.text import Text

from albumclean.domain import Degradation, GroupKind, PhotoFacts, PhotoKind, Proposal
from albumclean.policy.words import NOTABLE, goes_along, in_albums
from albumclean.review.session import Answer, Question, Verdict
from albumclean.words import counted, file_size, shown

_BAR = 10  # characters
_PLAIN = frozenset({PhotoKind.PHOTO, PhotoKind.UNSURE})  # kinds that need no word
_FULL, _REST = "█", "░"
_WORTH_A_BAR = 0.3  # severity; what is less has no bearing on anything
_MARKS = {
    Verdict.TRASH: ("✗", "trash"),
    Verdict.KEEP: ("✓", "keep"),
    Verdict.NOT_A_DUPLICATE: ("≠", "differ"),
    Verdict.SKIP: ("»", "skip"),
}
_ALIKE = {GroupKind.EXACT: "exact", GroupKind.DERIVED: "copies", GroupKind.MOMENT: "shots"}
OPEN = "·"
NOTHING_FITS = Text("No question fits the filter. Esc takes it away.")


def mark(answer: Answer | None) -> tuple[str, str]:
    """A sign and a word for what was said to a question; the word is empty for an open one."""
    return _MARKS[answer.verdict] if answer else (OPEN, "")


def title(question: Question) -> str:
    """The name that a question goes by in the list."""
    return shown(question.members[0].path.name)


def aside(question: Question, *, short: bool) -> str:
    """Of an open question the score, or how many are alike."""
    if question.group is None:
        mos = question.members[0].mos
        return "" if mos is None else f"{mos:.2f}"
    count = len(question.members)
    return f"x{count}" if short else f"{count} {_ALIKE[question.group.kind]}"


def bar(share: float) -> str:
    """A share in [0, 1] as a bar; more than nothing shows."""
    full = min(_BAR, max(round(share * _BAR), int(share > 0)))
    return _FULL * full + _REST * (_BAR - full)


def description(facts: PhotoFacts) -> list[str]:
    """What is known of a photo besides its quality: shape and format, time, camera, size, companions."""
    photo = facts.photo
    parts = [] if facts.kind in _PLAIN else [facts.kind.text]
    if photo is not None:
        parts.append(f"{photo.width} x {photo.height} {photo.format}")
        parts += [part for part in (photo.taken_at and photo.taken_at.replace("T", " "), photo.camera) if part]
    parts.append(file_size(facts.asset.size))
    if facts.untouchable:
        parts.append(facts.untouchable)
    if facts.asset.companions:
        parts.append(f"with {goes_along(facts.asset)}")
    if facts.marks.albums:
        parts.append(in_albums(facts.marks.albums))
    return [shown(part) for part in parts]


def details(question: Question, focus: int) -> Text:
    """All about one member of a question: where it is, how good it is, and why it is asked about."""
    facts = question.members[focus]
    proposal = next((p for p in question.proposals if p.facts.path == facts.path), None)
    text = Text(shown(facts.path.name), style="bold", overflow="fold")
    text.append(f"\n{shown(facts.path.parent)}", style="not bold dim")
    text.append("\n" + " · ".join(description(facts)), style="not bold")
    if facts.mos is not None:
        _measure(text, "score", f"{facts.mos:.2f} of 1", facts.mos)
    if facts.aesthetic is not None:
        _measure(text, "beauty", f"{facts.aesthetic:.2f} of 1", facts.aesthetic)
    for kind, value in sorted(facts.degradations.items(), key=lambda item: -item[1]):
        if value >= _WORTH_A_BAR:
            _measure(text, _in_words(kind, value), f"{value:.2f}", value)
    if proposal is not None:
        text.append(f"\n\n{shown(proposal.sentence)}", style="not bold")
        for reason in _further(proposal):
            text.append(f"\n- {shown(reason)}", style="not bold dim")
    return text


def group_line(question: Question) -> str:
    """What the members of a group are to each other, and which the rule would keep."""
    group = question.group
    if group is None:
        return ""
    why = f", which {shown(group.keeper_reason)}" if group.keeper_reason else ""
    return f"{counted(len(group.members), 'photo')}, {group.kind.text}: keep {title(question)}{why}"


def _measure(text: Text, label: str, value: str, share: float) -> None:
    text.append(f"\n{bar(share)} ", style="not bold")
    text.append(f"{label} {value}", style="not bold")


def _in_words(kind: Degradation, value: float) -> str:
    return kind.text if value >= NOTABLE else f"a little {kind.text}"


def _further(proposal: Proposal) -> list[str]:
    """The reasons that the sentence does not already name."""
    texts = [reason.text for reason in proposal.reasons if reason.fact != "kind"]
    return [text for text in texts if text and text not in proposal.sentence]
