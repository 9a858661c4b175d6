"""How often a mail is sent to an address that somebody typed into a page: pure decisions, no clock, no store.

Whoever types it need not be whoever reads it. So that nobody can fill a stranger's mailbox, a mail goes out for what is
asked first, and none for what is asked again until that one has done its work, or has had its time and the wait is over.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from digest.model import Errand, Wish

LINK_WORKS = timedelta(days=3)  # that a mail for a wish brings
FORGOTTEN = timedelta(days=90)  # after which nothing is known any more of what was asked
MOST_A_DOMAIN, DOMAIN_SPAN = 100, timedelta(hours=1)  # mails for wishes to one domain; the others wait
_WAITS = (1, 3, 9)  # times LINK_WORKS, from each mail to the next: at most 27 days, which is less than FORGOTTEN
_LINK_AGAIN = timedelta(days=1)  # to a subscriber, who gets a mail a day as it is
_FIRST_RETRY, _LONGEST_RETRY = timedelta(minutes=2), timedelta(hours=4)
_EXPIRY = timedelta(hours=24)  # of a mail that does not get out


def asked(before: Wish | None, wish: Wish) -> Wish | None:
    """What is kept of a wish that is to be mailed for; None if the one before it stands, and nothing is mailed.

    What was mailed already must stay what it was: else whoever asks last could change what somebody else confirms.
    """
    if before is None or before.done_at is not None:
        return replace(wish, mails=0, mailed_at=None, done_at=None)
    if wish.at < may_mail(before):
        return None
    return replace(wish, mails=before.mails, mailed_at=before.mailed_at, done_at=None)


def reader_of(address: str) -> str:
    """Whose mailbox an address in small letters leads to, as far as its spelling tells: the key of what is mailed once.

    Behind a `+` people write what they like (RFC 5233), and at Gmail dots anywhere: a stranger could have a mail sent for
    each such spelling.
    """
    local, _, domain = address.rpartition("@")
    bare = local.partition("+")[0] or local
    if domain in ("gmail.com", "googlemail.com"):
        bare, domain = bare.replace(".", "") or bare, "gmail.com"
    return f"{bare}@{domain}"


def may_mail(wish: Wish) -> datetime:
    """When the next mail for it may go: at once, then after three days, nine, 27; a link to one's preferences once a day.

    That an address has moved is told at once: only who has confirmed it can bring it about.
    """
    if wish.mailed_at is None or not wish.mails or wish.errand is Errand.MOVED:
        return wish.at
    if wish.errand is Errand.LINK:
        return wish.mailed_at + _LINK_AGAIN
    return wish.mailed_at + LINK_WORKS * _WAITS[min(wish.mails, len(_WAITS)) - 1]


def works(wish: Wish, now: datetime) -> bool:
    """Whether the link in its mail is still good."""
    return wish.mailed_at is None or now < wish.mailed_at + LINK_WORKS


def retry(wish: Wish, now: datetime) -> datetime | None:
    """When to try again what could not be sent; None when that is to end. Each wait is as long as all before it."""
    waited = now - wish.at
    return None if waited >= _EXPIRY else now + min(max(waited, _FIRST_RETRY), _LONGEST_RETRY)
