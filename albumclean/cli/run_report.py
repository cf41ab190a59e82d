"""Where the reports of unattended runs go: `latest.html` and `latest.json`, and of notable runs a copy that stays."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from albumclean.cli.output import Output
from albumclean.cli.report import heard, thumbnails
from albumclean.errors import OutputUnusable
from albumclean.words import shown

if TYPE_CHECKING:
    from albumclean.catalogue import Catalogue
    from albumclean.config import Locations, Settings
    from albumclean.report.night import NightReport
    from albumclean.unattended.night import Night

_PHOTOS = 300  # pictures in the page at most, as `albumclean report` has it


def place_of(settings: Settings) -> str:
    """What takes the photos that rules move."""
    return settings.auto.to or "the trash"


@dataclass(frozen=True, slots=True)
class Told:
    """What a run has told."""

    report: NightReport
    page: Path | None  # None: it could not be written


@dataclass(frozen=True, slots=True)
class Reports:
    """A folder that takes reports. Nothing in it is ever removed, and no file of others is written over."""

    folder: Path

    @classmethod
    def check(cls, named: Path) -> Reports:
        """The folder, made if need be. Raises OutputUnusable and OutputExists: better now than after the night."""
        folder = named.expanduser().absolute()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputUnusable(path=shown(folder), detail=error.strerror or error) from error
        made = cls(folder)
        made._outputs("latest")
        return made

    def write(self, catalogue: Catalogue, locations: Locations, roots: list[Path], night: Night) -> Told:
        """What can be told now that the run is over, as a page and as JSON. Raises OutputUnusable.

        A run that moved photos, or was held back, keeps a report of its own under the time at which it was made.
        """
        from albumclean.report import page
        from albumclean.report.document import Document
        from albumclean.report.gallery import Gallery
        from albumclean.unattended.line import line_of, report_of

        made_at = time.time()
        gallery = Gallery(_PHOTOS)
        html, json_ = self._outputs("latest")
        with json_.opened() as file:
            document = Document(file)
            summary = heard(catalogue, roots, [gallery.hear, document.hear])
            report = report_of(night, line_of(night, summary, where=place_of(catalogue.settings)))
            document.finish(summary, made_at=made_at, folders=roots, night=report)
        with html.opened() as file, thumbnails(locations, catalogue.settings) as thumbnail:
            for piece in page.render(
                summary, gallery.sections(), thumbnail, made_at=made_at, folders=roots, night=report
            ):
                file.write(piece.encode())
        if not (night.moved or night.held_back):
            return Told(report, html.path)
        own = self._outputs(time.strftime("%Y-%m-%d-%H%M%S", time.localtime(made_at)))
        for latest, kept in zip((html, json_), own, strict=True):
            kept.write(latest.path.read_bytes())
        return Told(report, own[0].path)

    def _outputs(self, name: str) -> tuple[Output, Output]:
        from albumclean.report import document, page

        html = Output.at(self.folder / f"{name}.html", page.MARK)
        json_ = Output.at(self.folder / f"{name}.json", document.MARK)
        return html, json_
