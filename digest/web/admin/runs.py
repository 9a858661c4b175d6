"""What was done on the last days, what came back, and how it adds up."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from starlette.responses import Response

from digest.model import State
from digest.web.admin import trouble, words
from digest.web.admin.sendings import grouped
from digest.web.admin.visits import Visit

_DAYS = 7
_BACK = 20  # mails that came back


def list_(visit: Visit) -> Response:
    """The last days, the last mails that came back, and the sums of all time."""
    store = visit.desk.store
    gauges = store.gauges(visit.now)
    days = [store.day(visit.now.date() - timedelta(days=ago)) for ago in range(_DAYS)]
    return visit.page(
        "runs",
        "Runs",
        days=[
            (day.day, f"{day.day:%a} {words.on_short(day.day)}", day.editions, list(grouped(day).values()))
            for day in days
        ],
        groups=list(words.NAMES.values()),
        pulls=[
            (source.title, visit.when(state.last_attempt), visit.when(state.next_pull))
            for source in visit.desk.parts.sources
            if (state := gauges.sources.get(source.name))
        ],
        silences=trouble.silences(gauges.quiet, visit.now),
        back=[(one, words.on(one.issue_date), visit.when(one.at)) for one in store.came_back(_BACK)],
        sums=list(summed(gauges.sums)),
        vacuumed=visit.when(gauges.vacuumed_at),
        size=f"{gauges.size / 1e6:,.1f} MB",
    )


_ENDS = {
    "editions": "editions composed",
    f"deliveries:{State.SENT}": "digests sent",
    f"deliveries:{State.FAILED}": "failed for good",
    f"deliveries:{State.EXPIRED}": "became too old to be sent",
    f"deliveries:{State.UNKNOWN}": "may have arrived, and were not sent again",
    f"deliveries:{State.CANCELLED}": "cancelled, since their readers left",
    "returns:permanent": "bounced for good",
    "returns:temporary": "bounced, perhaps not for good",
    "returns:complaint": "called spam by their readers",
    "returns:unsubscribe": "unsubscribed by mail",
}


def summed(sums: Mapping[str, int]) -> Iterator[tuple[int, str]]:
    """What all of it came to, ever, and what that is a number of."""
    for name, said in _ENDS.items():
        if count := sums.get(name, 0):
            yield count, said
    for name, count in sums.items():
        kind, _, source = name.partition(":")
        if kind == "announcements" and count:
            yield count, f"announcements read from {source}"
