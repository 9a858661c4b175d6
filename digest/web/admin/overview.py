"""The first page: what is wrong, since when, and what to do; then how much of what there is."""

from collections.abc import Mapping

from starlette.responses import Response

from digest import alerts
from digest.alerts import FAILURES, Facts
from digest.model import State, Status
from digest.pipeline import Source
from digest.store import Pulse
from digest.web.admin import sendings, sources, trouble, words
from digest.web.admin.visits import Visit

_DAYS = 7
_LAST = 5  # deliveries that went wrong


def show(visit: Visit) -> Response:
    """How things stand."""
    store = visit.desk.store
    facts, pulse = store.facts(visit.now, visit.desk.settings.delivery.expiry), store.pulse(visit.now)
    wrong = what_is_wrong(visit, facts, pulse)
    return visit.page(
        "overview",
        "Admin",
        now=f"{words.on(visit.now.date())}, {visit.now:%H:%M} UTC",
        head=head(len(wrong)),
        troubles=[(one, visit.when(one.since) if one.since else "") for one in wrong],
        silences=trouble.silences(pulse.quiet, visit.now),
        figures=figures(facts, pulse, store.statuses()),
        next_due=words.when(pulse.next_due, visit.now) if pulse.next_due and not pulse.due else "",
        last=sendings.latest_trouble(visit, _LAST),
        grid=[(source.title, cells, _problems(facts, source)) for source, cells in _strips(visit)],
        dropped=sources.dropped(facts.sources, visit.desk.parts.sources),
    )


def _strips(visit: Visit) -> list[tuple[Source, list[sources.Cell]]]:
    grid = sources.grid_of(visit, _DAYS)
    return [(source, grid[source.name][::-1]) for source in visit.desk.parts.sources]


def _problems(facts: Facts, source: Source) -> list[str]:
    state = facts.sources.get(source.name)
    return [problem.what for problem in state.problems] if state else []


def head(count: int) -> str:
    """The whole page in a few words."""
    return f"{words.many(count, 'thing is', 'things are')} wrong" if count else "All is well"


def what_is_wrong(visit: Visit, facts: Facts, pulse: Pulse) -> list[trouble.Trouble]:
    """As it is now, with the time since which it is known."""
    own, watched = visit.desk.settings, [alerts.watched(source, visit.now) for source in visit.desk.parts.sources]
    found = alerts.conditions(
        facts, watched, visit.now, failed_share=own.operator.failed_share, expiry=own.delivery.expiry
    )
    named = {source.name for source in visit.desk.parts.sources}
    pulls = [state.next_pull for name, state in facts.sources.items() if name in named]
    idle = trouble.idle_since(pulse.next_due, pulls, visit.now)
    return trouble.troubles(found, pulse.alerts, idle)


def figures(facts: Facts, pulse: Pulse, statuses: Mapping[Status, int]) -> list[tuple[str, int, str, str]]:
    """Label, number, what it is about, and where there is more."""
    failed = sum(facts.ended.get(state, 0) for state in FAILURES)
    return [
        ("Sent", facts.ended.get(State.SENT, 0), "in the last 24 hours", "/admin/deliveries?state=sent"),
        ("Not delivered", failed, "in the last 24 hours", "/admin/deliveries?state=failed"),
        ("Waiting", pulse.waiting, "to be sent, or tried again", "/admin/deliveries?state=waiting"),
        ("Due", pulse.due, "to be written now", "/admin/subscribers?status=active"),
        ("Active", statuses[Status.ACTIVE], "subscribers", "/admin/subscribers?status=active"),
    ]
