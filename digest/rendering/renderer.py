"""Edition -> message: by the assembly, or, where a template asks for more than that can give, by the plain path."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import NamedTuple

from digest.model import Edition, Format, Layout, Message
from digest.rendering import headers, letters, plain
from digest.rendering.assembly import MEMORY, Assembly
from digest.rendering.cards import Setting
from digest.rendering.encoding import piece, text_of
from digest.rendering.headers import Letterhead, Links, letterhead
from digest.rendering.joining import Body, Reader
from digest.rendering.language import language
from digest.rendering.letters import Letter
from digest.rendering.mime import Part, assemble, joined
from digest.rendering.pages import Looks, structure
from digest.rendering.papers import Papers
from digest.rendering.site import Mailing, Site
from digest.rendering.slots import Misused, mark
from digest.rendering.templates import THEME, Templates
from digest.rendering.view import Frame, View, shell, view
from digest.text import tokens
from digest.tokens import boundary

_ENDINGS = {Format.HTML: ("txt", "html"), Format.TEXT: ("txt",), Format.MARKDOWN: ("md",)}


@dataclass(frozen=True, slots=True)
class Bodies:
    """One edition in every form."""

    subject: str
    html: str
    text: str
    markdown: str


class _Work(NamedTuple):
    """One edition on its way to a message."""

    edition: Edition
    own: Letterhead
    sender: str  # of the envelope
    links: Links
    reader: Reader
    digest: View  # without its papers
    looks: Looks


class Renderer:
    """What editions look like in one installation. Rendering changes nothing but what it remembers.

    Args:
        secret: makes message ids that nobody else can make, and never changes.
        sources: source name -> its name as people say it.
        templates_dir: the operator's folder; its `email/NAME.j2` takes the place of the built-in one.
        theme: the folder of templates that takes the place of the built-in ones.
        images: whether papers have pictures, where their sources give any.
        locale: what readers who named none get.
        memory: bytes of papers to remember, about.
        key: makes links that nobody else can make; the secret, if none is given.

    Raises:
        TemplateError: there is no such theme.
    """

    def __init__(  # noqa: PLR0913  (what an operator may choose)
        self,
        site: Site,
        mailing: Mailing,
        secret: bytes,
        sources: Mapping[str, str],
        templates_dir: Path | None = None,
        *,
        theme: str = THEME,
        images: bool = False,
        locale: str = "",
        memory: int = MEMORY,
        key: bytes | None = None,
    ) -> None:
        self._site = site
        self._mailing = mailing
        self._secret = secret
        self._key = key or secret
        self._sources = dict(sources)
        self._images = images
        self._locale = locale
        sign = mark(hashlib.sha256(secret + b"slots").digest()[:8])
        self.templates = Templates(templates_dir, theme, sign)
        self._assembly = Assembly(self.templates, sign, memory)
        self._settings: dict[tuple[str, Layout], Setting] = {}

    @property
    def whole(self) -> Counter[str]:
        """What had to be rendered anew for each reader, and why: a template that does more with a slot than print it."""
        return self._assembly.refusals

    @property
    def remembered(self) -> Papers:
        """The papers that need not be rendered again."""
        return self._assembly.papers

    def forget(self) -> None:
        """Give back the memory of papers, which are another day's when there is something to render again."""
        self._assembly.papers.clear()
        tokens.forget()

    def bodies(self, edition: Edition) -> Bodies:
        """Subject, HTML, plain text and Markdown.

        Raises:
            TemplateError: a template cannot be rendered.
            MessageError: there is no usable address for the links of the footer.
        """
        work = self._work(edition)
        html, text, markdown = (_text(part) for part in self._parts(work, ("html", "txt", "md")))
        return Bodies(self._subject(work), html, text, markdown)

    def message(self, edition: Edition) -> Message:
        """The message of this edition, always the same, ready for the wire.

        The envelope sender is the From address, or one of its own where bounces are read.

        Raises as `bodies` does, and MessageError where the reader has no usable address.
        """
        work = self._work(edition)
        address = headers.address(edition, work.own, self._secret)
        fields = headers.fields(edition, self._subject(work), work.own, work.links, address)
        parts = self._parts(work, _ENDINGS[edition.subscriber.format])
        return Message(
            sender=work.sender,
            recipient=address.to.address,
            message_id=address.own_id,
            content=joined(fields, parts, boundary(address.own_id)),
        )

    def email(self, edition: Edition, *, plainly: bool = False) -> EmailMessage:
        """The same as `email` knows it; `plainly`, by the plain path alone. Raises as `message` does."""
        work, endings = self._work(edition), _ENDINGS[edition.subscriber.format]
        address = headers.address(edition, work.own, self._secret)
        subject = self._plain_subject(work) if plainly else self._subject(work)
        fields = headers.fields(edition, subject, work.own, work.links, address)
        texts = self._plain(work, endings) if plainly else [_text(part) for part in self._parts(work, endings)]
        parts = [(plain.subtype(ending), text) for ending, text in zip(endings, texts, strict=True)]
        return assemble(fields, parts, boundary(address.own_id), utf8=address.utf8)

    def letter(self, letter: Letter) -> Message:
        """A small mail about a subscription, ready for the wire. Raises MessageError and TemplateError."""
        own = letterhead(self._site, self._mailing)
        return letters.message(letter, self._site, own, self.templates, self._secret)

    def _work(self, edition: Edition) -> _Work:
        own = letterhead(self._site, self._mailing)
        sender, stop = headers.own_addresses(edition, own, self._key)
        links = headers.links(edition, own, self._key, stop)
        frame = Frame(own.name, own.base, links.change, links.stop, links.like, links.dislike)
        setting = self._setting(edition.subscriber.locale or self._locale, edition.subscriber.layout)
        digest = shell(edition, setting, frame)
        return _Work(edition, own, sender, links, Reader(edition, setting, frame), digest, structure(digest))

    def _setting(self, locale: str, layout: Layout) -> Setting:
        found = self._settings.get((locale, layout))
        if found is None:
            found = Setting(self._sources, language(locale), layout, self._images)
            self._settings[locale, layout] = found
        return found

    def _subject(self, work: _Work) -> str:
        own = work.reader.setting.language
        try:
            return headers.phrase(self._assembly.line("subject", work.digest, work.looks, own))
        except Misused:
            return self._plain_subject(work)

    def _plain_subject(self, work: _Work) -> str:
        own = work.reader.setting.language
        return headers.phrase(self.templates.render("subject.txt", own, digest=work.digest))

    def _parts(self, work: _Work, endings: Sequence[str]) -> list[Part]:
        try:
            bodies = self._assembly.bodies(work.digest, work.looks, work.reader, endings)
        except Misused:
            said = map(piece, self._plain(work, endings))
            bodies = [Body([one.content], one.size, one.beyond) for one in said]
        return [
            Part(plain.subtype(ending), body.pieces, body.size, body.beyond)
            for ending, body in zip(endings, bodies, strict=True)
        ]

    def _plain(self, work: _Work, endings: Sequence[str]) -> list[str]:
        reader = work.reader
        whole = view(work.edition, reader.setting, reader.frame)
        return [plain.body(ending, whole, self.templates, reader.setting.language) for ending in endings]


def _text(part: Part) -> str:
    return text_of(b"".join(part.pieces))
