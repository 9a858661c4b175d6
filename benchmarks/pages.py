"""Pages under load, and a delivery beside them. `python -m benchmarks.pages [--readers N] [--papers N] [--json FILE]`

    flat out    fifty visitors who ask again as soon as they are answered: one kind of page after the other, and a mixture
    people      fifty who ask again after a second on the mean
    delivery    20,000 personal digests, as in `benchmarks.delivery`: by itself, beside people, beside flat out

The pages are served as `digest web` does, in a process of its own, over a database of 100,000 papers; the visitors are in
another, the delivery in two, and the server that takes the mail in one more. Every visitor comes from an address of their own,
as the pages' limits want it.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from itertools import cycle, islice
from pathlib import Path
from threading import Thread
from urllib.parse import urlencode

import httpx
import lxml.html

from benchmarks import delivery
from benchmarks._invented import ASKED, ASKED_FREQUENCIES, NOW, listings
from benchmarks._sink import Sink, sink
from benchmarks._visitors import Errand, Visit, visit
from benchmarks.message import DAY, linked
from digest.cli import pages, wiring
from digest.model import Announcement, Fetched, Kind
from digest.store import open_store
from digest.tokens import Purpose

PAPERS = 100_000
_A_DAY = 500  # papers
_AT_ONCE = 5_000
_TALKED_ABOUT = 60
_REQUESTS = 2_000  # different ones of each kind
_SECONDS = 6.0  # that visitors stay with one kind of page
_PAUSE = 1.0  # of people
_READERS_SEEN = 200  # who look at their preferences
URL = "http://127.0.0.1"
MIXED = "all of it, mixed"
_SHARES = (30, 30, 15, 15, 7, 3)  # in the order of the kinds
_GOOD = frozenset({200, 303})


# --- what there is to see ---------------------------------------------------------------------------------------------


def prepare(folder: Path, readers: int, papers: int) -> None:
    """A day that waits to be sent, and all the papers of the days before it."""
    delivery.prepare(folder, readers)
    with closing(open_store(f"sqlite:///{folder / 'digest.db'}")) as store:
        older = list(_older(papers))
        for first in range(0, len(older), _AT_ONCE):
            store.announce("arxiv", Fetched(tuple(older[first : first + _AT_ONCE])), NOW, NOW)
        talk = [said.listing for said in store.window(after=0) if said.day == DAY][:_TALKED_ABOUT]
        talked = tuple(
            Announcement(replace(one, upvotes=100 - at), "hf", Kind.TRENDING, DAY) for at, one in enumerate(talk)
        )
        store.announce("hf", Fetched(talked), NOW, NOW)


def _older(papers: int) -> Iterator[Announcement]:
    for number, paper in enumerate(listings(random.Random(7), papers)):
        day = DAY - timedelta(days=papers // _A_DAY - number // _A_DAY)
        own = replace(linked(paper), id=0, arxiv_id=f"{day:%y%m}.{number % 100_000:05d}", published=None)
        yield Announcement(own, "arxiv", Kind.NEW, day)


# --- what is asked for ------------------------------------------------------------------------------------------------


def errands(folder: Path, port: int) -> list[Errand]:
    """Each kind of page, as visitors ask for it."""
    chance = random.Random(3)
    with wiring.installation(folder / "config.toml") as home:
        desk = pages.desk_of(home, lambda: NOW)
        people = home.store.subscribers()[:_READERS_SEEN]
        tokens = [desk.token(one, Purpose.PREFERENCES) for one in people]
        newest = home.store.announced(DAY - timedelta(days=6), DAY)
    terms = [_term(chance, chance.choice(newest).listing.title) for _ in range(_REQUESTS)]
    words = [" ".join(chance.choices(ASKED, cum_weights=ASKED_FREQUENCIES, k=chance.randint(1, 3))) for _ in terms]
    form = _form(port, tokens[0])
    wanted = [form | {"keywords": "\n".join(chance.sample(terms, 8))} for _ in terms]
    kinds = {
        "front page": _get("/" for _ in terms),
        "a day of the archive": _get(f"/papers/{_some_day(chance)}" for _ in terms),
        "search": _get(f"/search?{urlencode({'q': each})}" for each in words),
        "sample on the front page": _post(("/sample?part=", {"keywords": chance.choice(terms)}) for _ in terms),
        "preview of a profile": _post((f"/preferences/{chance.choice(tokens)}/preview", one) for one in wanted),
        "preferences saved": _post((f"/preferences/{chance.choice(tokens)}", one) for one in wanted),
    }
    mixed = [kinds[kind][at] for at, kind in enumerate(chance.choices([*kinds], _SHARES, k=_REQUESTS))]
    return [Errand(name, requests, _GOOD) for name, requests in (kinds | {MIXED: mixed}).items()]


def _term(chance: random.Random, title: str) -> str:
    """What people write is mostly found: two words in a row of a title of the week."""
    words = title.split()
    at = chance.randrange(len(words) - 1)
    return " ".join(words[at : at + 2])


def _some_day(chance: random.Random) -> date:
    """Half of all look at the newest, and few at any that is long past."""
    return DAY - timedelta(days=min(int(chance.paretovariate(1)) - 1, 150))


def _form(port: int, token: str) -> dict[str, str]:
    """The editor of somebody's preferences, as a browser would send it."""
    page = httpx.get(f"{URL}:{port}/preferences/{token}", trust_env=False, timeout=60)
    forms = lxml.html.fromstring(page.text).forms
    (editor,) = [form for form in forms if "keywords" in form.fields]
    return dict(editor.form_values())


def _get(paths: Iterator[str]) -> list[bytes]:
    return [_request("GET", path, "") for path in paths]


def _post(forms: Iterator[tuple[str, dict[str, str]]]) -> list[bytes]:
    return [_request("POST", path, urlencode(form)) for path, form in forms]


_addresses = iter(f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}" for n in range(1 << 24))


def _request(method: str, path: str, body: str) -> bytes:
    kind = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n" if body else ""
    host = f"Host: papers.example.org\r\nX-Forwarded-For: {next(_addresses)}\r\nAccept-Encoding: gzip\r\n"
    return f"{method} {path} HTTP/1.1\r\n{host}{kind}\r\n{body}".encode()


# --- who serves it ----------------------------------------------------------------------------------------------------


def serve(config: Path) -> None:
    """As `digest web` does, on the morning of the day that waits to be sent."""
    clock = delivery.clock()
    with wiring.installation(config, clock()) as home, closing(pages.listening(home.settings, port=0)) as where:
        print(where.getsockname()[1], flush=True)
        pages.serve(pages.desk_of(home, clock), where, lambda: False)


@contextmanager
def serving(config: Path) -> Iterator[int]:
    """The pages in a process of their own; their port."""
    program = f"from pathlib import Path; from benchmarks.pages import serve; serve(Path({str(config)!r}))"
    command, nowhere = [sys.executable, "-c", program], subprocess.DEVNULL
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=nowhere, text=True) as process:
        assert process.stdout
        port = int(process.stdout.readline())
        Thread(target=process.stdout.read, daemon=True).start()  # the log, which nobody reads
        while not _answers(port):
            assert process.poll() is None
        try:
            yield port
        finally:
            process.kill()


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"{URL}:{port}/health", trust_env=False).is_success
    except httpx.TransportError:
        time.sleep(0.1)
        return False


# --- all of it --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of page under one kind of load."""

    load: str
    page: str
    rate: float  # answers a second
    half: float  # milliseconds within which half of them were answered
    most: float  # and 99 of 100
    slowest: float
    wrong: int


def row(load: str, found: Visit) -> Row:
    one = Row(load, found.name, found.rate, found.share(0.5), found.share(0.99), found.share(1.0), found.wrong)
    wrong = f"; {one.wrong} WRONG" if one.wrong else ""
    print(
        f"{load:<24} {one.page:<26} {one.rate:>6,.0f} a second; {one.half:>6.1f} ms for half, {one.most:>6.1f} for 99 of 100,"
        f" {one.slowest:>6.0f} at most{wrong}",
        flush=True,
    )
    return one


@dataclass(frozen=True, slots=True)
class Load:
    """Visitors, how they come."""

    name: str
    port: int
    errands: Sequence[Errand]
    seconds: float  # with one kind of page
    pause: float = 0.0

    def visits(self) -> Iterator[Visit]:
        """Of one kind of page after the other, for ever."""
        return (visit(self.port, errand, self.seconds, self.pause) for errand in cycle(self.errands))


def by_themselves(load: Load) -> list[Row]:
    """Visitors, each kind of page once."""
    return [row(load.name, one) for one in islice(load.visits(), len(load.errands))]


def beside(folder: Path, server: Sink, load: Load) -> tuple[list[Row], float]:
    """Visitors while everything is delivered, and messages a second; with no errands, these alone."""
    delivery.rewind(folder)
    server.took()
    config = str(folder / "config.toml")
    program = f"from pathlib import Path; from benchmarks.delivery import sent; sent(Path({config!r}))"
    found: dict[str, list[Visit]] = {}
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.DEVNULL) as process:
        for one in load.visits():
            if process.poll() is not None:
                break  # not all of it was beside the delivery
            found.setdefault(one.name, []).append(one)
        process.wait()
    took = server.took()
    rate = took.messages / took.seconds
    name = f"{load.name}, delivering"
    print(f"{name:<24} {'delivery':<26} {rate:>6,.0f} messages a second, {took.messages:,} in all", flush=True)
    return [row(name, _together(visits)) for visits in found.values()], rate


def _together(visits: Sequence[Visit]) -> Visit:
    latencies = sorted(latency for one in visits for latency in one.latencies)
    seconds = sum(one.seconds for one in visits)
    return Visit(visits[0].name, len(latencies), sum(one.wrong for one in visits), seconds, tuple(latencies))


def main(asked: argparse.Namespace) -> None:
    """Measure and print everything, and keep it as JSON if that is wanted."""
    with ExitStack() as stack:
        folder = asked.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="digest-bench-")))
        if not (folder / "digest.db").exists():
            start = time.monotonic()
            prepare(folder, asked.readers, asked.papers)
            print(
                f"{asked.papers:,} papers and {asked.readers:,} editions in {time.monotonic() - start:.0f} s",
                flush=True,
            )
        server = stack.enter_context(sink())
        port = stack.enter_context(serving(delivery.written(folder, server.port, pages=URL)))
        wanted = errands(folder, port)
        flat_out = Load("flat out", port, wanted, asked.seconds)
        people = replace(flat_out, name="people", pause=_PAUSE)
        by_themselves(replace(flat_out, name="warming", seconds=1.0))
        rows = by_themselves(flat_out) + by_themselves(people)
        rates: dict[str, float] = {}
        mixed = [errand for errand in wanted if errand.name == MIXED]
        nobody = replace(flat_out, name="nobody", errands=())
        for load in (nobody, replace(people, errands=mixed), replace(flat_out, errands=mixed)):
            found, rates[load.name] = beside(folder, server, load)
            rows += found
    if asked.json:
        document = {"pages": [asdict(one) for one in rows], "messages a second beside": rates}
        asked.json.write_text(json.dumps(document, indent=1) + "\n")


def _asked(arguments: list[str]) -> argparse.Namespace:
    options = argparse.ArgumentParser(description="Pages under load, and a delivery beside them.")
    options.add_argument("--json", type=Path, help="keep the figures in this file, too")
    options.add_argument("--readers", type=int, default=20_000)
    options.add_argument("--papers", type=int, default=PAPERS)
    options.add_argument("--seconds", type=float, default=_SECONDS, help="that visitors stay with one kind of page")
    options.add_argument("--folder", type=Path, help="where everything is prepared, or was the last time")
    return options.parse_args(arguments)


if __name__ == "__main__":
    main(_asked(sys.argv[1:]))
