"""The sample as an internet of its own, on loopback."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from digest.sample import Sample, sample, wire

_XML = "application/xml; charset=utf-8"
_JSON = "application/json; charset=utf-8"


def answer(known: Sample, target: str) -> tuple[str, bytes] | None:
    """The media type and body for a request target, or None if there is nothing at that path."""
    path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
    match path.strip("/").split("/"):
        case ["rss", category]:
            return _XML, wire.announcements(known, category)
        case ["api", "query"]:
            return _XML, wire.no_entries()
        case ["api", "daily_papers"]:
            asked = query.get("date", [known.day.isoformat()])[0]
            is_first_page = query.get("p", ["0"])[0] == "0"
            return _JSON, wire.daily_papers(known, date.fromisoformat(asked)) if is_first_page else b"[]"
        case ["feeds", "lab.xml"]:
            return _XML, wire.notebook(known)
        case _:
            return None


@contextmanager
def serving(day: date) -> Iterator[str]:
    """Serve the sample of `day`; yields the base URL."""
    known = sample(day)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = answer(known, self.path)
            if found is None:
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            media_type, body = found
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nobody reads the log of a sample."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
