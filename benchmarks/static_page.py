"""A page of pictures and nothing else: what a browser on this machine can do at best."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


@contextmanager
def serve(pictures: Sequence[bytes]) -> Iterator[str]:
    """The address of the page, as long as it lasts."""
    images = "".join(f'<img src="/thumb/{number}" width="240" height="180">' for number in range(len(pictures)))
    page = f"<!doctype html><title>static</title>{images}".encode()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            is_picture = self.path.startswith("/thumb/")
            body = pictures[int(self.path.rpartition("/")[2])] if is_picture else page
            self.send_response(200)
            self.send_header("Content-Type", "image/jpeg" if is_picture else "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
