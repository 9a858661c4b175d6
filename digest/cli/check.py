"""`digest check`: is everything right, can everything be reached?"""

import os
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Annotated

import typer

from digest.cli.arguments import Json, Now, Server, or_now, read_server
from digest.errors import ConfigError, DigestError
from digest.model import Finding, Weight

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from digest.config import Settings
    from digest.model import Edition, Fetched
    from digest.pipeline import Source


Findings = Iterator[Finding]


def check(
    ctx: typer.Context,
    now: Now = None,
    resolver: Annotated[
        Server | None,
        typer.Option(parser=read_server, metavar="ADDRESS", help="Ask this DNS server about you, not the system's."),
    ] = None,
    as_json: Json = False,
) -> None:
    """See whether the configuration is right, reach every source, the database and the mail server, ask about your DNS.

    Sends no mail and stores nothing it fetched. Exit status 1 if anything failed; a warning is no failure.

    Example: digest check
    """
    from digest.cli import output
    from digest.cli.logs import quiet

    quiet()
    findings = list(examine(ctx.obj, or_now(now), resolver))
    if as_json:
        output.emit_json(findings)
    else:
        output.table(None, ["", "what", "found"], [[f.result, f.check, f.detail] for f in findings])
        typer.echo(_verdict(findings))
    if any(finding.result is Weight.FAILED for finding in findings):
        raise typer.Exit(1)


def _verdict(findings: Iterable[Finding]) -> str:
    failed = sum(finding.result is Weight.FAILED for finding in findings)
    if failed:
        return f"{failed} of these must be put right before every digest can go out."
    return "Ready: `digest preview --open` shows what would be sent."


def examine(path: "Path | None", now: "datetime", resolver: Server | None = None) -> Findings:
    """Everything there is to find out; a configuration with faults ends it, since nothing else can be told then."""
    from digest import config
    from digest.cli import wiring

    try:
        place = config.find(path, os.environ)
        settings = wiring.load_settings(place)
    except ConfigError as error:
        for fault in error.faults:
            yield Finding(error.path, Weight.FAILED, f"{fault.key}: {fault.what}")
        return
    yield Finding("configuration", Weight.OK, f"{place} has no faults")
    yield from _remarks(settings, place)
    yield from _ranker(settings)
    yield from _store(settings, now)
    yield from _sources(settings, now)
    yield from _templates(settings, now)
    yield from _pages(settings)
    yield from _mail(settings)
    yield from _delivery_log(settings)
    yield from _inboxes(settings)
    yield from _sender(settings, resolver)


# --- the configuration ----------------------------------------------------------------------------------------------


def _remarks(settings: "Settings", place: "Path") -> Findings:
    """What is allowed and yet probably not meant."""
    yield from (Finding(key, Weight.WARNING, what) for key, what in remarks(settings))
    yield from (Finding(key, Weight.WARNING, what) for key, what in _open_secrets(settings, place))


def remarks(settings: "Settings") -> Iterator[tuple[str, str]]:
    """(key, what to reconsider)."""
    if settings.site.contact is None:
        yield "site.contact", "is not set; give an address, so that sources write to you before they shut you out"
    if settings.smtp.kind == "smtp" and _is_placeholder(settings):
        yield "mail.from", f"is {settings.mail.from_}; the world refuses mail from there: use an address of yours"
    for entry in settings.subscribers:
        if not entry.keywords:
            yield f"subscribers ({entry.email})", "has no keywords, so nothing will be picked for them"


def _is_placeholder(settings: "Settings") -> bool:
    from digest.cli.sender_dns import is_nowhere
    from digest.config import is_loopback

    return is_nowhere(settings.sender_domain) and not is_loopback(settings.smtp.host)


def _open_secrets(settings: "Settings", place: "Path") -> Iterator[tuple[str, str]]:
    from digest.config import is_readable_by_all

    for table, own in (("smtp", settings.smtp), ("bounces", settings.bounces)):
        file = own.password_file
        if file is not None and is_readable_by_all(file):
            yield f"{table}.password_file", f"can be read by everybody on this machine: chmod 600 {file}"
        if file is None and own.password is not None and is_readable_by_all(place):
            yield f"{table}.password", f"is in a file that everybody on this machine can read: chmod 600 {place}"


# --- the ranker ---------------------------------------------------------------------------------------------------


def _ranker(settings: "Settings") -> Findings:
    """Whether a ranker that is not ours, or an encoder, is where the configuration says; ours always is."""
    from digest.cli import ranking, wiring

    recipe = wiring.make_recipe(settings)
    if recipe.name == ranking.OWN.name and recipe.model is None:
        return
    from digest.ranking.semantic import InMemory

    try:
        ranking.make(recipe, InMemory())
    except DigestError as error:
        yield Finding("ranker", Weight.FAILED, str(error))
    else:
        beside = f", and the sentence encoder in {recipe.model}" if recipe.model else ""
        yield Finding("ranker", Weight.OK, f"{recipe.name} is there{beside}")


# --- the database ---------------------------------------------------------------------------------------------------


def _store(settings: "Settings", now: "datetime") -> Findings:
    from digest.cli import upgrade_check
    from digest.store.migrating import standing

    with _blamed_on("database") as found:
        before = standing(settings.store.url)
        if before is not None and before.is_to_change:  # by what is started; opening it would do that now
            found.extend(upgrade_check.examine(before))
        else:
            found.extend(_opened(settings, now))
    yield from found


def _opened(settings: "Settings", now: "datetime") -> Findings:
    from digest.cli import upgrade_check, wiring
    from digest.model import Status
    from digest.store.subscribers import address

    with wiring.store_of(settings, now) as store:
        everybody, standing = store.subscribers(), store.standing()
    known = {address(one.email) for one in everybody if one.status is not Status.REMOVED}
    for curator in settings.web.curators:
        if address(curator) not in known:
            words = f"names {curator}, who is not subscribed: curators come by the link in their own digest"
            yield Finding("web.curators", Weight.WARNING, words)
    yield Finding("database", Weight.OK, "can be read and written")
    yield from upgrade_check.examine(standing)
    if active := sum(subscriber.status is Status.ACTIVE for subscriber in everybody):
        yield Finding("subscribers", Weight.OK, f"{active} active")
    else:
        yield Finding("subscribers", Weight.WARNING, "nobody gets a digest yet: `digest subscribers add`")


@contextmanager
def _blamed_on(what: str) -> Iterator[list[Finding]]:
    """A list for findings; what is raised meanwhile is the only one."""
    found: list[Finding] = []
    try:
        yield found
    except DigestError as error:
        found[:] = [Finding(what, Weight.FAILED, str(error))]
    except Exception as error:  # a fault of ours in one part must not hide what the others say
        found[:] = [Finding(what, Weight.FAILED, f"{type(error).__name__}: {error}")]


# --- sources --------------------------------------------------------------------------------------------------------


def _sources(settings: "Settings", now: "datetime") -> Findings:
    """Each source in its own thread, as a pull would visit it the first time; nothing is stored."""
    from concurrent.futures import ThreadPoolExecutor

    from digest.cli import output, wiring

    def visit(source: "Source") -> Finding:
        finding = reach(source, now)
        advance()
        return finding

    count = len(settings.sources)
    with wiring.visitor(settings) as client, output.progress("reaching sources", count) as advance:
        sources = [wiring.make_source(entry, client) for entry in settings.sources]
        with ThreadPoolExecutor(max_workers=count, thread_name_prefix="check") as pool:
            yield from pool.map(visit, sources)


def reach(source: "Source", now: "datetime") -> Finding:
    """Visit one source."""
    from digest.model import SourceState

    name = f"source {source.name}"
    with _blamed_on(name) as found:
        found.append(_told(name, source.fetch(SourceState(source.name), now)))
    return found[0]


def _told(name: str, fetched: "Fetched") -> Finding:
    from digest.model import incomplete

    problems = "; ".join(problem.what for problem in fetched.problems)
    if incomplete(fetched.problems):
        return Finding(name, Weight.FAILED, problems)
    if problems:
        return Finding(name, Weight.WARNING, problems)
    count = len(fetched.announcements)
    return Finding(name, Weight.OK, f"announces {count} now" if count else "answers; nothing is announced right now")


# --- templates and mail ---------------------------------------------------------------------------------------------


def _templates(settings: "Settings", now: "datetime") -> Findings:
    """Render a day with papers and a day without, in each format."""
    from digest.cli import wiring

    with _blamed_on("templates") as found:
        renderer = wiring.make_renderer(settings, [], b"check")
        for edition in samples(now):
            renderer.message(edition)
        own = settings.site.templates_dir
        found.append(Finding("templates", Weight.OK, f"render, with those in {own}" if own else "render"))
    yield from found


def samples(now: "datetime") -> "Iterator[Edition]":
    from digest.model import Edition, Format, Kind, Layout, Listing, Missing, Pick, Reason, Section, Subscriber

    listing = Listing(
        "Flow matching on a sphere: paths that bend & bounds < 1",
        abstract="We bend paths. They arrive.",
        authors=("Ada Example", "Bo Sample"),
        url="https://example.org/paper",
        pdf_url="https://example.org/paper.pdf",
        code_url="https://example.org/code",
        discussion_url="https://example.org/talk",
        categories=("cs.LG",),
        upvotes=12,
        comments=3,
        published=now,
    )
    reason = Reason('"flow matching"', "title", 42.0)
    picks = tuple(
        Pick(listing, section, kind, "sample", now.date(), 42.0, (reason,), "Cho Example", "Read *section 3*.")
        for section, kind in zip(Section, (Kind.NEW, Kind.NEW, Kind.NEW, Kind.TRENDING, Kind.REVISION), strict=True)
    )
    full = Edition(
        Subscriber("ann@example.org", "Ann"), now.date(), now, picks=picks, read={"sample": 9}, papers=9, matched=1
    )
    quiet = replace(full, picks=(), matched=0, missing=(Missing("sample", "it did not answer"),), problems=("a fault",))
    for edition in (full, quiet):
        for wanted, layout in product(Format, Layout):
            yield replace(edition, subscriber=replace(edition.subscriber, format=wanted, layout=layout))


def _pages(settings: "Settings") -> Findings:
    """Where people sign up and leave."""
    from digest.cli import pages_check

    with _blamed_on("pages") as found:
        found.extend(pages_check.examine(settings))
    yield from found


def _mail(settings: "Settings") -> Findings:
    from digest.cli import wiring

    with _blamed_on("mail") as found:
        transport = wiring.make_transport(settings)
        try:
            found.append(Finding("mail", Weight.OK, transport.check()))
        finally:
            transport.close()
    yield from found


def _delivery_log(settings: "Settings") -> Findings:
    from digest.cli import wiring

    name = "delivery log"
    with _blamed_on(name) as found:
        log = wiring.make_log(settings)
        if log is None:
            words = "is not kept, so a database restored from a backup would send digests again: set delivery.log"
            found.append(Finding(name, Weight.WARNING, words))
        else:
            with closing(log):
                log.check()
            found.append(Finding(name, Weight.OK, "can be written"))
    yield from found


def _inboxes(settings: "Settings") -> Findings:
    """Where mail that comes back is looked for; nothing is taken in."""
    from digest.cli import inboxes

    for box in inboxes.make_post(settings.bounces, ()).boxes:
        with _blamed_on("bounces") as found:
            with closing(box.open()) as inbox:
                next(iter(inbox.mails()), None)
            found.append(Finding("bounces", Weight.OK, f"{box.name} can be looked into"))
        yield from found


def _sender(settings: "Settings", resolver: Server | None) -> Findings:
    """What receivers are told about the sender: its keys and its DNS."""
    from digest.cli import sender_dns

    with _blamed_on("sender's DNS") as found:
        found.extend(sender_dns.examine(settings, resolver))
    yield from found
