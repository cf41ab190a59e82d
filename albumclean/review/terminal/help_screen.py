"""All keys on one page."""

from __future__ import annotations

from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from albumclean.review.terminal import keys


class HelpScreen(Screen[None]):
    """Closes at any of the keys that one would try."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1,enter", "app.pop_screen", show=False),
        Binding("up", "scroll(-1)", show=False),
        Binding("down", "scroll(1)", show=False),
        Binding("pageup", "scroll(-10)", show=False),
        Binding("pagedown,space", "scroll(10)", show=False),
    ]

    def compose(self) -> ComposeResult:
        """One table."""
        with VerticalScroll(id="help", can_focus=False):
            yield Static(_table())
        yield Static("↑ ↓ scroll   Esc back to the review", id="keys", markup=False)

    def action_scroll(self, lines: int) -> None:
        """Up or down."""
        self.query_one("#help").scroll_relative(y=lines, animate=False)


def _table() -> Table:
    table = Table.grid(padding=(0, 2), expand=True)
    table.add_column(justify="right", no_wrap=True, style="bold")
    table.add_column(ratio=1)
    for heading, rows in keys.HELP:
        table.add_row("", Text(f"\n{heading}", style="bold underline"))
        for key, meaning in rows:
            table.add_row(Text(key), Text(meaning))
    return table
