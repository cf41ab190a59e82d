"""The picture of the terminal review in docs/, made when ALBUMCLEAN_SCREENSHOTS is set.

Of the library that `tests.browser.screenshot_library` makes of photos which may be shown:
`ALBUMCLEAN_SCREENSHOTS=1 ALBUMCLEAN_TEST_LIBRARY=OUT/home:OUT/Pictures pytest tests/test_terminal_screenshot.py`.
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from pathlib import Path

import pytest

from albumclean.catalogue import Catalogue
from albumclean.cli.ordering import by_folder
from albumclean.config import ScanSettings, Settings
from albumclean.review.pictures import Pictures
from albumclean.review.session import ReviewSession, questions
from albumclean.review.terminal.app import ReviewApp
from albumclean.review.terminal.detection import Abilities
from albumclean.review.terminal.pictures_pane import PicturesPane
from albumclean.store.cache import Cache
from albumclean.store.ledger import Ledger
from tests.browser import libraries

TARGET = Path(__file__).parents[1] / "docs" / "review-terminal.svg"
SIZE = (140, 42)
SHOWN = "/home/charlie"  # in place of the folder of the test
ANSWERS = "ttktnt"
_LARGEST = 600_000  # bytes
_FONTS = re.compile(r"@font-face \{.*?\}", re.DOTALL)  # would be fetched from the net

pytestmark = pytest.mark.skipif(
    "ALBUMCLEAN_SCREENSHOTS" not in os.environ, reason="writes into docs/; set ALBUMCLEAN_SCREENSHOTS=1 for it"
)


def test_a_screenshot_of_a_group_in_a_terminal(tmp_path: Path, home: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="", dir="/tmp") as folder:
        shot = _shot(libraries.source(tmp_path), Path(folder) / "Pictures", home)
        assert len(SHOWN) == len(folder)  # each piece of text in the file has its length beside it
        TARGET.write_text(_FONTS.sub("", shot).replace(folder, SHOWN), "utf-8")
    assert TARGET.stat().st_size < _LARGEST


def _shot(source: libraries.Source, album: Path, home: Path) -> str:
    source.write(album)
    source.remember(album, home)
    with (
        Cache.open(home / "cache.sqlite") as cache,
        Ledger.open(home / "ledger.sqlite") as ledger,
        Pictures(home / "thumbnails.sqlite", ScanSettings()) as pictures,
    ):
        asked = questions(by_folder(Catalogue(cache, ledger, Settings()).proposals()))
        app = ReviewApp(ReviewSession(asked, ledger), pictures, Abilities(), lambda _: True)
        return asyncio.run(_reviewed(app))


async def _reviewed(app: ReviewApp) -> str:
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press(*ANSWERS)
        row = next(
            row
            for row, question in enumerate(app.browser.rows)
            if len(question.members) == 2 and row > len(ANSWERS) and question.kind == "derived"
        )
        await pilot.press(*["down"] * (row - app.browser.row), "right")
        pane = app.query_one(PicturesPane)
        while any("…" in pane.render_line(y).text for y in range(pane.size.height)):
            await pilot.pause(0.05)
        await pilot.pause()
        return app.export_screenshot(title="albumclean review")
