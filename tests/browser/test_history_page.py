"""The page's history: one file, one group or one run comes back."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.choices import files_of
from tests.browser.conftest import Start
from tests.browser.libraries import Album
from tests.browser.pages import Json, ReviewPage


def _moved(page: ReviewPage) -> list[Json]:
    """Move the first single photos and a group; the photos that went."""
    group = next(q for q in page.questions(kind="derived") if len(q["members"]) >= 3)
    photos = page.questions(kind="photo", sort="name", order="asc")[:2]
    for question in (group, *photos):
        page.radio("filter-kind", question["kind"]).check()
        page.at("sort").select_option("name")
        page.quiet()
        page.reveal(question["id"]).click()
        page.see("detail")
        page.press("t", "Escape")
        page.see("grid")
    going = {photo for q in page.questions(state="trash") for photo in q["answer"]["going"]}
    chosen = [m for q in (group, *photos) for m in q["members"] if m["id"] in going]
    page.at("finish-open").click()
    page.at("plan-move").click()
    expect(page.at("result")).to_be_visible(timeout=30_000)
    page.at("result-history").click()
    page.see("history")
    return chosen


@pytest.mark.parametrize("what", ["file", "group", "run"])
def test_the_history_brings_back(start: Start, library: Album, what: str) -> None:
    page = start()
    chosen = _moved(page)
    everything = set().union(*map(files_of, chosen))
    assert everything == library.gone()
    history = page.at("history")
    expect(history.get_by_test_id("history-item")).to_have_count(len(chosen))
    button = {"file": "history-item-undo", "group": "history-group-undo", "run": "run-undo"}[what]
    history.get_by_test_id(button).first.click()
    if what == "run":
        page.at("dialog-ok").click()
    restored = history.locator('[data-testid="history-item"][data-state="restored"]')
    expect(restored.first).to_be_visible(timeout=30_000)
    page.quiet()
    back = everything - library.gone()
    groups = {m["group"] for m in chosen if m["group"]}
    if what == "file":
        assert any(files_of(photo) == back for photo in chosen)
    elif what == "group":
        assert any(
            set().union(*(files_of(m) for m in chosen if m["group"] == group)) == back for group in (*groups, None)
        )
    else:
        assert everything == back
