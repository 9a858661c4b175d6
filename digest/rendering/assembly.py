"""The assembly: bodies joined from pieces that were rendered, inlined and encoded once.

A page is rendered with slots where readers differ, once for every structure: language, layout, date, what of it is empty,
how long its lists are. A paper is rendered once for all readers who see it alike. A reader's body is those pieces and,
between them, a few short texts of their own. Whatever a template does that does not allow this raises `Misused`.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any

from digest.errors import TemplateError
from digest.model import Section
from digest.rendering import plain
from digest.rendering.blanks import Blanks, Spot, html_blanks, text_blanks
from digest.rendering.cache import Cache
from digest.rendering.cards import Card, Own, card_of, own_of, strongest
from digest.rendering.holes import Fragment, fragment, html_parts, text_parts
from digest.rendering.inlining import Memory, NotInlinable
from digest.rendering.joining import Body, Joining, PapersOf, Reader, Shown
from digest.rendering.language import Language
from digest.rendering.pages import Looks, Page, html_page, slotted, structure, text_page
from digest.rendering.papers import Paper, Papers, look_of, placeless
from digest.rendering.slots import Ledger, Misused, Printed
from digest.rendering.templates import Templates
from digest.rendering.view import View, answerable, folded

_WITH_BLANKS = ("html", "txt")  # of Markdown, what stands where decides what is escaped
_MOST_PAGES = 1_000
MEMORY = 128 * 2**20  # bytes


class Assembly:
    """Remembers pages and papers. Two threads that need the same at once may both make it; no harm is done.

    Args:
        mark: what stands for slots in rendered pages; strangers must not know it.
        limit: bytes of papers to remember, about.

    Attributes:
        refusals: why something had to be left to the plain path, and how often that was found out.
    """

    def __init__(self, templates: Templates, mark: str, limit: int) -> None:
        self._templates = templates
        self._mark = mark
        self._pages: Cache[Hashable, Page | str] = Cache(_MOST_PAGES)
        self._lines: Cache[Hashable, tuple[str | Printed, ...] | str] = Cache(_MOST_PAGES)
        self._memories: dict[str, Memory] = {}
        self._settings: dict[Hashable, int] = {}
        self.papers = Papers(limit)
        self.refusals: Counter[str] = Counter()

    def line(self, name: str, digest: View, looks: Looks, own: Language) -> str:
        """The text of a template that shows no papers. Raises as `bodies` does."""
        key = name, own, looks.structure
        parts = self._lines.get(key)
        if parts is None:
            parts = self._new_line(name, digest, own)
            self._lines.put(key, parts)
        if isinstance(parts, str):
            raise Misused(parts)
        return "".join([part if isinstance(part, str) else _said(part, looks.values) for part in parts])

    def bodies(self, digest: View, looks: Looks, reader: Reader, endings: Iterable[str]) -> list[Body]:
        """The digest in these forms: "html", "txt", "md". `digest` holds no papers in its sections.

        Raises:
            Misused: a template asks for more than pieces can give.
            TemplateError: a template cannot be rendered.
        """
        papers = self._placed(digest, reader)
        found = []
        for ending in endings:
            body = self._body(ending, digest, looks, reader, papers)
            if ending == "html" and body.size > plain.HTML_BUDGET:
                body = self._folded(digest, reader, papers)
            found.append(body)
        return found

    def _placed(self, digest: View, reader: Reader) -> PapersOf:
        """The papers of each section, numbered through."""
        edition, setting = reader.edition, reader.setting
        known = setting.language, setting.layout, setting.images, edition.issue_date, reader.frame.like is None
        number = self._settings.setdefault(known, len(self._settings))
        found: dict[str, Shown] = {}
        first = 1
        for section in digest.sections:
            picks = edition.section(Section(section.name))
            found[section.name] = Shown(first, picks, self.papers.find(picks, number), {}, {})
            first += len(picks)
        return found

    def _folded(self, digest: View, reader: Reader, papers: PapersOf) -> Body:
        """The HTML within the budget: of the papers as many of the first as fit."""
        shown: Any = {name: own.papers for name, own in papers.items()}  # `folded` cuts whatever stands for cards
        sections = tuple(replace(part, cards=shown[part.name]) for part in digest.sections)
        whole = replace(digest, sections=sections)
        for keep in range(_most_that_fit([paper for own in papers.values() for paper in own.papers]), -1, -1):
            kept = folded(whole, keep, reader.setting.language)
            first = {part.name: papers[part.name].cut(len(part.cards)) for part in kept.sections}
            body = self._body("html", kept, structure(kept), reader, first)
            if body.size <= plain.HTML_BUDGET:
                break
        return body

    def _body(self, ending: str, digest: View, looks: Looks, reader: Reader, papers: PapersOf) -> Body:
        key = ending, reader.setting.language, looks.structure
        known = self._pages.get(key)
        page = known or self._new_page(ending, digest, reader)
        if isinstance(page, str):
            self._pages.put(key, page)
            raise Misused(page)
        joining = Joining(reader, page, lambda section, at: self._make(page, section, papers[section], at, reader))
        body = joining.body(looks.values, papers)
        if known is None:
            verified = self._verified(body, page, digest, reader, papers)
            self._pages.put(key, verified)
            if isinstance(verified, str):
                raise Misused(verified)
        return body

    # --- what is not there yet

    def _new_line(self, name: str, digest: View, own: Language) -> tuple[str | Printed, ...] | str:
        ledger = Ledger(self._mark)
        try:
            return tuple(ledger.parts(self._templates.render(f"{name}.txt", own, digest=slotted(digest, ledger))))
        except (Misused, TemplateError) as reason:  # a fault is told as the plain path meets it
            return self._refused(f"{name}.txt.j2: {reason}")

    def _new_page(self, ending: str, digest: View, reader: Reader) -> Page | str:
        ledger, own = Ledger(self._mark), reader.setting.language
        try:
            if ending == "html":
                return html_page(digest, ledger, self._templates, own, self._memories)
            return text_page(ending, digest, ledger, self._templates, own)
        except (Misused, TemplateError) as reason:
            return self._refused(f"digest.{ending}.j2: {reason}")

    def _make(self, page: Page, section: str, shown: Shown, at: int, reader: Reader) -> Fragment:
        """The paper in the page's form, from now on. Raises Misused."""
        paper, form = shown.papers[at], page.form(section)
        made = paper.forms.get(form)
        if made is None:
            made = self._new_fragment(page, section, shown, at, reader)
            if isinstance(made, Fragment) and not made.parts and page.gap:
                made = self._refused(f"digest.{page.ending}.j2: blank lines around nothing have to be squeezed")
            paper.forms[form] = made
            self.papers.keep(paper)
        if isinstance(made, str):
            raise Misused(made)
        return made

    def _new_fragment(self, page: Page, section: str, shown: Shown, at: int, reader: Reader) -> Fragment | str:
        if filled := self._filled(page, section, shown, at, reader):
            return filled
        ledger, own = Ledger(self._mark), reader.setting.language
        card = placeless(self._card(shown, at, reader), ledger)
        try:
            if page.memory is None:
                return fragment(text_parts(plain.card_text(page.ending, card, self._templates, own), ledger))
            written = plain.card_html(card, self._templates, own)
            return fragment(html_parts(page.memory.inlined(written, page.places[section]), ledger))
        except (Misused, NotInlinable, TemplateError) as reason:
            return self._refused(f"{card.template}.{page.ending}.j2: {reason}")

    def _filled(self, page: Page, section: str, shown: Shown, at: int, reader: Reader) -> Fragment | None:
        """The paper filled in, where its template leaves blanks that can be."""
        if page.ending not in _WITH_BLANKS:
            return None
        own = self._own(shown, at, reader)
        key = (
            page.form(section),
            look_of(shown.papers[at].key),
            bool(own.whys),
            bool(strongest(own.whys)),
            len(own.paragraphs),
        )
        blanks = self.papers.blanks.get(key)
        if blanks is None:
            blanks = self._new_blanks(page, section, self._card(shown, at, reader), reader)
            self.papers.blanks.put(key, blanks, blanks.weight)
        try:
            return blanks.filled(own, reader.setting.language)
        except Misused:
            return None

    def _new_blanks(self, page: Page, section: str, card: Card, reader: Reader) -> Blanks:
        ledger, own = Ledger(self._mark), reader.setting.language
        match, card = card.match, placeless(card, ledger)
        try:
            if page.memory is None:
                return Blanks(text_blanks(page.ending, card, ledger, self._templates, own), match)
            spot = Spot(page.memory, page.places[section])
            return Blanks(html_blanks(card, ledger, spot, self._templates, own), match)
        except (Misused, NotInlinable, TemplateError):
            return Blanks(None, match)

    def _own(self, shown: Shown, at: int, reader: Reader) -> Own:
        if at not in shown.own:
            pick, setting = shown.picks[at], reader.setting
            shown.own[at] = own_of(pick, setting, self.papers.texts(pick.listing, setting.layout))
        return shown.own[at]

    def _card(self, shown: Shown, at: int, reader: Reader) -> Card:
        number = shown.first + at
        if number not in shown.cards:
            pick, setting = shown.picks[at], reader.setting
            texts = self.papers.texts(pick.listing, setting.layout)
            made = card_of(pick, reader.edition.issue_date, setting, number, texts)
            shown.cards[number] = answerable(made, reader.frame, setting.language)
        return shown.cards[number]

    def _verified(self, body: Body, page: Page, digest: View, reader: Reader, papers: PapersOf) -> Page | str:
        """The page, if the plain path says the same of the first reader it was made for; else why it cannot be used."""
        sections = tuple(
            replace(part, cards=tuple(self._card(own, at, reader) for at in range(len(own.papers))))
            for part, own in ((part, papers[part.name]) for part in digest.sections)
        )
        whole = replace(digest, sections=sections)
        if plain.whole(page.ending, whole, self._templates, reader.setting.language) == body.text:
            return page
        return self._refused(f"digest.{page.ending}.j2: joined, it says something else")

    def _refused(self, reason: str) -> str:
        self.refusals[reason] += 1
        return reason


def _most_that_fit(papers: Sequence[Paper]) -> int:
    """More than so many of the first papers are over the budget by themselves; and all of them are not to be shown."""
    sizes = accumulate(paper.html_size for paper in papers)
    return min(sum(size <= plain.HTML_BUDGET for size in sizes), len(papers) - 1)


def _said(printed: Printed, values: Sequence[Any]) -> str:
    return printed.text(values[int(printed.source)])
