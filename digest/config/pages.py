"""What can be configured of the pages: who serves them, to whom, and who looks after them there."""

from ipaddress import ip_network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from digest.config.domains import MailDomain
from digest.config.faults import shown
from digest.config.table import Table
from digest.config.values import Address, LocalPath, Name, Whole


def _network(text: str) -> str:
    try:
        ip_network(text)
    except ValueError:
        raise ValueError(f'{shown(text)} is no address or network, like "10.0.0.7" or "10.0.0.0/8"') from None
    return text


class WebSettings(Table):
    """Without a `port`, `digest run` serves no pages."""

    host: Name = "127.0.0.1"
    port: Annotated[Whole, Field(ge=1, le=65535)] | None = None
    proxies: tuple[Annotated[str, AfterValidator(_network)], ...] = ("127.0.0.1", "::1")
    sign_up: Literal["open", "closed"] = "open"
    domains: tuple[MailDomain, ...] = ()
    curators: tuple[Address, ...] = ()


class AdminSettings(Table):
    """Without either, there are no pages for the operator."""

    password_file: LocalPath | None = None
    header: Name | None = None
