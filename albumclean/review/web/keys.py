"""The three secrets of one review: a key that lets one browser in, that browser's session, and a token for changes."""

from __future__ import annotations

import secrets
import threading

_BYTES = 32  # of randomness in each: nobody guesses 256 bits


class Keys:
    """Fresh secrets for each review; they live in memory only and end with it. Safe to use from several threads."""

    def __init__(self, port: int) -> None:
        self.cookie = f"albumclean-{port}"  # browsers share cookies between the ports of a host: one name a review
        self.entry = secrets.token_urlsafe(_BYTES)
        self.session = secrets.token_urlsafe(_BYTES)
        self.csrf = secrets.token_urlsafe(_BYTES)
        self._used = False
        self._lock = threading.Lock()

    def enter(self, key: str) -> bool:
        """Whether this is the entry key and nobody has used it before; from now on it is used."""
        if not _same(key, self.entry):
            return False
        with self._lock:
            first, self._used = not self._used, True
        return first

    def is_session(self, value: str) -> bool:
        """Whether a cookie's value is that of the browser that has been let in."""
        return self._used and _same(value, self.session)

    def is_csrf(self, token: str) -> bool:
        """Whether a request comes from a script that could read the page."""
        return _same(token, self.csrf)


def _same(given: str, secret: str) -> bool:
    # As bytes: `compare_digest` refuses text that is not ASCII, and what is given may be anything.
    return secrets.compare_digest(given.encode("utf-8", "surrogatepass"), secret.encode())
