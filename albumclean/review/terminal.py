"""The review in a terminal: one photo or group at a time, single keys, and one last question."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from albumclean.domain import Action, PhotoFacts, TrashPlan
from albumclean.review.session import Question, ReviewSession, Verdict
from albumclean.words import counted, file_size, shown

_SHOWN_MEMBERS = 9  # as many as there are digit keys
_MIN_PREVIEW_ROWS = 6
_DEGRADATION_SHOWN = 0.3

GetKey = Callable[[], str]
Preview = Callable[[PhotoFacts, int, int], RenderableType | None]  # of so many columns and rows
Open = Callable[[str], object]


class TerminalReviewer:
    """Asks through a rich console and a function that waits for one key; `open_file` starts the system's viewer."""

    def __init__(self, console: Console, get_key: GetKey, open_file: Open, preview: Preview) -> None:
        self._console = console
        self._get_key = get_key
        self._open = open_file
        self._preview = preview

    def review(self, session: ReviewSession) -> None:
        """Ask until the last question or `q`. Raises KeyboardInterrupt at Ctrl-C; answers given so far are kept."""
        if session.carried_over:
            self._console.print(
                f"{counted(len(session.carried_over), 'photo')} that you chose to trash earlier "
                "will be part of the last question."
            )
            self._console.print(Text("Press f to forget these choices, any other key to begin.", style="dim"))
            if self._key() == "f":
                session.forget_carried_over()
        while (question := session.question) is not None:
            self._console.clear()
            self._console.print(self._page(session, question))
            if not self._answer(session, question):
                break
        self._console.clear()

    def confirm(self, plan: TrashPlan, refused: Sequence[tuple[PhotoFacts, str]]) -> bool:
        """Ask for a `y`; anything else is a no."""
        for facts, why in refused:
            self._console.print(Text(f"Stays: {shown(facts.path)} {why}", style="yellow"))
        if not plan.items:
            return False
        files = sum(len(item.files) for item in plan.items)
        where = f"{shown(plan.quarantine)}" if plan.quarantine else "the trash"
        extra = f" ({counted(files, 'file')} with their companions)" if files != len(plan.items) else ""
        size = file_size(plan.size)
        self._console.print(
            Text(f"Move {counted(len(plan.items), 'photo')}{extra}, {size}, to {where}? [y/N] ", style="bold"), end=""
        )
        yes = self._key() in {"y", "Y"}
        self._console.print("yes" if yes else "no")
        return yes

    def _answer(self, session: ReviewSession, question: Question) -> bool:
        """Wait for a key that means something; False to end the review."""
        while True:
            match self._key():
                case "q":
                    return False
                case "t":
                    session.answer(Verdict.TRASH)
                case "k":
                    session.answer(Verdict.KEEP)
                case "s" | " ":
                    session.answer(Verdict.SKIP)
                case "b":
                    session.back()
                case "n" if question.group is not None:
                    session.answer(Verdict.NOT_A_DUPLICATE)
                case "o":
                    for facts in question.members[:_SHOWN_MEMBERS]:
                        self._open(str(facts.path))
                    continue
                case digit if question.group is not None and digit in _digits(question):
                    session.answer(Verdict.TRASH, keep=question.members[int(digit) - 1])
                case _:
                    continue
            return True

    def _page(self, session: ReviewSession, question: Question) -> RenderableType:
        parts: list[RenderableType] = [_header(session, question)]
        members = question.members[:_SHOWN_MEMBERS]
        text_rows = 7 + (3 * len(members) if question.group else 4)
        rows = self._console.height - text_rows
        if rows >= _MIN_PREVIEW_ROWS:
            parts.append(self._pictures(members, rows))
        parts += [Text(), _group_table(question) if question.group else _facts_table(question), Text(), _keys(question)]
        return Group(*parts)

    def _pictures(self, members: Sequence[PhotoFacts], rows: int) -> RenderableType:
        across = max(1, min(len(members), self._console.width // 24))
        columns = self._console.width // across - 2
        table = Table.grid(padding=(0, 1))
        table.add_row(
            *(
                self._preview(facts, columns, rows) or Text("(can't be shown)", style="dim")
                for facts in members[:across]
            )
        )
        return table

    def _key(self) -> str:
        key = self._get_key()
        if key in {"\x03", "\x04"}:  # a terminal in raw mode gives Ctrl-C as a character
            raise KeyboardInterrupt
        return key


def _digits(question: Question) -> str:
    return "123456789"[: len(question.members)]


def _header(session: ReviewSession, question: Question) -> Text:
    text = Text(f"{session.position + 1:,} of {len(session.questions):,}", style="bold")
    if question.group is not None:
        text.append(f"  {counted(len(question.members), 'photo')}: {question.group.kind.text}", style="bold cyan")
    chosen = len(session.to_trash)
    if chosen:
        text.append(f"   chosen so far: {counted(chosen, 'photo')}, {file_size(session.bytes_to_trash)}", style="dim")
    if (verdict := session.verdicts.get(session.position)) is not None:
        text.append(f"   you said: {verdict.value.replace('-', ' ')}", style="yellow")
    return text


def _facts_table(question: Question) -> RenderableType:
    proposal = question.proposals[0]
    facts = proposal.facts
    table = Table.grid(padding=(0, 2))
    table.add_row(Text("photo", style="dim"), Text(shown(facts.path), overflow="fold"))
    table.add_row(Text("", style="dim"), Text(_description(facts), style="dim"))
    table.add_row(Text("why", style="dim"), Text(shown(proposal.sentence), style="bold"))
    return table


def _group_table(question: Question) -> RenderableType:
    actions = {proposal.facts.path: proposal for proposal in question.proposals}
    table = Table(box=None, padding=(0, 1), show_header=False, expand=False)
    for number, facts in enumerate(question.members, 1):
        proposal = actions.get(facts.path)
        action = proposal.action if proposal else Action.KEEP
        style = {Action.KEEP: "green", Action.TRASH: "red", Action.REVIEW: "yellow"}[action]
        score = f"{facts.mos:.2f}" if facts.mos is not None else "-"
        body = Text(shown(facts.path), overflow="fold")
        body.append(f"\n{_description(facts)}", style="dim")
        if proposal is not None:
            body.append(f"\n{shown(proposal.sentence)}")
        table.add_row(str(number), Text(action.value, style=style), score, body)
    return table


def _description(facts: PhotoFacts) -> str:
    photo = facts.photo
    parts = []
    if photo is not None:
        parts += [f"{photo.width}x{photo.height}", photo.format]
        parts += [part for part in (photo.taken_at and photo.taken_at.replace("T", " "), photo.camera) if part]
    parts.append(file_size(facts.asset.size))
    if facts.asset.companions:
        parts.append("with " + ", ".join(shown(companion.file.path.name) for companion in facts.asset.companions))
    bad = [f"{kind.text} {value:.2f}" for kind, value in facts.degradations.items() if value >= _DEGRADATION_SHOWN]
    return " · ".join([*map(shown, parts), *bad])


def _keys(question: Question) -> Text:
    if question.group is None:
        keys = [("t", "trash"), ("k", "keep"), ("s", "skip"), ("o", "open"), ("b", "back"), ("q", "quit")]
    else:
        last = _digits(question)[-1]
        keys = [
            ("t", "trash all but the first" if len(question.members) > 2 else "trash the second"),
            (f"1-{last}", "keep only that one"),
            ("k", "keep all"),
            ("n", "not a duplicate"),
            ("s", "skip"),
            ("o", "open"),
            ("b", "back"),
            ("q", "quit"),
        ]
    text = Text()
    for key, meaning in keys:
        text.append(f" {key} ", style="reverse")
        text.append(f" {meaning}   ")
    return text
