"""A community's pages and its mail, as a reader meets them: real HTTP, real SMTP, Chromium."""

import re

from digest import pipeline
from digest.web import postman

_URL = re.compile(r"https?://[^\s<>\"')\]]+")


def digests(site):
    """Compose and deliver, as the daemon would; returns how many went out."""
    list(pipeline.compose(site.parts, site.clock(), early=True))
    return pipeline.deliver(site.parts, site.clock).sent


def letters(site):
    """Mail for what was asked on the pages, as the pages' own thread would."""
    while postman.deliver(site.desk, site.clock()):
        pass


def urls(message):
    """Every URL in a mail, those of its headers included."""
    return {url.rstrip(".,;") for text in _texts(message) for url in _URL.findall(text)}


def _texts(message):
    yield from (str(value) for name, value in message.items() if name.startswith("List-"))
    yield from (part.get_content() for part in message.walk() if part.get_content_maintype() == "text")


def link(message, way):
    """The one URL of a mail that leads that way."""
    (found,) = {url for url in urls(message) if f"/{way}" in url}
    return found
