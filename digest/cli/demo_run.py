"""What `digest demo` does: the real pipeline between two servers of its own, and what came out of it as files.

sample over HTTP -> pull -> compose -> deliver -> SMTP receiver -> DIR
"""

import asyncio
import email
import email.policy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from aiosmtpd.controller import Controller

from digest import config, pipeline, sample
from digest.cli import wiring
from digest.errors import DigestError
from digest.model import Edition, Format, Pick, Section
from digest.ranking.query import parse
from digest.rendering import Bodies, Renderer
from digest.rendering.reasons import whys
from digest.sample.server import serving
from digest.sources.client import Client

if TYPE_CHECKING:
    from aiosmtpd.smtp import SMTP, Envelope, Session

    from digest.config import Settings


@dataclass(frozen=True, slots=True)
class Arrival:
    """One digest, and the message in which it arrived."""

    edition: Edition
    content: bytes  # as the mail server received it
    bodies: Bodies

    @property
    def name(self) -> str:
        """What its files are called."""
        return self.edition.subscriber.name.lower()

    @property
    def subject(self) -> str:
        return str(email.message_from_bytes(self.content, policy=email.policy.default)["Subject"])

    def reasons(self) -> list[tuple[Pick, str]]:
        """Each pick with why it was chosen, in plain words."""
        return [(pick, _why(pick)) for pick in self.edition.picks]


def _why(pick: Pick) -> str:
    if pick.section is Section.TRENDING:
        return f"{pick.listing.upvotes} upvotes"
    if pick.section is Section.PICKED:
        return f"picked by {pick.by}"
    if pick.section is Section.VERSIONS:
        return "a new version of it is out"
    return ", ".join(f"{why.term} ({why.where})" if why.where else why.term for why in whys(pick.reasons))


def run() -> list[Arrival]:
    """Pull, compose and deliver the sample's first morning; what arrived, in the order of the subscribers."""
    with (
        TemporaryDirectory(prefix="digest-demo-") as folder,
        serving(sample.DAYS[0]) as web,
        _inbox() as inbox,
    ):
        settings = _settings(web, inbox.port, Path(folder))
        with (
            wiring.store_of(settings, sample.MORNING) as store,
            Client(settings.site.contact or "", sleep=lambda _: None) as client,  # it is our own server
        ):
            home = wiring.assemble(settings, store, client)
            return _morning(home.parts, home.renderer, inbox)


def _settings(web: str, port: int, folder: Path) -> "Settings":
    return config.from_text(sample.configuration(web, port), folder / "config.toml", {}, check_keyword=parse)


def _morning(parts: pipeline.Parts, renderer: Renderer, inbox: "_Inbox") -> list[Arrival]:
    problems = [
        problem.what for pulled in pipeline.pull(parts, sample.MORNING, force=True) for problem in pulled.problems
    ]
    editions = list(pipeline.compose(parts, sample.MORNING, early=True))
    delivered = pipeline.deliver(parts, lambda: sample.MORNING)
    if problems or delivered.sent != len(editions):
        raise DigestError(f"The demo did not go as it should: {problems or delivered}")
    return [Arrival(e, inbox.received[e.subscriber.email], renderer.bodies(e)) for e in editions]


# --- the mail server ----------------------------------------------------------------------------------------------


class _Inbox(Controller):
    """A mail server on a free port of loopback that keeps what it is sent, by recipient."""

    def __init__(self) -> None:
        self.received: dict[str, bytes] = {}
        super().__init__(self, hostname="127.0.0.1", port=0)

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server), "started just before this is called"
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]

    async def handle_DATA(self, server: "SMTP", session: "Session", envelope: "Envelope") -> str:  # noqa: ARG002, N802
        for recipient in envelope.rcpt_tos:
            self.received[str(recipient)] = envelope.original_content or b""
        return "250 OK"


@contextmanager
def _inbox() -> Iterator[_Inbox]:
    inbox = _Inbox()
    inbox.start()
    try:
        yield inbox
    finally:
        inbox.stop()


# --- the folder ---------------------------------------------------------------------------------------------------


def write(arrivals: Sequence[Arrival], folder: Path) -> Path:
    """Write every digest in every form, and a page that shows them side by side; returns the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    for arrival in arrivals:
        (folder / f"{arrival.name}.eml").write_bytes(arrival.content)
        bodies = {"html": arrival.bodies.html, "txt": arrival.bodies.text, "md": arrival.bodies.markdown}
        for ending, body in bodies.items():
            (folder / f"{arrival.name}.{ending}").write_text(body, encoding="utf-8")
    index = folder / "index.html"
    index.write_text(_PAGE.format(body="\n".join(map(_shown, arrivals))), encoding="utf-8")
    return index


_PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>digest demo</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 1320px; padding: 0 1rem }}
main {{ display: grid; gap: 2rem; grid-template-columns: repeat(auto-fit, minmax(min(360px, 100%), 1fr)) }}
h2 {{ font: 600 19px/1.3 Georgia, serif; margin: 0 }}
iframe, pre {{ border: 1px solid #8888; border-radius: 4px; box-sizing: border-box; height: 75vh; margin: 0; width: 100% }}
pre {{ font: 13px/1.5 ui-monospace, monospace; overflow: auto; padding: 1rem; white-space: pre-wrap }}
</style>
<h1>What arrived</h1>
<p>Three digests of one invented morning. The papers, their authors and their results are made up, and their links
lead nowhere. Each <code>.eml</code> is the message as the mail server received it.</p>
<main>
{body}
</main>
</html>
"""


def _shown(arrival: Arrival) -> str:
    subscriber = arrival.edition.subscriber
    links = " · ".join(f'<a href="{arrival.name}.{end}">.{end}</a>' for end in ("eml", "html", "txt", "md"))
    wants = ", ".join(f"<code>{escape(keyword)}</code>" for keyword in subscriber.profile.keywords)
    return f"""<section>
<h2>{escape(arrival.subject)}</h2>
<p>{escape(subscriber.name)}, {escape(subscriber.schedule.timezone)} at {subscriber.schedule.send_at:%H:%M},
reads {subscriber.format}: {links}<br>{wants}</p>
{_body(arrival)}
</section>"""


def _body(arrival: Arrival) -> str:
    """The digest as this subscriber sees it."""
    match arrival.edition.subscriber.format:
        case Format.HTML:
            return f'<iframe src="{arrival.name}.html" title="{arrival.name}.html"></iframe>'
        case Format.TEXT:
            return f"<pre>{escape(arrival.bodies.text)}</pre>"
        case Format.MARKDOWN:
            return f"<pre>{escape(arrival.bodies.markdown)}</pre>"
