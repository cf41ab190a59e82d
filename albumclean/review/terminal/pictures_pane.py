"""The photos in question, side by side: a heading for each, and the picture as this terminal can show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from rich.cells import set_cell_size
from rich.segment import ControlType, Segment
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from albumclean.domain import PhotoFacts
from albumclean.review.session import Question
from albumclean.review.terminal.detection import Abilities
from albumclean.review.terminal.loader import Loader, Wish
from albumclean.review.terminal.painting import Box, Painted, PictureMode
from albumclean.words import file_size, shown

_LEAST_COLUMNS = 22  # a picture narrower than this tells nothing
_HEADING = 3  # lines above each member of a group
_GAP = 1
_SAVE, _RESTORE = "\x1b7", "\x1b8"  # DECSC, DECRC: the cursor


@dataclass(frozen=True, slots=True)
class _Frame:
    """One member in its place."""

    member: int
    facts: PhotoFacts
    left: int
    columns: int
    wish: Wish


class PicturesPane(Widget, can_focus=False):
    """Shows one photo, or as many members of a group as have room, with the one that is looked at among them."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"pane--stays", "pane--goes", "pane--focus", "pane--quiet"}

    class Ready(Message):
        """A picture can be shown now."""

    class Erase(Message):
        """What drew a picture that has to be taken away."""

        def __init__(self, sequence: str) -> None:
            super().__init__()
            self.sequence = sequence

    def __init__(self, loader: Loader, abilities: Abilities) -> None:
        super().__init__(id="pictures")
        self._loader = loader
        self._abilities = abilities
        self._question: Question | None = None
        self._following: Question | None = None
        self._focus = 0
        self._staying: frozenset[Path] = frozenset()
        self._alone = False
        self._frames: tuple[_Frame, ...] = ()
        self._drawn: dict[int, str] = {}  # by slot, what takes the picture away again

    def show(
        self,
        question: Question | None,
        focus: int,
        staying: frozenset[Path],
        *,
        alone: bool,
        following: Question | None,
    ) -> None:
        """A question, and which of its members is looked at; `alone`: nothing but that one. `following` is made ready
        for later.
        """
        self._question, self._focus, self._staying, self._alone = question, focus, staying, alone
        self._following = following
        self._arrange()

    def on_mount(self) -> None:
        """Pictures come from another thread."""
        self._loader.start(lambda: self.post_message(self.Ready()))

    def on_unmount(self) -> None:
        """No more pictures."""
        self._loader.close()

    def on_resize(self) -> None:
        """Other room, other pictures."""
        self._arrange()

    def on_pictures_pane_ready(self) -> None:
        """One that was waited for has come."""
        self.refresh()

    def erase(self) -> None:
        """Take away what stays on the screen when text is written over it."""
        if self._drawn:
            self.post_message(self.Erase("".join(self._drawn.values())))
            self._drawn.clear()

    def render_line(self, y: int) -> Strip:
        """One row of the screen; pictures that are drawn by one sequence come with the last."""
        width, height = self.size
        segments: list[Segment] = []
        at = 0
        for frame in self._frames:
            segments.append(Segment(" " * (frame.left - at)))
            segments += self._row(frame, y)
            at = frame.left + frame.columns
        strip = Strip(segments).adjust_cell_length(width).apply_style(self.rich_style)
        if y == height - 1:
            strip = Strip([*strip, *self._drawings()], width)
        return strip

    def _arrange(self) -> None:
        question, mode = self._question, self._abilities.pictures
        shown_members = self._members(question)
        self._frames = self._frames_of(question, shown_members) if question is not None else ()
        wishes = [(frame.wish, frame.facts) for frame in self._frames]
        if self._following is not None and not self._alone:
            later = self._frames_of(self._following, self._members(self._following, focus=0))
            wishes += [(frame.wish, frame.facts) for frame in later]
        if mode is not PictureMode.NONE and self.size.height > _HEADING:
            self._loader.want(wishes)
        gone = self._drawn.keys() - {frame.wish.slot for frame in self._frames}
        if gone:
            self.post_message(self.Erase("".join(self._drawn.pop(slot) for slot in sorted(gone))))
        self.refresh()

    def _members(self, question: Question | None, focus: int | None = None) -> Sequence[int]:
        """Those that have room: as few steps from the first as show the one that is looked at."""
        if question is None:
            return ()
        focus = self._focus if focus is None else focus
        if self._alone:
            return (focus,)
        across = max(1, min(len(question.members), (self.size.width + _GAP) // (_LEAST_COLUMNS + _GAP)))
        first = max(0, focus - across + 1)
        return range(first, first + across)

    def _frames_of(self, question: Question, members: Sequence[int]) -> tuple[_Frame, ...]:
        columns = (self.size.width + _GAP) // max(1, len(members)) - _GAP
        box = Box(max(1, columns), max(1, self.size.height - self._heading_rows(question)))
        abilities = self._abilities
        return tuple(
            _Frame(
                member,
                question.members[member],
                place * (columns + _GAP),
                columns,
                Wish.of(question.members[member], abilities.pictures, box, abilities.cell, place + 1),
            )
            for place, member in enumerate(members)
        )

    @property
    def _count(self) -> int:
        return len(self._question.members) if self._question is not None else 0

    def _heading_rows(self, question: Question | None) -> int:
        return _HEADING if question is not None and question.group is not None else 0

    def _row(self, frame: _Frame, y: int) -> list[Segment]:
        headings = self._heading_rows(self._question)
        if y < headings:
            return [self._heading(frame, y)]
        row, painted = y - headings, self._loader.painted(frame.wish)
        if painted is None:
            return [self._stand_in(frame, row)]
        top = (frame.wish.box.rows - painted.rows) // 2
        if not (painted.lines and 0 <= row - top < painted.rows):
            return [Segment(" " * frame.columns)]
        left = (frame.columns - painted.columns) // 2
        right = frame.columns - painted.columns - left
        return [Segment(" " * left), *painted.lines[row - top], Segment(" " * right)]

    def _heading(self, frame: _Frame, line: int) -> Segment:
        facts, photo = frame.facts, frame.facts.photo
        stays = facts.path in self._staying
        look = self.get_component_rich_style("pane--stays" if stays else "pane--goes", partial=True)
        if line == 0:
            number = f"{frame.member + 1} of {self._count}"
            focused = frame.member == self._focus
            text = f"{'▶' if focused else ' '}{number} {'✓ stays' if stays else '✗ goes'}"
            look = self.get_component_rich_style("pane--focus", partial=True) + look if focused else look
        elif line == 1:
            text = f" {shown(facts.path.name)}"
        else:
            score = f"{facts.mos:.2f}  " if facts.mos is not None else ""
            shape = f"{photo.width}x{photo.height}  " if photo is not None else ""
            text = f" {score}{shape}{file_size(facts.asset.size)}"
            look = self.get_component_rich_style("pane--quiet", partial=True)
        return Segment(set_cell_size(text, frame.columns), look)

    def _stand_in(self, frame: _Frame, row: int) -> Segment:
        if self._abilities.pictures is PictureMode.NONE or row != frame.wish.box.rows // 2:
            return Segment(" " * frame.columns)
        text = "can't be shown" if self._loader.made(frame.wish) else "…"
        return Segment(
            set_cell_size(text.center(frame.columns), frame.columns),
            self.get_component_rich_style("pane--quiet", partial=True),
        )

    def _drawings(self) -> list[Segment]:
        """What draws the pictures in their places. Zero width: it comes after the blanks that they cover."""
        drawings = []
        for frame in self._frames:
            painted = self._loader.painted(frame.wish)
            if painted is not None and painted.escape:
                drawings.append(
                    f"\x1b[{self._row_of(frame, painted)};{self._column_of(frame, painted)}H{painted.escape}"
                )
                if painted.erase:
                    self._drawn[frame.wish.slot] = painted.erase
            elif frame.wish.slot in self._drawn:
                drawings.append(self._drawn.pop(frame.wish.slot))
        if not drawings:
            return []
        return [Segment(_SAVE + "".join(drawings) + _RESTORE, None, [(ControlType.CURSOR_MOVE_TO_COLUMN, 0)])]

    def _row_of(self, frame: _Frame, painted: Painted) -> int:
        """Where its top is on the screen, from 1."""
        room = frame.wish.box.rows - painted.rows
        return self.content_region.y + self._heading_rows(self._question) + room // 2 + 1

    def _column_of(self, frame: _Frame, painted: Painted) -> int:
        return self.content_region.x + frame.left + (frame.columns - painted.columns) // 2 + 1
