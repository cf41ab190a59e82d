"""A browser for all tests of this folder, and for each test an album of its own with a review of it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.libraries import Album, Source, source
from tests.browser.pages import ReviewPage
from tests.browser.program import Review
from tests.tools import needed

DESKTOP = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
_FLAGS = ("--disable-gpu", "--disable-background-networking", "--no-first-run")

Start = Callable[..., ReviewPage]


# Playwright's event loop runs in this thread as long as it is open, and no other can: for this folder's tests only.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The browser, without a window."""
    path = needed("browser")
    is_root = sys.platform == "linux" and os.geteuid() == 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=[*_FLAGS, *(["--no-sandbox"] if is_root else [])]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Source:
    """What albums are made of."""
    return source(tmp_path_factory.mktemp("photos"))


@pytest.fixture
def library(photos: Source, tmp_path: Path, home: Path) -> Iterator[Album]:
    """More than 2,000 photos, scanned."""
    album = Album.made(photos, tmp_path / "Pictures", home)
    yield album
    shutil.rmtree(album.folder)


@pytest.fixture
def start(chromium: Browser, library: Album) -> Iterator[Start]:
    """Begin a review and look at it: `start(*arguments of the command, **options of the browser)`."""
    pages: list[ReviewPage] = []

    def begin(*arguments: str | Path, **options: Any) -> ReviewPage:
        review = Review(library.home, *arguments)
        context = chromium.new_context(**{**DESKTOP, "reduced_motion": "reduce", **options})
        pages.append(ReviewPage(context, review))
        return pages[-1].open()

    yield begin
    for page in pages:
        page.context.close()
        code = page.review.stop()
        sys.stdout.write(f"{page.review.said}exit code {code}\n")  # seen where the test has failed
    assert [] == [trouble for page in pages for trouble in page.trouble]
