"""Edition -> view -> Jinja page -> inlined styles -> message: the plain path."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from markupsafe import Markup

from digest.model import Edition, Format, Message
from digest.rendering import headers
from digest.rendering.cards import Setting
from digest.rendering.escaping import Ready
from digest.rendering.inlining import inline
from digest.rendering.language import Language, language
from digest.rendering.mime import assemble
from digest.rendering.site import Mailing, Site
from digest.rendering.templates import Templates
from digest.rendering.tokens import boundary
from digest.rendering.view import CardSection, Frame, View, folded, view
from digest.rendering.words import web_url

HTML_BUDGET = 95_000  # bytes; Gmail cuts a message at about 102 KB of HTML


@dataclass(frozen=True, slots=True)
class Bodies:
    """One edition in every form."""

    subject: str
    html: str
    text: str
    markdown: str


class Renderer:
    """What editions look like in one installation. Holds its compiled templates; rendering changes nothing.

    Args:
        secret: makes message ids and unsubscribe links that nobody else can make.
        sources: source name -> its name as people say it.
        templates_dir: the operator's folder; its `email/NAME.j2` takes the place of the built-in one.
    """

    def __init__(
        self,
        site: Site,
        mailing: Mailing,
        secret: bytes,
        sources: Mapping[str, str],
        templates_dir: Path | None = None,
    ) -> None:
        self._site = site
        self._mailing = mailing
        self._secret = secret
        self._sources = dict(sources)
        self.templates = Templates(templates_dir)

    def bodies(self, edition: Edition) -> Bodies:
        """Subject, HTML, plain text and Markdown.

        Raises:
            TemplateError: a template cannot be rendered.
            MessageError: there is no usable address for the links of the footer.
        """
        digest = self._view(edition)
        return Bodies(
            subject=self._subject(digest),
            html=self._html(digest, language(edition.subscriber.locale)),
            text=self._text("digest.txt", digest),
            markdown=self._text("digest.md", digest),
        )

    def email(self, edition: Edition) -> EmailMessage:
        """The message of this edition, always the same. Raises as `bodies` does."""
        digest = self._view(edition)
        fields = headers.fields(edition, self._subject(digest), self._site, self._mailing, self._secret)
        boxes = headers.mailbox("From", self._mailing.sender), headers.recipient(edition)
        return assemble(
            fields,
            self._parts(digest, edition.subscriber.format, language(edition.subscriber.locale)),
            boundary(self._secret, edition),
            utf8=headers.is_international(*boxes),
        )

    def message(self, edition: Edition) -> Message:
        """The same, ready for the wire. The envelope sender is the From address."""
        email = self.email(edition)
        return Message(
            sender=headers.mailbox("From", self._mailing.sender).address,
            recipient=headers.recipient(edition).address,
            message_id=str(email["Message-ID"]),
            content=email.as_bytes(),
        )

    def _view(self, edition: Edition) -> View:
        stop = headers.unsubscribe_page(edition, self._site, self._secret)
        frame = Frame(
            site=self._site.name,
            site_url=web_url(self._site.url),
            change=headers.mail_link(self._site, self._mailing, "change my digest"),
            stop=stop or headers.mail_link(self._site, self._mailing, "unsubscribe"),
        )
        own = language(edition.subscriber.locale)
        return view(edition, Setting(self._sources, own, edition.subscriber.layout), frame)

    def _parts(self, digest: View, wanted: Format, own: Language) -> list[tuple[str, str]]:
        match wanted:
            case Format.HTML:
                return [("plain", self._text("digest.txt", digest)), ("html", self._html(digest, own))]
            case Format.TEXT:
                return [("plain", self._text("digest.txt", digest))]
            case Format.MARKDOWN:
                # Not text/markdown (RFC 7763): most mail programs show that as an attachment.
                return [("plain", self._text("digest.md", digest))]

    def _subject(self, digest: View) -> str:
        return headers.phrase(self.templates.render("subject.txt", digest=digest))

    def _text(self, name: str, digest: View) -> str:
        ending = name.rpartition(".")[2]

        def cards(section: CardSection) -> str:
            shown = (self.templates.render(f"{card.template}.{ending}", card=card) for card in section.cards)
            return Ready("\n\n".join(map(_squeezed, shown)))

        return _squeezed(self.templates.render(name, digest=digest, cards=cards)) + "\n"

    def _html(self, whole: View, own: Language) -> str:
        """The page within the budget: whatever is too long loses its last cards, and nothing else."""
        html, keep = self._page(whole), whole.count
        while len(html.encode()) > HTML_BUDGET and keep:
            keep -= 1
            html = self._page(folded(whole, keep, own))
        return html

    def _page(self, digest: View) -> str:
        def cards(section: CardSection) -> Markup:
            return Markup().join(
                Markup(self.templates.render(f"{card.template}.html", card=card))  # noqa: S704 - the template escapes
                for card in section.cards
            )

        return inline(self.templates.render("digest.html", digest=digest, cards=cards))


def _squeezed(text: str) -> str:
    """Without blank lines at its ends, and no two in a row."""
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n")
