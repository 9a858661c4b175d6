"""An SMTP server that obeys or misbehaves as told."""

import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

Answer = str | bytes | Callable[[], str | bytes]


@dataclass
class Received:
    """A message as it arrived, dots taken off."""

    mail: str
    rcpt: str
    content: bytes


@dataclass
class ScriptedServer:
    """Answers each verb with what `answers` says: text, a way to misbehave, or a function that gives one of them.

    Ways: "<close>", "<hang>", "<trickle>" (never comes to an end), and with what it would have said anyway: "<slow>" (an
    octet at a time), "<split>" (in two packets), "<nul>" (with NULs in it).
    Verbs: "greeting", EHLO, LHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, ".", RSET, QUIT; and "RCPT bad@example.org" for one
    argument alone. Everything said is kept in `said`, what came without TLS in `clear`, whole messages in `received`.
    """

    answers: dict[str, Answer] = field(default_factory=dict)
    extensions: tuple[str, ...] = ("PIPELINING", "SIZE 1000000", "8BITMIME", "ENHANCEDSTATUSCODES")
    tls: ssl.SSLContext | str | None = None
    implicit_tls: bool = False
    address: str = "127.0.0.1"
    said: list[str] = field(default_factory=list)
    flights: list[int] = field(default_factory=list)  # octets read at a time
    unread: bytes = b""  # what has come behind the line that is being answered
    clear: bytearray = field(default_factory=bytearray)
    path: str | None = None  # of a Unix socket
    received: list[Received] = field(default_factory=list)
    sessions: int = 0

    def __post_init__(self) -> None:
        if self.path is None:
            self._listener = socket.create_server((self.address, 0))
        else:
            self._listener = socket.create_server(self.path, family=socket.AF_UNIX)
        self._open: set[socket.socket] = set()
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def port(self) -> int:
        return self._listener.getsockname()[1]

    def close(self) -> None:
        self._done.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _accept(self) -> None:
        while not self._done.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.sessions += 1
            self._open.add(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError):
            if self.path is None:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.implicit_tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
                self._open.add(connection)
            session = _Session(self, connection)
            try:
                session.run()
            finally:
                session.connection.close()


class _Session:
    def __init__(self, server: ScriptedServer, connection: socket.socket) -> None:
        self.server = server
        self.connection = connection
        self.buffer = b""
        self.mail = self.rcpt = ""
        self.trickled = 0

    def run(self) -> None:
        if not self.answer("greeting", "220 test ESMTP"):
            return
        while (line := self.line()) is not None:
            text = line.decode("utf-8", "replace")
            self.server.said.append(text)
            if not self.handle(text.split(" ")[0].partition(":")[0].upper(), text):
                return

    def handle(self, verb: str, text: str) -> bool:
        handler = getattr(self, f"do_{verb.lower()}", None)
        return handler(text) if handler else self.answer(verb, "502 5.5.1 what?")

    def do_ehlo(self, _text, verb="EHLO"):
        lines = ["test", *self.server.extensions]
        default = "\r\n".join(f"250{'-' if line is not lines[-1] else ' '}{line}" for line in lines)
        return self.answer(verb, default)

    def do_lhlo(self, text):
        return self.do_ehlo(text, "LHLO")

    def do_helo(self, _text):
        return self.answer("HELO", "250 test")

    def do_starttls(self, _text):
        begun = []
        if not self.answer("STARTTLS", "220 2.0.0 go ahead", when_ok=lambda: begun.append(1)):
            return False
        if begun and self.server.tls is None:  # whatever comes now, it is not understood
            self.receive()
            self.connection.sendall(b"500 5.5.1 what?\r\n")
        elif begun and self.server.tls == "<close>":
            self.receive()
            return False
        elif begun:
            self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
            self.buffer = b""  # what came in the clear before must not count
            self.server._open.add(self.connection)
        return True

    def do_auth(self, _text):
        return self.answer("AUTH", "235 2.7.0 welcome")

    def do_mail(self, text):
        self.mail, self.rcpt = text, ""
        return self.answer("MAIL", "250 2.1.0 ok")

    def do_rcpt(self, text):
        address = text.partition("<")[2].partition(">")[0]
        verb = f"RCPT {address}" if f"RCPT {address}" in self.server.answers else "RCPT"
        return self.answer(verb, "250 2.1.5 ok", when_ok=lambda: setattr(self, "rcpt", text))

    def do_data(self, _text):
        default = "354 go on" if self.rcpt else "503 5.5.1 no valid recipients"
        opened = []
        if not self.answer("DATA", default, when_ok=lambda: opened.append(1)):
            return False
        return self.read_message() if opened else True

    def read_message(self) -> bool:
        lines = []
        while (line := self.line()) != b".":
            if line is None:
                return False
            lines.append(line.removeprefix(b".") if line.startswith(b".") else line)
        content = b"".join(line + b"\r\n" for line in lines)

        def keep():
            self.server.received.append(Received(self.mail, self.rcpt, content))

        return self.answer(".", f"250 2.0.0 queued as {len(self.server.received) + 1}", when_ok=keep)

    def do_rset(self, _text):
        self.mail = self.rcpt = ""
        return self.answer("RSET", "250 2.0.0 ok")

    def do_quit(self, _text):
        self.answer("QUIT", "221 2.0.0 bye")
        return False

    def answer(self, verb: str, default: str, when_ok: Callable[[], None] = lambda: None) -> bool:
        answer = self.server.answers.get(verb, default)
        answer = answer() if callable(answer) else answer
        if answer == "<hang>":  # until the other side has given up
            while self.receive():
                pass
        if answer == "<trickle>":
            while not self.server._done.wait(0.02):
                self.connection.sendall(b"250-more\r\n"[self.trickled % 10 : self.trickled % 10 + 1])
                self.trickled += 1
        if answer in ("<close>", "<hang>"):
            return False
        pieces = _pieces(answer, default)
        if pieces[0][:1] in b"23":
            when_ok()
        for number, piece in enumerate(pieces):
            if number:
                time.sleep(0.001)
            self.connection.sendall(piece)
        return True

    def line(self) -> bytes | None:
        while b"\r\n" not in self.buffer:
            received = self.receive()
            if not received:
                return None
            self.server.flights.append(len(received))
            self.buffer += received
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        self.server.unread = self.buffer
        return line

    def receive(self) -> bytes:
        received = self.connection.recv(65536)
        if not isinstance(self.connection, ssl.SSLSocket):
            self.server.clear += received
        return received


def _pieces(answer: str | bytes, default: str) -> list[bytes]:
    """What to send, one packet each."""
    usual = f"{default}\r\n".encode()
    match answer:
        case "<slow>":
            return [usual[at : at + 1] for at in range(len(usual))]
        case "<split>":
            return [usual[: len(usual) // 2], usual[len(usual) // 2 :]]
        case "<nul>":
            return [usual.replace(b" ", b" \0\0")]
        case bytes():
            return [answer]
    return [f"{answer}\r\n".encode()]
