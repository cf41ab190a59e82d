"""The review's page as a person finds it: what can be seen, pressed, clicked and touched there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Locator, Request, expect

from tests.browser.program import Review

Json = dict[str, Any]

_PAGE = 200  # questions that the server gives at once
_MANY_TABS = 400
_CALM = 150  # milliseconds; while the grid races by, it does not ask for what it passes
_MANY_TURNS = 200  # of the mouse's wheel

_WHOLLY_SEEN = """cards => cards.some((card) => {
    const box = card.getBoundingClientRect();
    return box.top >= 0 && box.bottom <= innerHeight;
})"""


class ReviewPage:
    """One tab with the review in it."""

    def __init__(self, context: BrowserContext, review: Review) -> None:
        self.review = review
        self.context = context
        self.page = context.new_page()
        self.requests: list[Request] = []
        self.trouble: list[str] = []
        self.page.on("request", self._note)
        self.page.on("pageerror", lambda error: self.trouble.append(str(error)))
        self.page.on("console", self._heard)
        self.page.on("dialog", self._unwanted)

    def _note(self, request: Request) -> None:
        self.requests.append(request)

    def _heard(self, line: ConsoleMessage) -> None:
        url = line.location.get("url", "")
        # A photo that has moved has no picture any more, but for a thumbnail in the store; nor has one of a review that
        # has ended.
        if line.type == "error" and "/photo/" not in url:
            self.trouble.append(f"{line.text} ({url})")

    def _unwanted(self, dialog: Dialog) -> None:
        self.trouble.append(f"a dialog of the browser's own: {dialog.message}")
        dialog.dismiss()

    def open(self, address: str | None = None) -> ReviewPage:
        """Come in by the one-time address, or to another."""
        self.page.goto(address or self.review.address)
        self.quiet()
        return self

    def at(self, testid: str) -> Locator:
        """The elements of a kind."""
        return self.page.get_by_test_id(testid)

    def press(self, *keys: str) -> None:
        """One after the other; each when the page has dealt with the one before."""
        for key in keys:
            self.page.keyboard.press(key)
            self.quiet()

    def quiet(self) -> None:
        """Wait until nothing is on its way to the server."""
        self.page.wait_for_function("() => document.documentElement.dataset.pending === '0'", polling=10)

    def see(self, view: str) -> None:
        """Wait until the page shows this view."""
        expect(self.page.locator(f'body[data-view="{view}"]')).to_be_attached(timeout=30_000)

    @property
    def view(self) -> str:
        """Where one is."""
        return self.page.locator("body").get_attribute("data-view") or ""

    # --- what the server says, asked beside the page ----------------------------------------------------------------

    def ask(self, path: str, **query: str | int | float) -> Json:
        """A GET with this browser's cookie."""
        answer = self.context.request.get(f"{self.review.base}{path}?{urlencode(query)}")
        assert 200 == answer.status, f"{path}: {answer.status} {answer.text()}"
        found: Json = answer.json()
        return found

    def questions(self, **query: str | int | float) -> list[Json]:
        """All of them, in the order that the page begins with."""
        query = {"sort": "score", "order": "asc", **query}
        found: list[Json] = []
        while True:
            part = self.ask("/api/questions", offset=len(found), limit=_PAGE, **query)
            found += part["questions"]
            if len(found) >= part["total"]:
                return found

    def chosen(self) -> tuple[int, int]:
        """(photos, bytes) by the counter in the header."""
        total = self.at("total")
        return int(total.get_attribute("data-photos") or 0), int(total.get_attribute("data-bytes") or 0)

    # --- the grid -----------------------------------------------------------------------------------------------------

    def cards(self) -> Locator:
        """Those that are there: a part of all."""
        return self.at("card")

    def card(self, question: int) -> Locator:
        """By the question's id."""
        return self.page.locator(f'[data-testid="card"][data-id="{question}"]')

    def reveal(self, question: int) -> Locator:
        """Scroll to its card, from the top down."""
        card = self.card(question)
        expect(self.at("grid")).not_to_have_class(re.compile(r"\bis-waiting\b"))  # for the list of another filter
        self.at("grid").hover(position={"x": 5, "y": 5}, force=True)
        self.page.mouse.wheel(0, -1_000_000)
        for _ in range(_MANY_TURNS):
            # At one go: while the grid scrolls, a card can go between two questions about it.
            if card.evaluate_all(_WHOLLY_SEEN):
                return card
            self.page.mouse.wheel(0, 300)
            self.page.wait_for_timeout(_CALM)
        raise AssertionError(f"question {question} is nowhere in the grid")

    def radio(self, group: str, value: str) -> Locator:
        """A choice of a filter."""
        return self.at(group).locator(f'input[value="{value}"]')

    # --- one question -------------------------------------------------------------------------------------------------

    def question(self) -> int:
        """The id of the one that is shown."""
        return int(self.at("detail").get_attribute("data-id") or -1)

    def panes(self) -> list[tuple[int, bool]]:
        """(photo's id, whether it goes) of each member."""
        state = self.at("pane").evaluate_all("panes => panes.map(p => [p.dataset.id, p.dataset.going])")
        return [(int(photo), going == "true") for photo, going in state]

    def leave(self, question: int) -> None:
        """Wait until this question is shown no more."""
        self.page.wait_for_function(
            """id => document.body.dataset.view !== 'detail'
                || document.querySelector('[data-testid="detail"]')?.dataset.id !== String(id)""",
            arg=question,
            polling=10,
        )
        self.quiet()

    def zoom(self) -> list[float]:
        """Of each pane, 1 for one pixel of the photo on one of the page."""
        return [float(value) for value in self.at("pane").evaluate_all("panes => panes.map(p => p.dataset.zoom)")]

    # --- the end ------------------------------------------------------------------------------------------------------

    def plan(self) -> tuple[int, int]:
        """(photos, bytes) by the last page."""
        summary = self.at("plan-summary")
        return int(summary.get_attribute("data-photos") or 0), int(summary.get_attribute("data-bytes") or 0)

    def tab_to(self, testid: str) -> None:
        """Go there with the Tab key alone, as without a mouse."""
        focused = "() => document.activeElement?.dataset?.testid ?? ''"
        for _ in range(_MANY_TABS):
            if self.page.evaluate(focused) == testid:
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"the Tab key never reaches {testid}")

    def asked_for(self, path: str) -> list[Request]:
        """The requests of the page itself whose path matches."""
        return [request for request in self.requests if re.search(path, request.url)]


def members(questions: list[Json]) -> Iterator[tuple[int, Json]]:
    """Every photo of the questions, by id."""
    for question in questions:
        for member in question["members"]:
            yield member["id"], member
