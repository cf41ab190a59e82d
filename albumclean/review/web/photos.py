"""Pictures of photos, by number. Made in threads of their own: the review goes on while a large photo is decoded."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from albumclean.domain import PhotoFacts
from albumclean.errors import AlbumcleanError
from albumclean.review.web.asks import number_in
from albumclean.review.web.numbers import Numbers
from albumclean.review.web.refusal import Refusal
from albumclean.words import shown

_THREADS = 6  # as many connections as a browser opens at once
_MAX_AGE = 3600  # seconds; numbers of another review never bring up these (see `Numbers`)

KINDS = ("thumb", "view", "full", "map")


class Pictures(Protocol):
    """Upright sRGB pictures without metadata, used from several threads; all raise AlbumcleanError."""

    def thumbnail(self, facts: PhotoFacts) -> bytes:
        """A small JPEG."""
        ...

    def view(self, facts: PhotoFacts) -> bytes:
        """A JPEG that fits a screen."""
        ...

    def full(self, facts: PhotoFacts) -> tuple[bytes, float]:
        """A JPEG at 100 %, and the scale it is at all the same: 1 if it was not reduced."""
        ...

    def quality_map(self, facts: PhotoFacts) -> bytes:
        """A PNG with alpha to lay over `view`."""
        ...


class PhotoRoute:
    """Serves `/photo/NUMBER/KIND`."""

    def __init__(self, pictures: Pictures, numbers: Numbers) -> None:
        self._pictures = pictures
        self._numbers = numbers
        # Two crews: the many thumbnails of a page never wait for large pictures.
        self._small = ThreadPoolExecutor(_THREADS, "albumclean-thumbnails")
        self._large = ThreadPoolExecutor(_THREADS, "albumclean-pictures")

    def close(self) -> None:
        """Pictures that nobody has begun to make are not made any more."""
        for crew in (self._small, self._large):
            crew.shutdown(wait=False, cancel_futures=True)

    async def picture(self, request: Request) -> Response:
        """A picture, or nothing new if the browser has it. Raises Refusal."""
        kind: str = request.path_params["kind"]
        number = number_in(request.path_params["number"])
        facts = None if number is None else self._numbers.photo(number)
        if kind not in KINDS or facts is None or facts.photo is None:
            raise Refusal(404, "There is no such photo in this review.")
        headers = {
            "etag": f'"{facts.photo.content_hash.hex()}-{kind}"',
            "cache-control": f"private, max-age={_MAX_AGE}",
        }
        if headers["etag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        crew = self._small if kind == "thumb" else self._large
        try:
            content, scale = await asyncio.get_running_loop().run_in_executor(crew, self._make, kind, facts)
        except AlbumcleanError as error:
            raise Refusal(404, shown(str(error))) from error
        if kind == "full":
            headers["x-scale"] = f"{scale:.6g}"
        return Response(content, 200, headers, "image/png" if kind == "map" else "image/jpeg")

    def _make(self, kind: str, facts: PhotoFacts) -> tuple[bytes, float]:
        match kind:
            case "full":
                return self._pictures.full(facts)
            case "view":
                return self._pictures.view(facts), 1.0
            case "map":
                return self._pictures.quality_map(facts), 1.0
            case _:
                return self._pictures.thumbnail(facts), 1.0
