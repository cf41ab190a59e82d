"""axe-core finds nothing serious on any view: light and dark, on a wide screen and on a phone's."""

from __future__ import annotations

from collections.abc import Callable

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import Start
from tests.browser.pages import ReviewPage

SCREENS = {"wide": (1280, 800), "phone": (390, 844)}
GRAVE = {"serious", "critical"}


class Check:
    """Looks at what the page shows, in every light and width; collects what is wrong."""

    def __init__(self, page: ReviewPage) -> None:
        self.page = page
        self.axe = Axe()
        self.found: list[str] = []

    def __call__(self, name: str) -> None:
        for screen, (width, height) in SCREENS.items():
            self.page.page.set_viewport_size({"width": width, "height": height})
            for scheme in ("light", "dark"):
                self.page.page.emulate_media(color_scheme=scheme)
                self._look(f"{name}, {screen}, {scheme}")
        self.page.page.set_viewport_size({"width": 1280, "height": 800})

    def _look(self, where: str) -> None:
        self.page.quiet()
        for violation in self.axe.run(self.page.page).response["violations"]:
            if violation["impact"] in GRAVE:
                nodes = "; ".join(node["html"][:120] for node in violation["nodes"][:3])
                self.found.append(f"{where}: {violation['id']} ({violation['help']}): {nodes}")


def test_axe_finds_no_serious_violation_on_any_view(start: Start) -> None:
    page = start()
    check = Check(page)
    for name, show in _views(page):
        show()
        check(name)
    assert [] == check.found


def _views(page: ReviewPage) -> list[tuple[str, Callable[[], object]]]:
    def detail(kind: str) -> None:
        if page.view != "grid":
            page.press("Escape")
        page.see("grid")
        page.radio("filter-kind", kind).check()
        page.quiet()
        page.cards().first.click()
        page.see("detail")

    def help_dialog() -> None:
        page.press("?")
        expect(page.at("help")).to_be_visible()

    def finish() -> None:
        page.press("Escape", "t", "Shift+Enter")
        page.see("finish")

    def result() -> None:
        page.at("plan-move").click()
        expect(page.at("result")).to_be_visible(timeout=30_000)

    def history() -> None:
        page.at("result-history").click()
        page.see("history")

    return [
        ("grid", lambda: page.see("grid")),
        ("photo", lambda: detail("photo")),
        ("zoomed", lambda: page.press("z")),
        ("group", lambda: detail("derived")),
        ("help", help_dialog),
        ("finish", finish),
        ("result", result),
        ("history", history),
    ]
