"""Sending by the `sendmail` program that every mail server brings: Postfix, Exim, msmtp, nullmailer, sendmail itself.

The message goes to its standard input, and what became of it comes back as an exit status (sysexits.h).
"""

import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from digest.delivery.patience import Patience
from digest.delivery.replies import shown
from digest.delivery.wire import as_sent
from digest.errors import RelayError
from digest.model import Blame, Message, Outcome, Verdict

_USUAL = "/usr/sbin:/usr/lib:/usr/local/sbin"  # where it is when it is not on the PATH
_KEPT_BACK = 1  # octets that are written only after `commit`: without them, and an end, there is no message
_LAST_WORDS = 4096  # octets of what the program says


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an exit status says of a message; `ours` if every message would fare the same."""

    words: str
    verdict: Verdict = Verdict.DEFERRED
    blame: Blame | None = None
    hopeless: bool = False
    ours: bool = False


MEANINGS = {
    os.EX_OK: Meaning("taken", Verdict.SENT),
    os.EX_USAGE: Meaning("it does not understand -i, -f or --", ours=True),
    os.EX_DATAERR: Meaning("it cannot use the message or the address", Verdict.FAILED),
    os.EX_NOINPUT: Meaning("it saw no message"),
    os.EX_NOUSER: Meaning("no such user", Verdict.FAILED, Blame.ADDRESS, hopeless=True),
    os.EX_NOHOST: Meaning("no such host", Verdict.FAILED, Blame.ADDRESS),
    os.EX_UNAVAILABLE: Meaning("refused", blame=Blame.MESSAGE),
    os.EX_SOFTWARE: Meaning("a fault in the program", ours=True),
    os.EX_OSERR: Meaning("this machine lacks something", ours=True),
    os.EX_OSFILE: Meaning("a file of its own is missing", ours=True),
    os.EX_CANTCREAT: Meaning("it cannot write to its queue", ours=True),
    os.EX_IOERR: Meaning("it cannot read or write", ours=True),
    os.EX_TEMPFAIL: Meaning("try again later"),
    os.EX_PROTOCOL: Meaning("the next server said something strange"),
    os.EX_NOPERM: Meaning("this user may not send", ours=True),
    os.EX_CONFIG: Meaning("it is not set up rightly", ours=True),
}
_ANY_OTHER = Meaning("that is no status of sysexits.h", ours=True)

_NEVER_AN_ADDRESS = frozenset('<>()[]\\",;: ') | {chr(code) for code in (*range(0x20), 0x7F)}


class SendmailTransport:
    """Starts the program once a message. No shell is involved, and no address is taken for an option or a list."""

    def __init__(self, program: Path | None = None, *, patience: Patience | None = None) -> None:
        self._named = program
        self._patience = (
            patience or Patience()
        )  # a program that sends by itself needs as long as the server it sends to
        self._barred: RelayError | None = None

    def send(self, message: Message, commit: Callable[[], bool], following: Message | None = None) -> Outcome:  # noqa: ARG002
        """Hand one message over. Calls `commit` before the end of the message is written, and gives up if it says no.

        Raises:
            RelayError: the program cannot be started, ends or hangs before it has the message, or said of the last
                message what is true of any.
        """
        if self._barred is not None:
            raise self._barred
        if fault := _unfit(message):
            return Outcome(Verdict.FAILED, fault, blame=Blame.ADDRESS)
        try:
            with _Running([str(self._program()), "-i", "-f", message.sender, "--", message.recipient]) as program:
                return self._handed_over(program, message, commit)
        except OSError as error:
            raise RelayError(
                f"{self._named or 'sendmail'} cannot be run ({error.strerror}): check smtp.path", "ours"
            ) from error

    def _handed_over(self, program: "_Running", message: Message, commit: Callable[[], bool]) -> Outcome:
        content = as_sent(message.content).replace(b"\r\n", b"\n")  # as programs on this kind of system expect it
        patience = self._patience
        if not program.takes(content[:-_KEPT_BACK], patience.content):
            return self._refused_early(program)
        if not commit():
            program.kill()
            return Outcome(Verdict.DEFERRED, "no longer ours")
        if not (program.takes(content[-_KEPT_BACK:], patience.content) and program.ends(patience.dot)):
            program.kill()
            said = program.said()
            return Outcome(Verdict.UNKNOWN, f"{self._name} did not end within {patience.dot:g} s{said and f': {said}'}")
        return self._outcome(program)

    def _refused_early(self, program: "_Running") -> Outcome:
        """It has closed its ears before the message was complete: it has nothing, whatever it says."""
        if not program.ends(self._patience.quit):
            program.kill()
            wait = self._patience.content
            raise RelayError(f"{self._name} does not take the message within {wait:g} s: it may later")
        if program.status == os.EX_OK:
            raise RelayError(f"{self._name} ended well without reading the message: check smtp.path", "ours")
        result = self._outcome(program)
        if self._barred is not None:
            raise self._barred
        return result

    def _outcome(self, program: "_Running") -> Outcome:
        meaning = MEANINGS.get(program.status, _ANY_OTHER)
        said = program.said()
        status = f"signal {-program.status}" if program.status < 0 else f"status {program.status}"
        words = said if meaning.verdict is Verdict.SENT else f"{status} ({meaning.words}){said and f': {said}'}"
        if meaning.ours:
            self._barred = RelayError(f"{self._name} ended with {words}: see that it can send mail by itself", "ours")
        return Outcome(meaning.verdict, words, blame=meaning.blame, hopeless=meaning.hopeless)

    @property
    def _name(self) -> str:
        return str(self._named or "sendmail")

    def _program(self) -> Path:
        """Raises RelayError if there is none."""
        places = f"{os.environ.get('PATH', os.defpath)}:{_USUAL}"
        found = shutil.which(str(self._named)) if self._named else shutil.which("sendmail", path=places)
        if found is None:
            raise RelayError(f"{self._name} is no program on this machine: set smtp.path to where it is", "ours")
        return Path(found)

    def close(self) -> None:
        """Nothing is held open."""

    def check(self) -> str:
        """See that the program is there; says where.

        Raises:
            RelayError: it is not.
        """
        return f"{self._program()} is there to send messages"


def _unfit(message: Message) -> str | None:
    """Why these addresses cannot be given to the program: it would read a list, a file, a program or an option."""
    for address in filter(None, (message.sender, message.recipient)):
        if "@" not in address or address[0] in "|/-" or not _NEVER_AN_ADDRESS.isdisjoint(address):
            return f"{address!r} is no address that can be given to a program"
    return None


@dataclass(slots=True)
class _Running:
    """A program that is being fed."""

    command: list[str]
    _process: subprocess.Popen[bytes] = field(init=False)
    _words: IO[bytes] = field(init=False)

    def __enter__(self) -> Self:
        self._words = tempfile.TemporaryFile()  # a pipe that nobody reads while the message is written could fill up
        try:
            self._process = subprocess.Popen(  # noqa: S603 - no shell; the addresses were looked at
                self.command, stdin=subprocess.PIPE, stdout=self._words, stderr=self._words, start_new_session=True
            )
        except BaseException:
            self._words.close()
            raise
        os.set_blocking(self._input, False)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.kill()
        self._words.close()

    @property
    def _input(self) -> int:
        assert self._process.stdin is not None, "asked for above"
        return self._process.stdin.fileno()

    @property
    def status(self) -> int:
        """Its exit status; the negative number of the signal that ended it."""
        return self._process.wait()

    def takes(self, octets: bytes, wait: float) -> bool:
        """Write all of it; False if the program does not take it."""
        end = time.monotonic() + wait
        left = memoryview(octets)
        while left:
            ready = select.select([], [self._input], [], max(0.0, end - time.monotonic()))[1]
            if not ready:
                return False
            try:
                left = left[os.write(self._input, left) :]
            except BrokenPipeError:
                return False
        return True

    def ends(self, wait: float) -> bool:
        """Let it see the end of the message; False if it does not end in time."""
        assert self._process.stdin is not None, "asked for above"
        self._process.stdin.close()
        try:
            self._process.wait(wait)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """End it and all that it started, before they could take the end of our writing for the end of the message."""
        assert self._process.stdin is not None, "asked for above"
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process.stdin.close()

    def said(self) -> str:
        """The last of its words."""
        self._words.seek(0, os.SEEK_END)
        self._words.seek(max(0, self._words.tell() - _LAST_WORDS))
        return shown(self._words.read())
