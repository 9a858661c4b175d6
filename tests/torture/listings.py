"""A web server with one feed of invented papers, which tells when it is read."""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAPERS = 30
KEYWORDS = ("diffusion", "retrieval", "graph*", "title:sparse", '"protein folding"', "birdsong", "-survey")
_WORDS = ("diffusion", "retrieval", "graphs", "sparse", "protein folding", "birdsong", "memory", "noise", "survey")


def feed(seed: int, day: datetime) -> bytes:
    """RSS 2.0; the same papers for the same seed."""
    dice = random.Random(seed)
    items = "".join(_item(number, dice, day) for number in range(PAPERS))
    return f'<rss version="2.0"><channel><title>Invented</title>{items}</channel></rss>'.encode()


def _item(number: int, dice: random.Random, day: datetime) -> str:
    one, other = dice.sample(_WORDS, 2)
    text = " ".join(dice.choices(_WORDS, k=80))
    return (
        f"<item><title>On {one} and {other}, part {number}</title><guid>invented:{number}</guid>"
        f"<link>https://papers.example.org/{number}</link><description>{text}.</description>"
        f"<pubDate>{format_datetime(day)}</pubDate></item>"
    )


@dataclass
class Listings:
    """Where the feed is, and whether somebody reads it."""

    url: str
    asked: threading.Event = field(default_factory=threading.Event)  # somebody asks for it
    open: threading.Event = field(default_factory=threading.Event)  # they are answered


@contextmanager
def serving(seed: int) -> Iterator[Listings]:
    body = feed(seed, datetime.now(UTC))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            listings.asked.set()
            listings.open.wait(30)
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "application/rss+xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                return  # whoever asked was killed

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        listings = Listings(f"http://127.0.0.1:{server.server_port}/feed")
        listings.open.set()
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield listings
        finally:
            listings.open.set()
            server.shutdown()
