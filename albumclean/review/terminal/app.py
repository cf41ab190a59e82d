"""The page of the review: the list at the left, photos and reasons at the right, one key for each thing to say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Input, Static

from albumclean.review.session import Question, ReviewSession, Verdict
from albumclean.review.terminal import faces, keys
from albumclean.review.terminal.base import TerminalApp
from albumclean.review.terminal.browsing import Browser, parse_score
from albumclean.review.terminal.detection import Abilities
from albumclean.review.terminal.help_screen import HelpScreen
from albumclean.review.terminal.loader import Loader, Pictures
from albumclean.review.terminal.pictures_pane import PicturesPane
from albumclean.review.terminal.question_list import QuestionList
from albumclean.words import counted, file_size, shown

_WIDE = 100  # columns of a terminal from which the list gets more than the least
_FEWEST_WORDS, _MOST_WORDS = 9, 16  # lines about a photo

Open = Callable[[Path], bool]


class ReviewApp(TerminalApp[bool]):
    """Asks the questions of a session; the result is True at `q`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key, action, show=False) for key, action in keys.ACTIONS),
        *(Binding(str(digit), f"keeper({digit})", show=False) for digit in range(1, 10)),
    ]

    def __init__(self, session: ReviewSession, pictures: Pictures, abilities: Abilities, open_file: Open) -> None:
        super().__init__(light=abilities.light)
        self.browser = Browser(session)
        self._pane = PicturesPane(Loader(pictures), abilities)
        self._questions = QuestionList(self.browser)
        self._open_file = open_file
        self._to_confirm: Sequence[Question] = ()
        self._prompting = ""  # what the line at the bottom asks for: "filter" or "score"

    def compose(self) -> ComposeResult:
        """The parts of the page."""
        yield Static(id="top", markup=False)
        with Horizontal(id="body"):
            yield self._questions
            with Vertical(id="right"):
                yield self._pane
                with VerticalScroll(id="details", can_focus=False):
                    yield Static(id="words", markup=False)
        yield Static(id="message", markup=False)
        yield Input(id="prompt", compact=True)
        yield Static(id="keys", markup=False)

    def on_mount(self) -> None:
        """The first question."""
        self.query_one("#prompt").display = False
        earlier = len(self.browser.session.carried_over)
        if earlier:
            self._say(
                f"{counted(earlier, 'photo')} chosen in earlier reviews will be part of this one. f forgets them."
            )
        self._show()

    def on_resize(self, event: events.Resize) -> None:
        """More room goes to the photos first."""
        lines = max(_FEWEST_WORDS, min(_MOST_WORDS, round(event.size.height * 0.4)))
        self.query_one("#details").styles.height = lines
        self._questions.styles.width = 28 if event.size.width < _WIDE else round(event.size.width * 0.3)
        self.call_after_refresh(self._show)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While a question of this page itself is open, only its keys count."""
        if self._to_confirm and action not in {"interrupt"}:
            return False
        return super().check_action(action, parameters)

    def on_key(self, event: events.Key) -> None:
        """The answer to "Trash 37 photos?": `y`, and anything else is a no."""
        asked, self._to_confirm = self._to_confirm, ()
        if not asked:
            return
        event.stop()
        event.prevent_default()  # nothing else may take this key for its own
        if event.key in {"y", "Y"}:
            with self.guarded():
                self.browser.trash_many(asked)
                self._say(f"{counted(len(asked), 'photo')} chosen to trash. u takes that back.")
        else:
            self._say("Nothing was chosen.")
        self._show()

    def on_question_list_picked(self, message: QuestionList.Picked) -> None:
        """A click in the list."""
        self._go(message.row)

    def on_pictures_pane_erase(self, message: PicturesPane.Erase) -> None:
        """Pictures that do not go away by themselves."""
        self.draw(message.sequence)

    # --- moving about ---------------------------------------------------------------------------------------------

    def action_move(self, rows: int) -> None:
        """To another question."""
        self._go(self.browser.row + rows)

    def action_page(self, pages: int) -> None:
        """As many questions on as are in sight."""
        self.action_move(pages * self._questions.page)

    def action_edge(self, direction: int) -> None:
        """To the first or the last question."""
        self._go(0 if direction < 0 else len(self.browser.rows) - 1)

    def action_group(self, direction: int) -> None:
        """To another group."""
        self._say("" if self.browser.next_group(direction) else "There is no further group that way.")
        self._show()

    def action_member(self, steps: int) -> None:
        """To another photo of the group."""
        self.browser.look_at(self.browser.focus + steps)
        self._say("")
        self._show()

    def action_scroll(self, lines: int) -> None:
        """The words about the photo."""
        self.query_one("#details").scroll_relative(y=lines, animate=False)

    def action_large(self) -> None:
        """One photo as large as the terminal, and back."""
        self.screen.toggle_class("large")
        self._say("")
        self.call_after_refresh(self._show)

    def action_leave(self) -> None:
        """Out of what has been begun last."""
        if self._prompting:
            if self._prompting == "filter":
                self.browser.set_filter("")
            self._end_prompt()
            self._say("")
            self._show()
        elif self.screen.has_class("large"):
            self.action_large()
        elif self.browser.filter:
            self.browser.set_filter("")
            self._show()

    # --- answers --------------------------------------------------------------------------------------------------

    def action_answer(self, verdict: str) -> None:
        """Take the answer, and on to the next open question."""
        said = Verdict(verdict)
        with self.guarded():
            if self.browser.answer(said):
                all_answered = not self.browser.open_left
                self._say("All questions are answered. q goes to the last page; nothing has moved yet." * all_answered)
            elif said is Verdict.NOT_A_DUPLICATE and self.browser.question is not None:
                self._say("This is a single photo: t trashes it, k keeps it.")
            elif self.browser.question is not None:
                self._say("Every photo of this group would stay. Space lets one go, k keeps all.")
            self._show()

    def action_undo(self) -> None:
        """Take the latest answer back."""
        with self.guarded():
            count = self.browser.undo()
            self._say(f"{counted(count, 'answer')} taken back." if count else "There is nothing to undo.")
            self._show()

    def action_forget(self) -> None:
        """Take back what earlier reviews have chosen."""
        with self.guarded():
            count = self.browser.forget_carried_over()
            self._say(
                f"{counted(count, 'earlier choice')} forgotten." if count else "Nothing is left of earlier reviews."
            )
            self._show()

    def action_keeper(self, number: int) -> None:
        """Choose which member of the group stays."""
        if self.browser.keep_only(number - 1):
            self._say(f"Photo {number} stays. t trashes the others.")
            self._show()

    def action_stay_or_go(self) -> None:
        """Let the member that is looked at stay or go."""
        self._say(self.browser.toggle())
        self._show()

    def action_open(self) -> None:
        """The photo in another program."""
        if (question := self.browser.question) is not None:
            path = question.members[self.browser.focus].path
            opened = self._open_file(path)
            self._say(f"Opening {shown(path.name)}…" if opened else "This system has no viewer to open photos with.")

    def action_finish(self) -> None:
        """To the last page."""
        self.exit(True)

    def action_help(self) -> None:
        """All keys."""
        self._pane.erase()
        self.push_screen(HelpScreen(), lambda _: self._show())

    # --- the line at the bottom -----------------------------------------------------------------------------------

    def action_ask_filter(self) -> None:
        """Which questions to show."""
        self._prompt("filter", "part of a path, kind:photo, kind:copies, is:open …", self.browser.filter)
        self._say("Show only questions with: (Enter keeps the filter, Esc drops it)")

    def action_ask_score(self) -> None:
        """Below which score to trash all."""
        self._prompt("score", "a score from 0 to 1, for example 0.25", "")
        self._say("Trash every open photo in the list that scores below: (Esc leaves them)")

    def on_input_changed(self, message: Input.Changed) -> None:
        """What has been typed so far shows at once what it would do."""
        if self._prompting == "filter":
            self.browser.set_filter(message.value)
            self._say(f"{counted(len(self.browser.rows), 'question')} shown. Enter keeps the filter, Esc drops it.")
            self._show()
        elif self._prompting == "score":
            self._say(self._below(message.value))

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Enter."""
        prompting, score = self._prompting, parse_score(message.value)
        self._end_prompt()
        if prompting == "score" and score is not None and (asked := self.browser.below(score)):
            self._to_confirm = asked
            self._say(f"Trash {self._weighed(asked)} that score below {score:.2f}? [y/N]")
        else:
            self._say("")

    def _prompt(self, what: str, hint: str, value: str) -> None:
        prompt = self.query_one(Input)
        self._prompting = what
        prompt.placeholder = hint
        with prompt.prevent(Input.Changed):
            prompt.value = value
        prompt.display = True
        prompt.focus()

    def _end_prompt(self) -> None:
        self._prompting = ""
        self.query_one(Input).display = False
        self.set_focus(None)

    def _below(self, text: str) -> str:
        score = parse_score(text)
        if score is None:
            return "A score is a number from 0 to 1, for example 0.25." if text else ""
        return f"{self._weighed(self.browser.below(score))} below {score:.2f}. Enter asks once more."

    def _weighed(self, asked: Sequence[Question]) -> str:
        size = sum(question.members[0].asset.size for question in asked)
        return f"{counted(len(asked), 'photo')} ({file_size(size)})"

    # --- what is shown --------------------------------------------------------------------------------------------

    def _go(self, row: int) -> None:
        self.browser.go(row)
        if not self._prompting:
            self._say("")
        self._show()

    def _say(self, text: str) -> None:
        self.query_one("#message", Static).update(text)

    def _show(self) -> None:
        """Everything as it is now."""
        browser, question = self.browser, self.browser.question
        large = self.screen_stack[0].has_class("large")
        staying = browser.staying(question) if question is not None else frozenset()
        following = browser.rows[browser.row + 1] if browser.row + 1 < len(browser.rows) else None
        self._questions.update()
        self._pane.show(question, browser.focus, staying, alone=large, following=following)
        self.query_one("#top", Static).update(self._summary())
        words = faces.details(question, browser.focus) if question is not None else faces.NOTHING_FITS
        self.query_one("#words", Static).update(words)
        focused = question.members[browser.focus] if question is not None else None
        hints = keys.hints(question, len(staying), focused, self.size.width - 2)
        self.query_one("#keys", Static).update("\n".join(hints))

    def _summary(self) -> str:
        browser = self.browser
        photos, size = browser.chosen
        place = f"{browser.row + 1:,} of {len(browser.rows):,}" if browser.rows else "none"
        parts = [place, f"{browser.open_left:,} open", f"to trash: {counted(photos, 'photo')}, {file_size(size)}"]
        if browser.filter:
            parts.append(f"filter: {shown(browser.filter)}")
        return " · ".join(parts)
