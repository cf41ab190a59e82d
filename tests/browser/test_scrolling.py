"""Thousands of questions cost no more than the few that are seen."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import Start

MOST_CARDS = 250  # in the page at a time
MOST_LOADED = 0.5  # of all questions, after a visit to the middle and the end

# A filter is set, and before its answer comes the grid comes to rest far down in the list of before.
_FILTER_WHILE_SCROLLED = """async () => {
    const { questions } = await import("/static/questions.js");
    const renewed = questions.reset({ ...questions.query, kind: "derived" });
    questions.need(1200, 1260);
    await renewed;
    return questions.total;
}"""


def test_scrolling_through_2000_photos_never_loads_all(start: Start) -> None:
    page = start()
    few = int(page.at("grid").get_attribute("data-total") or 0)
    page.at("below").fill("1")
    page.page.wait_for_function(
        """few => Number(document.querySelector('[data-testid="grid"]').dataset.total) > few""", arg=few
    )
    page.quiet()
    total = int(page.at("grid").get_attribute("data-total") or 0)
    page.requests.clear()
    page.cards().first.focus()
    page.press("End")
    expect(page.page.locator(f'[data-testid="card"][data-index="{total - 1}"]')).to_be_visible()
    page.page.mouse.move(800, 500)
    for _ in range(20):
        page.page.mouse.wheel(0, -600)
    page.press("Home")
    expect(page.page.locator('[data-testid="card"][data-index="0"]')).to_be_visible()
    page.quiet()
    loaded = sum(int(re.findall(r"limit=(\d+)", request.url)[0]) for request in page.asked_for(r"/api/questions\?"))
    assert loaded <= MOST_LOADED * total
    assert len(page.asked_for("/thumb")) <= MOST_LOADED * total
    assert page.cards().count() <= MOST_CARDS


def test_thumbnails_still_come_after_many_cards_came_and_went(start: Start) -> None:
    page = start()
    page.at("below").fill("1")
    page.quiet()
    for order in ("desc", "asc") * 4:  # each puts other cards in place of those whose pictures are on their way
        page.at("order").select_option(order)
    page.quiet()
    page.page.wait_for_function(
        """() => {
            const seen = [...document.querySelectorAll('[data-testid="card"] img')].filter((image) => {
                const box = image.getBoundingClientRect();
                return box.bottom > 0 && box.top < innerHeight;
            });
            return seen.length > 5 && seen.every((image) => image.src && image.complete && image.naturalWidth);
        }"""
    )


def test_a_filter_counts_wherever_the_grid_was_scrolled_to(start: Start) -> None:
    page = start()
    few = int(page.at("grid").get_attribute("data-total") or 0)
    page.at("below").fill("1")
    page.page.wait_for_function(
        """few => Number(document.querySelector('[data-testid="grid"]').dataset.total) > few""", arg=few
    )
    groups = page.ask("/api/overview")["kinds"]["derived"]
    assert groups == page.page.evaluate(_FILTER_WHILE_SCROLLED)
    expect(page.at("grid")).to_have_attribute("data-total", str(groups))
