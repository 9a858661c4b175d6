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

from digest.model import Section
from digest.rendering import plain
from digest.rendering.cache import Cache
from digest.rendering.cards import Card, card_of
from digest.rendering.encoding import Piece, text_of
from digest.rendering.holes import Fragment, fragment, html_parts, text_parts
from digest.rendering.inlining import Memory, NotInlinable
from digest.rendering.joining import Joining, PapersOf, Placed, Reader
from digest.rendering.language import Language
from digest.rendering.pages import Looks, Page, html_page, slotted, structure, text_page
from digest.rendering.papers import Paper, Papers, placeless
from digest.rendering.slots import Ledger, Misused, Printed
from digest.rendering.templates import Templates
from digest.rendering.view import View, answerable, folded

_MOST_PAGES = 1_000
_MEMORY = 64 * 2**20  # bytes


class Assembly:
    """Remembers pages and papers. Two threads that need the same at once may both make it; no harm is done.

    Args:
        mark: what stands for slots in rendered pages; strangers must not know it.
        limit: bytes of papers to remember, about.

    Attributes:
        made: papers rendered, in one form each.
        refusals: why something had to be left to the plain path, and how often that was found out.
    """

    def __init__(self, templates: Templates, mark: str, limit: int = _MEMORY) -> None:
        self._templates = templates
        self._mark = mark
        self._pages: Cache[Hashable, Page | str] = Cache(_MOST_PAGES)
        self._lines: Cache[Hashable, tuple[str | Printed, ...] | str] = Cache(_MOST_PAGES)
        self._memories: dict[str, Memory] = {}
        self._settings: dict[Hashable, int] = {}
        self.papers = Papers(limit)
        self.made = 0
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
        return "".join([part if isinstance(part, str) else part.text(looks.values[part.source]) for part in parts])

    def bodies(self, digest: View, looks: Looks, reader: Reader, endings: Iterable[str]) -> list[Piece]:
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
        find, before = self.papers.find, 0
        placed: dict[str, list[Placed]] = {}
        for section in digest.sections:
            picks = edition.section(Section(section.name))
            placed[section.name] = [Placed(at, pick, find(pick, number)) for at, pick in enumerate(picks, before + 1)]
            before += len(picks)
        return placed

    def _folded(self, digest: View, reader: Reader, papers: PapersOf) -> Piece:
        """The HTML within the budget: of the papers as many of the first as fit."""
        sections: Any = tuple(replace(part, cards=tuple(papers[part.name])) for part in digest.sections)
        whole = replace(digest, sections=sections)
        for keep in range(_most_that_fit([placed.paper for own in papers.values() for placed in own]), -1, -1):
            kept = folded(whole, keep, reader.setting.language)
            shown: Any = {part.name: part.cards for part in kept.sections}
            body = self._body("html", kept, structure(kept), reader, shown)
            if body.size <= plain.HTML_BUDGET:
                break
        return body

    def _body(self, ending: str, digest: View, looks: Looks, reader: Reader, papers: PapersOf) -> Piece:
        key = ending, reader.setting.language, looks.structure
        known = self._pages.get(key)
        page = known or self._new_page(ending, key, digest, reader)
        if isinstance(page, str):
            raise Misused(page)
        joining = Joining(reader, page, lambda placed, section: self._make(ending, page, section, placed, reader))
        body = joining.body(looks.values, papers)
        if known is None:
            self._verify(ending, key, body, digest, reader, papers)
        return body

    # --- what is not there yet

    def _new_line(self, name: str, digest: View, own: Language) -> tuple[str | Printed, ...] | str:
        ledger = Ledger(self._mark)
        try:
            return tuple(ledger.parts(self._templates.render(f"{name}.txt", own, digest=slotted(digest, ledger))))
        except Misused as reason:
            return self._refused(f"{name}.txt.j2: {reason}")

    def _new_page(self, ending: str, key: Hashable, digest: View, reader: Reader) -> Page | str:
        ledger, own = Ledger(self._mark), reader.setting.language
        page: Page | str
        try:
            if ending == "html":
                page = html_page(digest, ledger, self._templates, own, self._memories)
            else:
                page = text_page(ending, digest, ledger, self._templates, own)
        except Misused as reason:
            page = self._refused(f"digest.{ending}.j2: {reason}")
        self._pages.put(key, page)
        return page

    def _make(self, ending: str, page: Page, section: str, placed: Placed, reader: Reader) -> Fragment:
        """The paper in one form, from now on. Raises Misused."""
        form = page.form(section)
        made = placed.paper.forms.get(form)
        if made is None:
            made = placed.paper.forms[form] = self._new_fragment(ending, page, section, placed, reader)
            self.papers.keep(placed.paper)
            self.made += 1
        if isinstance(made, str):
            raise Misused(made)
        return made

    def _new_fragment(self, ending: str, page: Page, section: str, placed: Placed, reader: Reader) -> Fragment | str:
        ledger, own = Ledger(self._mark), reader.setting.language
        card = placeless(self._card(placed, reader), ledger)
        try:
            if page.memory is None:
                return fragment(text_parts(plain.card_text(ending, card, self._templates, own), ledger))
            written = plain.card_html(card, self._templates, own)
            return fragment(html_parts(page.memory.inlined(written, page.places[section]), ledger))
        except (Misused, NotInlinable) as reason:
            return self._refused(f"{card.template}.{ending}.j2: {reason}")

    def _card(self, placed: Placed, reader: Reader) -> Card:
        if placed.card is None:
            texts = self.papers.texts(placed.pick.listing, reader.setting.layout)
            made = card_of(placed.pick, reader.edition.issue_date, reader.setting, placed.number, texts)
            placed.card = answerable(made, reader.frame, reader.setting.language)
        return placed.card

    def _verify(self, ending: str, key: Hashable, body: Piece, digest: View, reader: Reader, papers: PapersOf) -> None:
        """Compare the first body made of a page with what the plain path says. Raises Misused."""
        own = reader.setting.language
        sections = tuple(
            replace(part, cards=tuple(self._card(placed, reader) for placed in papers[part.name]))
            for part in digest.sections
        )
        if plain.whole(ending, replace(digest, sections=sections), self._templates, own) != text_of(body.content):
            reason = self._refused(f"digest.{ending}.j2: joined, it says something else")
            self._pages.put(key, reason)
            raise Misused(reason)

    def _refused(self, reason: str) -> str:
        self.refusals[reason] += 1
        return reason


def _most_that_fit(papers: Sequence[Paper]) -> int:
    """More than so many of the first papers are over the budget by themselves; and all of them are not to be shown."""
    sizes = accumulate(paper.html_size for paper in papers)
    return min(sum(size <= plain.HTML_BUDGET for size in sizes), len(papers) - 1)
