"""The web application: every route, and what each has the owner's thread do."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from albumclean.errors import AlbumcleanError
from albumclean.report.json_values import Json
from albumclean.review.course import Confirmation
from albumclean.review.session import Verdict
from albumclean.review.web.asks import Said, filter_in, filter_of, json_object, number_in, order_of, page_of, query
from albumclean.review.web.desk import Desk, Paused
from albumclean.review.web.guard import ENTER
from albumclean.review.web.pages import Pages
from albumclean.review.web.photos import PhotoRoute
from albumclean.review.web.refusal import Refusal
from albumclean.review.web.sitting import Sitting
from albumclean.words import shown

_log = logging.getLogger(__name__)

_HTTP_WORDS = {404: "There is nothing at this address.", 405: "This address can't be used in this way."}
_BUG = "Something went wrong inside albumclean; where it runs, it says more. Nothing was moved. Load the page again."


class Api:
    """Routes under `/api`. What they answer is told in docs/review-security.md and the modules that make it."""

    def __init__(self, desk: Desk, sitting: Sitting) -> None:
        self._desk = desk
        self._sitting = sitting

    async def overview(self, request: Request) -> Response:
        """Answers even while photos are being moved."""
        try:
            return await self._answer(self._sitting.overview)
        except Paused:
            return _json(self._sitting.last_overview())

    async def progress(self, request: Request) -> Response:
        """Answers at once, whatever the owner is doing."""
        return _json(self._sitting.progress())

    async def questions(self, request: Request) -> Response:
        """A page of the matching questions."""
        said = query(request.query_params)
        order, page = order_of(said), page_of(said)
        wanted = filter_of(said, self._sitting.numbers)
        return await self._answer(lambda: self._sitting.questions.page(wanted, order, page))

    async def question(self, request: Request) -> Response:
        """One of them."""
        number = _number(request)
        return await self._answer(lambda: self._sitting.questions.one(number))

    async def answers(self, request: Request) -> Response:
        """Answer some, or all that match."""
        said = json_object(await request.body(), "ids", "filter", "verdict", "keep", "count")
        verdict = said.word("verdict", Verdict)
        if ("ids" in said) == ("filter" in said):
            raise Refusal(422, "Say which questions are answered: by their ids, or by a filter.")
        if "ids" in said:
            ids, keep = said.wholes("ids"), said.wholes("keep") if "keep" in said else None
            return await self._answer(lambda: self._sitting.answers.answer(ids, verdict, keep))
        if "keep" in said:
            raise Refusal(422, "Which photos stay can only be said for one group at a time.")
        wanted = filter_of(filter_in(said), self._sitting.numbers)
        count = said.whole("count") if "count" in said else None
        return await self._answer(lambda: self._sitting.answers.answer_matching(wanted, verdict, count))

    async def undo(self, request: Request) -> Response:
        """Take back the last answer or batch."""
        json_object(await request.body())

        def work() -> dict[str, Json]:
            return self._sitting.answers.undo()  # whether it may is asked there, not here

        return await self._answer(work)

    async def threshold(self, request: Request) -> Response:
        """Propose single photos below another score."""
        below = json_object(await request.body(), "below").share("below")

        def work() -> dict[str, Json]:
            self._sitting.answers.propose_below(below)
            return self._sitting.overview()

        return await self._answer(work)

    async def forget(self, request: Request) -> Response:
        """Forget choices carried over from earlier reviews."""
        json_object(await request.body())

        def work() -> dict[str, Json]:
            self._sitting.answers.forget_carried_over()
            return self._sitting.overview()

        return await self._answer(work)

    async def finish(self, request: Request) -> Response:
        """On to the last question."""
        json_object(await request.body())
        return await self._answer(self._sitting.finish)

    async def plan(self, request: Request) -> Response:
        """What would move."""
        page = page_of(Said(request.query_params, frozenset({"offset", "limit"})))
        return await self._answer(lambda: self._sitting.plan(page))

    async def confirm(self, request: Request) -> Response:
        """The answer to the last question."""
        said = json_object(await request.body(), "answer", "photos", "bytes")
        answer = said.word("answer", Confirmation)
        photos = said.whole("photos") if "photos" in said else None
        size = said.whole("bytes", most=1 << 63) if "bytes" in said else None
        return await self._answer(lambda: self._sitting.confirm(answer, photos, size))

    async def history(self, request: Request) -> Response:
        """All runs."""
        offset = _offset(request)
        return await self._answer(lambda: self._sitting.runs(offset))

    async def run(self, request: Request) -> Response:
        """One run."""
        number, offset = _number(request), _offset(request)
        return await self._answer(lambda: self._sitting.run(number, offset))

    async def bring_back(self, request: Request) -> Response:
        """Undo a run, or some of its photos."""
        number, said = _number(request), json_object(await request.body(), "items")
        items = said.wholes("items") if "items" in said else None
        return await self._answer(lambda: self._sitting.bring_back(number, items))

    async def end(self, request: Request) -> Response:
        """Nothing more is wanted."""
        json_object(await request.body())
        return await self._answer(self._sitting.end)

    async def _answer(self, work: Callable[[], dict[str, Json]]) -> Response:
        return _json(await self._desk.ask(work))


def application(api: Api, pages: Pages, photos: PhotoRoute) -> Starlette:
    """Everything behind the guard."""
    app = Starlette(
        routes=[
            Route("/", pages.index, methods=["GET"]),
            Route(ENTER, pages.enter, methods=["GET"]),
            Route("/static/{name:path}", pages.static, methods=["GET"]),
            Route("/photo/{number}/{kind}", photos.picture, methods=["GET"]),
            Route("/api/overview", api.overview, methods=["GET"]),
            Route("/api/progress", api.progress, methods=["GET"]),
            Route("/api/questions", api.questions, methods=["GET"]),
            Route("/api/questions/{number}", api.question, methods=["GET"]),
            Route("/api/answers", api.answers, methods=["POST"]),
            Route("/api/undo", api.undo, methods=["POST"]),
            Route("/api/threshold", api.threshold, methods=["POST"]),
            Route("/api/forget", api.forget, methods=["POST"]),
            Route("/api/finish", api.finish, methods=["POST"]),
            Route("/api/plan", api.plan, methods=["GET"]),
            Route("/api/confirm", api.confirm, methods=["POST"]),
            Route("/api/history", api.history, methods=["GET"]),
            Route("/api/history/{number}", api.run, methods=["GET"]),
            Route("/api/history/{number}/undo", api.bring_back, methods=["POST"]),
            Route("/api/end", api.end, methods=["POST"]),
        ],
        exception_handlers={
            Refusal: _refused,
            AlbumcleanError: _failed,
            HTTPException: _unknown,
            Exception: _broken,
        },
    )
    app.router.redirect_slashes = False
    return app


def _json(value: dict[str, Json]) -> Response:
    content = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    return Response(content, media_type="application/json")


def _number(request: Request) -> int:
    number = number_in(request.path_params["number"])
    if number is None:
        raise HTTPException(404)
    return number


def _offset(request: Request) -> int:
    return Said(request.query_params, frozenset({"offset"})).whole("offset", 0)


async def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, Refusal):
        raise error
    return error.as_page() if request.url.path == ENTER else error.as_json()


async def _failed(request: Request, error: Exception) -> Response:
    """The ledger or the disk had a problem; its sentence says what to do."""
    return JSONResponse({"error": shown(str(error))}, 409)


async def _unknown(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    words = _HTTP_WORDS.get(error.status_code, "albumclean can't answer this request.")
    return JSONResponse({"error": words}, error.status_code, error.headers)


async def _broken(request: Request, error: Exception) -> Response:
    _log.error("%s %s", request.method, request.url.path, exc_info=error)
    return JSONResponse({"error": _BUG}, 500)
