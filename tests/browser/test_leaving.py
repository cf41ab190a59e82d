"""A review that ends in the middle goes on where it was, and a file that changed meanwhile is left alone and named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.choices import files_of, path_of
from tests.browser.conftest import Start
from tests.browser.libraries import Album
from tests.browser.pages import Json, ReviewPage


def _answer_photos(page: ReviewPage, keys: str) -> list[Json]:
    page.radio("filter-kind", "photo").check()
    page.at("sort").select_option("name")
    asked = page.ask("/api/questions", kind="photo", sort="name", order="asc", limit=len(keys))["questions"]
    for question, key in zip(asked, keys, strict=True):
        page.reveal(question["id"]).focus()
        page.press(key)
        expect(page.card(question["id"])).not_to_have_attribute("data-verdict", "")
    return [question["members"][0] for question in asked]


def test_a_closed_tab_can_be_opened_again(start: Start) -> None:
    page = start()
    _answer_photos(page, "ttk")
    page.page.close()
    again = ReviewPage(page.context, page.review).open(page.review.base)
    expect(again.at("answered")).to_have_attribute("data-answered", "3")
    expect(again.at("total")).to_have_attribute("data-photos", "2")


@pytest.mark.parametrize("killed", [False, True])
def test_a_review_that_ended_goes_on_in_the_next_one(start: Start, library: Album, killed: bool) -> None:
    page = start()
    before = page.ask("/api/overview")["total"]
    photos = _answer_photos(page, "tktk")
    if killed:
        page.review.process.kill()
    page.review.stop()
    again = start()
    assert before - 2 == again.ask("/api/overview")["total"]  # those kept are never proposed again
    expect(again.at("total")).to_have_attribute("data-photos", "2")
    chosen = {m["path"] for q in again.questions(state="trash") for m in q["members"]}
    assert {photos[0]["path"], photos[2]["path"]} == chosen
    assert set() == library.gone()


def test_what_changed_vanished_or_became_unreadable_stays_and_is_named(start: Start, library: Album) -> None:
    page = start()
    changed, vanished, unreadable, untouched = photos = _answer_photos(page, "tttt")
    page.press("Shift+Enter")
    page.see("finish")
    data = path_of(changed).read_bytes()
    _rewrite(path_of(changed), data[:-1] + bytes([data[-1] ^ 1]))
    path_of(vanished).unlink()
    _make_unreadable(path_of(unreadable))
    page.tab_to("plan-move")
    page.press("Enter")
    expect(page.at("result")).to_be_visible(timeout=30_000)
    problems = page.at("result-problems").inner_text()
    for photo in photos[:3]:
        assert " ".join(photo["name"].split()) in problems
    assert " ".join(untouched["name"].split()) not in problems
    assert not path_of(untouched).exists()
    assert path_of(changed).exists()
    assert path_of(unreadable).exists()
    page.tab_to("result-end")
    page.press("Enter")
    assert 1 == page.review.end()
    # A real photo is a hard link to one that other tests use too.
    _rewrite(path_of(changed), data)
    path_of(unreadable).chmod(0o755)
    assert {*files_of(vanished), *files_of(unreadable), *files_of(untouched)} >= library.gone()


def _rewrite(path: Path, data: bytes) -> None:
    """The same file with the same size and time: only its content tells."""
    seen = path.stat()
    with path.open("r+b") as file:
        file.write(data)
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))


def _make_unreadable(path: Path) -> None:
    if os.geteuid() == 0:  # who may read everything but a folder
        path.unlink()
        path.mkdir()
    else:
        path.chmod(0)
