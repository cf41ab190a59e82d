"""The page itself, its modules and styles, and the door through which one browser comes in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from albumclean.review.web.keys import Keys
from albumclean.review.web.refusal import Refusal, templates

STATIC = Path(__file__).parent / "static"

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}
_USED = (
    "This address lets one browser in, once, and it has been used. Go on in the window where the review is open. If "
    "that was not you, or if you closed it: press Ctrl-C where albumclean runs, start `albumclean review` again, and "
    "open the new address. Your answers are remembered."
)


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    media_type: str
    etag: str


class Pages:
    """Routes for `/`, `/enter` and `/static/NAME`. All files are read at the start: a request names no path on disk."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._files = {
            path.relative_to(STATIC).as_posix(): _file(path)
            for path in sorted(STATIC.rglob("*"))
            if path.suffix in _TYPES and path.is_file()
        }

    async def enter(self, request: Request) -> Response:
        """Let the first browser in that has the key; later ones are told what happened. Raises Refusal."""
        if "prefetch" in request.headers.get("sec-purpose", request.headers.get("purpose", "")):
            raise Refusal(403, "This address is not opened ahead of time, as it can be used only once.")
        let_in = self._keys.is_session(request.cookies.get(self._keys.cookie, ""))
        if not let_in and not self._keys.enter(request.query_params.get("key", "")):
            raise Refusal(403, _USED)
        response = RedirectResponse("/", 303)
        if not let_in:
            response.set_cookie(self._keys.cookie, self._keys.session, path="/", httponly=True, samesite="strict")
        return response

    async def index(self, request: Request) -> Response:
        """The page, with the token that its scripts send along with every change."""
        return HTMLResponse(templates().get_template("page.html").render(csrf=self._keys.csrf))

    async def static(self, request: Request) -> Response:
        """A module, a style or an icon. Raises Refusal."""
        file = self._files.get(request.path_params["name"])
        if file is None:
            raise Refusal(404, "There is no such file.")
        headers = {"etag": file.etag, "cache-control": "private, no-cache"}
        if file.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(file.content, 200, headers, file.media_type)


def _file(path: Path) -> _File:
    content = path.read_bytes()
    return _File(content, _TYPES[path.suffix], f'"{hashlib.sha256(content).hexdigest()[:32]}"')
