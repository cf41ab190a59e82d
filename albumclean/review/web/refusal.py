"""The one error of the web server: a status and a sentence, as JSON for scripts and as a small page for people."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from starlette.responses import HTMLResponse, JSONResponse, Response

TEMPLATES = Path(__file__).parent / "templates"

_STYLE = (
    ":root{color-scheme:light dark}body{font:1.125rem/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;"
    "padding:0 1.5rem}h1{font-size:1.5rem;line-height:1.25}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode("ascii")
_CSP = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Refusal(Exception):
    """The request is not answered. `sentence` is for people: what happened and what to do next."""

    def __init__(self, status: int, sentence: str) -> None:
        """`status` is an HTTP status from 400 on."""
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence

    def as_json(self) -> Response:
        """For the page's scripts: `{"error": sentence}`."""
        return JSONResponse({"error": self.sentence}, self.status)

    def as_page(self) -> Response:
        """For somebody who opened an address."""
        page = templates().get_template("refused.html").render(sentence=self.sentence, style=_STYLE)
        return HTMLResponse(page, self.status, {"content-security-policy": _CSP})


@cache
def templates() -> Environment:
    """The HTML templates; every value that is put in is escaped."""
    return Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
