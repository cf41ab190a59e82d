"""What was chosen in the page, and what must therefore have moved."""

from __future__ import annotations

import base64
import os
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.hands import Hand
from tests.browser.libraries import Album
from tests.browser.pages import Json, ReviewPage

_MOVES = 60_000  # milliseconds for all


def path_of(photo: Json) -> Path:
    """Where it lies, whatever its name."""
    if encoded := photo.get("path_base64"):
        return Path(os.fsdecode(base64.b64decode(encoded)))
    return Path(photo["path"])


def files_of(photo: Json) -> set[Path]:
    """The photo, and the sidecar that the made libraries have."""
    path = path_of(photo)
    return {path, *(file for file in map(Path, photo["companions"]))}


def move_all(page: ReviewPage, hand: Hand, library: Album, chosen: list[Json]) -> set[Path]:
    """From the last question to the result page: exactly the chosen photos have moved, and nothing before the word."""
    wanted = set().union(*(files_of(photo) for photo in chosen))
    size = sum(photo["size"] for photo in chosen)
    assert {"photos": len(chosen), "bytes": size} == page.ask("/api/overview")["chosen"]
    assert (len(chosen), size) == page.chosen()
    page.see("finish")
    plan = page.ask("/api/plan", limit=200)
    refused = {row["path"] for row in plan["refused"]}
    going = [photo for photo in chosen if photo["path"] not in refused]
    assert (len(going), sum(photo["size"] for photo in going)) == page.plan()
    wanted = set().union(*(files_of(photo) for photo in going)) if refused else wanted
    assert set() == library.gone(), "something moved before the last question was answered"
    hand.push("plan-move")
    expect(page.at("result")).to_be_visible(timeout=_MOVES)
    assert wanted == library.gone()
    return wanted


def undo_all(page: ReviewPage, hand: Hand, library: Album) -> None:
    """On the result page: every byte comes back."""
    hand.push("result-undo-all")
    hand.push("dialog-ok")
    expect(page.at("history-item").locator("visible=true").first).to_have_attribute(
        "data-state", "restored", timeout=_MOVES
    )
    page.quiet()
    assert library.before == library.contents()


def end(page: ReviewPage, hand: Hand) -> None:
    """The program ends when the page says so."""
    hand.push("result-end")
    page.see("ended")
    assert 0 == page.review.end(), page.review.said
