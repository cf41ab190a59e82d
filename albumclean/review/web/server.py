"""uvicorn in a thread of its own, on this computer's loopback address only."""

from __future__ import annotations

import logging
import socket
import threading
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp

from albumclean.errors import UsageError

HOST = "127.0.0.1"
_BACKLOG = 128
_PATIENCE = 3  # seconds for answers that are on their way when the server ends


def listening(port: int) -> socket.socket:
    """A socket that listens on `HOST`; port 0 takes a free one. Raises UsageError if the port can't be had."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # else asyncio leaves Nagle on
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # on Windows another program could listen on the same port else
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:  # a port that was in use a moment ago may be used again
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        detail = f"the port {port} can't be used ({error}). Name another with --port, or none for a free one"
        raise UsageError(detail=detail) from error
    return listener


class Server:
    """Serves `app` on a listening socket from `__enter__` to `__exit__`, which lets answers on their way arrive."""

    def __init__(self, app: ASGIApp, listener: socket.socket) -> None:
        self._listener = listener
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                loop="asyncio",
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,  # uvicorn is not to change how this program logs
                log_level=logging.CRITICAL,
                access_log=False,
                proxy_headers=False,  # nobody stands between the browser and us
                server_header=False,
                date_header=False,
                timeout_graceful_shutdown=_PATIENCE,
            )
        )
        self._thread = threading.Thread(target=self._run, name="albumclean-web", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(_PATIENCE * 2)

    def _run(self) -> None:
        self._server.run(sockets=[self._listener])
