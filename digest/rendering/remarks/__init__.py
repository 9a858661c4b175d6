"""What can be told of a message before anybody gets it.

Only what has a source is said: an RFC, a rule of SpamAssassin's, a criterion of WCAG, what the large mail services
publish. What is not written in a message (DNS, reputation) is said to be unknown.
"""

from datetime import datetime

from digest.rendering.remarks import body, headers
from digest.rendering.remarks.links import links
from digest.rendering.remarks.mail import Grade, Mail, Remark

__all__ = ["Grade", "Remark", "remarks"]

_CHECKS = (
    *(body.structure, headers.fields, headers.sender, headers.subject, headers.unsubscribe, headers.automatic),
    *(headers.authentication, body.size, body.text, links, body.images, body.markup, body.lines),
)
_ORDER = list(Grade)


def remarks(content: bytes, now: datetime) -> tuple[Remark, ...]:
    """All findings on a message as it would go out at `now`, the worst first. Never raises, whatever `content` is."""
    mail = Mail(content)
    found = [remark for check in _CHECKS for remark in check(mail)] + headers.time(mail, now)
    return tuple(sorted(found, key=lambda remark: _ORDER.index(remark.grade)))
