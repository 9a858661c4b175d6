"""Where mail that came back lies: a Maildir, or a folder of an IMAP mailbox (RFC 3501). Nothing is ever deleted."""

import imaplib
import re
import ssl
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import structlog

from digest.delivery.letters import MOST_BYTES
from digest.errors import InboxError
from digest.model import Mail

log = structlog.get_logger(__name__)


class MaildirInbox:
    """The new/ of a Maildir (https://cr.yp.to/proto/maildir.html). What was read moves to cur/, marked as seen."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def mails(self) -> Iterator[Mail]:
        """What lies in new/, oldest first. What cannot be read moves to cur/ with the flag of what needs attention.

        Raises:
            InboxError: there is no such folder, or it may not be looked into.
        """
        with self._blamed():
            names = sorted(entry.name for entry in (self._path / "new").iterdir())
        for name in names:
            content = self._content(name)
            if content is not None:
                yield Mail(name, content)

    def _content(self, name: str) -> bytes | None:
        path = self._path / "new" / name
        try:
            if not path.is_file():
                raise OSError(0, "is no file")  # noqa: TRY301 - a pipe of that name would be waited at for ever
            with path.open("rb") as file:
                return file.read(MOST_BYTES)
        except FileNotFoundError:  # somebody else took it
            return None
        except OSError as error:
            log.error("cannot read a mail that came back", file=str(path), reason=error.strerror)
            self._move(name, "F")
            return None

    def done(self, mail: Mail) -> None:
        """Raises InboxError: it cannot be moved."""
        self._move(mail.name, "S")

    def _move(self, name: str, flag: str) -> None:
        with self._blamed(), suppress(FileNotFoundError):
            (self._path / "cur").mkdir(mode=0o700, exist_ok=True)
            (self._path / "new" / name).rename(self._path / "cur" / f"{name.partition(':')[0]}:2,{flag}")

    def close(self) -> None:
        """Nothing is held open."""

    @contextmanager
    def _blamed(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            advice = "it must be a Maildir in which this user may move files from new/ to cur/"
            raise InboxError(f"{self._path}: cannot be looked into ({error.strerror or error}): {advice}") from error


class ImapInbox:
    """The unseen mails of one folder. What was read is marked as seen.

    Args:
        context: for tests; else certificates are checked as the system does.

    Raises:
        InboxError: no connection, no login, no such folder.
    """

    def __init__(  # noqa: PLR0913  (what an account is made of)
        self,
        host: str,
        port: int,
        folder: str,
        username: str,
        password: str,
        *,
        timeout: float = 60,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._where = f"{folder} at {host}:{port}"
        with self._blamed("no connection"):
            safe = context or ssl.create_default_context()
            self._server = imaplib.IMAP4_SSL(host, port, ssl_context=safe, timeout=timeout)
        try:
            with self._blamed(f"no login as {username}: see bounces.username and bounces.password_file"):
                self._login(username, password)
            with self._blamed("no such folder: see bounces.imap_folder"):
                self._expect(*self._server.select(_quoted(folder)))
        except InboxError:
            self.close()
            raise

    def _login(self, username: str, password: str) -> None:
        """By SASL where the server has it (RFC 4616): `login` can say no more than ASCII."""
        if "AUTH=PLAIN" in self._server.capabilities:
            secret = f"\0{username}\0{password}".encode()
            self._server.authenticate("PLAIN", lambda _: secret)
        else:
            self._server.login(username, password)

    def mails(self) -> Iterator[Mail]:
        """What is unseen, oldest first; at most its first megabyte. What the server does not give is flagged.

        Raises:
            InboxError: the connection broke.
        """
        with self._blamed("no list of mails"):
            (numbers,) = self._expect(*self._server.uid("SEARCH", "UNSEEN"))
        for number in (numbers or b"").decode().split():
            with self._blamed("the connection broke"):
                content = self._content(number)
            if content is not None:
                yield Mail(number, content)

    def _content(self, number: str) -> bytes | None:
        answer, parts = self._server.uid("FETCH", number, f"(BODY.PEEK[]<0.{MOST_BYTES}>)")
        content = next((part[1] for part in parts if isinstance(part, tuple)), None) if answer == "OK" else None
        if content is None and answer != "OK":
            log.error("cannot read a mail that came back", mail=number, inbox=self._where, reason=str(parts))
            self._flag(number, r"(\Seen \Flagged)")
        return content

    def done(self, mail: Mail) -> None:
        """Raises InboxError: it cannot be marked."""
        with self._blamed("it cannot be marked as seen"):
            self._flag(mail.name, r"(\Seen)")

    def _flag(self, number: str, flags: str) -> None:
        self._expect(*self._server.uid("STORE", number, "+FLAGS.SILENT", flags))

    def close(self) -> None:
        """Leave without expunging."""
        try:
            self._server.logout()
        except (imaplib.IMAP4.error, OSError):  # it is of no more use, but holds a socket
            with suppress(OSError):
                self._server.shutdown()

    def _expect(self, answer: str, data: list[bytes | None]) -> list[bytes | None]:
        if answer != "OK":
            raise imaplib.IMAP4.error(b" ".join(filter(None, data)).decode("utf-8", "replace"))
        return data

    @contextmanager
    def _blamed(self, what: str) -> Iterator[None]:
        try:
            yield
        except (imaplib.IMAP4.error, OSError, UnicodeError, ValueError) as error:
            said = re.sub(r"^b'(.*)'$", r"\1", str(error))  # imaplib quotes servers as bytes
            raise InboxError(f"{self._where}: {what} ({said or type(error).__name__})") from error


def _quoted(folder: str) -> str:
    """A folder's name as IMAP writes it: quoted, and in its own kind of UTF-7 (RFC 3501, 5.1.3)."""
    encoded = "".join(map(_encoded, re.findall(r"[ -~]+|[^ -~]+", folder)))
    return '"' + re.sub(r'(["\\])', r"\\\1", encoded) + '"'


def _encoded(run: str) -> str:
    if run.isascii():
        return run.replace("&", "&-")
    return f"&{b64encode(run.encode('utf-16-be')).decode().rstrip('=').replace('/', ',')}-"
