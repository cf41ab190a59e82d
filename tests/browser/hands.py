"""The three ways to push a button. Each test of a whole review uses one of them and no other."""

from __future__ import annotations

from typing import Protocol

from playwright.sync_api import Locator

from tests.browser.pages import ReviewPage


class Hand(Protocol):
    """One way."""

    def push(self, button: Locator | str) -> None:
        """A button, or the only one with this testid."""
        ...


class Keys:
    """Tab and Enter."""

    def __init__(self, page: ReviewPage) -> None:
        self.page = page

    def push(self, button: Locator | str) -> None:
        """See `Hand`."""
        self.page.tab_to(button if isinstance(button, str) else button.get_attribute("data-testid") or "")
        self.page.press("Enter")


class Mouse:
    """Clicks at the middle of what is seen."""

    def __init__(self, page: ReviewPage) -> None:
        self.page = page

    def push(self, button: Locator | str) -> None:
        """See `Hand`."""
        (self.page.at(button) if isinstance(button, str) else button).click()
        self.page.quiet()


class Touch(Mouse):
    """Taps."""

    def push(self, button: Locator | str) -> None:
        """See `Hand`."""
        (self.page.at(button) if isinstance(button, str) else button).tap()
        self.page.quiet()
