"""The pictures of the page in docs/, made when ALBUMCLEAN_SCREENSHOTS is set; see `screenshot_library`."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Start
from tests.browser.libraries import Album, Source
from tests.browser.pages import ReviewPage
from tests.browser.program import ROOT

pytestmark = pytest.mark.skipif(
    "ALBUMCLEAN_SCREENSHOTS" not in os.environ, reason="writes into docs/; set ALBUMCLEAN_SCREENSHOTS=1 for it"
)
_FOLDER = Path("/tmp/Pictures")  # it stands in the pictures
_WIDE = {"viewport": {"width": 1440, "height": 900}}
_CALM = 6000  # milliseconds, after which what was said last is gone
_LARGEST = 400_000  # bytes of one


@pytest.fixture
def library(photos: Source, home: Path) -> Iterator[Album]:
    """The album, where its path is short."""
    yield Album.made(photos, _FOLDER, home)
    shutil.rmtree(_FOLDER)


def _shoot(page: ReviewPage, name: str) -> None:
    """Once every picture is there; with fewer colours where the file would be large."""
    page.quiet()
    page.page.wait_for_function(
        """() => {
            const all = (selector) => [...document.querySelectorAll(selector)];
            const seen = (selector) => all(selector).filter((node) => node.checkVisibility());
            return seen(".is-coming").length === 0
                && seen("img").every((image) => image.src && image.complete && image.naturalWidth);
        }"""
    )
    page.page.mouse.move(0, 0)
    page.page.wait_for_timeout(_CALM)
    data = page.page.screenshot(caret="hide")
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    path: Path = ROOT / "docs" / f"review-{name}.png"
    for colours in (0, 256, 192, 128, 64):
        file = io.BytesIO()
        reduced = picture.quantize(colours, dither=Image.Dither.FLOYDSTEINBERG) if colours else picture
        reduced.save(file, "PNG", optimize=True)
        if file.tell() < _LARGEST:
            break
    path.write_bytes(file.getvalue())


def test_screenshots_of_a_review_on_a_wide_screen(start: Start) -> None:
    page = start(**_WIDE, color_scheme="light")
    page.at("sort").select_option("name")
    page.quiet()
    cards = page.cards()
    for place, key in enumerate("ttkttst"):
        cards.nth(place).focus()
        page.press(key)
    cards.nth(8).focus()
    _shoot(page, "grid")
    page.page.emulate_media(color_scheme="dark")
    _shoot(page, "grid-dark")
    page.page.emulate_media(color_scheme="light")
    _show(page, "derived", 3)
    _shoot(page, "group")
    page.press("z")
    _shoot(page, "zoom")
    page.press("Escape")
    if page.view != "grid":
        page.press("Escape")
    page.see("grid")
    _show(page, "photo", 1)
    with page.page.expect_response("**/photo/*/map", timeout=60_000):
        page.press("m")
    _shoot(page, "map")
    page.press("Escape")
    page.see("grid")
    page.at("finish-open").click()
    page.see("finish")
    _shoot(page, "last-page")
    page.at("plan-move").click()
    expect(page.at("result")).to_be_visible(timeout=30_000)
    _shoot(page, "result")


def test_a_screenshot_of_a_review_on_a_phone(start: Start) -> None:
    page = start(**{**PHONE, "viewport": {"width": 390, "height": 760}}, color_scheme="light")
    page.cards().nth(1).tap()
    page.see("detail")
    page.at("act-trash").tap()
    page.at("detail-back").tap()
    page.see("grid")
    _shoot(page, "phone")


def _show(page: ReviewPage, kind: str, members: int) -> None:
    question = next(q for q in page.questions(kind=kind) if len(q["members"]) == members)
    page.radio("filter-kind", kind).check()
    page.quiet()
    page.reveal(question["id"]).click()
    page.see("detail")
