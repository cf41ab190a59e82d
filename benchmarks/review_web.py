"""How quick the review's page is with 20,000 proposals: `python -m benchmarks.review_web [--proposals N] [--work DIR]`.

A library made by `benchmarks.review_library` is reviewed by the real program in headless Chromium. All times are taken
inside the page, by the browser's own clock, to the end of the frame that shows the change; a page of 20 thumbnails and
nothing else, opened in the same run, is what the machine can do at best.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ViewportSize, sync_playwright
from rich.console import Console
from rich.table import Table

from benchmarks import review_library
from benchmarks.common import fresh
from benchmarks.review_watch import JUMP, KEY_WATCH, PAINT_WATCH
from benchmarks.static_page import serve
from tests.browser.program import Review
from tests.tools import browser

PAINT_BAR, KEY_BAR, LOADED_BAR = 1000.0, 100.0, 0.25  # milliseconds, milliseconds, share of all questions
_OPENINGS, _PRESSES = 7, 40
_STATIC_THUMBNAILS = 20
_WINDOW = ViewportSize(width=1440, height=900)


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def p95(self) -> float:
        return sorted(self.values)[max(0, round(0.95 * len(self.values)) - 1)]

    def json(self) -> dict[str, float | int]:
        return {"median_ms": round(self.median, 1), "p95_ms": round(self.p95, 1), "n": len(self.values)}


@dataclass(frozen=True, slots=True)
class Place:
    """After a jump within the grid."""

    thumbnails: float  # milliseconds until all that are seen are there
    cards: int
    elements: int
    heap: float  # MB
    loaded: int  # questions asked for since the page was opened

    def json(self) -> dict[str, float | int]:
        return {
            "thumbnails_ms": round(self.thumbnails, 1),
            "cards": self.cards,
            "elements": self.elements,
            "js_heap_mb": round(self.heap, 1),
            "questions_loaded": self.loaded,
        }


class Visit:
    """A tab with the review in it."""

    def __init__(self, context: BrowserContext, base: str) -> None:
        self.page = context.new_page()
        self.loaded = 0
        self.page.on("response", lambda response: self._count(response.url))
        self.page.goto(base)
        self.page.wait_for_function("() => window.__paint.all !== null", timeout=60_000)

    def _count(self, url: str) -> None:
        if "/api/questions?" in url:
            self.loaded += int(url.partition("limit=")[2].partition("&")[0] or 0)

    def quiet(self) -> None:
        self.page.wait_for_function("() => document.documentElement.dataset.pending === '0'", polling=10)

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.page.wait_for_function("() => !window.__keys.pending", polling=10)
        self.quiet()

    def times(self, keys: Sequence[str], prepare: Callable[[], None] | None = None) -> Times:
        """Of each press of the keys, which go round; `prepare` comes before each and is not counted."""
        found: list[float] = []
        for turn in range(_PRESSES):
            if prepare is not None:
                prepare()
            self.page.evaluate("() => { window.__keys.times = []; }")
            self.press(keys[turn % len(keys)])
            found += self.page.evaluate("() => window.__keys.times")
        if len(found) < _PRESSES / 2:
            sys.exit(
                f"only {len(found)} of {_PRESSES} presses of {keys} changed anything: the measurement means nothing"
            )
        return Times(tuple(found))

    def jump(self, share: float) -> Place:
        """Scroll to a place between 0 and 1 and wait for its thumbnails."""
        taken = self.page.evaluate(JUMP, share)
        elements = self.page.evaluate("() => document.getElementsByTagName('*').length")
        session = self.page.context.new_cdp_session(self.page)
        session.send("Performance.enable")
        session.send("HeapProfiler.collectGarbage")
        metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
        session.detach()
        cards = self.page.get_by_test_id("card").count()
        return Place(taken, cards, elements, metrics["JSHeapUsedSize"] / 1e6, self.loaded)


def measure(chromium: Browser, review: Review, total: int) -> dict[str, Any]:
    """All numbers of one run."""
    first = chromium.new_context(viewport=_WINDOW)
    first.add_init_script(f"({PAINT_WATCH})()")
    first.add_init_script(f"({KEY_WATCH})()")
    entrance = Visit(first, review.address)
    paints = [entrance.page.evaluate("() => window.__paint")]
    state = first.storage_state()
    for _ in range(_OPENINGS - 1):  # each with an empty cache
        context = chromium.new_context(viewport=_WINDOW, storage_state=state)
        context.add_init_script(f"({PAINT_WATCH})()")
        paints.append(Visit(context, review.base).page.evaluate("() => window.__paint"))
        context.close()
    static = _static_paints(chromium, review, first)
    keys = _keys(entrance)
    entrance.page.close()
    visit = Visit(first, review.base)
    places = {"start": visit.jump(0.0), "middle": visit.jump(0.5), "end": visit.jump(1.0)}
    first.close()
    return {
        "proposals": total,
        "first_thumbnail": Times(tuple(paint["first"] for paint in paints)).json(),
        "first_window": Times(tuple(paint["all"] for paint in paints)).json(),
        "static_page": static.json(),
        "keys": {name: times.json() for name, times in keys.items()},
        "all_keys": Times(tuple(value for times in keys.values() for value in times.values)).json(),
        "scroll": {name: place.json() for name, place in places.items()},
    }


def _keys(visit: Visit) -> dict[str, Times]:
    page = visit.page
    page.get_by_test_id("card").first.focus()
    found = {
        "arrows": visit.times(("ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft", "ArrowDown")),
        "t": visit.times("t", lambda: visit.press("ArrowRight")),
        "k": visit.times("k", lambda: visit.press("ArrowRight")),
        "s": visit.times("s", lambda: visit.press("ArrowRight")),
        "u": visit.times("u"),
    }
    opened = Times(())
    closed = Times(())
    for _ in range(_PRESSES // 4):
        opened = Times(opened.values + _once(visit, "Enter"))
        closed = Times(closed.values + _once(visit, "Escape"))
        visit.press("ArrowRight")
    found["Enter"], found["Esc"] = opened, closed
    page.get_by_test_id("filter-kind").locator('input[value="derived"]').check()
    visit.quiet()
    page.get_by_test_id("card").first.click()
    page.locator('body[data-view="detail"]').wait_for(state="attached")
    found["n"] = visit.times("n")
    found["t in a group"] = visit.times("t")
    return found


def _once(visit: Visit, key: str) -> tuple[float, ...]:
    visit.page.evaluate("() => { window.__keys.times = []; }")
    visit.press(key)
    return tuple(visit.page.evaluate("() => window.__keys.times"))


def _static_paints(chromium: Browser, review: Review, entered: BrowserContext) -> Times:
    """The same thumbnails on a page that is nothing but them."""
    questions = entered.request.get(f"{review.base}/api/questions?limit={_STATIC_THUMBNAILS}").json()["questions"]
    photos = [question["members"][0]["id"] for question in questions]
    pictures = [entered.request.get(f"{review.base}/photo/{photo}/thumb").body() for photo in photos]
    with serve(pictures) as address:
        found = []
        for _ in range(_OPENINGS):
            context = chromium.new_context(viewport=_WINDOW)
            context.add_init_script(f"({PAINT_WATCH})()")
            page = context.new_page()
            page.goto(address)
            page.wait_for_function("() => window.__paint.all !== null")
            found.append(page.evaluate("() => window.__paint.all"))
            context.close()
    return Times(tuple(found))


def show(found: dict[str, Any]) -> bool:
    """A table with the bars beside the numbers; whether all of them hold."""
    table = Table("what", "median", "95th", "bar", title=f"{found['proposals']:,} proposals")
    held: list[bool] = []

    def row(name: str, times: dict[str, float], bar: float | None) -> None:
        said = ""
        if bar is not None:
            held.append(times["median_ms"] < bar)
            said = f"{bar:.0f} ms, {'held' if held[-1] else 'MISSED'}"
        table.add_row(name, f"{times['median_ms']:.0f} ms", f"{times['p95_ms']:.0f} ms", said)

    row("page opened to the first thumbnail", found["first_thumbnail"], PAINT_BAR)
    row("page opened to a full window of them", found["first_window"], PAINT_BAR)
    row(f"a static page of {_STATIC_THUMBNAILS} thumbnails", found["static_page"], None)
    for name, times in found["keys"].items():
        row(f"key {name}", times, KEY_BAR)
    row("all keys", found["all_keys"], KEY_BAR)
    for name, place in found["scroll"].items():
        held.append(place["questions_loaded"] <= LOADED_BAR * found["proposals"])
        table.add_row(
            f"scrolled to the {name}: {place['cards']} cards, {place['elements']:,} elements, {place['js_heap_mb']} MB",
            f"{place['thumbnails_ms']:.0f} ms",
            "",
            f"{place['questions_loaded']:,} questions loaded, {'held' if held[-1] else 'MISSED'}",
        )
    Console(stderr=True, width=120).print(table)
    return all(held)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--proposals", type=int, default=20_000)
    parser.add_argument("--work", type=Path, help="an empty folder for the library (default: a temporary one)")
    wish = parser.parse_args()
    executable = browser()
    if executable is None:
        sys.exit("no Chromium, Chrome or Edge was found")
    groups = wish.proposals // 40
    plan = review_library.Plan(
        good=wish.proposals // 100,
        poor=wish.proposals - 3 * groups,
        exact=groups,
        derived=groups,
        moments=groups,
        drawn=300,
        group_size=review_library.SMALL,
    )
    with tempfile.TemporaryDirectory() as scratch:
        work = fresh(wish.work or Path(scratch) / "review_web")
        library = review_library.build(plan)
        library.write(work / "photos")
        library.remember(work / "photos", work / "home")
        review = Review(work / "home")
        try:
            with sync_playwright() as playwright:
                chromium = playwright.chromium.launch(
                    executable_path=executable, args=["--no-sandbox", "--disable-gpu", "--enable-precise-memory-info"]
                )
                total = plan.poor + plan.groups
                found = measure(chromium, review, total)
                chromium.close()
        finally:
            review.stop()
    print(json.dumps(found, indent=2))
    return 0 if show(found) else 1


if __name__ == "__main__":
    sys.exit(main())
