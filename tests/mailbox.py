"""A mail server on the loopback, for tests that read what arrives."""

import email
from email import policy

from aiosmtpd.controller import Controller


class Mailbox(Controller):
    """A mail server that keeps what it gets and refuses whom it is told to."""

    def __init__(self):
        self.got = []
        self.refuses = set()
        super().__init__(self, hostname="127.0.0.1", port=0)

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refuses:
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=policy.default)
        self.got += [(recipient, message) for recipient in envelope.rcpt_tos]
        return "250 OK"

    def taken(self):
        """What came since this was last asked, by recipient."""
        got, self.got = self.got, []
        assert len(got) == len(dict(got)), "somebody got two"
        return dict(got)
