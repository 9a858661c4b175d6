"""One paper as plain values."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from digest.curating import NOTE
from digest.model import Kind, Layout, Listing, Pick, Section
from digest.rendering.excerpts import (
    Holders,
    Passage,
    Run,
    Runs,
    by_paragraph,
    by_sentence,
    chosen,
    hit_keys,
    holders,
    marked,
    read,
)
from digest.rendering.language import Language
from digest.rendering.reasons import BAR, Why, explanation, steps, upvotes, whys
from digest.rendering.words import clean, clean_lines, shorten, web_url


@dataclass(frozen=True, slots=True)
class Link:
    """A link that names its target: "PDF", "Discussion 14"."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Card:
    """One paper. Texts are ready to be printed in the reader's language."""

    template: str  # "card", "line", "picked" or "trending": which of the templates shows it
    number: int  # its place in the digest, from 1
    title: str
    title_runs: Runs  # the same, in stretches: what is raised or lowered
    url: str | None  # its landing page
    authors: str  # "A. One, B. Two, C. Three and 12 more"; empty if unknown
    source: str  # "arXiv"
    categories: tuple[str, ...]  # primary first, four at most
    day: str  # "Mon, 18 May"
    note: str  # "cross-listed", "version 2"; empty for plain news
    meta: str  # source, categories, day and note in one line
    match: str  # "Match 4 of 5"; empty where nothing was matched
    steps: int  # how well it matches, 1 to 5; 0 where nothing was matched
    whys: tuple[Why, ...]  # in the layout "compact" the first alone
    explanation: str  # the same in one line: "Match 4 of 5: flow matching (title and abstract); author Ho"
    paragraphs: tuple[Runs, ...]  # of the abstract its key sentences, all of it in the layout "full"; in stretches
    links: tuple[Link, ...]
    upvotes: int | None
    votes: str  # "1,204 upvotes"; empty if unknown
    image: str | None  # the URL of a thumbnail, where the operator turned images on
    like: Link | None = None  # "more like this", where there are pages that answer
    dislike: Link | None = None
    bar: int = BAR  # steps there are
    by: str = ""  # the curator who picked it
    remark: str = ""  # their Markdown
    readers: int = 0  # who recommend it, where that is why it is trending

    @property
    def runs(self) -> Runs:
        """The paragraphs in one."""
        first, *others = self.paragraphs or ((),)
        return (*first, *(run for paragraph in others for run in (Run(" "), *paragraph)))

    @property
    def texts(self) -> tuple[str, ...]:
        """The paragraphs as plain text."""
        return plain_texts(self.paragraphs)

    @property
    def abstract(self) -> str:
        """The same in one, blank lines between paragraphs."""
        return "\n\n".join(self.texts)

    @property
    def strongest(self) -> str:
        """The term that speaks for it most; empty if none does."""
        return strongest(self.whys)


def strongest(reasons: Sequence[Why]) -> str:
    return reasons[0].term if reasons else ""


def plain_texts(paragraphs: Iterable[Runs]) -> tuple[str, ...]:
    return tuple(map(plain_text, paragraphs))


def plain_text(paragraph: Runs) -> str:
    return "".join([run.before + run.text + run.after for run in paragraph])


@dataclass(frozen=True, slots=True)
class Own:
    """What of a card is a reader's own."""

    whys: tuple[Why, ...]
    paragraphs: tuple[Runs, ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """What every card of a digest is made with."""

    sources: Mapping[str, str]  # name -> as people say it
    language: Language
    layout: Layout = Layout.CARDS
    images: bool = False
    read: "Callable[[Listing, Layout], Prepared] | None" = None  # `prepared`, where somebody keeps what it said


# Characters of a part of a card: a listing may hold anything, a card must stay one.
_TITLE, _AUTHOR, _SOURCE, _CATEGORY, _ABSTRACT, _SHORT_ABSTRACT = 300, 80, 60, 40, 420, 200


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is read of a listing, the same for every reader."""

    title: Passage
    abstract: tuple[Passage, ...]  # its sentences; in the layout "full" its paragraphs
    held: Holders | None = None  # which of the sentences hold a word


def prepared(listing: Listing, layout: Layout) -> Prepared:
    """The texts of a listing, read: most of the work that a card is."""
    text = listing.abstract or listing.summary or ""
    title = read(shorten(clean(listing.title), _TITLE))
    match layout:
        case Layout.COMPACT:
            return Prepared(title, ())
        case Layout.FULL:
            return Prepared(title, by_paragraph(text))
    sentences = by_sentence(text)
    return Prepared(title, sentences, holders(sentences))


def card_of(pick: Pick, today: date, setting: Setting, number: int = 1, texts: Prepared | None = None) -> Card:
    """The pick as a template shows it; `today` is the edition's date, `number` its place there from 1.

    `texts` are what `prepared` made of its listing for this layout, where somebody kept them.
    """
    listing, language = pick.listing, setting.language
    texts = texts or (setting.read or prepared)(listing, setting.layout)
    own = own_of(pick, setting, texts)
    title = texts.title if texts.title.text else read(language.gettext("Untitled"))
    filled = steps(pick.score) if is_matched(pick) else 0
    match = _match(filled, language)
    source = source_title(pick.source, setting.sources)
    categories = tuple(shorten(clean(category), _CATEGORY) for category in listing.categories[:4])
    day, note = language.short_day(pick.day, today), _kind(pick, language)
    return Card(
        template=_template(pick.section, setting.layout),
        number=number,
        title=title.text,
        title_runs=marked(title, frozenset()),
        url=_landing_page(listing),
        authors=_byline(listing.authors, language),
        source=source,
        categories=categories,
        day=day,
        note=note,
        meta=" · ".join(filter(None, (source, ", ".join(categories), day, note))),
        match=match,
        steps=filled,
        whys=own.whys,
        explanation=explanation(match, own.whys, language),
        paragraphs=own.paragraphs,
        links=_links(listing, language),
        upvotes=listing.upvotes,
        votes=_votes(pick, language),
        image=web_url(listing.thumbnail_url) if setting.images else None,
        by=curator(pick),
        remark=shorten(clean_lines(pick.note), NOTE),
        readers=pick.votes,
    )


def own_of(pick: Pick, setting: Setting, texts: Prepared) -> Own:
    """What of the card of this pick is its reader's own."""
    reasons = whys(pick.reasons, setting.language)
    return Own(
        whys=reasons[:1] if setting.layout is Layout.COMPACT else reasons,
        paragraphs=_paragraphs(pick, texts, hit_keys(pick), setting.layout),
    )


MATCHED = (Section.FOR_YOU, Section.AUTHORS)  # what the profile brings


def is_matched(pick: Pick) -> bool:
    """Whether the reader's profile speaks for it, whoever else does."""
    return pick.section in MATCHED or (pick.section is Section.PICKED and pick.score > 0)


def curator(pick: Pick) -> str:
    """The name of who picked it, as it is shown; empty if nobody did."""
    return shorten(clean(pick.by), _AUTHOR)


def _votes(pick: Pick, language: Language) -> str:
    """What readers here say of it, then what others do."""
    said = []
    if pick.votes:
        recommend = language.ngettext("{count} reader recommends it", "{count} readers recommend it", pick.votes)
        said.append(recommend.format(count=language.number(pick.votes)))
    if pick.listing.upvotes is not None and not (said and not pick.listing.upvotes):
        said.append(upvotes(pick.listing.upvotes, language))
    return " · ".join(said)


def _template(section: Section, layout: Layout) -> str:
    if section is Section.PICKED:
        return "picked"
    if layout is Layout.COMPACT or section is Section.VERSIONS:
        return "line"
    return "trending" if section is Section.TRENDING else "card"


def _match(filled: int, language: Language) -> str:
    # Translators: how well a paper matches, from 1 to {bar}.
    return language.gettext("Match {steps} of {bar}").format(steps=filled, bar=BAR) if filled else ""


def _paragraphs(pick: Pick, texts: Prepared, wanted: frozenset[str], layout: Layout) -> tuple[Runs, ...]:
    if layout is Layout.COMPACT or pick.section is Section.VERSIONS:
        return ()
    if layout is Layout.FULL:
        return tuple(marked(text, wanted) for text in texts.abstract)
    is_short = pick.section is Section.TRENDING or bool(pick.note)
    runs = chosen(texts.abstract, wanted, _SHORT_ABSTRACT if is_short else _ABSTRACT, held=texts.held)
    return (runs,) if runs else ()


def _landing_page(listing: Listing) -> str | None:
    return next(filter(None, map(web_url, (listing.url, listing.pdf_url, listing.discussion_url))), None)


def _byline(authors: tuple[str, ...], language: Language) -> str:
    named = [shorten(clean(author), _AUTHOR) for author in authors[:3]]
    more = len(authors) - len(named)
    if more <= 0:
        return language.listed(named)
    # Translators: {names} are three authors, {count} is how many more there are.
    said = language.ngettext("{names} and {count} more", "{names} and {count} more", more)
    return said.format(names=language.joined(named), count=language.number(more))


def _kind(pick: Pick, language: Language) -> str:
    match pick.kind:
        case Kind.CROSS:
            # Translators: arXiv's word for a paper that is announced in a second category.
            return language.gettext("cross-listed")
        case Kind.REVISION:
            version = pick.listing.version
            return (
                language.gettext("version {number}").format(number=version) if version else language.gettext("revised")
            )
    return ""


def _links(listing: Listing, language: Language) -> tuple[Link, ...]:
    discussion = language.gettext("Discussion")
    if listing.comments:
        # Translators: a link to a discussion of {count} comments.
        discussion = language.gettext("Discussion {count}").format(count=language.number(listing.comments))
    targets = (
        (language.gettext("Abstract"), listing.url),
        (language.gettext("PDF"), listing.pdf_url),
        (language.gettext("Code"), listing.code_url),
        (language.gettext("Project"), listing.project_url),
        (discussion, listing.discussion_url),
    )
    links: dict[str, Link] = {}
    for label, target in targets:
        if url := web_url(target):
            links.setdefault(url, Link(label, url))
    return tuple(links.values())


def source_title(source: str, sources: Mapping[str, str]) -> str:
    """The source's name as people say it."""
    return shorten(clean(sources.get(source, source)), _SOURCE)
