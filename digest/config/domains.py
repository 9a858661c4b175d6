"""Names in DNS, as a configuration gives them: always in lower case and as A-labels (RFC 5891)."""

import re
from email.utils import getaddresses
from typing import Annotated

import idna
from pydantic import AfterValidator

from digest.config.faults import shown
from digest.config.values import Line


def domain_of(mailbox: str) -> str:
    """The domain of `Daily Papers <digest@example.org>`."""
    return _ascii(getaddresses([mailbox])[0][1].rpartition("@")[2])


def _ascii(domain: str) -> str:
    try:
        return idna.encode(domain, uts46=True).decode().casefold()
    except idna.IDNAError:
        return domain.casefold()


_NAME = re.compile(r"(?=.{1,253}\Z)(?:(?!-)[a-z0-9-]{1,63}(?<!-)(?:\.(?!\Z)|\Z))+")


def _mail_domain(text: str) -> str:
    name = _ascii(text.rstrip("."))
    if not _NAME.fullmatch(name):
        raise ValueError(f'{shown(text)} is not a domain like "example.org"')
    return name


def selector(text: str) -> str:
    """A name below `_domainkey` (RFC 6376, 3.1); raises ValueError."""
    if not _NAME.fullmatch(text.casefold()):
        raise ValueError(f'{shown(text)} is not a selector like "digest": letters, digits, hyphens and dots only')
    return text.casefold()


MailDomain = Annotated[Line, AfterValidator(_mail_domain)]
Selector = Annotated[Line, AfterValidator(selector)]
