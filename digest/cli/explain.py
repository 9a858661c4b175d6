"""`digest explain`: why a paper was, or was not, shown to a subscriber."""

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Protocol, cast

import typer

from digest.cli.arguments import Json, Now, or_now, read_date

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from digest.cli.wiring import Installation
    from digest.model import Account, Announcement, Edition, Listing, Ranking, Reason, Shard, Subscriber
    from digest.standing import Standing

_MOST_FOUND = 8
_TITLE = 48  # characters of each


class Explains(Protocol):
    """A ranker that can also say what it makes of one listing."""

    def rank(self, shard: "Shard") -> "list[Ranking]": ...
    def explain(self, shard: "Shard", listing_id: int) -> "Account":
        """For the first subscriber of the shard."""
        ...


def explain(
    ctx: typer.Context,
    email: Annotated[str, typer.Argument(help="The subscriber.")],
    paper: Annotated[list[str], typer.Argument(help="arXiv identifier, DOI, address, number or part of the title.")],
    day: Annotated[
        date | None,
        typer.Option("--date", parser=read_date, metavar="DATE", help="For the edition of that day."),
    ] = None,
    now: Now = None,
    as_json: Json = False,
) -> None:
    """Say why a paper was, or was not, shown to a subscriber, with every part of its score.

    Example: digest explain ann@example.org 2605.01234
    """
    from digest.cli import output, wiring
    from digest.cli.logs import quiet

    quiet()
    moment = or_now(now)
    with wiring.installation(ctx.obj) as home:
        standing = standing_of(home, _reader(home, email, moment), _paper(home, " ".join(paper)), moment, day)
        names = {source.name: source.title for source in home.parts.sources}
    told = _told(standing, names, day, moment.date())
    if as_json:
        output.emit_json(told)
        return
    _print(told, standing, names, moment.date())


def _reader(home: "Installation", email: str, now: "datetime") -> "Subscriber":
    """Also somebody who is gone: it can still be asked what they were sent."""
    from digest.errors import UsageError

    try:
        return home.subscriber(email, now)
    except UsageError:
        if gone := home.store.subscriber(email):
            return gone
        raise


def _paper(home: "Installation", text: str) -> "Listing":
    from digest.errors import UsageError
    from digest.rendering.verdicts import name_of
    from digest.rendering.words import clean, shorten

    found = home.store.find(text)
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError(_unknown(home, text))
    named = [f"    {one.id}  {shorten(clean(one.title), _TITLE)} ({name_of(one)})" for one in found[:_MOST_FOUND]]
    more = [f"    and {len(found) - _MOST_FOUND} more"] if len(found) > _MOST_FOUND else []
    raise UsageError("\n".join([f"{len(found)} papers go by {text!r}; say which, by its number:", *named, *more]))


def _unknown(home: "Installation", text: str) -> str:
    """What is held, and so why this is not."""
    from digest.text.ids import arxiv_id

    held = []
    for settings in home.settings.sources:
        covered = home.store.source_state(settings.name).covered
        where = ", ".join(getattr(settings, "categories", ())) or getattr(settings, "category", None)
        until = f"read up to {min(covered.values())}" if covered else "never read to the end"
        held.append(f"    {settings.name}{f' ({where})' if where else ''}: {until}")
    lines = [f"No paper that was pulled goes by {text!r}. What is pulled here:", *held]
    if known := arxiv_id(text):
        number = known[0]
        month = f"20{number[:2]}-{number[2:4]}-01" if number[:4].isdecimal() else "DATE"
        lines.append(f"If it is in one of these, `digest pull --since {month}` reads back to it.")
    else:
        lines.append("`digest search WORDS` finds papers by words; `digest pull --since DATE` reads further back.")
    return "\n".join(lines)


# --- finding out ----------------------------------------------------------------------------------------------------


def standing_of(
    home: "Installation", subscriber: "Subscriber", listing: "Listing", now: "datetime", day: date | None = None
) -> "Standing":
    """What became of this paper for this subscriber, in the edition of `day` if it was considered for it."""
    from digest.standing import Stage, Standing, considers, heard, stage_of

    announcements = tuple(home.store.announcements_of(listing.id))
    sent = tuple(home.store.sent_on(subscriber.id, listing.id)) if subscriber.id else ()
    standing = Standing(subscriber, listing, announcements, Stage.SILENT, sent_on=sent)
    asked = home.store.edition(subscriber.email, day) if day and (not sent or day < sent[0]) else None
    if asked and considers(asked, heard(announcements, asked.subscriber)):
        return _considered(home, standing, asked, now)
    if sent:
        return _sent(home, standing, day if day in sent else sent[0], now)
    first = min((a.day for a in announcements), default=now.date())
    editions = home.store.editions(subscriber.email, limit=max(1, (now.date() - first).days + 3))
    stage, edition = stage_of(announcements, subscriber, editions)
    if edition:
        return _considered(home, standing, edition, now)
    if stage is Stage.COMING:
        return _coming(home, standing, now)
    return replace(standing, stage=stage)


def _sent(home: "Installation", standing: "Standing", day: date, now: "datetime") -> "Standing":
    from digest.standing import Stage, pick_of

    edition = home.store.edition(standing.subscriber.email, day)
    pick = pick_of(edition, standing.listing) if edition else None
    due = _version_due(home, standing, now)
    return replace(standing, stage=Stage.SENT, issue_date=day, edition=edition, pick=pick, version_due=due)


def _version_due(home: "Installation", standing: "Standing", now: "datetime") -> date | None:
    """The day of the edition to come, if that will tell of a new version."""
    from digest import pipeline
    from digest.model import Section
    from digest.standing import is_revised

    if not is_revised(standing.announcements, standing.subscriber):
        return None
    (ranking,) = home.parts.ranker.rank(pipeline.shard_of(home.parts, [standing.subscriber], now))
    told = (pick.listing.id for pick in ranking.picks if pick.section is Section.VERSIONS)
    return _next_day(standing.subscriber, now) if standing.listing.id in told else None


def _next_day(subscriber: "Subscriber", now: "datetime") -> date:
    """The day of the edition to come."""
    from digest import due

    plan = due.plan_of(subscriber, now, early=True)
    return plan.issue_date or due.local_date(subscriber.schedule, plan.next_due)


def _considered(home: "Installation", standing: "Standing", edition: "Edition", now: "datetime") -> "Standing":
    from digest import pipeline
    from digest.standing import Stage, as_of

    days = max(1, (now.date() - edition.issue_date).days + 2)
    since = [one for one in home.store.editions(edition.subscriber.email, days) if one.issue_date >= edition.issue_date]
    shard = as_of(pipeline.shard_of(home.parts, [edition.subscriber], now), edition, since)
    ranked = replace(standing, subscriber=replace(standing.subscriber, profile=edition.subscriber.profile))
    return replace(_ranked(home, ranked, shard), stage=Stage.CONSIDERED, issue_date=edition.issue_date, edition=edition)


def _coming(home: "Installation", standing: "Standing", now: "datetime") -> "Standing":
    from digest import pipeline
    from digest.standing import Stage

    shard = pipeline.shard_of(home.parts, [standing.subscriber], now)
    return replace(_ranked(home, standing, shard), stage=Stage.COMING, issue_date=_next_day(standing.subscriber, now))


def _ranked(home: "Installation", standing: "Standing", shard: "Shard") -> "Standing":
    from digest.errors import UsageError
    from digest.model import Section

    ranker = cast("Explains", home.parts.ranker)
    if not hasattr(ranker, "explain"):
        raise UsageError("The ranker that the configuration names does not say why it leaves papers out.")
    account = ranker.explain(shard, standing.listing.id)
    (ranking,) = ranker.rank(shard)
    shown = sum(pick.section in (Section.FOR_YOU, Section.AUTHORS) for pick in ranking.picks)
    ranked = replace(standing, account=account, shown=shown, matched=ranking.matched)
    own = next((pick for pick in ranking.picks if pick.listing.id == standing.listing.id), None)
    if own is None:
        return ranked
    beside = [pick for pick in ranking.picks if pick.section is own.section]
    return replace(ranked, section=own.section, stands=(beside.index(own) + 1, len(beside)))


# --- saying it ------------------------------------------------------------------------------------------------------


def _told(standing: "Standing", names: "Mapping[str, str]", asked: date | None, today: date) -> dict[str, Any]:
    """All that is said, for programs."""
    from digest.model import Hurdle
    from digest.rendering.verdicts import remarks, verdict
    from digest.standing import Stage

    account, listing, pick = standing.account, standing.listing, standing.pick
    recomputed = standing.stage is Stage.CONSIDERED
    return {
        "subscriber": standing.subscriber.email,
        "listing": {name: getattr(listing, name) for name in ("id", "arxiv_id", "doi", "title", "url")},
        "shown": standing.stage is Stage.SENT
        or (
            standing.stage is Stage.COMING
            and account is not None
            and (account.hurdle is Hurdle.NONE or standing.section is not None)
        ),
        "why": verdict(standing, names, today),
        "remarks": remarks(standing, recomputed=recomputed, asked=asked, today=today),
        "stage": standing.stage,
        "edition": standing.issue_date,
        "section": pick.section if pick else standing.section,
        "sent_on": standing.sent_on,
        "version_due": standing.version_due,
        "hurdle": account.hurdle if account else None,
        "match": pick.score if pick else account.score if account else None,
        "place": account.place if account else None,
        "matched": standing.matched if account else None,
        "last_shown": account.last if account else None,
        "terms": account.terms if account else (),
        "reasons": pick.reasons if pick else account.reasons if account else (),
        "announcements": [
            {"source": a.source, "kind": a.kind, "day": a.day, "seq": a.seq} for a in standing.announcements
        ],
    }


def _print(told: "Mapping[str, Any]", standing: "Standing", names: "Mapping[str, str]", today: date) -> None:
    from digest.rendering.verdicts import name_of
    from digest.rendering.words import clean, wrap

    title = f"{clean(standing.listing.title)} ({name_of(standing.listing)})"
    parts = [title, told["why"], *told["remarks"], _announced(standing.announcements, names, today)]
    typer.echo("\n\n".join(wrap(part, 80) for part in parts if part))
    if told["reasons"]:
        _print_reasons(told["reasons"])


def _announced(announcements: "Sequence[Announcement]", names: "Mapping[str, str]", today: date) -> str:
    from digest.rendering.cards import source_title
    from digest.rendering.words import plain_day

    said = [f"{source_title(a.source, names)} on {plain_day(a.day, today)} ({a.kind})" for a in announcements]
    return f"Announced by {', '.join(said)}." if said else ""


def _print_reasons(reasons: "Sequence[Reason]") -> None:
    from digest.cli import output
    from digest.rendering.verdicts import told

    rows = [[f"{points:.1f}", subject, field, basis] for basis, subject, field, points in told(reasons)]
    total = sum(reason.contribution for reason in reasons)
    output.table(None, ["points#", "what", "where", "by"], [*rows, [f"{total:.1f}", "together", "", ""]])
