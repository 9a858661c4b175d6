"""`digest init`: a first configuration, and the database."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import typer

from digest.errors import UsageError

PASSWORD_FILE = "smtp-password"  # noqa: S105 - the name of a file, not what is in it
OUTBOX = "outbox"


@dataclass(frozen=True, slots=True)
class Relay:
    """The mail server to send through."""

    host: str
    security: str | None = None
    username: str = ""
    password: str = field(default="", repr=False)

    @property
    def settled_security(self) -> str:
        """A relay on this machine rarely has a certificate; any other has."""
        from digest.config import is_loopback

        return self.security or ("none" if is_loopback(self.host) else "starttls")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a newcomer says; what is empty stays as the example has it."""

    email: str = ""
    categories: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    timezone: str = ""
    send_at: str = ""
    contact: str = ""
    sender: str = ""
    relay: Relay | None = None


def init(
    ctx: typer.Context,
    *,
    email: Annotated[str, typer.Option("--email", help="Your address: the first subscriber.")] = "",
    category: Annotated[
        list[str] | None, typer.Option("--category", help="An arXiv category to read, like cs.CL. Repeatable.")
    ] = None,
    keyword: Annotated[
        list[str] | None, typer.Option("--keyword", help="What you look for, like '\"flow matching\"^3'. Repeatable.")
    ] = None,
    timezone: Annotated[str, typer.Option("--timezone", help="Your zone, like Europe/Zurich.")] = "",
    send_at: Annotated[str, typer.Option("--send-at", help="When the mail shall come, like 07:30.")] = "",
    contact: Annotated[
        str, typer.Option("--contact", help="An address or page that sources see with each request; arXiv asks for it.")
    ] = "",
    sender: Annotated[str, typer.Option("--from", help="Whom the mail comes from.")] = "",
    smtp_host: Annotated[
        str, typer.Option("--smtp-host", help=f"Your mail server; without one, mail is written to {OUTBOX}/.")
    ] = "",
    smtp_security: Annotated[
        str | None, typer.Option("--smtp-security", help="starttls, tls or none (the default on this machine).")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a configuration that is there.")] = False,
) -> None:
    """Write a configuration in which every key is explained, and create the database.

    On a terminal it asks for what the options leave open.

    Example: digest init --email you@example.org --category cs.CL --keyword diffusion --timezone Europe/Zurich
    """
    path = ctx.obj or Path("config.toml")
    if path.exists() and not force:
        raise UsageError(f"{path} is there already. Edit it, or replace it with `digest init --force`.")
    wishes = Wishes(
        email=email,
        categories=tuple(category or ()),
        keywords=tuple(keyword or ()),
        timezone=timezone,
        send_at=send_at,
        contact=contact,
        sender=sender,
        relay=Relay(smtp_host, smtp_security) if smtp_host else None,
    )
    if on_terminal():
        wishes = _ask(wishes)
    _write(path, wishes)
    _create_database(path)
    typer.echo(_next_steps(path, wishes, given=ctx.obj is not None))


def on_terminal() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty() and sys.stdout.isatty()


# --- asking ---------------------------------------------------------------------------------------------------------


def _ask(wishes: Wishes) -> Wishes:
    """The wishes with everything that was left open, from the person at the terminal."""
    from digest.config.values import address, wall_time, zone

    typer.echo("A few questions; everything can be changed later in the file.\n")
    email = wishes.email or typer.prompt("Your address", value_proc=_until_right(address))
    return replace(
        wishes,
        email=email,
        categories=wishes.categories or _ask_categories(),
        keywords=wishes.keywords or _ask_keywords(),
        timezone=wishes.timezone
        or typer.prompt("Your time zone", default=machine_zone(), value_proc=_until_right(zone)),
        send_at=wishes.send_at
        or typer.prompt("When shall it come", default="07:30", value_proc=_until_right(lambda t: wall_time(t) and t)),
        contact=wishes.contact or _ask_contact(email),
        relay=wishes.relay or _ask_relay(email),
    )


def _until_right(read: Callable[[str], object]) -> Callable[[str], str]:
    """A prompt's check: what is wrong is said, and the question asked again."""

    def check(answer: str) -> str:
        try:
            return str(read(answer.strip()))
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None

    return check


def _ask_categories() -> tuple[str, ...]:
    from digest.config.values import archive_category

    def read(answer: str) -> str:
        return " ".join(archive_category(word) for word in answer.replace(",", " ").split())

    typer.echo("arXiv categories to read (https://arxiv.org/category_taxonomy)")
    answer: str = typer.prompt("  with spaces between", default="cs.CL cs.LG stat.ML", value_proc=_until_right(read))
    return tuple(answer.split())


def _ask_keywords() -> tuple[str, ...]:
    from digest.errors import ProfileError
    from digest.ranking.query import parse

    typer.echo('Keywords, one a line: diffusion, "flow matching"^3, title:benchmark, author:Ho, -survey. Empty: done.')
    keywords: list[str] = []
    while line := typer.prompt("  keyword", default="", show_default=False).strip():
        try:
            parse(line)
        except ProfileError as error:
            typer.echo(f"{error}", err=True)
        else:
            keywords.append(line)
    return tuple(keywords)


def _ask_contact(email: str) -> str:
    typer.echo("arXiv asks for an address with each request, so that it can write before it shuts somebody out.")
    return email if typer.confirm(f"May sources see {email}", default=True) else ""


def _ask_relay(email: str) -> Relay | None:
    typer.echo(f"Without a mail server, digests are written to the folder {OUTBOX}, for you to look at.")
    if not typer.confirm("Send through a mail server already", default=False):
        return None
    host = typer.prompt("  its name", default=f"smtp.{email.rpartition('@')[2]}")
    security = typer.prompt(
        "  security: starttls (port 587), tls (465), none",
        default=Relay(host).settled_security,
        value_proc=_until_right(_security),
    )
    username = typer.prompt("  user name (empty: no login)", default="", show_default=False)
    password = typer.prompt("  password", hide_input=True) if username else ""
    return Relay(host, security, username, password)


def _security(answer: str) -> str:
    if answer not in {"starttls", "tls", "none"}:
        raise ValueError("write starttls, tls or none")
    return answer


def machine_zone() -> str:
    """The IANA name of this machine's zone, if it has one; else UTC."""
    from tzlocal import get_localzone_name

    from digest.config.values import zone

    try:
        return zone(get_localzone_name() or "UTC")
    except (ValueError, LookupError, OSError):  # TZ may hold anything
        return "UTC"


# --- writing --------------------------------------------------------------------------------------------------------


def render(wishes: Wishes) -> str:
    """The text of a configuration that says this."""
    from digest.config.example import Answer, example, filled

    relay = wishes.relay
    answers: dict[tuple[str, str], Answer] = {
        ("subscribers", "email"): wishes.email,
        ("subscribers", "keywords"): wishes.keywords,
        ("subscribers", "timezone"): wishes.timezone,
        ("subscribers", "send_at"): wishes.send_at,
        ("sources", "categories"): wishes.categories,
        ("site", "contact"): wishes.contact,
        ("mail", "from"): wishes.sender or (f"Daily Papers <{wishes.email}>" if relay and wishes.email else ""),
    }
    if relay is None:
        answers |= {("smtp", "kind"): "files", ("smtp", "path"): OUTBOX}
    else:
        answers |= {("smtp", "host"): relay.host, ("smtp", "security"): relay.settled_security}
        if relay.username:
            answers |= {("smtp", "username"): relay.username, ("smtp", "password_file"): PASSWORD_FILE}
    given = {place: answer for place, answer in answers.items() if answer}
    return filled(example(), given, without=frozenset() if wishes.email else frozenset({"subscribers"}))


def _write(path: Path, wishes: Wishes) -> None:
    """Write the configuration, and the password beside it; nothing, if the wishes have faults."""
    from digest import config
    from digest.cli.faults import refused
    from digest.errors import ConfigError
    from digest.ranking.query import parse

    text = render(wishes)
    password = wishes.relay.password if wishes.relay else ""
    try:
        config.from_text(text, path, {"DIGEST_SMTP__PASSWORD": password}, check_keyword=parse)
    except ConfigError as error:
        raise refused(error.faults) from None
    path.parent.mkdir(parents=True, exist_ok=True)
    if password:
        write_private(path.parent / PASSWORD_FILE, f"{password}\n")
    write_private(path, text)


def write_private(path: Path, text: str) -> None:
    """Put a file in place as a whole, for nobody else to read."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _create_database(path: Path) -> None:
    from digest import config
    from digest.store import open_store

    open_store(config.load(path, os.environ).store.url).close()


def _next_steps(path: Path, wishes: Wishes, *, given: bool) -> str:
    command = f"digest --config {path}" if given else "digest"
    added = [] if wishes.email else [("subscribers add you@example.org --keyword diffusion", "who shall get it")]
    steps = [
        *added,
        ("check", "is everything right, can everything be reached?"),
        ("pull", "fetch what is new"),
        ("preview --open", "look at your digest"),
    ][:3]
    width = max(len(step) for step, _ in steps)
    lines = [f"Wrote {path}, in which every key is explained, and created the database. Next:", ""]
    lines += [f"    {command} {step:{width}}  # {what}" for step, what in steps]
    where = f"writes it to {path.parent / OUTBOX}/" if wishes.relay is None else "mails it"
    if wishes.email and not wishes.keywords:
        lines += ["", f"The keywords in {path.name} are examples: put your own in their place."]
    return "\n".join(
        [*lines, "", f"Then `{command} send --early` {where}, and `{command} run` does all of it every day."]
    )
