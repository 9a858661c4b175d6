"""Why a paper was or was not shown, in one plain sentence."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from math import floor

from digest.backtest import match
from digest.model import Account, Ground, Hurdle, Kind, Listing, Pick, Reason, Section, Status
from digest.rendering.cards import source_title
from digest.rendering.reasons import spoken, subject_of
from digest.rendering.words import clean, counted, listed, number, plain_day, shorten, web_url
from digest.standing import Stage, Standing

_TITLE = 120  # characters of a title inside a sentence
_PICKED = "among the papers that a curator picked for everybody"
_TRENDING = "under “Trending”, which shows what is talked about most, whatever your keywords"


def verdict(standing: Standing, sources: Mapping[str, str], today: date) -> str:
    """The sentence that comes first. `sources` says what people call each source."""
    day = plain_day(standing.issue_date, today) if standing.issue_date else ""
    match standing.stage:
        case Stage.SENT:
            return _sent(standing, day)
        case Stage.CONSIDERED if standing.account:
            return _considered(standing, standing.account, day)
        case Stage.COMING if standing.account:
            return _coming(standing, standing.account, day)
        case Stage.BEFORE:
            first = plain_day(min(a.day for a in standing.announcements), today)
            return f"It was announced on {first}, before the subscription began: no edition has considered it."
        case Stage.ELSEWHERE:
            by = listed(
                [source_title(name, sources) for name in dict.fromkeys(a.source for a in standing.announcements)]
            )
            read = listed([source_title(name, sources) for name in standing.subscriber.profile.sources])
            return f"It was announced by {by} alone, and you read only {read}."
    return "It was never announced as news: it was old already when it was first read."


def _sent(standing: Standing, day: str) -> str:
    pick, edition = standing.pick, standing.edition
    if pick is None or edition is None:
        return f"It was in the edition of {day}."
    own = edition.section(pick.section)
    return f"It was in the edition of {day}{_shown_as(pick.section, (own.index(pick) + 1, len(own)), pick.score)}."


def _shown_as(section: Section, stands: tuple[int, int] | None, score: float) -> str:
    """How an edition shows a paper, to follow the day of the edition."""
    match section:
        case Section.PICKED:
            return f", {_PICKED}"
        case Section.TRENDING:
            return f", {_TRENDING}"
        case Section.VERSIONS:
            return ", under “New versions of papers you were sent”"
        case Section.AUTHORS:
            return f", under “Also from your authors”: {_placed(stands, score)}"
        case Section.FOR_YOU:
            return f": {_placed(stands, score)}"


def _considered(standing: Standing, account: Account, day: str) -> str:
    if account.hurdle is Hurdle.NONE:
        return (
            f"It was not in the edition of {day}, but worked out again it would be, "
            f"with a match of {_points(account.score)}: what is known of it, or how common words are, has changed since."
        )
    return f"It was not in the edition of {day}: {because(standing, account)}."


def _coming(standing: Standing, account: Account, day: str) -> str:
    if account.hurdle is Hurdle.NONE:
        shown = _shown_as(standing.section or Section.FOR_YOU, standing.stands, account.score)
        return f"As things stand it will be in the next edition, of {day}{shown}."
    if standing.section:
        return (
            f"As things stand it will be in the next edition, of {day}{_shown_as(standing.section, None, 0.0)}. "
            f"It is not under “For you”: {because(standing, account)}."
        )
    return f"As things stand it will not be in the next edition, of {day}: {because(standing, account)}."


def _placed(stands: tuple[int, int] | None, score: float) -> str:
    place = f"{ordinal(stands[0])} of {number(stands[1])}, " if stands else ""
    return f"{place}with a match of {_points(score)}"


def because(standing: Standing, account: Account) -> str:
    """What kept it out, as a clause."""
    return _CLAUSES.get(account.hurdle, _cut)(standing, account)


def _no_news(standing: Standing, _: Account) -> str:
    if all(a.kind is Kind.REVISION for a in standing.announcements):
        return "only a new version of it was announced, which is news to those alone who were sent the paper"
    return "nothing that makes it news was announced in its time"


def _category(standing: Standing, _: Account) -> str:
    return f"it is in {_all(standing.listing.categories)}, and you read only {_all(standing.subscriber.profile.categories)}"


def _sent_before(_: Standing, account: Account) -> str:
    return f"you have had it already{_under(account.twin)}"


def _excluded(_: Standing, account: Account) -> str:
    return f"your {_quoted(account) or 'exclusions'} keep{'s' if len(account.terms) == 1 else ''} it out"


def _lacking(_: Standing, account: Account) -> str:
    return f"it lacks your {_quoted(account) or 'required keyword'}, which a paper must match"


def _in_part(_: Standing, account: Account) -> str:
    words = dict.fromkeys(spoken(reason.term) for reason in account.reasons if reason.ground is Ground.KEYWORD)
    if not words:
        return "none of your keywords is in it"
    return f"it matches none of your keywords in full; all it has of them is {_all([f'“{word}”' for word in words])}"


def _weak(standing: Standing, account: Account) -> str:
    own, least = _apart(match(account.score, account.reasons), standing.subscriber.profile.min_match)
    return f"its match is {own}, and your least match is {least}"


def _twin(_: Standing, account: Account) -> str:
    return f"the same paper is shown{_under(account.twin)}"


def _under(twin: Listing | None) -> str:
    return f" under another name: “{shorten(clean(twin.title), _TITLE)}” ({name_of(twin)})" if twin else ""


def _crowded(standing: Standing, account: Account) -> str:
    if not account.terms:
        return "it says much the same as papers that matched better"
    most = counted(standing.subscriber.profile.max_per_term, "paper")
    return f"it is there for {_quoted(account)} above all, which brings {most} at most, and others matched it better"


def _cut(standing: Standing, account: Account) -> str:
    if not standing.shown or account.last is None:
        return "there was no room for it"
    place = f" (it came {ordinal(account.place)} of {number(standing.matched)})" if account.place else ""
    shown = f"the {ordinal(standing.shown)} and last shown" if standing.shown > 1 else "the one shown"
    own, last = _apart(account.score, account.last)
    return f"its match is {own}, and {shown} had {last}{place}"


_CLAUSES: Mapping[Hurdle, Callable[[Standing, Account], str]] = {
    Hurdle.NOT_NEWS: _no_news,
    Hurdle.CATEGORY: _category,
    Hurdle.SENT: _sent_before,
    Hurdle.EXCLUDED: _excluded,
    Hurdle.LACKING: _lacking,
    Hurdle.PARTIAL: _in_part,
    Hurdle.WEAK: _weak,
    Hurdle.TWIN: _twin,
    Hurdle.CROWDED: _crowded,
    Hurdle.CUT: _cut,
}


def _quoted(account: Account) -> str:
    return listed([f"`{clean(term)}`" for term in account.terms])


_MOST = 6


def _all(items: Sequence[str]) -> str:
    cleaned = [clean(item) for item in items]
    more = len(cleaned) - _MOST
    return listed(cleaned) if more <= 0 else f"{', '.join(cleaned[:_MOST])} and {more} more"


def _points(score: float) -> str:
    """Whole points, as people count; a tenth where that would say 0."""
    return f"{score:.0f}" if abs(score) >= 0.5 or not score else f"{score:.1f}"


def _apart(one: float, other: float) -> tuple[str, str]:
    """Two scores with as many decimals as it takes to tell them apart, two at most."""
    digits = next((n for n in range(2) if f"{one:.{n}f}" != f"{other:.{n}f}"), 2) if one != other else 0
    return f"{one:.{digits}f}", f"{other:.{digits}f}"


def ordinal(place: int) -> str:
    """1st, 2nd, 3rd, 4th ... 11th, 21st."""
    ending = "th" if place // 10 % 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{number(place)}{ending}"


# --- beside it ----------------------------------------------------------------------------------------------------


def remarks(standing: Standing, *, recomputed: bool, asked: date | None, today: date) -> tuple[str, ...]:
    """What else has to be known, a sentence each."""
    said = []
    if standing.subscriber.status is not Status.ACTIVE:
        what = "paused" if standing.subscriber.status is Status.PAUSED else "no longer subscribed"
        said.append(f"{standing.subscriber.email} is {what}: nothing is sent for now.")
    if asked and asked != standing.issue_date:
        said.append(f"It was no news for the edition of {plain_day(asked, today)}.")
    said += _versions(standing, today)
    if recomputed:
        said.append(
            "An edition does not keep what it left out: this was worked out again, with the profile of that day "
            "and what is known of papers now."
        )
    return tuple(said)


def _versions(standing: Standing, today: date) -> Iterator[str]:
    """What other editions hold of a paper that was sent."""
    first, *others = [plain_day(day, today) for day in standing.sent_on] or [""]
    if standing.issue_date in standing.sent_on[1:]:
        others.remove(plain_day(standing.issue_date, today))
        yield f"You were sent the paper in the edition of {first}."
    if others:
        yield f"A new version of it was in the edition{'s' if len(others) > 1 else ''} of {listed(others)}."
    if standing.version_due:
        day = plain_day(standing.version_due, today)
        yield f"A new version of it was announced: as things stand it will be in the next edition, of {day}."


_GROUNDS = {
    Ground.KEYWORD: "keyword",
    Ground.LIKED: "learnt from likes",
    Ground.RELATED: "related word",
    Ground.SIGNAL: "signal",
    Ground.MEANING: "meaning",
}


def basis(reason: Reason) -> str:
    """What a reason rests on."""
    return "word of a keyword" if reason.partial and reason.ground is Ground.KEYWORD else _GROUNDS[reason.ground]


def subject(term: str, field: str, ground: Ground) -> str:
    """What a reason is about."""
    return subject_of(Reason(term, field, 0.0)) if ground is Ground.KEYWORD else clean(term)


def told(reasons: Sequence[Reason]) -> list[tuple[str, str, str, float]]:
    """Each reason's basis, subject, field and points to a tenth, in their order; the points add up to their sum."""
    points = in_tenths([reason.contribution for reason in reasons])
    return [
        (basis(reason), subject(reason.term, reason.field, reason.ground), reason.field, worth)
        for reason, worth in zip(reasons, points, strict=True)
    ]


def in_tenths(points: Sequence[float]) -> list[float]:
    """Rounded so that what is printed adds up to the rounded sum: the largest remainders are rounded up."""
    floors = [floor(10 * worth) for worth in points]
    missing = round(10 * sum(points)) - sum(floors)
    by_remainder = sorted(range(len(points)), key=lambda place: floors[place] - 10 * points[place])
    for place in by_remainder[:missing]:
        floors[place] += 1
    return [tenths / 10 for tenths in floors]


def name_of(listing: Listing) -> str:
    """The best name of a paper for people: arXiv 2605.01234, doi 10.1101/..., its address, or its number here."""
    if listing.arxiv_id:
        return f"arXiv {clean(listing.arxiv_id)}"
    return f"doi {clean(listing.doi)}" if listing.doi else web_url(listing.url) or f"number {listing.id}"


def brief(pick: Pick, most: int = 3) -> str:
    """What a paper was chosen for, in a few words: "flow matching 44, author Chen 5"."""
    worth: dict[str, float] = {}
    for reason in pick.reasons:
        what = subject(reason.term, reason.field, reason.ground)
        worth[what] = worth.get(what, 0.0) + reason.contribution
    best = sorted(worth.items(), key=lambda item: -abs(item[1]))[:most]
    return ", ".join(f"{what} {_points(points)}" for what, points in best)
