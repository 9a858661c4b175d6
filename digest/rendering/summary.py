"""What a digest says of itself in a sentence: its subject, its summary, and what an empty day has to say."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from digest import due
from digest.arxiv_calendar import next_announcement
from digest.model import NOT_YET_ANNOUNCED, Edition, Ground, Pick, Section
from digest.rendering.cards import MATCHED, curator, is_matched, source_title
from digest.rendering.language import Language
from digest.rendering.reasons import spoken, subject_of
from digest.rendering.words import clean, shorten

_MOST = 8  # names in a sentence
_SUBJECT = 70  # characters; lists of mails show hardly more


Picks = Mapping[Section, Sequence[Pick]]


def by_section(edition: Edition) -> Picks:
    """The picks of an edition, in order, by what they are shown under."""
    return {section: [pick for pick in edition.picks if pick.section is section] for section in Section}


def leading(picks: Picks) -> Pick | None:
    """The pick that a digest is called by: the best match, else what a curator picked, else a new version, else what
    others talk about.
    """
    sections = (*MATCHED, Section.PICKED, Section.VERSIONS, Section.TRENDING)
    return next((picks[section][0] for section in sections if picks[section]), None)


# --- the subject --------------------------------------------------------------------------------------------------


def subject(edition: Edition, picks: Picks, language: Language) -> str:
    """One line. The site's name is in From, so the best paper comes first."""
    first = leading(picks)
    return _titles(edition, first, language) if first else _without_papers(edition, language)


def _titles(edition: Edition, first: Pick, language: Language) -> str:
    rest = len(edition.picks) - 1
    pattern = "{title}"
    if rest:
        # Translators: the subject of a mail: {title} is that of its first paper.
        pattern = language.ngettext("{title} and {count} more", "{title} and {count} more", rest)
    label = _label(first.section, language)
    room = _SUBJECT - len(pattern.format(title=label.format(title=""), count=language.number(rest)))
    title = shorten(clean(first.listing.title), room) or language.gettext("Untitled")
    return pattern.format(title=label.format(title=title), count=language.number(rest))


def _label(section: Section, language: Language) -> str:
    match section:
        case Section.PICKED:
            # Translators: the subject of a mail that leads with a paper that a curator picked for everybody.
            return language.gettext("Picked: {title}")
        case Section.TRENDING:
            # Translators: the subject of a mail that holds nothing but what others talk about.
            return language.gettext("Talked about: {title}")
        case Section.VERSIONS:
            # Translators: the subject of a mail that leads with a new version of a paper that its reader knows.
            return language.gettext("New version: {title}")
    return "{title}"


def _without_papers(edition: Edition, language: Language) -> str:
    date = language.long_day(edition.issue_date)
    total = edition.papers
    if total:
        said = language.ngettext(
            "{date}: nothing for you among {count} new paper",
            "{date}: nothing for you among {count} new papers",
            total,
        )
        return said.format(date=date, count=language.number(total))
    if edition.missing:
        return language.gettext("{date}: papers are late, they will come").format(date=date)
    return language.gettext("{date}: no new papers").format(date=date)


# --- the summary --------------------------------------------------------------------------------------------------


def summary(edition: Edition, picks: Picks, language: Language, sources: Mapping[str, str]) -> str:
    """One sentence: what is in here, and how many papers were read to find it; one more where days were missed."""
    said = _contents(edition, picks, language, sources)
    if edition.since is None:
        return said
    # Translators: two sentences, one after the other.
    pattern = language.gettext("{sentence} {following}")
    return pattern.format(sentence=said, following=_covered(edition, edition.since, language))


def _covered(edition: Edition, since: date, language: Language) -> str:
    """Since when: the last edition, or what would make this one too long was left out."""
    days, before = (edition.issue_date - since).days, edition.subscriber.last_issue
    if before is not None and since > before:
        # Translators: like "It covers the last 14 days; what was announced before 8 November is left out."
        said = language.ngettext(
            "It covers the last day; what was announced before {day} is left out.",
            "It covers the last {count} days; what was announced before {day} is left out.",
            days,
        )
    else:
        # Translators: like "It covers the 12 days since 9 November."
        said = language.ngettext("It covers the day since {day}.", "It covers the {count} days since {day}.", days)
    return said.format(count=language.number(days), day=language.plain_day(since, edition.issue_date))


def _contents(edition: Edition, picks: Picks, language: Language, sources: Mapping[str, str]) -> str:
    matched = [pick for section in (*MATCHED, Section.PICKED) for pick in picks[section] if is_matched(pick)]
    if matched:
        return _matches(edition, matched, language)
    if not edition.picks:
        # Translators: what ends a sentence.
        return language.gettext("{sentence}.").format(sentence=_nothing(edition, language, sources))
    # Translators: {nothing} is a sentence like "None of 1,243 new papers matches your keywords",
    # {others} a list like "1 paper that others talk about and 2 new versions of papers you were sent".
    return language.gettext("{nothing}; below: {others}.").format(
        nothing=_nothing(edition, language, sources), others=language.listed(_others(picks, language))
    )


def _matches(edition: Edition, picks: Sequence[Pick], language: Language) -> str:
    total, shown = edition.papers, len(picks)
    count = max(edition.matched, shown)
    strongest = _strongest(picks[0], language)
    # Translators: it stands after "of": "14 of 1,243 new papers match".
    papers = language.ngettext("{count} new paper", "{count} new papers", total).format(count=language.number(total))
    if count > shown and strongest:
        # Translators: {strongest} is the term that says most for the best paper, like "flow matching".
        said = language.ngettext(
            "{matched} of {papers} match, the best one is here; strongest: {strongest}.",
            "{matched} of {papers} match, the best {shown} are here; strongest: {strongest}.",
            shown,
        )
    elif count > shown:
        said = language.ngettext(
            "{matched} of {papers} match, the best one is here.",
            "{matched} of {papers} match, the best {shown} are here.",
            shown,
        )
    elif strongest:
        said = language.ngettext(
            "{matched} of {papers} matches; strongest: {strongest}.",
            "{matched} of {papers} match; strongest: {strongest}.",
            count,
        )
    else:
        said = language.ngettext("{matched} of {papers} matches.", "{matched} of {papers} match.", count)
    return said.format(matched=language.number(count), papers=papers, shown=language.number(shown), strongest=strongest)


def _strongest(pick: Pick, language: Language) -> str:
    """The term that says most for a pick: reasons come largest first, and a whole term says more than a word of one."""
    keywords = [r for r in pick.reasons if r.ground is Ground.KEYWORD and r.contribution > 0]
    best = min(keywords, key=lambda reason: reason.partial, default=None)
    return subject_of(best, language) if best else ""


def _others(picks: Picks, language: Language) -> list[str]:
    """What is in here beside matches."""
    talked, versions = len(picks[Section.TRENDING]), len(picks[Section.VERSIONS])
    said = []
    if picked := picks[Section.PICKED]:
        # Translators: those that curators picked for everybody.
        pattern = language.ngettext("{count} hand-picked paper", "{count} hand-picked papers", len(picked))
        said.append(pattern.format(count=language.number(len(picked))))
    if talked:
        pattern = language.ngettext(
            "{count} paper that others talk about", "{count} papers that others talk about", talked
        )
        said.append(pattern.format(count=language.number(talked)))
    if versions:
        pattern = language.ngettext(
            "{count} new version of a paper you were sent", "{count} new versions of papers you were sent", versions
        )
        said.append(pattern.format(count=language.number(versions)))
    return said


def _nothing(edition: Edition, language: Language, sources: Mapping[str, str]) -> str:
    """Why there is nothing for the reader: error is not emptiness."""
    total = edition.papers
    late = [one.source for one in edition.missing if one.why == NOT_YET_ANNOUNCED]
    unread = [one.source for one in edition.missing if one.source not in late]
    if total:
        said = language.ngettext(
            "The one new paper does not match your keywords",
            "None of {count} new papers matches your keywords",
            total,
        )
        return said.format(count=language.number(total))
    names = [source_title(name, sources) for name in unread or late][:_MOST]
    if unread:
        # Translators: the plural is for several sources.
        said = language.ngettext(
            "Nothing to show yet: {sources} could not be read",
            "Nothing to show yet: {sources} could not be read",
            len(names),
        )
        return said.format(sources=language.listed(names))
    if late:
        # Translators: the plural is for several sources.
        said = language.ngettext(
            "Nothing to show yet: {sources} has not announced its newest papers",
            "Nothing to show yet: {sources} have not announced their newest papers",
            len(names),
        )
        return said.format(sources=language.listed(names))
    return language.gettext("No new papers since your last digest")


def curators(picks: Sequence[Pick], language: Language) -> str:
    """The names of who picked these, a few of them, each once."""
    names = list(dict.fromkeys(filter(None, map(curator, picks))))
    return language.listed(names[:_MOST]) or language.gettext("people here")


# --- an empty day -------------------------------------------------------------------------------------------------


def empty(edition: Edition, language: Language, sources: Mapping[str, str]) -> tuple[str, ...]:
    """What a day without picks has to say after its summary: what was looked for, and what comes next."""
    if edition.picks:
        return ()
    looked_for = (_looked_for(edition, language),) if edition.papers else ()
    return *looked_for, *_next(edition, language, sources)


def _looked_for(edition: Edition, language: Language) -> str:
    keywords = [spoken(term, language) for term in edition.subscriber.profile.keywords if not term.startswith("-")]
    if not keywords:
        return language.gettext("Your profile has no keywords yet; with a few, this page fills.")
    named, rest = keywords[:_MOST], len(keywords) - _MOST
    if rest > 0:
        # Translators: the end of a list: "Looked for flow matching, diffusion and 3 more."
        named.append(language.ngettext("{count} more", "{count} more", rest).format(count=language.number(rest)))
    return language.gettext("Looked for {terms}.").format(terms=language.listed(named))


def _next(edition: Edition, language: Language, sources: Mapping[str, str]) -> tuple[str, ...]:
    """Of each source that was read in full and had nothing: that, and when it has more, as far as that is known."""
    wanted = edition.subscriber.profile.sources
    unread = {missing.source for missing in edition.missing}
    quiet = [
        name for name in sources if (not wanted or name in wanted) and name not in unread and not edition.read.get(name)
    ]
    titles = [source_title(name, sources) for name in quiet]
    arxiv = next_announcement(edition.composed_at)
    known = [title for title in titles if arxiv and _is_arxiv(title)][:_MOST]
    others = [title for title in titles if title not in known][:_MOST]
    sentences = [_again(title, _local(arxiv, edition), language) for title in known if arxiv]
    if others:
        said = language.gettext("Nothing new from {sources} today.")
        sentences.append(said.format(sources=language.listed(others)))
    return tuple(sentences)


def _is_arxiv(title: str) -> bool:
    return title.casefold().startswith("arxiv")


def _again(title: str, at: datetime, language: Language) -> str:
    # Translators: {when} is like "on Sunday evening".
    said = language.gettext("Nothing new from {source} today: it announces again {when}.")
    return said.format(source=title, when=language.part_of_day(at))


def _local(moment: datetime, edition: Edition) -> datetime:
    return moment.astimezone(due.zone(edition.subscriber.schedule))
