"""What is new, ready to be ranked while somebody types."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from threading import Event, Thread, get_ident

import pytest
from structlog.testing import capture_logs

from digest import sample
from digest.model import Announcement, Fetched, Kind, Listing, Profile, Ranking, Section, Shard, Subscriber
from digest.pipeline import Ranker, shard_of
from digest.ranking.ranker import Ranker as KeywordRanker
from digest.rendering.cards import card_of
from digest.web import live as module
from digest.web.archive.cards import setting
from digest.web.live import MOST_DAYS, Live, newest

from .conftest import ANN, NOW, Site

YESTERDAY, TODAY = sample.DAYS
SOMEBODY = Subscriber("", profile=Profile(keywords=("retrieval", '"speculative decoding"'), max_papers=5))
DAY = timedelta(days=1)


def titles(ranking: Ranking, section: Section = Section.FOR_YOU) -> list[str]:
    return [pick.listing.title for pick in ranking.picks if pick.section is section]


# --- which papers are new -------------------------------------------------------------------------------------------


def said(source: str, day: date, seq: int) -> Announcement:
    return Announcement(Listing(f"Paper {seq}", id=seq), source, Kind.NEW, day, seq)


def held(*said: Announcement) -> Callable[[date, date], Sequence[Announcement]]:
    return lambda since, until: [one for one in said if since <= one.day <= until]


@pytest.mark.parametrize(
    ("days", "expected"),
    [(1, [2, 3, 5, 6]), (2, [1, 2, 3, 4, 5, 6])],
)
def test_each_source_counts_by_its_own_days(days: int, expected: list[int]) -> None:
    friday, saturday, sunday = (date(2026, 6, 19) + n * DAY for n in range(3))
    announced = held(
        said("arxiv", friday - DAY, 1),
        said("arxiv", friday, 2),
        said("arxiv", friday, 3),
        said("talk", saturday, 4),
        said("talk", sunday, 5),
        said("early", sunday + DAY, 6),  # where it is, it is Monday already
    )
    assert [a.seq for a in newest(announced, sunday, days)] == expected


def test_what_is_a_week_old_is_no_news() -> None:
    announced = held(said("arxiv", TODAY - MOST_DAYS * DAY, 1), said("blog", TODAY - (MOST_DAYS - 1) * DAY, 2))
    assert [a.seq for a in newest(announced, TODAY, 1)] == [2]


# --- ranking --------------------------------------------------------------------------------------------------------


def test_a_profile_is_ranked_against_the_newest_papers_as_an_edition_would_be(site: Site) -> None:
    found = site.desk.live.rank(SOMEBODY)
    assert titles(found)
    shard = replace(shard_of(site.parts, [SOMEBODY], NOW), window=site.desk.live.window())
    (expected,) = KeywordRanker().rank(shard)
    assert titles(found) == titles(expected)


def test_one_who_was_sent_them_all_sees_them_all(site: Site) -> None:
    ann = site.subscribe(replace(ANN, profile=SOMEBODY.profile))
    served = replace(ann, cursor=site.store.head())
    assert titles(site.desk.live.rank(served)) == titles(site.desk.live.rank(SOMEBODY))


def test_likes_count_for_who_gave_them_and_for_nobody_else(site: Site) -> None:
    ann = site.subscribe(replace(ANN, profile=replace(SOMEBODY.profile, keywords=("retrieval",))))
    before = site.desk.live.rank(ann)
    site.store.give_feedback(ann.email, site.desk.live.window()[0].listing.id, True, NOW)
    assert site.desk.live.rank(ann) != before
    assert site.desk.live.rank(replace(ann, id=0)) == before


def test_several_are_ranked_at_once_in_their_order(site: Site) -> None:
    lines = ("retrieval", "zzzzzz", '"speculative decoding"')
    each = [Subscriber("", profile=Profile(keywords=(line,))) for line in lines]
    assert site.desk.live.ranks(each) == [site.desk.live.rank(one) for one in each]


def test_more_days_hold_more(site: Site) -> None:
    assert {a.day for a in site.desk.live.window(days=2)} > {a.day for a in site.desk.live.window()}
    assert site.desk.live.window(days=10_000) == site.desk.live.window(days=MOST_DAYS)
    assert site.desk.live.window(days=-1) == site.desk.live.window()


def test_what_no_term_matches_in_full_is_found_when_asked_for(site: Site) -> None:
    nearly = Subscriber("", profile=Profile(keywords=('"speculative zebra"',)))
    assert not titles(site.desk.live.rank(nearly))
    assert titles(site.desk.live.rank(nearly, partial=True))


def test_the_most_talked_about_comes_first(site: Site) -> None:
    trending = site.desk.live.trending(3)
    assert [pick.listing.upvotes for pick in trending] == sorted((p.listing.upvotes for p in trending), reverse=True)
    assert 0 < len(trending) <= 3
    assert {pick.section for pick in trending} == {Section.TRENDING}


def test_today_is_the_day_of_the_newest_papers_or_that_of_the_clock(site: Site) -> None:
    assert site.desk.live.today() == TODAY
    site.clock.turn(days=30)
    assert Live(site.parts, site.store, site.clock).today() == site.clock.now.date()


# --- as time goes by ------------------------------------------------------------------------------------------------


def announce(site: Site, title: str) -> None:
    paper = Listing(title, abstract="Retrieval, again.", authors=("Ann Author",), arxiv_id="2606.99999")
    fetched = Fetched((Announcement(paper, "arxiv", Kind.NEW, TODAY),))
    site.store.announce("arxiv", fetched, site.clock(), site.clock() + DAY)


def test_what_is_announced_is_soon_there_and_nobody_waits_for_it(site: Site) -> None:
    live = site.desk.live
    wanted = replace(SOMEBODY, profile=Profile(keywords=("title:zebrafish",)))
    before = live.rank(wanted)
    announce(site, "Retrieval of zebrafish")
    assert live.rank(wanted) == before  # this one did not wait; it began the reading
    live.refresh()
    assert titles(live.rank(wanted)) == ["Retrieval of zebrafish"]


def test_a_thread_of_its_own_keeps_up_with_what_is_announced(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LOOK", 0.01)
    over, live = Event(), site.desk.live
    thread = Thread(target=live.run, args=(over,))
    thread.start()
    try:
        announce(site, "Retrieval of zebrafish")
        wanted = replace(SOMEBODY, profile=Profile(keywords=("title:zebrafish",)))
        while not titles(live.rank(wanted)):
            assert thread.is_alive()
    finally:
        over.set()
        thread.join()


def test_what_did_not_change_is_not_read_again(site: Site) -> None:
    live = site.desk.live
    window = live.window()
    site.clock.turn(hours=1)
    live.refresh()
    assert live.window() is window


def test_while_nothing_can_be_read_what_is_kept_is_shown(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    live = site.desk.live
    before = live.rank(SOMEBODY)
    announce(site, "Retrieval of zebrafish")

    def fails() -> None:
        raise RuntimeError("no background")

    with monkeypatch.context() as patched, capture_logs() as said:
        patched.setattr(site.store, "background", fails)
        assert live.rank(SOMEBODY) == before
        with live._reading:  # the attempt behind the scenes is over
            pass
    assert [one["event"] for one in said] == ["cannot read what is new"]
    live.refresh()
    assert len(titles(live.rank(SOMEBODY))) == len(titles(before)) + 1


def test_threads_share_it(site: Site) -> None:
    lines = [f"retrieval^{n + 1}" for n in range(8)]
    found: dict[str, list[Ranking]] = {line: [] for line in lines}

    def ask(line: str) -> None:
        for _ in range(5):
            found[line].append(site.desk.live.rank(Subscriber("", profile=Profile(keywords=(line, "decoding")))))

    threads = [Thread(target=ask, args=(line,)) for line in lines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    alone = Live(site.parts, site.store, site.clock)
    for line in lines:
        assert found[line] == [alone.rank(Subscriber("", profile=Profile(keywords=(line, "decoding"))))] * 5


def test_what_strangers_type_is_forgotten(site: Site) -> None:
    ranker = KeywordRanker(lines=4, entries=2_000)
    live = Live(replace(site.parts, ranker=Only(ranker)), site.store, site.clock)
    first = live.rank(SOMEBODY)
    for n in range(100):
        live.rank(Subscriber("", profile=Profile(keywords=(f"nonsense{n}",))))
    (day,) = ranker._days
    assert day.table.entries < 3_000
    assert live.rank(SOMEBODY) == first


class Only:
    """A ranker of somebody else's making, which two threads must never use at once."""

    def __init__(self, inner: Ranker) -> None:
        self._inner = inner
        self._busy = 0

    def rank(self, shard: Shard) -> list[Ranking]:
        assert not self._busy, "two threads at once"
        self._busy = get_ident()
        try:
            return self._inner.rank(shard)
        finally:
            self._busy = 0


def test_a_ranker_of_another_making_is_asked_by_one_at_a_time(site: Site) -> None:
    live = Live(replace(site.parts, ranker=Only(KeywordRanker())), site.store, site.clock)
    failed: list[BaseException] = []

    def ask(days: int) -> None:
        try:
            for _ in range(5):
                live.rank(SOMEBODY, days=days)
                live.test(shard_of(site.parts, [SOMEBODY], NOW))
        except BaseException as error:
            failed.append(error)

    threads = [Thread(target=ask, args=(days,)) for days in (1, 1, 2, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


def test_days_that_others_rank_do_not_push_out_the_one_kept(site: Site) -> None:
    live, read = site.desk.live, []
    live.rank(SOMEBODY)
    moment = live._moments[1]
    days = list(moment.ranker._days)
    for n in range(5):
        shard = shard_of(site.parts, [SOMEBODY], NOW)
        read.append(live.test(replace(shard, window=shard.window[: n + 1])))
    live.rank(SOMEBODY)
    assert len(read) == 5
    assert moment.ranker._days == days


def test_the_clock_alone_says_when_to_look_again(site: Site) -> None:
    seen: list[datetime] = []

    def clock() -> datetime:
        seen.append(site.clock.now)
        return site.clock.now

    live = Live(site.parts, site.store, clock)
    live.rank(SOMEBODY)
    at = live._moments[1].at
    site.clock.turn(minutes=11)
    live.refresh()
    assert live._moments[1].at - at == timedelta(minutes=11)
    assert seen


def test_a_card_is_the_same_whether_its_text_was_read_before_or_not(site: Site) -> None:
    made = setting(site.desk)
    anew = replace(made, read=None)
    for pick in (*site.desk.live.rank(SOMEBODY).picks, *site.desk.live.trending(5)):
        assert card_of(pick, TODAY, made) == card_of(pick, TODAY, made) == card_of(pick, TODAY, anew)
