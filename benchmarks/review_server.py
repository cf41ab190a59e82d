"""How quickly the review's web server answers: `python -m benchmarks.review_server [--questions N] [--rounds N]`.

The library is invented (no files, no model), the ledger is real and on a real disk, and every request goes over a real
socket on a connection that is kept, as a browser's is. Times are from the first byte sent to the last byte received.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from albumclean.domain import (
    Action,
    Asset,
    Degradation,
    FileIdentity,
    GroupKind,
    Photo,
    PhotoFacts,
    Proposal,
    Reason,
    SimilarGroup,
)
from albumclean.history import History
from albumclean.review.session import ReviewSession, questions
from albumclean.review.web.reviewer import WebReviewer
from albumclean.review.web.setting import Setting
from albumclean.store.ledger import Ledger
from albumclean.store.overview import Histogram

_WARM_UP = 3
_JPEG = b"\xff\xd8" + bytes(12_000)  # as large as a thumbnail


class _Thumbnails:
    """One picture for all: what is measured is the way to it."""

    def thumbnail(self, facts: PhotoFacts) -> bytes:
        return _JPEG

    def view(self, facts: PhotoFacts) -> bytes:
        return _JPEG

    def full(self, facts: PhotoFacts) -> tuple[bytes, float]:
        return _JPEG, 1.0

    def quality_map(self, facts: PhotoFacts) -> bytes:
        return _JPEG


class Client:
    """A browser with one connection."""

    def __init__(self, port: int, address: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        _, headers, _ = self.send("GET", address.partition(str(port))[2])
        self._headers = {
            "Cookie": (headers["set-cookie"] or "").partition(";")[0],
            "Origin": f"http://127.0.0.1:{port}",
            "Content-Type": "application/json",
        }
        _, _, page = self.send("GET", "/")
        self._headers["X-Albumclean-CSRF"] = (
            page.partition(b'albumclean-csrf" content="')[2].partition(b'"')[0].decode()
        )

    def send(self, method: str, target: str, value: object = None) -> tuple[int, http.client.HTTPMessage, bytes]:
        body = None if method == "GET" else json.dumps({} if value is None else value)
        self._connection.request(method, target, body, getattr(self, "_headers", {}))
        response = self._connection.getresponse()
        return response.status, response.headers, response.read()


def proposals(count: int) -> list[Proposal]:
    """Of so many questions: 6 of 10 single photos, the others groups of two to six."""
    rng = random.Random(5)
    made: list[Proposal] = []
    for number in range(count):
        folder = Path(f"/home/ana/Pictures/{2005 + number % 20}/{number % 400:03d} some place")
        if number % 10 < 6:
            facts = _photo(rng, folder / f"IMG_{number:05d}.JPG", rng.uniform(0, 0.45))
            made.append(Proposal(facts, Action.TRASH, "low-quality", "Scored 0.21 of 1, below 0.35.", _reasons(4)))
            continue
        members = tuple(
            _photo(rng, folder / f"IMG_{number:05d}_{k}.JPG", rng.random()) for k in range(rng.randint(2, 6))
        )
        kind = (GroupKind.EXACT, GroupKind.DERIVED, GroupKind.MOMENT)[number % 3]
        group = SimilarGroup(f"{number:012x}", kind, members, "has more pixels (4000x3000 against 1280x960)")
        for rank, facts in enumerate(members):
            action = Action.TRASH if rank else Action.KEEP
            made.append(Proposal(facts, action, "keep-best", "A copy, which has less pixels.", _reasons(6), group))
    return made


def measure(client: Client, rounds: int) -> list[tuple[str, list[float]]]:
    """For each kind of request its name and times in milliseconds."""
    rng = random.Random(6)
    first = json.loads(client.send("GET", "/api/questions?limit=200")[2])
    ids = [question["id"] for question in first["questions"]]
    photo = first["questions"][0]["members"][0]["id"]
    folders = [each["id"] for each in json.loads(client.send("GET", "/api/overview")[2])["folders"]]
    total = first["total"]
    reads: dict[str, Callable[[], str]] = {
        "overview": lambda: "/api/overview",
        "progress": lambda: "/api/progress",
        "history": lambda: "/api/history",
        "one question": lambda: f"/api/questions/{rng.choice(ids)}",
        "60 questions, by rule": lambda: f"/api/questions?limit=60&offset={rng.randrange(total)}",
        "60 questions, by score, next page": lambda: (
            f"/api/questions?sort=score&limit=60&offset={rng.randrange(total)}"
        ),
        "200 questions": lambda: f"/api/questions?sort=score&limit=200&offset={rng.randrange(total - 200)}",
        "60 groups, by size": lambda: (
            f"/api/questions?kind=group&sort=size&order=desc&limit=60&below={rng.random():.4f}"
        ),
        "60 open ones below a score": lambda: (
            f"/api/questions?state=open&kind=photo&sort=score&below={rng.random():.4f}"
        ),
        "60 of a folder, by date": lambda: f"/api/questions?folder={rng.choice(folders)}&sort=date&limit=60",
        "60 by text": lambda: f"/api/questions?text=img_{rng.randrange(99):02d}&sort=name&limit=60",
        "thumbnail": lambda: f"/photo/{photo}/thumb",
    }
    answers: dict[str, Callable[[], object]] = {
        "answer to one": lambda: {"ids": [rng.choice(ids)], "verdict": rng.choice(["trash", "keep"])},
        "answer to 200": lambda: {"ids": ids, "verdict": rng.choice(["trash", "keep"])},
    }

    def reading(target: Callable[[], str]) -> list[float]:
        return _times(client, rounds, lambda: ("GET", target(), None))

    def answering(value: Callable[[], object], rounds: int = rounds) -> list[float]:
        return _times(client, rounds, lambda: ("POST", "/api/answers", value()))

    found = [(name, reading(target)) for name, target in reads.items()]
    found += [(name, answering(value)) for name, value in answers.items()]
    found.append(("undo", _times(client, rounds, lambda: ("POST", "/api/undo", {}))))
    everything = {"filter": {"kind": "photo"}, "verdict": "trash"}
    found.append(("answer to all single photos", answering(lambda: everything, 3)))
    found.append(("answer to one, after that", answering(answers["answer to one"])))
    found.append(("overview, after that", reading(reads["overview"])))
    return found


def _times(client: Client, rounds: int, request: Callable[[], tuple[str, str, object]]) -> list[float]:
    times = []
    for number in range(rounds + _WARM_UP):
        method, target, value = request()
        begun = time.perf_counter()
        status, _, body = client.send(method, target, value)
        taken = (time.perf_counter() - begun) * 1000
        if status != 200:
            raise SystemExit(f"{method} {target}: {status} {body[:200]!r}")
        if number >= _WARM_UP or rounds <= _WARM_UP:
            times.append(taken)
    return times


def _photo(rng: random.Random, path: Path, mos: float) -> PhotoFacts:
    taken = f"{2005 + rng.randrange(20)}-05-06T07:08:{rng.randrange(60):02d}" if rng.random() < 0.9 else None
    photo = Photo(rng.randbytes(32), 4000, 3000, "JPEG", taken, "Maker Model 1")
    file = FileIdentity(path, rng.randrange(10**6, 10**7), 1, rng.getrandbits(40), 1)
    return PhotoFacts(Asset(file), photo, mos, {kind: rng.random() for kind in Degradation})


def _reasons(count: int) -> tuple[Reason, ...]:
    return tuple(Reason("mos", 0.2, 0.35, "has more pixels (4000x3000 against 1280x960)", 1.0) for _ in range(count))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--questions", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=100)
    chosen = parser.parse_args(arguments)
    console = Console()
    results: list[tuple[str, list[float]]] = []
    clients: list[threading.Thread] = []
    asked = questions(proposals(chosen.questions))
    photos = [facts for question in asked for facts in question.members]
    console.print(f"{len(asked):,} questions about {len(photos):,} photos")

    def drive(address: str) -> None:
        def run() -> None:
            client = Client(reviewer.port, address)
            results.extend(measure(client, chosen.rounds))
            client.send("POST", "/api/end")

        clients.append(threading.Thread(target=run))
        clients[0].start()

    with tempfile.TemporaryDirectory() as folder, Ledger.open(Path(folder) / "ledger.sqlite") as ledger:
        histogram = Histogram((len(photos) // 100,) * 100, (len(photos) * 10_000,) * 100)
        setting = Setting(len(photos), histogram, History(ledger), 0.35, lambda below: asked)
        begun = time.perf_counter()
        session = ReviewSession(asked, ledger)
        with WebReviewer(setting, _Thumbnails(), announce=drive, idle=30) as reviewer:
            console.print(f"ready after {(time.perf_counter() - begun) * 1000:.0f} ms")
            reviewer.review(session)
            clients[0].join()
    table = Table("request", "median", "p95", "slowest", title="milliseconds")
    for name, times in results:
        p95 = statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]
        table.add_row(name, *(f"{value:.1f}" for value in (statistics.median(times), p95, max(times))))
    console.print(table)


if __name__ == "__main__":
    main()
