"""An SMTP server that takes everything, and writes down what it took before it says so.

    python sink.py RECORD

says `ready PORT` on standard output, and then reads one order a line from standard input:

    hold, flow        let nobody past MAIL; let them all
    trap STEP COUNT   when STEP is reached for the COUNT-th time from now, say `trapped PORT` (the client's), and let
                      that session wait for `go`
    go                let the trapped session go on; and forget a trap that nobody stepped into

RECORD gets a JSON line for each message, appended with one write before the reply to its final dot, and one for each
session that ended. Steps: greeting, mail, data (before the 354), arrived (the whole message is here and not written
down), dot (written down, no reply yet), replied.
"""

import hashlib
import json
import os
import re
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from email import message_from_bytes
from itertools import count
from pathlib import Path

_PATIENCE = 30  # seconds that a trapped session waits at most
_EHLO = (
    b"250-sink\r\n250-PIPELINING\r\n250-SIZE 10000000\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES\r\n"
)
_PLAIN = {
    b"HELO": b"250 sink\r\n",
    b"RCPT": b"250 2.1.5 ok\r\n",
    b"RSET": b"250 2.0.0 ok\r\n",
    b"NOOP": b"250 2.0.0 ok\r\n",
    b"EHLO": _EHLO,
}


class Steering:
    """What the harness wants to happen, and when."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._step, self._left = "", 0
        self._go = threading.Event()
        self._flow = threading.Event()
        self._flow.set()

    def obey(self, order: list[str]) -> None:
        match order:
            case ["hold"]:
                self._flow.clear()
            case ["flow"]:
                self._flow.set()
            case ["trap", step, times]:
                with self._lock:
                    self._go.clear()
                    self._step, self._left = step, int(times)
            case ["go"]:
                with self._lock:
                    self._step = ""
                    self._go.set()

    def reached(self, step: str, port: int) -> None:
        if step == "mail":
            self._flow.wait(_PATIENCE)
        with self._lock:
            self._left -= step == self._step
            caught = step == self._step and self._left == 0
            if caught:
                self._step = ""
        if caught:
            print("trapped", port, flush=True)
            self._go.wait(_PATIENCE)


class Record:
    """What was taken: one line, one write."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, **line: object) -> None:
        os.write(self._descriptor, (json.dumps(line) + "\n").encode())


class Session:
    def __init__(self, number: int, connection: socket.socket, record: Record, steering: Steering) -> None:
        self._number = number
        self._connection = connection
        self._record = record
        self._steering = steering
        self._port = connection.getpeername()[1]
        self._lines = self._read_lines()
        self._end = "lost"

    def run(self) -> None:
        try:
            self._reached("greeting")
            self._say(b"220 sink ESMTP\r\n")
            self._obey()
        except (OSError, EOFError):
            pass
        finally:
            self._record.write(session=self._number, end=self._end)
            self._connection.close()

    def _obey(self) -> None:
        sender = recipient = ""
        while self._end != "quit":
            line = next(self._lines)
            match line[:4].upper():
                case b"MAIL":
                    self._reached("mail")
                    sender = _address(line)
                    self._say(b"250 2.1.0 ok\r\n")
                case b"DATA":
                    self._reached("data")
                    self._say(b"354 go on\r\n")
                    self._take(sender, recipient)
                case b"QUIT":
                    self._end = "quit"
                    self._say(b"221 2.0.0 bye\r\n")
                case verb:
                    recipient = _address(line) if verb == b"RCPT" else ""
                    self._say(_PLAIN.get(verb, b"502 5.5.1 what?\r\n"))

    def _take(self, sender: str, recipient: str) -> None:
        content = b"\r\n".join(line.removeprefix(b".") for line in iter(self._lines.__next__, b"."))
        self._reached("arrived")
        self._record.write(
            session=self._number,
            sender=sender,
            recipient=recipient,
            message_id=str(message_from_bytes(content)["Message-ID"]),
            content=hashlib.sha256(content).hexdigest(),
        )
        self._reached("dot")
        self._say(b"250 2.0.0 taken\r\n")
        self._reached("replied")

    def _reached(self, step: str) -> None:
        self._steering.reached(step, self._port)

    def _say(self, reply: bytes) -> None:
        self._connection.sendall(reply)

    def _read_lines(self) -> Iterator[bytes]:
        rest = b""
        while received := self._connection.recv(1 << 16):
            *whole, rest = (rest + received).split(b"\r\n")
            yield from whole
        raise EOFError


def _address(line: bytes) -> str:
    found = re.search(rb"<(.*?)>", line)
    return found[1].decode() if found else ""


def main(path: Path) -> None:
    steering, record = Steering(), Record(path)
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    threading.Thread(target=_accept, args=(listener, record, steering), daemon=True).start()
    print("ready", listener.getsockname()[1], flush=True)
    for order in sys.stdin:
        steering.obey(order.split())


def _accept(listener: socket.socket, record: Record, steering: Steering) -> None:
    for number in count(1):
        with suppress(OSError):
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            session = Session(number, connection, record, steering)
            threading.Thread(target=session.run, daemon=True).start()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
