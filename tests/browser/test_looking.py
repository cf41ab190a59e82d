"""Looking closely: zoom, quality map, and names that try to be something else than text."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from benchmarks.review_library import ODD_NAMES
from tests.browser.choices import path_of
from tests.browser.conftest import Start
from tests.browser.libraries import made_only
from tests.browser.pages import ReviewPage

VIEW_SIDE = 2048  # pixels up to which a photo is served whole


def _open(page: ReviewPage, kind: str) -> None:
    page.radio("filter-kind", kind).check()
    page.quiet()
    page.cards().first.click()
    page.see("detail")


def test_100_percent_is_one_pixel_of_the_photo_on_one_of_the_screen(start: Start) -> None:
    page = start()
    large = next(q for q in page.questions() if q["members"][0]["width"] > VIEW_SIDE)
    page.radio("filter-kind", large["kind"]).check()
    page.reveal(large["id"]).click()
    page.see("detail")
    page.press("z")
    expect(page.at("zoom-level")).to_contain_text("100")
    image = page.at("pane").first.get_by_test_id("pane-image").last
    expect(image).to_have_attribute("data-level", "full")
    page.page.wait_for_function("image => image.complete && image.naturalWidth", arg=image.element_handle())
    box = image.bounding_box()
    assert box is not None
    assert large["members"][0]["width"] == image.evaluate("image => image.naturalWidth")
    assert pytest.approx(large["members"][0]["width"], rel=0.002) == box["width"]


def test_panning_one_member_pans_the_others(start: Start) -> None:
    page = start()
    _open(page, "derived")
    page.press("z")
    pane = page.at("pane").first.bounding_box()
    assert pane is not None
    places = """() => [...document.querySelectorAll('[data-testid="pane"]')].map(pane => {
        const image = pane.querySelector('[data-testid="pane-image"]').getBoundingClientRect();
        const frame = pane.getBoundingClientRect();
        return [(frame.x - image.x) / image.width, (frame.y - image.y) / image.height];
    })"""
    before = page.page.evaluate(places)
    mouse, middle = page.page.mouse, (pane["x"] + pane["width"] / 2, pane["y"] + pane["height"] / 3)
    mouse.move(*middle)
    mouse.down()
    mouse.move(middle[0] - 120, middle[1] - 80, steps=5)
    mouse.up()
    after = page.page.evaluate(places)
    moved = [(now[0] - then[0], now[1] - then[1]) for now, then in zip(after, before, strict=True)]
    assert all(x > 0.01 and y > 0.01 for x, y in moved)
    assert pytest.approx(moved[0], abs=0.02) == moved[1]  # the same part of the picture, whatever their sizes


def test_the_quality_map_is_laid_over_the_photo(start: Start) -> None:
    page = start()
    _open(page, "photo")
    with page.page.expect_response("**/photo/*/map", timeout=60_000) as answered:
        page.press("m")
    assert (200, "image/png") == (answered.value.status, answered.value.headers["content-type"])
    overlay = page.page.locator('img[src$="/map"]').first
    expect(overlay).to_be_visible()
    page.press("m")
    expect(overlay).not_to_be_visible()


def test_every_reason_and_number_of_a_photo_is_said(start: Start) -> None:
    page = start()
    photo = page.questions(kind="photo")[0]["members"][0]
    _open(page, "photo")
    expect(page.at("sentence").first).to_have_text(photo["sentence"])
    for reason in photo["reasons"]:
        expect(page.at("reasons").first).to_contain_text(reason["text"], ignore_case=True)
    facts = page.at("facts").first.inner_text()
    assert f"{photo['width']}" in facts
    assert (photo["camera"] or "") in facts


@made_only
def test_markup_in_names_is_shown_as_text_and_does_nothing(start: Start) -> None:
    page = start()
    expect(page.page).to_have_title(re.compile(r"^0 of \d+"))  # the page's own title stands until it has counted
    title = page.page.title()
    for name in ODD_NAMES[:3]:
        page.at("filter-text").fill(name[:12])
        expect(page.cards().first).to_be_visible()
        page.quiet()
        page.cards().first.click()
        page.see("detail")
        expect(page.page.locator("body")).to_contain_text(name)
        page.press("Escape")
        page.see("grid")
    assert 0 == page.page.locator('img[src="x"], img[onerror], svg[onload]').count()
    assert title == page.page.title()


@made_only
def test_photos_with_names_of_every_kind_have_pictures(start: Start) -> None:
    page = start()
    odd = [m for q in page.questions() for m in q["members"] if path_of(m).name in ODD_NAMES]
    for member in odd:
        for kind in ("thumb", "view"):
            answer = page.context.request.get(f"{page.review.base}/photo/{member['id']}/{kind}")
            assert (200, "image/jpeg") == (answer.status, answer.headers["content-type"]), member["name"]
    assert len(ODD_NAMES) == len(odd)
