"""A report as one HTML file that needs nothing else: pictures and styles are in it, and there is no script.

Every text goes through Jinja's autoescaping, names of files through `words.shown` before. The page forbids the browser
to fetch anything (Content-Security-Policy), so that not even a name that got through could call home.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from albumclean.domain import Action, PhotoFacts, Proposal
from albumclean.report.charts import HEIGHT, WIDTH, Bar, score_bars, share, year_bars
from albumclean.report.gallery import Entry, Section, content_of
from albumclean.report.night import NightReport
from albumclean.report.summary import Line, Summary, largest
from albumclean.words import counted, file_size, shown

MARK = b"made by albumclean report"  # near the beginning of every page, so that a later run may write over it

_LINES = 12  # cameras and folders named, the others are summed up
_FAILURES = 200  # named
_BADGES = {Action.KEEP: "stays", Action.REVIEW: "look first", Action.TRASH: "could go"}

Thumbnail = Callable[[PhotoFacts], bytes | None]


@dataclass(frozen=True, slots=True)
class Card:
    """One photo as the page shows it."""

    name: str
    folder: str
    picture: str | None  # a data: address
    instead: str  # why there is no picture
    badge: str
    action: Action
    score: str | None
    facts: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Row:
    """One lying bar."""

    name: str
    photos: int
    going: int
    doubtful: int
    bytes: str
    length: float  # of the bar, in per cent
    doubtful_length: float


def render(
    summary: Summary,
    sections: Sequence[Section],
    thumbnail: Thumbnail,
    *,
    made_at: float,
    folders: Sequence[Path] = (),
    night: NightReport | None = None,
) -> Iterator[str]:
    """The page piece by piece, so that no more than a few pictures are in memory at once.

    `thumbnail` gives a JPEG of a photo, or None where there is none; `folders`: what the report is restricted to;
    `night`: the unattended run that it is about.
    """
    environment = Environment(
        loader=PackageLoader("albumclean.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"shown": shown, "size": file_size, "count": "{:,}".format}
    styles = environment.get_template("report.css").render()
    policy = base64.b64encode(sha256(styles.encode()).digest()).decode()
    return environment.get_template(
        "report.html.j2"
    ).generate(
        mark=MARK.decode(),
        styles=Markup(styles),  # noqa: S704 - our own file
        policy=f"default-src 'none'; img-src data:; style-src 'sha256-{policy}'; base-uri 'none'; form-action 'none'",
        summary=summary,
        counted=counted,
        made=_when(made_at),
        scanned=_when(summary.last_scan) if summary.last_scan else None,
        folders=[shown(folder) for folder in folders],
        width=WIDTH,
        height=HEIGHT,
        scores=score_bars(summary.scores, summary.scores_proposed),
        years=year_bars(summary.years),
        undated=summary.years[None],
        causes=[(cause, line, row) for (cause, line), row in zip(summary.by_cause, _cause_rows(summary), strict=True)],
        cameras=_rows(largest(summary.cameras, _LINES), "not known"),
        more_cameras=max(0, len(summary.cameras) - _LINES),
        where=_rows(largest(summary.folders, _LINES), ""),
        more_folders=max(0, len(summary.folders) - _LINES),
        sections=((section, _cards(section, thumbnail)) for section in sections),
        failures=summary.failures[:_FAILURES],
        more_failures=max(0, len(summary.failures) - _FAILURES),
        stale=sorted(summary.stale)[:_FAILURES],
        highest=_highest,
        night=night,
    )


def _cards(section: Section, thumbnail: Thumbnail) -> Iterator[tuple[Entry, Iterator[Card]]]:
    for entry in section.entries:
        yield entry, _entry_cards(entry, thumbnail)


def _entry_cards(entry: Entry, thumbnail: Thumbnail) -> Iterator[Card]:
    seen: set[bytes] = set()
    for proposal in entry.proposals:
        picture, instead = None, "the same bytes"
        if (content := content_of(proposal.facts)) not in seen:
            seen.add(content)
            jpeg = thumbnail(proposal.facts)
            instead = "no picture"
            picture = f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}" if jpeg else None
        yield _card(proposal, picture, instead)


def _card(proposal: Proposal, picture: str | None, instead: str) -> Card:
    facts, photo = proposal.facts, proposal.facts.photo
    known = [file_size(facts.asset.size)]
    if photo is not None:
        known.insert(0, f"{photo.width} x {photo.height}")
        known += [each for each in (photo.taken_at and photo.taken_at[:16].replace("T", " "), photo.camera) if each]
    if facts.aesthetic is not None:
        known.append(f"beauty {facts.aesthetic:.2f} of 1")
    return Card(
        name=shown(facts.path.name),
        folder=shown(facts.path.parent),
        picture=picture,
        instead=instead,
        badge=_BADGES[proposal.action],
        action=proposal.action,
        score=None if facts.mos is None else f"{facts.mos:.2f}",
        facts=", ".join(map(shown, known)),
        sentence=shown(proposal.sentence),
    )


def _cause_rows(summary: Summary) -> list[Row]:
    return _rows([(cause.title, line) for cause, line in summary.by_cause], "")


def _rows(lines: Sequence[tuple[Path | str | None, Line]], unnamed: str) -> list[Row]:
    longest = max((line.going.photos + line.doubtful.photos for _, line in lines), default=0)
    return [
        Row(
            name=shown(name) if name is not None else unnamed,
            photos=line.known.photos,
            going=line.going.photos,
            doubtful=line.doubtful.photos,
            bytes=file_size(line.going.bytes) if line.going.photos else "",
            length=share(line.going.photos, longest),
            doubtful_length=share(line.doubtful.photos, longest),
        )
        for name, line in lines
    ]


def _highest(bars: Sequence[Bar]) -> int:
    return max((bar.photos for bar in bars), default=0)


def _when(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))
