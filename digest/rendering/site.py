"""What rendering needs to know of the installation."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Site:
    """Whose digest it is."""

    name: str
    url: str | None = None  # public base URL of the pages; None: there are no pages
    contact: str | None = None  # address of the person who answers


@dataclass(frozen=True, slots=True)
class Mailing:
    """What is written on the envelope and in the headers."""

    sender: str  # "Daily Papers <digest@example.org>"
    reply_to: str | None = None
    list_id: str | None = None  # "papers.example.org"; None: made from the sender's domain (RFC 2919)
    bounces: str | None = None  # "bounce@example.org": mail to bounce+TOKEN@... is read; None: to the sender, by people
