"""Where mail that comes back is looked for, as the configuration says it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from digest.delivery.inbox import ImapInbox, MaildirInbox
from digest.delivery.returns import read
from digest.pipeline import Box, Post

if TYPE_CHECKING:
    from digest.config.settings import BounceSettings
    from digest.tokens import Keys

IMAP_EVERY = timedelta(minutes=15)  # a login each time; a Maildir costs nothing to look into


def make_post(settings: "BounceSettings", keys: "Keys") -> Post:
    """How mail that comes back is read, and where it lies."""
    return Post(read, keys, list(_boxes(settings)))


def _boxes(settings: "BounceSettings") -> Iterator[Box]:
    if settings.maildir:
        yield maildir_box(settings.maildir)
    if settings.imap_host:
        yield imap_box(settings)


def maildir_box(path: Path) -> Box:
    return Box(str(path), lambda: MaildirInbox(path))


def imap_box(settings: "BounceSettings") -> Box:
    host, folder = settings.imap_host or "", settings.imap_folder

    def look() -> ImapInbox:
        password = settings.password.get_secret_value() if settings.password else ""
        return ImapInbox(host, settings.imap_port, folder, settings.username or "", password)

    return Box(f"{folder} at {host}", look, IMAP_EVERY)
