"""How long to wait for each thing that an SMTP server is asked (RFC 5321, 4.5.3.2)."""

from dataclasses import dataclass, fields
from typing import Self

from digest.delivery.replies import Step


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds, each for a whole reply, however slowly it comes; a message's lines for the whole message."""

    connect: float = 60  # the connection, TLS, EHLO, the login, RSET
    greeting: float = 300
    mail: float = 300
    rcpt: float = 300
    data: float = 120
    content: float = 180
    dot: float = 600
    quit: float = 5  # nobody waits for a goodbye

    @classmethod
    def of(cls, connect: float) -> Self:
        """What RFC 5321 asks for at least, and `connect` where that is longer or the RFC says nothing."""
        named = {name: max(connect, getattr(_RFC_5321, name)) for name in _NAMED}
        return cls(connect, **named)

    @classmethod
    def throughout(cls, seconds: float) -> Self:
        """The same for everything."""
        return cls(**{each.name: seconds for each in fields(cls)})

    def at(self, step: Step) -> float:
        """For the reply to `step`."""
        return {Step.MAIL: self.mail, Step.RCPT: self.rcpt, Step.DATA: self.data, Step.DOT: self.dot}[step]


_NAMED = ("greeting", "mail", "rcpt", "data", "content", "dot")
_RFC_5321 = Patience()
