"""Papers, as programs ask for them."""

from datetime import date, timedelta

from digest.model import Listing
from digest.text.ids import arxiv_id, doi
from digest.web.api.problems import RefusedError
from digest.web.api.schemas import Found, PaperFound, PaperOfDay, Papers, PapersAsked, Reading, SearchAsked, WholePaper
from digest.web.api.schemas import news as news_of
from digest.web.api.schemas import paper as fields_of
from digest.web.archive.choosing import Choice, Order, Shelved, chosen, shelved
from digest.web.archive.searching import Search
from digest.web.archive.searching import found as found_by
from digest.web.desk import Desk

_LONGEST_NUMBER = 15  # digits
_DAY = timedelta(days=1)


def papers(desk: Desk, query: PapersAsked) -> Papers:
    """The papers of a day.

    A paper that several sources announced comes once. New versions of older papers are not among them. To read all of a
    day, ask again with `next` as `cursor` until it is null; to read on, ask for the day `before`.
    """
    today = desk.clock().date()
    day = query.day or desk.store.newest_day(today + _DAY) or today  # in some zone it is tomorrow
    listed = shelved(desk.store.entries(day))
    votes = desk.store.votes([one.first.listing for one in listed])
    wanted = Choice(order=Order(query.order), category=query.category or "", source=query.source or "")
    found = chosen(listed, wanted, votes)
    begin = _behind(found, query.cursor)
    part = found[begin : begin + query.limit]
    texts = desk.store.papers([one.first.listing for one in part])
    before, after = desk.store.days_beside(day)
    return Papers(
        day=day,
        before=before,
        after=after,
        total=len(found),
        papers=tuple(
            PaperOfDay(
                **fields_of(texts[one.first.listing], desk.base, votes.get(one.first.listing, 0)),
                kind=one.first.kind,
                sources=one.sources,
            )
            for one in part
            if one.first.listing in texts  # it may have been joined with another one a moment ago
        ),
        next=part[-1].first.listing if begin + query.limit < len(found) else None,
    )


def _behind(found: list[Shelved], cursor: int | None) -> int:
    """Where the part behind the cursor begins. Raises RefusedError if it is of another list."""
    if cursor is None:
        return 0
    for place, one in enumerate(found):
        if one.first.listing == cursor:
            return place + 1
    raise RefusedError(422, "This cursor is not of this list: begin again without one.")


def paper(desk: Desk, id: str) -> WholePaper:  # noqa: A002  (as the path names it)
    """One paper, and all its news.

    By its number here, an arXiv identifier, or a DOI.
    """
    found = desk.store.listing(int(id)) if _is_number(id) else _named(desk, id)
    if found is None:
        raise RefusedError(404, "No such paper is held here. Papers go by their numbers, arXiv identifiers and DOIs.")
    votes = desk.store.votes([found.id]).get(found.id, 0)
    said = desk.store.announcements_of(found.id)
    return WholePaper(**fields_of(found, desk.base, votes), news=tuple(map(news_of, said)))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER


def _named(desk: Desk, text: str) -> Listing | None:
    arxiv, other = arxiv_id(text), doi(text)
    if not arxiv and not other:
        return None
    (found,) = desk.store.recognized([Listing("", arxiv_id=arxiv[0] if arxiv else None, doi=other)])
    return found


def search(desk: Desk, query: SearchAsked) -> Found:
    """Papers by their words.

    All that is held is searched. Every term must be found, in title or abstract, or as an author.
    """
    asked = Search(
        q=query.q,
        order="newest" if query.order == "newest" else "",
        category=query.category or "",
        since=_written(query.since),
        until=_written(query.until),
        page=query.page,
    )
    answer = found_by(desk, asked, query.limit)
    texts, latest = desk.store.papers(answer.numbers), desk.store.latest_news(answer.numbers)
    votes = desk.store.votes(answer.numbers)
    return Found(
        total=answer.total,
        pages=answer.pages,
        papers=tuple(
            PaperFound(
                **fields_of(texts[number], desk.base, votes.get(number, 0)),
                latest=news_of(latest[number]) if number in latest else None,
            )
            for number in answer.numbers
            if number in texts
        ),
        readings=tuple(Reading(term=term, reading=said) for term, said in answer.query.readings),
        remarks=answer.query.faults,
    )


def _written(day: date | None) -> str:
    return day.isoformat() if day else ""
