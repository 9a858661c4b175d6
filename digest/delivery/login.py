"""Logging in: PLAIN (RFC 4616), LOGIN, and XOAUTH2 (https://developers.google.com/gmail/imap/xoauth2-protocol).

smtplib's own goes no further than ASCII, knows no tokens, and tries each mechanism in turn with a password that was just
refused, which some servers answer by locking the account.
"""

import base64
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass


class NoLogin(smtplib.SMTPException):
    """The server and we have no way to log in in common."""


@dataclass(frozen=True, slots=True)
class Mechanism:
    """What is said, in this order, as long as the server goes on asking."""

    name: str
    first: str | None  # with AUTH itself
    then: Sequence[str] = ()


def mechanisms(username: str, secret: str, *, token: bool) -> tuple[Mechanism, ...]:
    """The ways to say who we are, the best first."""
    if token:
        # To a token that it refuses, a server says why, and wants an empty line before it says no.
        return (Mechanism("XOAUTH2", f"user={username}\x01auth=Bearer {secret}\x01\x01", [""]),)
    return (Mechanism("PLAIN", f"\0{username}\0{secret}"), Mechanism("LOGIN", None, [username, secret]))


def log_in(connection: smtplib.SMTP, username: str, secret: str, *, token: bool) -> None:
    """Say who we are.

    Raises:
        NoLogin: there is no way to; says why.
        smtplib.SMTPAuthenticationError: the server refuses.
    """
    if "\0" in username + secret:
        raise NoLogin("cannot be given a username or password with a NUL in it")
    offered = connection.esmtp_features.get("auth", "").upper().split()
    known = [mechanism for mechanism in mechanisms(username, secret, token=token) if mechanism.name in offered]
    if not known:
        raise NoLogin(_none_known(connection, offered))
    code, words = _say(connection, known[0])
    if code == 504 and len(known) > 1:  # offered, and not there after all
        code, words = _say(connection, known[1])
    if code == 334:
        raise NoLogin("goes on asking when everything was said: check smtp.auth")
    if code // 100 != 2:
        raise smtplib.SMTPAuthenticationError(code, words)


def _none_known(connection: smtplib.SMTP, offered: Sequence[str]) -> str:
    if offered:
        return f"offers no way to log in that is known here ({' '.join(offered)}): check smtp.auth"
    if not isinstance(connection.sock, ssl.SSLSocket):
        return 'offers no login without TLS: set smtp.security to "starttls" or "tls", or remove smtp.username'
    return "offers no login: remove smtp.username if it needs none, or check smtp.port (587 and 465 are for logins)"


def _say(connection: smtplib.SMTP, mechanism: Mechanism) -> tuple[int, bytes]:
    first = () if mechanism.first is None else (_encoded(mechanism.first),)
    answer = connection.docmd("AUTH", " ".join([mechanism.name, *first]))
    for words in mechanism.then:
        if answer[0] != 334:
            break
        answer = connection.docmd(_encoded(words))
    return answer


def _encoded(words: str) -> str:
    return base64.b64encode(words.encode()).decode()
