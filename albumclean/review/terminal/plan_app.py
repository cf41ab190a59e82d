"""The last page: all that would move, and the question whether it may."""

from __future__ import annotations

import time
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Static

from albumclean.domain import TrashPlan
from albumclean.policy.words import moves_along
from albumclean.review.course import Confirmation, Refused
from albumclean.review.terminal.base import TerminalApp
from albumclean.words import counted, file_size, shown

_ALONE = 0.15  # seconds between two keys of a person who means the second
_LINES = 2  # of an item: where it is, and why it goes


class PlanLines(ScrollView, can_focus=False):
    """Every photo that stays against the user's choice, then every one that moves; only those in sight are drawn."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"plan--stays", "plan--goes", "plan--quiet"}

    def __init__(self, plan: TrashPlan, refused: Refused) -> None:
        super().__init__(id="plan")
        self._plan = plan
        self._refused = refused
        self._longest = max([cell_len(part[0]) for at in range(self._items) for part in self._parts(at)], default=1)

    @property
    def _items(self) -> int:
        return len(self._refused) + len(self._plan.items)

    def on_mount(self) -> None:
        """As wide as the longest line: a path that is cut off can be scrolled to."""
        self.virtual_size = Size(self._longest, self._items * _LINES)

    def render_line(self, y: int) -> Strip:
        """One row of the screen."""
        width = self.scrollable_content_region.width
        at, line = divmod(y + self.scroll_offset.y, _LINES)
        if at >= self._items:
            return Strip.blank(width, self.rich_style)
        text, look = self._parts(at)[line]
        row = set_cell_size(text, max(self._longest, self.scroll_offset.x + width))
        strip = Strip([Segment(row, self.get_component_rich_style(look, partial=True))])
        return strip.crop(self.scroll_offset.x, self.scroll_offset.x + width).apply_style(self.rich_style)

    def _parts(self, at: int) -> tuple[tuple[str, str], tuple[str, str]]:
        if at < len(self._refused):
            facts, why = self._refused[at]
            return (f"✓ stays  {shown(facts.path)}", "plan--stays"), (f"         {shown(why)}", "plan--quiet")
        item = self._plan.items[at - len(self._refused)]
        companions = moves_along(item)
        along = f" with {shown(companions)}" if companions else ""
        return (
            (f"✗ {file_size(item.size):>8}  {shown(item.path)}{along}", "plan--goes"),
            (f"{'':12}{shown(item.sentence)}", "plan--quiet"),
        )


class PlanApp(TerminalApp[Confirmation]):
    """Shows a plan; the result is what the user said to it. Only `y` moves anything."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,Y", "answer('move')", show=False),
        Binding("b,escape", "answer('back')", show=False),
        Binding("n,N,q,enter", "answer('leave')", show=False),
        Binding("up", "scroll(0, -1)", show=False),
        Binding("down", "scroll(0, 1)", show=False),
        Binding("left", "scroll(-8, 0)", show=False),
        Binding("right", "scroll(8, 0)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown,space", "page(1)", show=False),
        Binding("home", "edge(-1)", show=False),
        Binding("end", "edge(1)", show=False),
    ]

    def __init__(self, plan: TrashPlan, refused: Refused, *, light: bool) -> None:
        super().__init__(light=light)
        self._plan = plan
        self._lines = PlanLines(plan, refused)
        self._refused = refused
        self._last_key = time.monotonic()  # when it came
        self._answered = False

    def compose(self) -> ComposeResult:
        """What, how much, where to; then each; then the question."""
        yield Static(" Last page: nothing has moved yet", id="top", markup=False)
        yield Static(self._told(), id="told", markup=False)
        yield self._lines
        yield Static(id="question", markup=False)
        keys = "y move   n leave all where it is   b back to the review   ↑ ↓ ← → scroll"
        yield Static(keys, id="keys", markup=False)

    def on_mount(self) -> None:
        """What comes together with the page was not typed for it: the question comes a moment later."""
        self._last_key = time.monotonic()
        self.set_timer(_ALONE, self._ask)

    def on_key(self, event: events.Key) -> None:
        """A `y` counts when it comes alone: pasted text and torn answers of the terminal hold some, too."""
        since, self._last_key = event.time - self._last_key, event.time
        if event.key in {"y", "Y"} and since < _ALONE:
            event.stop()
            event.prevent_default()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There may be nothing to move."""
        if action == "answer" and parameters == (Confirmation.MOVE.value,):
            return bool(self._plan.items)
        return super().check_action(action, parameters)

    def action_answer(self, said: str) -> None:
        """The end of the page; the first answer counts."""
        if not self._answered:
            self._answered = True
            self.exit(Confirmation(said))

    def action_scroll(self, columns: int, lines: int) -> None:
        """Look at the rest."""
        self._lines.scroll_relative(x=columns, y=lines, animate=False)

    def action_page(self, pages: int) -> None:
        """Look at the rest, faster."""
        self._lines.scroll_relative(y=pages * (self._lines.size.height - 1), animate=False)

    def action_edge(self, direction: int) -> None:
        """To the first or the last."""
        self._lines.scroll_to(y=0 if direction < 0 else self._lines.max_scroll_y, animate=False)

    def _told(self) -> str:
        plan, refused = self._plan, len(self._refused)
        stays = f"{counted(refused, 'photo')} that you chose will stay, for the reasons below." if refused else ""
        return "\n".join(filter(None, (f"{_weighed(plan)} would move to {_where(plan)}.", stays)))

    def _ask(self) -> None:
        question = f"Move {_weighed(self._plan)} to {_where(self._plan)}? [y/N]"
        self.query_one("#question", Static).update(question if self._plan.items else "There is nothing that may move.")


def _weighed(plan: TrashPlan) -> str:
    files = sum(len(item.files) for item in plan.items)
    along = f" ({counted(files, 'file')} with their companions)" if files != len(plan.items) else ""
    return f"{counted(len(plan.items), 'photo')}{along}, {file_size(plan.size)},"


def _where(plan: TrashPlan) -> str:
    return shown(plan.quarantine) if plan.quarantine else "the trash"
