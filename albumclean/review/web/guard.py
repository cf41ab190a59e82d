"""What stands between the network and the review: every request passes all checks here, or reaches nothing.

The threats are other websites in the same browser (forged requests, DNS rebinding, embedding) and other users and
programs of this computer that can reach the port. `docs/review-security.md` tells which check stands against which.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from albumclean.review.web.keys import Keys
from albumclean.review.web.refusal import Refusal

CSRF_HEADER: Final = "x-albumclean-csrf"
ENTER: Final = "/enter"
MAX_BODY: Final = 1 << 20  # bytes; an answer to 100,000 questions by their ids
MAX_TARGET: Final = 2_000  # characters of path and query
BODY_SECONDS: Final = 5.0  # within which a body must arrive

_ALLOWED: Final = ("GET", "POST")
_PAGES: Final = frozenset({"/", ENTER})  # what people open: a refusal is a page there, and JSON elsewhere
_HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
_NOT_LET_IN = (
    "This review belongs to the browser that opened it first. If that was not you, or if you closed it: press Ctrl-C "
    "where albumclean runs, start `albumclean review` again, and open the new address. Your answers are remembered."
)
_ELSEWHERE = "This request came from another website, so nothing was done. Open the address that albumclean printed."


class Guard:
    """ASGI middleware around everything; `seen` is called for each request of the browser that was let in."""

    def __init__(self, app: ASGIApp, keys: Keys, port: int, seen: Callable[[], None]) -> None:
        self._app = app
        self._keys = keys
        self._seen = seen
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        if port == 80:  # browsers leave the standard port out
            self._hosts |= {"127.0.0.1", "localhost"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            return

        async def guarded_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            self._check(scope)
            body = await _whole_body(scope, receive) if scope["method"] == "POST" else b""
        except Refusal as refusal:
            response = refusal.as_page() if scope["path"] in _PAGES else refusal.as_json()
            if refusal.status == 405:
                response.headers["allow"] = ", ".join(_ALLOWED)
            if scope["method"] == "POST":  # its body may not have been read
                response.headers["connection"] = "close"
            await response(scope, receive, guarded_send)
            return
        await self._app(scope, _replayed(body, receive), guarded_send)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            # A website can give its own name the address 127.0.0.1 (DNS rebinding): then this header has that name.
            raise Refusal(403, "albumclean only answers to 127.0.0.1 and localhost. Open the address that it printed.")
        path: str = scope["path"]
        if len(scope["raw_path"]) + len(scope["query_string"]) > MAX_TARGET:
            raise Refusal(400, "This address is too long.")
        if not path.startswith("/") or not path.isprintable():
            raise Refusal(400, "This is no address of albumclean.")
        if scope["method"] not in _ALLOWED:
            raise Refusal(405, "albumclean only knows GET and POST.")
        if headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
            raise Refusal(403, _ELSEWHERE)
        if path == ENTER and scope["method"] == "GET":
            return
        if not any(self._keys.is_session(value) for value in _cookies(headers, self._keys.cookie)):
            raise Refusal(403, _NOT_LET_IN)
        if scope["method"] == "POST":
            self._check_change(headers, hosts[0])
        self._seen()

    def _check_change(self, headers: Headers, host: str) -> None:
        """What a request that changes something must have on top."""
        if headers.getlist("origin") != [f"http://{host}"] or headers.get("sec-fetch-site") == "none":
            raise Refusal(403, _ELSEWHERE)
        if not self._keys.is_csrf(headers.get(CSRF_HEADER, "")):
            raise Refusal(403, "This page is from an earlier review. Load it again.")
        kind = headers.get("content-type", "application/json").partition(";")[0].strip().lower()
        if kind != "application/json":  # what a plain HTML form can't send
            raise Refusal(422, "albumclean only takes JSON.")


def _cookies(headers: Headers, name: str) -> list[str]:
    """All values that the browser gives for the cookie."""
    pairs = (cookie_parser(header) for header in headers.getlist("cookie"))
    return [cookies[name] for cookies in pairs if name in cookies]


async def _whole_body(scope: Scope, receive: Receive) -> bytes:
    """The body, read before anything is done. Raises Refusal if it is too long, too slow, or breaks off."""
    declared = Headers(scope=scope).get("content-length", "0")
    if not declared.isdecimal() or int(declared[:20]) > MAX_BODY:
        raise Refusal(413, "This request is too large.")
    parts: list[bytes] = []
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise Refusal(400, "The request broke off.")
                parts.append(message.get("body", b""))
                if sum(map(len, parts)) > MAX_BODY:
                    raise Refusal(413, "This request is too large.")
                if not message.get("more_body", False):
                    return b"".join(parts)
    except TimeoutError as error:
        raise Refusal(400, "The request took too long to arrive.") from error


def _replayed(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body that was read already, then what comes after it."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
