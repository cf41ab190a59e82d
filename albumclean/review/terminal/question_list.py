"""The list of questions: only the rows in sight are ever drawn, so that 20,000 are as quick as 20."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from albumclean.review.session import Question, Verdict
from albumclean.review.terminal import faces
from albumclean.review.terminal.browsing import Browser

_WIDE = 34  # columns in which a kind has room besides the name
_LOOKS = {
    Verdict.TRASH: "list--trash",
    Verdict.KEEP: "list--keep",
    Verdict.NOT_A_DUPLICATE: "list--keep",
    Verdict.SKIP: "list--skip",
}


class QuestionList(ScrollView, can_focus=False):
    """Shows the rows of a `Browser`: a mark, a name, and the answer, score or kind."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"list--cursor", "list--trash", "list--keep", "list--skip", "list--aside"}

    class Picked(Message):
        """A row was clicked."""

        def __init__(self, row: int) -> None:
            super().__init__()
            self.row = row

    def __init__(self, browser: Browser) -> None:
        super().__init__(id="questions")
        self._browser = browser

    def update(self) -> None:
        """Draw the rows as they are now, with the present one in sight."""
        self.virtual_size = Size(self.scrollable_content_region.width, len(self._browser.rows))
        self.scroll_to_region(Region(0, self._browser.row, 1, 1), animate=False, force=True)
        self.refresh()

    @property
    def page(self) -> int:
        """How many rows are in sight."""
        return max(1, self.scrollable_content_region.height)

    def render_line(self, y: int) -> Strip:
        """One row of the screen."""
        row, width = y + self.scroll_offset.y, self.scrollable_content_region.width
        if row >= len(self._browser.rows):
            return Strip.blank(width, self.rich_style)
        strip = self._row(self._browser.rows[row], width, is_present=row == self._browser.row)
        return strip.apply_style(self.rich_style)

    def on_resize(self) -> None:
        """The present row stays in sight."""
        self.update()

    def on_click(self, event: events.Click) -> None:
        """A row that is clicked becomes the present one."""
        row = event.y + self.scroll_offset.y
        if row < len(self._browser.rows):
            self.post_message(self.Picked(row))

    def _row(self, question: Question, width: int, *, is_present: bool) -> Strip:
        answer = self._browser.answer_to(question)
        sign, word = faces.mark(answer)
        aside = f" {word or faces.aside(question, short=width < _WIDE)} "
        name = set_cell_size(faces.title(question), max(1, width - cell_len(aside) - 3))
        look = self.get_component_rich_style(_LOOKS[answer.verdict], partial=True) if answer else None
        dim = look or self.get_component_rich_style("list--aside", partial=True)
        strip = Strip([Segment(f"{'▶' if is_present else ' '}{sign} ", look), Segment(name, look), Segment(aside, dim)])
        strip = strip.adjust_cell_length(width)
        if is_present:
            return strip.apply_style(self.get_component_rich_style("list--cursor", partial=True))
        return strip
