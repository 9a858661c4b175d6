"""A small IMAP server (RFC 3501): one account, folders of mails with flags, over TLS, on the loopback."""

import re
import socketserver
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Mailbox:
    """What a test puts in, and looks at afterwards."""

    folders: dict[str, dict[int, bytes]]
    flags: dict[int, set[str]] = field(default_factory=dict)
    username: str = "bounce@example.org"
    password: str = "secret"
    sasl: bool = True
    refused: frozenset[int] = frozenset()  # mails that the server does not give
    breaks_at: str = ""  # the command at which it closes the connection
    said: list[str] = field(default_factory=list)  # every command, without literals


class _Session(socketserver.StreamRequestHandler):
    """One connection; knows the commands that the product uses, and refuses others."""

    def setup(self):
        self.request = self.server.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self):
        super().finish()
        self.request.close()

    def handle(self):
        self.box: Mailbox = self.server.mailbox
        self.chosen: dict[int, bytes] = {}
        self._say(f"* OK [CAPABILITY IMAP4rev1{' AUTH=PLAIN' if self.box.sasl else ''}] ready")
        while line := self.rfile.readline().decode().rstrip("\r\n"):
            tag, _, command = line.partition(" ")
            self.box.said.append(command)
            if self.box.breaks_at and command.startswith(self.box.breaks_at):
                return
            answer = self._answer(command)
            self._say(f"{tag} {answer}")
            if command.startswith("LOGOUT"):
                return

    def _answer(self, command: str) -> str:
        verb, _, rest = command.removeprefix("UID ").partition(" ")
        known = {"CAPABILITY": self._capability, "AUTHENTICATE": self._authenticate, "LOGIN": self._login}
        known |= {"SELECT": self._select, "SEARCH": self._search, "FETCH": self._fetch, "STORE": self._store}
        known |= {"LOGOUT": lambda _: "OK bye"}
        return known[verb](rest) if verb in known else "BAD what?"

    def _capability(self, _rest):
        self._say(f"* CAPABILITY IMAP4rev1{' AUTH=PLAIN' if self.box.sasl else ''}")
        return "OK done"

    def _authenticate(self, _rest):
        self._say("+ ")
        _, username, password = b64decode(self.rfile.readline()).decode().split("\0")
        return self._welcome(username, password)

    def _login(self, rest):
        return self._welcome(*re.fullmatch(r'(\S+) "(.*)"', rest).groups())

    def _welcome(self, username, password):
        right = (username, password) == (self.box.username, self.box.password)
        return "OK welcome" if right else "NO [AUTHENTICATIONFAILED] wrong password"

    def _select(self, rest):
        name = re.sub(r"\\(.)", r"\1", rest.removeprefix('"').removesuffix('"'))
        if name not in self.box.folders:
            return f"NO there is no folder {name}"
        self.chosen = self.box.folders[name]
        self._say(f"* {len(self.chosen)} EXISTS")
        return "OK [READ-WRITE]"

    def _search(self, _rest):
        unseen = [str(number) for number in self.chosen if "\\Seen" not in self.box.flags.get(number, set())]
        self._say(f"* SEARCH {' '.join(unseen)}".rstrip())
        return "OK done"

    def _fetch(self, rest):
        number, most = map(int, re.fullmatch(r"(\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)", rest).groups())
        if number in self.box.refused:
            return "NO the mail cannot be read"
        if number in self.chosen:
            content = self.chosen[number][:most]
            self.wfile.write(f"* 1 FETCH (UID {number} BODY[]<0> {{{len(content)}}}\r\n".encode() + content + b")\r\n")
        return "OK done"

    def _store(self, rest):
        number, flags = re.fullmatch(r"(\d+) \+FLAGS\.SILENT \((.*)\)", rest).groups()
        self.box.flags.setdefault(int(number), set()).update(flags.split())
        return "OK done"

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that does not trust us, or leaves: what tests are about."""


@contextmanager
def serving(mailbox: Mailbox, context) -> Iterator[int]:
    """The port on the loopback at which the mailbox is served."""
    with _Server(("127.0.0.1", 0), _Session) as server:
        server.mailbox, server.context = mailbox, context
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
