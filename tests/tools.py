"""The programs that some tests drive: a browser of Chromium's family, and tmux.

`python -m tests.tools browser` prints where it is, or exits with 1; `.ci/test-tools` installs what is missing.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

_BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
    "microsoft-edge-stable",
    "chrome",
    "msedge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)


def browser() -> str | None:
    """The one that ALBUMCLEAN_BROWSER names, else one of the system, else Playwright's own."""
    if named := os.environ.get("ALBUMCLEAN_BROWSER"):
        return shutil.which(named)
    for name in _BROWSERS:
        # Ubuntu's /usr/bin/chromium-browser may be a script that only says where to get the snap.
        if (found := shutil.which(name)) and not _is_a_hint(Path(found)):
            return found
    return _playwrights_own()


def tmux() -> str | None:
    """Where it is."""
    return shutil.which("tmux")


def needed(what: str) -> str:
    """Where `browser` or `tmux` is; without it the test is skipped, or with ALBUMCLEAN_ALL_TESTS fails."""
    found = _FINDERS[what]()
    if found is None:
        say = pytest.fail if os.environ.get("ALBUMCLEAN_ALL_TESTS") else pytest.skip
        say(f"no {what} was found; `make test` says how to get it")
    return found


def _is_a_hint(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(4096)
    return start.startswith(b"#!") and b"snap install" in start


def _playwrights_own() -> str | None:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    with sync_playwright() as playwright:
        return shutil.which(playwright.chromium.executable_path)


_FINDERS = {"browser": browser, "tmux": tmux}

if __name__ == "__main__":
    where = _FINDERS[sys.argv[1]]()
    if where is None:
        sys.exit(1)
    sys.stdout.write(f"{where}\n")
