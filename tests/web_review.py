"""A whole review on a real socket, with real files, a real ledger and a real trash: the tests are its browser."""

from __future__ import annotations

import http.client
import json
import re
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from albumclean.catalogue import Catalogue
from albumclean.config import Settings
from albumclean.domain import Asset, Degradation, Photo, PhotoFacts, PhotoKind, Proposal
from albumclean.errors import ReadError
from albumclean.history import History
from albumclean.review.course import Course, conduct
from albumclean.review.session import Question, ReviewSession, questions
from albumclean.review.web.reviewer import IDLE, WebReviewer
from albumclean.review.web.setting import Setting
from albumclean.store.cache import Cache
from albumclean.store.ledger import Ledger
from albumclean.store.overview import Histogram
from tests.facts import group_of, low_quality
from tests.trash_helpers import digest, identity, write

JPEG = b"\xff\xd8 a picture of "


class FakePictures:
    """Says which photo it was asked for; `before` runs first, for tests that need one that takes long."""

    def __init__(self, before: Callable[[PhotoFacts], None] = lambda _: None) -> None:
        self._before = before
        self.made = 0

    def thumbnail(self, facts: PhotoFacts) -> bytes:
        self.made += 1
        self._before(facts)
        if not facts.path.exists():
            raise ReadError(path=facts.path, detail="it is not there any more")
        return JPEG + facts.path.name.encode("utf-8", "surrogateescape")

    def view(self, facts: PhotoFacts) -> bytes:
        return self.thumbnail(facts) + b" view"

    def full(self, facts: PhotoFacts) -> tuple[bytes, float]:
        return self.thumbnail(facts) + b" full", 0.5

    def quality_map(self, facts: PhotoFacts) -> bytes:
        return b"\x89PNG " + self.thumbnail(facts)


def photo_on_disk(path: Path, *, mos: float = 0.2, taken_at: str | None = None) -> PhotoFacts:
    """The facts of a file that is written here."""
    write(path)
    seen = Photo(digest(path), 400, 300, "JPEG", taken_at, "Maker Model 1")
    return PhotoFacts(Asset(identity(path)), seen, mos, {Degradation.DEFOCUS: 0.8}, kind=PhotoKind.PHOTO)


def some_proposals(album: Path) -> list[Proposal]:
    """Two groups of three and two photos, then four single photos that score 0.1, 0.2, 0.3 and 0.4."""
    first = [
        photo_on_disk(album / f"trip/a{n}.jpg", mos=0.9 - n / 10, taken_at="2019-05-06T07:08:09") for n in range(3)
    ]
    second = [photo_on_disk(album / f"trip/b{n}.jpg", mos=0.7, taken_at="2021-05-06T07:08:09") for n in range(2)]
    single = [photo_on_disk(album / f"home/c{n}.jpg", mos=n / 10) for n in range(1, 5)]
    return [*group_of(*first), *group_of(*second), *map(low_quality, single)]


def histogram_of(photos: Sequence[PhotoFacts], bins: int = 100) -> Histogram:
    """What the cache would say of their scores."""
    counts, sizes = [0] * bins, [0] * bins
    for facts in photos:
        if facts.mos is not None:
            place = min(int(facts.mos * bins), bins - 1)
            counts[place] += 1
            sizes[place] += facts.asset.size
    return Histogram(tuple(counts), tuple(sizes))


@dataclass(frozen=True)
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Browser:
    """What a browser sends; each part can be left out or replaced."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.host = f"127.0.0.1:{port}"
        self.cookie = ""
        self.csrf = ""

    def send(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Reply:
        """Exactly this; Host only, where `headers` has none."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            sent = {"Host": self.host, **(headers or {})}
            if body is not None and "Content-Length" not in sent:
                sent["Content-Length"] = str(len(body))
            for name, value in sent.items():
                if value:
                    connection.putheader(name, value)
            with suppress(BrokenPipeError, ConnectionResetError):  # refused while it still sends: the answer is there
                connection.endheaders(body)
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, target: str, **changed: str) -> Reply:
        return self.send("GET", target, {"Cookie": self.cookie, **_headers(changed)})

    def post(self, target: str, value: object = None, **changed: str) -> Reply:
        headers = {
            "Cookie": self.cookie,
            "Origin": f"http://{self.host}",
            "Sec-Fetch-Site": "same-origin",
            "X-Albumclean-CSRF": self.csrf,
            "Content-Type": "application/json",
            **_headers(changed),
        }
        return self.send("POST", target, headers, json.dumps({} if value is None else value).encode())

    def enter(self, address: str) -> Reply:
        reply = self.get(address.partition(self.host)[2])
        if reply.status == 303:
            self.cookie = (reply.headers["set-cookie"] or "").partition(";")[0]
            found = re.search(rb'name="albumclean-csrf" content="([^"]+)"', self.get("/").body)
            self.csrf = found.group(1).decode() if found else ""
        return reply

    def raw(self, data: bytes) -> bytes:
        """Everything that the server says to these bytes until it closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65536), b""))


def _headers(changed: Mapping[str, str]) -> dict[str, str]:
    names = {"csrf": "X-Albumclean-CSRF"}
    return {names.get(name, name.replace("_", "-").title()): value for name, value in changed.items()}


@dataclass
class Running:
    """A review under way."""

    browser: Browser
    address: str
    reviewer: WebReviewer
    album: Path
    ledger: Path
    thread: threading.Thread
    results: list[Course | BaseException]

    def result(self) -> Course:
        """How it ended; waits for that."""
        self.thread.join(20)
        assert not self.thread.is_alive(), "the review goes on"
        (found,) = self.results
        assert isinstance(found, Course), found
        return found

    def end(self) -> None:
        """End it as the page's button does."""
        if not self.browser.cookie:
            self.browser.enter(self.address)
        with suppress(OSError):  # it may have ended by itself
            while self.thread.is_alive() and 409 == self.browser.post("/api/end").status:
                self.thread.join(0.05)  # photos are being moved
        self.thread.join(20)
        assert not self.thread.is_alive(), "the review did not end"

    def ledger_rows(self) -> list[str]:
        """Everything that the ledger knows."""
        with sqlite3.connect(f"file:{self.ledger}?mode=ro", uri=True) as connection:
            rows = list(connection.iterdump())
        connection.close()
        return rows


@contextmanager
def review(
    album: Path,
    home: Path,
    *,
    proposals: Sequence[Proposal] | None = None,
    pictures: FakePictures | None = None,
    quarantine: Path | None = None,
    idle: float = IDLE,
    enter: bool = True,
    conducted: Callable[..., Course] = conduct,
) -> Iterator[Running]:
    """A review of `some_proposals`, moving to `quarantine` (default: a folder in `home`)."""
    asked = questions(some_proposals(album) if proposals is None else proposals)
    photos = [facts for question in asked for facts in question.members]
    place = quarantine or home / "quarantine"
    started = threading.Event()
    results: list[Course | BaseException] = []
    opened: list[tuple[WebReviewer, str]] = []

    def repropose(below: float) -> list[Question]:
        return [q for q in asked if q.group is not None or (q.members[0].mos or 0.0) < below]

    def own() -> None:
        try:
            with Ledger.open(home / "ledger.sqlite") as ledger, Cache.open(home / "cache.sqlite") as cache:
                setting = Setting(
                    len(photos),
                    histogram_of(photos),
                    History(ledger),
                    0.5,
                    repropose,
                    place,
                    lambda: ("One note.",),
                    lambda: f"{len(asked)} of more",
                    "Album",
                )
                session = ReviewSession(asked, ledger, ledger.pending())
                with WebReviewer(
                    setting, pictures or FakePictures(), announce=lambda it: tell(reviewer, it), idle=idle
                ) as reviewer:
                    results.append(conducted(reviewer, session, Catalogue(cache, ledger, Settings()), place))
        except BaseException as error:
            results.append(error)
        finally:
            started.set()

    def tell(reviewer: WebReviewer, address: str) -> None:
        opened.append((reviewer, address))
        started.set()

    thread = threading.Thread(target=own, daemon=True)
    thread.start()
    assert started.wait(20)
    if not opened:
        thread.join(20)
        raise AssertionError(results)
    reviewer, address = opened[0]
    browser = Browser(reviewer.port)
    running = Running(browser, address, reviewer, album, home / "ledger.sqlite", thread, results)
    try:
        if enter:
            assert 303 == browser.enter(address).status
        yield running
    finally:
        running.end()
