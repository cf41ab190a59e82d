"""The report's page in a browser: nothing serious for axe-core, and whole under its own policy at any width."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from albumclean.domain import Failure, GroupKind, Stage
from albumclean.report import page
from albumclean.report.gallery import Gallery
from albumclean.report.summary import Summary
from tests.facts import group_of, low_quality, photo
from tests.pictures import scene

SCREENS = {"wide": (1280, 800), "phone": (390, 844)}
GRAVE = {"serious", "critical"}


@pytest.fixture
def report(album: Path) -> str:
    """A report with everything in it, as a file: address."""
    jpeg = io.BytesIO()
    scene(1, 320, 240).save(jpeg, "JPEG")
    long = "a very long folder name without a break " * 4 + "x" * 80
    proposals = [
        *group_of(photo(f"{long}/a.jpg"), photo(f"{long}/b.jpg", content=f"{long}/a.jpg"), kind=GroupKind.EXACT),
        *group_of(*(photo(f"{n}.jpg") for n in range(20))),
    ]
    for number in range(30):
        facts = photo(f"{number} {'y' * number}.jpg", mos=number / 90)
        assert facts.photo is not None
        dated = replace(facts.photo, taken_at=f"{1995 + number}-01-01T00:00:00", camera=f"Camera {number}")
        proposals.append(low_quality(replace(facts, photo=dated)))
    summary, gallery = Summary(0.35, 1_700_000_000.0), Gallery(300)
    for proposal in proposals:
        summary.meet(proposal.facts)
        summary.hear(proposal)
        gallery.hear(proposal)
    summary.fail([Failure(Path("/album") / f"{'z' * 200}.jpg", Stage.DECODE, "is damaged")])
    summary.stale.append(Path("/album/gone.jpg"))
    text = "".join(page.render(summary, gallery.sections(), lambda facts: jpeg.getvalue(), made_at=1_700_000_000.0))
    (album / "report.html").write_text(text, "utf-8")
    return (album / "report.html").as_uri()


def test_axe_finds_nothing_serious_in_the_report(chromium: Browser, report: str) -> None:
    found = []
    for screen, (width, height) in SCREENS.items():
        for scheme in ("light", "dark"):
            # axe is a script, and the report's own policy allows none.
            context = chromium.new_context(viewport={"width": width, "height": height}, bypass_csp=True)
            shown = context.new_page()
            shown.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            shown.goto(report)
            shown.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
            found += [
                f"{screen}, {scheme}: {violation['id']}: {violation['nodes'][0]['html'][:200]}"
                for violation in Axe().run(shown).response["violations"]
                if violation["impact"] in GRAVE
            ]
            context.close()
    assert [] == found


@pytest.mark.parametrize("screen", SCREENS)
def test_the_report_is_whole_under_its_own_policy(chromium: Browser, report: str, screen: str) -> None:
    width, height = SCREENS[screen]
    context = chromium.new_context(viewport={"width": width, "height": height})
    shown = context.new_page()
    trouble: list[str] = []
    requests: list[str] = []
    shown.on("console", lambda message: trouble.append(message.text))
    shown.on("request", lambda request: requests.append(request.url))
    shown.goto(report)
    assert [] == trouble
    assert [report] == [url for url in requests if not url.startswith("data:")]
    pictures = shown.evaluate("[...document.images].map(each => each.complete && each.naturalWidth)")
    assert {320} == set(pictures)
    assert "grid" == shown.evaluate("getComputedStyle(document.querySelector('.tiles')).display")
    assert width >= shown.evaluate("document.documentElement.scrollWidth")
    context.close()
