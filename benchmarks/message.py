"""From an edition to a message. `python -m benchmarks.message [--json FILE]`

    message   per message of 20 papers with key sentences, about 70 KB of HTML: the plain path (Jinja, premailer, `email`)
              beside the assembly, the first time, while pages and papers are new, and when they are known; with a
              signature (RSA-2048) and without
    stages    where the assembly's time goes when all is known
    cards     papers prepared a second: inlined by premailer each, by what was learnt from it, and by css-inline if it is
              there; rendered and encoded in both forms
    memory    of 5,000 papers
    day       1,000 invented profiles over 1,000 listings: how often a paper was there already

Editions come as the store gives them: 50 at a time, equal listings being one object within a batch and other objects in
the next. Seconds are of CPU, the best of several rounds.
"""

import argparse
import json
import pickle
import random
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks._invented import NOW, background, listings, people, profiles, window
from digest.delivery.dkim import Key, Signer
from digest.model import Edition, Kind, Listing, Pick, Reason, Section, Shard, Subscriber
from digest.ranking.ranker import Ranker
from digest.rendering import Mailing, Renderer, Site, headers, inlining, joining, papers, renderer
from digest.rendering.inlining import Memory, Place

BATCH = 50
PAPERS = 20
DAY = date(2026, 5, 18)
SOURCES = {"arxiv": "arXiv", "hf": "Hugging Face"}


def make_renderer(url: str | None = "https://papers.example.org") -> Renderer:
    site = Site("Daily Papers", url, "papers@example.org")
    return Renderer(site, Mailing("Daily Papers <digest@example.org>"), b"secret", SOURCES)


def linked(listing: Listing) -> Listing:
    """With the links and numbers that papers have."""
    number = f"2605.{listing.id:05d}"
    return replace(
        listing,
        title=listing.title.capitalize(),
        abstract=". ".join(_sentences(listing.abstract.split())),
        url=f"https://arxiv.org/abs/{number}",
        pdf_url=f"https://arxiv.org/pdf/{number}",
        code_url=f"https://github.com/example/{number}",
        discussion_url=f"https://huggingface.co/papers/{number}",
        comments=listing.id % 30,
        upvotes=listing.id % 90,
        arxiv_id=number,
    )


def _sentences(words: Sequence[str]) -> Iterator[str]:
    return (" ".join(words[at : at + 17]).capitalize() for at in range(0, len(words), 17))


def pick(listing: Listing) -> Pick:
    words = listing.abstract.lower().replace(".", "").split()
    found = [Reason(word, "abstract", 40.0 / (at + 1), (word,)) for at, word in enumerate(words[5:60:14])]
    return Pick(listing, Section.FOR_YOU, Kind.NEW, "arxiv", DAY, 30.0 + listing.id % 70, tuple(found))


def editions(chance: random.Random, stock: Sequence[Pick], count: int) -> list[Edition]:
    return [
        Edition(
            Subscriber(f"reader{number}@example.org", f"Reader {number}", id=number),
            DAY,
            NOW,
            picks=tuple(chance.sample(stock, PAPERS)),
            read={"arxiv": 1204, "hf": 39},
            matched=chance.randint(PAPERS, 120),
            papers=1243,
        )
        for number in range(1, count + 1)
    ]


def as_from_the_store(some: Sequence[Edition]) -> list[Edition]:
    batches = [some[at : at + BATCH] for at in range(0, len(some), BATCH)]
    return [edition for batch in batches for edition in pickle.loads(pickle.dumps(batch))]


def timed(work: Callable[[Edition], Any], some: Sequence[Edition]) -> float:
    """Milliseconds for each."""
    start = time.process_time()
    for edition in some:
        work(edition)
    return (time.process_time() - start) / len(some) * 1e3


def best(work: Callable[[Edition], Any], some: Sequence[Edition], rounds: int = 7) -> float:
    return min(timed(work, as_from_the_store(some)) for _ in range(rounds))


# --- a message --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Compared:
    """Milliseconds for a message."""

    feedback: bool  # whether every paper has links to say what one thinks of it
    html: int  # bytes
    size: int  # bytes of the message
    plain: float
    first: float  # by the assembly: nothing is known
    filling: float  # pages are known, of papers more and more
    warm: float
    warm_signed: float
    signing: float
    times: float  # plain / warm
    stages: dict[str, float]  # microseconds


def compare(url: str | None) -> Compared:
    chance = random.Random(1)
    stock = [pick(linked(listing)) for listing in listings(chance, 400)]
    some = editions(chance, stock, 400)
    own, signer = make_renderer(url), make_signer()
    plainly = min(timed(lambda edition: own.email(edition, plainly=True).as_bytes(), some[:8]) for _ in range(3))
    first = timed(own.message, some[:1])
    filling = timed(own.message, some[1:])
    warm = best(own.message, some)
    signed = best(lambda edition: signer.signed(own.message(edition).content), some)
    return Compared(
        feedback=url is not None,
        html=len(own.bodies(some[0]).html.encode()),
        size=len(own.message(some[0]).content),
        plain=plainly,
        first=first,
        filling=filling,
        warm=warm,
        warm_signed=signed,
        signing=signed - warm,
        times=plainly / warm,
        stages=stages(own, some),
    )


def make_signer() -> Signer:
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return Signer("example.org", [Key("rsa-sha256", "digest", lambda data: key.sign(data, PKCS1v15(), SHA256()))])


STAGES = {
    "words": [(renderer, "shell"), (renderer, "structure")],
    "papers looked up": [(papers.Papers, "find")],
    "bodies": [(joining.Joining, "body")],
    "headers": [(headers, name) for name in ("links", "address", "fields", "letterhead")],
    "joined": [(renderer, "joined")],
}


def stages(own: Renderer, some: Sequence[Edition]) -> dict[str, float]:
    spent: dict[str, float] = defaultdict(float)
    with ExitStack() as patches:
        for stage, functions in STAGES.items():
            for holder, name in functions:
                patches.enter_context(_clocked(holder, name, stage, spent))
        whole = timed(own.message, as_from_the_store(some)) * 1e3
    found = {stage: seconds / len(some) * 1e6 for stage, seconds in spent.items()}
    return found | {"the rest, and the clock": whole - sum(found.values())}


@contextmanager
def _clocked(holder: Any, name: str, stage: str, spent: dict[str, float]) -> Iterator[None]:
    function = getattr(holder, name)

    def clocked(*arguments: Any, **named: Any) -> Any:
        start = time.perf_counter()
        try:
            return function(*arguments, **named)
        finally:
            spent[stage] += time.perf_counter() - start

    with mock.patch.object(holder, name, clocked):
        yield


# --- papers -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Prepared:
    """Papers prepared a second of CPU, in HTML and in text."""

    premailer: float
    learnt: float
    css_inline: float | None
    thousand: float  # seconds for 1,000, learnt
    asked: int  # times that premailer was asked for them
    megabytes: float  # of memory that 5,000 take


def prepare() -> Prepared:
    stock = [pick(linked(listing)) for listing in listings(random.Random(1), 5_000)]
    own = make_renderer()
    own.message(each(stock[-PAPERS:])[0])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with mock.patch.object(inlining, "inline", wraps=inlining.inline) as asked:
        rate = papers_a_second(own, stock[:1_000])
    timed(own.message, each(stock[1_000:]))
    megabytes = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return Prepared(
        premailer=other_inliner(by_premailer, stock[:120]),
        learnt=rate,
        css_inline=other_inliner(by_css_inline, stock[:600]) if find_spec("css_inline") else None,
        thousand=1_000 / rate,
        asked=asked.call_count,
        megabytes=megabytes,
    )


def each(stock: Sequence[Pick]) -> list[Edition]:
    """Editions in which every pick is once."""
    one = editions(random.Random(3), stock, 1)[0]
    return [replace(one, picks=tuple(stock[at : at + PAPERS])) for at in range(0, len(stock), PAPERS)]


def papers_a_second(own: Renderer, stock: Sequence[Pick]) -> float:
    return PAPERS / timed(own.message, each(stock)) * 1e3


def other_inliner(inlined: Callable[[Memory, str, Place], str], stock: Sequence[Pick]) -> float:
    own = make_renderer()
    own.message(each(stock)[0])
    with mock.patch.object(Memory, "inlined", inlined):
        return papers_a_second(own, stock[PAPERS:])


def by_premailer(memory: Memory, html: str, place: Place) -> str:
    """One page a paper, with nothing on it but the elements around it."""
    return memory._asked(html, place)  # noqa: SLF001


def by_css_inline(memory: Memory, html: str, _: Place) -> str:
    import css_inline

    styles = memory._styles.removeprefix("<style>").removesuffix("</style>")  # noqa: SLF001
    return css_inline.inline_fragment(f"<table>{html}</table>", styles)


# --- a day ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Day:
    """1,000 readers' messages, one after the other."""

    readers: int
    listings: int
    shown: int  # papers in all messages together
    made: int  # of them rendered; the others were there
    hits: float
    milliseconds: float  # of CPU a message, all told
    kilobytes: float  # that a remembered paper takes


def simulate(readers: int = 1_000) -> Day:
    chance = random.Random(1)
    found = [linked(listing) for listing in listings(chance)]
    everybody = people(profiles(chance, "shared", readers), PAPERS)
    rankings = Ranker().rank(Shard(everybody, tuple(window(found)), NOW, background=background(found)))
    some = [
        Edition(
            reader, DAY, NOW, picks=ranking.picks, read=ranking.read, matched=ranking.matched, papers=ranking.papers
        )
        for reader, ranking in zip(everybody, rankings, strict=True)
    ]
    own = make_renderer()
    milliseconds = timed(own.message, as_from_the_store(some))
    shown, made = sum(len(edition.picks) for edition in some), own.remembered.made // 2  # HTML and text
    kilobytes = own.remembered.weight / len(own.remembered) / 1e3
    return Day(readers, len(found), shown, made, 1 - made / shown, milliseconds, kilobytes)


# --- all of it --------------------------------------------------------------------------------------------------------


def main(asked: argparse.Namespace) -> None:
    """Measure and print everything, and keep it as JSON if that is wanted."""
    compared = [apart(compare, url) for url in (None, "https://papers.example.org")]
    for one in compared:
        links = "with links of feedback" if one.feedback else "without pages"
        print(f"\nmessage, {links}: {one.html:,} bytes of HTML, {one.size:,} in all; milliseconds of CPU")
        print(
            f"  plain path {one.plain:.1f}; assembly, first {one.first:.1f}, filling {one.filling:.2f}, warm {one.warm:.3f}"
        )
        print(f"  {one.times:,.0f} times; signed {one.warm_signed:.3f}, of which the signature {one.signing:.3f}")
        print("  " + ", ".join(f"{stage} {spent:.0f}" for stage, spent in one.stages.items()) + " microseconds")
    prepared = apart(prepare)
    beside = f", {prepared.css_inline:,.0f} by css-inline" if prepared.css_inline else ""
    print(
        f"\npapers a second: {prepared.premailer:,.0f} by premailer, {prepared.learnt:,.0f} by what was learnt from it{beside}"
        f"\n1,000 in {prepared.thousand:.2f} s, for which premailer was asked {prepared.asked} times; 5,000 take "
        f"{prepared.megabytes:.0f} MB"
    )
    day = apart(simulate)
    print(
        f"\nday: {day.readers:,} readers are shown {day.shown:,} papers, of which {day.made:,} had to be rendered "
        f"({day.hits:.0%} were there); {day.milliseconds:.2f} ms a message; {day.kilobytes:.1f} KB a paper"
    )
    if asked.json:
        document = {"message": [asdict(one) for one in compared], "papers": asdict(prepared), "day": asdict(day)}
        asked.json.write_text(json.dumps(document, indent=1) + "\n")


def apart(measure: Callable[..., Any], *arguments: Any) -> Any:
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(measure, arguments)


def _asked(arguments: list[str]) -> argparse.Namespace:
    options = argparse.ArgumentParser(description="From an edition to a message.")
    options.add_argument("--json", type=Path, help="keep the figures in this file, too")
    return options.parse_args(arguments)


if __name__ == "__main__":
    main(_asked(sys.argv[1:]))
