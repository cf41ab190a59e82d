"""How `albumclean explain` shows a photo: in a terminal with bars and the map in colour, elsewhere as plain lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import typer
from PIL import Image
from rich.console import Console, RenderableType
from rich.style import Style
from rich.table import Table
from rich.text import Text

from albumclean.domain import Action, Failure, PhotoFacts, Says
from albumclean.policy.words import NOTABLE, goes_along, in_albums
from albumclean.report.explanation import Explanation, Word, document
from albumclean.report.quality_map import overlay, scale
from albumclean.review.preview import as_half_blocks, fitted
from albumclean.scoring.registry import JUDGE
from albumclean.words import file_size, json_text, shown

_BAR = 20  # characters
_BLOCKS, _ASCII = ("█", "▒", "░"), ("#", "=", ".")  # certain, within the interval, the rest
_LABELS = 15  # columns, or more for the name of a rule that is longer
_TEXT = 65  # columns beside which a picture may stand
_BESIDE = 110  # columns of a terminal that is wide enough for that
_LEAST_ROWS, _MOST_ROWS = 10, 22  # lines of the picture
_OTHER_ROWS = 17  # lines above and below it
_BAD, _FINE = "#f07800", "#4da3e8"
_ACTIONS = {Action.TRASH: "bold #f07800", Action.REVIEW: "bold yellow", Action.KEEP: "bold"}

Row = tuple[str, Text]


def print_json(explained: list[tuple[Explanation, Path | None]], failed: list[Failure]) -> None:
    """One line on standard output."""
    typer.echo(json_text(document(explained, failed)))


class ExplanationView:
    """Prints explanations, one below the other."""

    def __init__(self, *, preview: bool) -> None:
        self._console = Console(highlight=False)
        coloured = self._console.color_system is not None and not self._console.no_color
        self._pictures = preview and self._console.is_terminal and coloured
        self._shapes = _ASCII if self._console.options.ascii_only else _BLOCKS
        self._first = True

    def show(self, explanation: Explanation, picture: Image.Image) -> None:
        """One photo; `picture` is its upright preview."""
        if not self._first:
            self._console.print()
        self._first = False
        rows = [*self._file(explanation), *self._scores(explanation)]
        verdicts = list(_verdicts(explanation))
        labels = max(_LABELS, *(len(label) + 1 for label, _ in (*rows, *verdicts)))
        if not self._console.is_terminal:
            for label, text in (*rows, *verdicts):
                self.tell(f"{label:<{labels}}{text.plain}".rstrip())
            return
        if self._pictures and self._console.width >= _BESIDE:
            half_blocks = _map(explanation, picture, self._console.width - _TEXT - 2, self._console.height - 3)
            side_by_side = Table.grid(padding=(0, 2))
            side_by_side.add_column(width=_TEXT)
            side_by_side.add_row(_grid([*rows, ("", Text()), *verdicts], labels), half_blocks)
            self._console.print(side_by_side)
            return
        self._console.print(_grid(rows, labels))
        if self._pictures:
            rows_left = self._console.height - _OTHER_ROWS
            self._console.print(_map(explanation, picture, self._console.width - 2, rows_left))
        self._console.print(_grid(verdicts, labels))

    def tell(self, line: str) -> None:
        """One line, not wrapped."""
        typer.echo(line)

    def _file(self, explanation: Explanation) -> Iterator[Row]:
        facts = explanation.facts
        yield "photo", Text(shown(facts.path), style="bold", overflow="fold")
        yield "", Text(_description(facts), style="dim")

    def _scores(self, explanation: Explanation) -> Iterator[Row]:
        mos, interval = explanation.facts.mos, explanation.interval
        if mos is None:
            yield "score", Text("none: the model gave no usable value")
        else:
            low, high = interval or (mos, mos)
            text = self._bar(low, high, _FINE)
            text.append(f" {mos:.2f}", style="bold")
            text.append(" of 1 (MOS)" if explanation.by == JUDGE else f" of 1 (MOS by {shown(explanation.by)})")
            yield "score", text
            if interval:
                yield "", Text(f"people's mean is probably between {low:.2f} and {high:.2f}", style="dim")
        for kind, severity in explanation.facts.degradations.items():
            notable = severity >= NOTABLE
            text = self._bar(severity, severity, _BAD if notable else _FINE)
            text.append(f" {severity:.2f}", style="bold" if notable else "")
            yield kind.text, text
        yield from self._others(explanation)
        yield "quality map", Text(explanation.places)

    def _others(self, explanation: Explanation) -> Iterator[Row]:
        beauty = explanation.facts.aesthetic
        if beauty is not None:
            text = self._bar(beauty, beauty, _FINE)
            text.append(f" {beauty:.2f}", style="bold")
            yield "beauty", text.append(" of 1")
        label = "by scorer"
        for word in explanation.said_by_others:
            yield label, Text(shown(_said(word)), overflow="fold")
            label = ""

    def _bar(self, low: float, high: float, colour: str) -> Text:
        certain, some = round(low * _BAR), round(high * _BAR)
        full, part, rest = self._shapes
        text = Text().append(full * certain + part * (some - certain), style=colour)
        return text.append(rest * (_BAR - some), style="dim")


def _said(word: Word) -> str:
    """ "nima: 5.31 (1 to 10), std 1.42; 0.48 of 1 as its range is stretched, weight 1"."""
    spec = word.spec
    if not word.values:
        return f"{spec.name}: gave no usable value"
    low, high = spec.value_range
    if spec.says is Says.FAULTS:
        faults = ", ".join(f"{name} {value:.2f}" for name, value in word.values.items())
        return f"{spec.name}: {faults} ({'higher' if spec.rises else 'lower'} is better; no rule goes by it)"
    scale = f"{low:g} to {high:g}" + ("" if spec.rises else ", lower is better")
    said = f"{spec.name}: " + (f"{word.main:.2f} ({scale})" if word.main is not None else "no usable value")
    if spec.says is Says.BEAUTY:  # how far the votes spread
        said += "".join(f", {name} {value:.2f}" for name, value in word.values.items() if name != spec.quantities[0])
    if word.weight is None:
        return f"{said}; not counted"
    if word.common is not None and word.common != word.main:
        said += f"; {word.common:.2f} of 1 ({word.note})"
    return said


def _map(explanation: Explanation, picture: Image.Image, columns: int, rows: int) -> RenderableType:
    """The overlay and its legend, no wider than `columns`, and if there is room for it no higher than `rows`."""
    rows = min(max(rows, _LEAST_ROWS), _MOST_ROWS)
    small = Image.fromarray(fitted(picture, columns, 2 * rows))
    legend = Text("0 bad ")
    for red, green, blue in scale(_BAR):
        legend.append(" ", style=Style(bgcolor=f"#{red:02x}{green:02x}{blue:02x}"))
    legend.append(" 1 good")
    grid = Table.grid()
    grid.add_row(as_half_blocks(np.asarray(overlay(small, explanation.quality_map))))
    grid.add_row(legend)
    return grid


def _grid(rows: list[Row], labels: int) -> Table:
    grid = Table.grid()
    grid.add_column(width=labels, no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for label, text in rows:
        grid.add_row(label, text)
    return grid


def _description(facts: PhotoFacts) -> str:
    photo = facts.photo
    parts = [file_size(facts.asset.primary.size)]
    if photo is not None:
        taken = photo.taken_at and photo.taken_at.replace("T", " ")
        size = f"{photo.width}x{photo.height} {photo.format}"
        parts = [facts.kind.text, size, *parts, *filter(None, (taken, photo.camera))]
    if facts.asset.companions:
        parts.append(f"with {goes_along(facts.asset)}")
    if facts.marks.albums:
        parts.append(in_albums(facts.marks.albums))
    return " · ".join(map(shown, parts))


def _verdicts(explanation: Explanation) -> Iterator[Row]:
    held_back = explanation.held_back
    for ruling in explanation.rulings:
        proposal = ruling.proposal
        style = _ACTIONS[proposal.action] if proposal is not None and held_back is None else ""
        yield ruling.rule, Text(shown(ruling.verdict(held_back)), style=style)
        if proposal is not None:
            yield "", Text(shown(proposal.sentence), style="dim")
    if held_back:
        yield "never proposed", Text(shown(f"It {held_back}."))
