"""What a mail that came back says: bounces (RFC 3464, and the words of servers that have never read it), complaints
(RFC 5965), wishes to leave, and what is none of these. Pure.

Nothing here is believed by itself. Anybody can write such a mail; only its token shows that it is about a message of ours.
"""

import logging
import re
from dataclasses import replace
from email.message import Message
from itertools import islice

from flufl.bounce import all_failures

from digest.delivery import letters
from digest.delivery.refusals import Matter, matter
from digest.delivery.replies import Reply, shown
from digest.model import Report, Return
from digest.tokens import ADDRESSED

_MOST_REPORTS = 100  # in one mail
_LONGEST_WORDS = 1_000

logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)  # it logs what it raises; that is told here


def read(content: bytes) -> list[Report]:
    """What a mail says: one report, or one for each mail that it encloses if those are reports. Never raises.

    Reads the first megabyte of it.
    """
    try:
        return [_report(mail) for mail in islice(_reports(letters.parsed(content)), _MOST_REPORTS)]
    except Exception as error:  # a mail that breaks a parser must not stop those behind it
        return [Report(Return.IGNORED, detail=f"it cannot be read: {error or type(error).__name__}")]


def _reports(mail: Message) -> "list[Message]":
    """The mail, or those in it, if they are reports and it is not."""
    inner = [] if _is_report(mail) else [each for each in letters.enclosed(mail) if _is_report(each)]
    return inner or [mail]


def _is_report(mail: Message) -> bool:
    return any(part.get_content_type() in _MACHINE_READABLE for part in letters.parts(mail))


_STATUS = ("message/delivery-status", "message/global-delivery-status")
_FEEDBACK = "message/feedback-report"
_MACHINE_READABLE = frozenset({*_STATUS, _FEEDBACK})


def _report(mail: Message) -> Report:
    """What one mail says, with the token that belongs to it."""
    judges = (_complaint, _notification, _automatic, _in_words, _wish)
    report = next((found for judge in judges if (found := judge(mail))), None)
    if report is None:
        return Report(Return.IGNORED, detail=_plain(f"a letter: {letters.subject(mail)}"))
    return replace(report, token=_token(mail, report.kind))


def _plain(text: str) -> str:
    return shown(text.encode("utf-8", "replace"))


# --- tokens -------------------------------------------------------------------------------------------------------

_OF_A_BOUNCE, _OF_A_WISH = (
    re.compile(rf"(?<![a-z0-9]){letter}{ADDRESSED.pattern.removeprefix('[bu]')}(?![a-z0-9])", re.ASCII | re.IGNORECASE)
    for letter in "bu"
)


def _token(mail: Message, kind: Return) -> str:
    """Whom it is sent to knows; else the copy of our message does, from which a complaint may have cut all but that."""
    match kind:
        case Return.PERMANENT | Return.TEMPORARY:
            return letters.first(_OF_A_BOUNCE, [letters.addressed(mail), *letters.everything(mail)])
        case Return.COMPLAINT:
            texts = list(letters.everything(mail))
            return letters.first(_OF_A_BOUNCE, texts) or letters.first(_OF_A_WISH, texts)
        case Return.UNSUBSCRIBE:
            return letters.first(_OF_A_WISH, [letters.addressed(mail)])
    return ""


def _wish(mail: Message) -> Report | None:
    """To leave: whoever writes to that address wants that, whatever else they say."""
    if letters.first(_OF_A_WISH, [letters.addressed(mail)]):
        return Report(Return.UNSUBSCRIBE, detail=_plain(letters.subject(mail)))
    return None


# --- complaints ---------------------------------------------------------------------------------------------------

# RFC 5965, 7.3, and RFC 6591: reports by machines, and of a reader who says that it is no spam.
_NO_COMPLAINT = frozenset({"not-spam", "auth-failure", "auth-failure-report", "virus", "dmarc"})


def _complaint(mail: Message) -> Report | None:
    part = next((part for part in letters.parts(mail) if part.get_content_type() == _FEEDBACK), None)
    if part is None:
        return _of_hotmail(mail)
    said = letters.fields(part) or [letters.parsed(str(part.get_payload()).encode("utf-8", "replace"))]
    kind = letters.header(said[0], "Feedback-Type").strip().casefold()
    by = _plain(letters.header(said[0], "User-Agent"))
    if kind in _NO_COMPLAINT:
        return Report(Return.IGNORED, detail=f"feedback: {kind}")
    return Report(
        Return.COMPLAINT, detail=f"{_plain(kind) or 'abuse'}, said by {by}" if by else _plain(kind) or "abuse"
    )


def _of_hotmail(mail: Message) -> Report | None:
    """The one large provider that sends complaints in a form of its own (JMRP): our message in a plain mail."""
    about = letters.subject(mail).casefold().startswith("complaint about message from")
    if about and any(letters.enclosed(mail)):
        return Report(Return.COMPLAINT, detail="abuse")
    return None


# --- bounces ------------------------------------------------------------------------------------------------------


def _notification(mail: Message) -> Report | None:
    """A delivery status notification (RFC 3464): what is said of the recipient that fared worst."""
    groups = [
        group
        for part in letters.parts(mail)
        if part.get_content_type() in _STATUS
        for group in letters.fields(part)
        if "Action" in group or "Status" in group
    ]
    found = [_of_recipient(group) for group in groups]
    return min(found, key=lambda report: _WORST_FIRST.index(report.kind), default=None)


_WORST_FIRST = (Return.PERMANENT, Return.TEMPORARY, Return.IGNORED)
_ENHANCED = re.compile(r"(?<![0-9.])([245]\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9.])")
_REPLY = re.compile(r"(?<![0-9.])([45][0-5][0-9])(?=[ -])")


def _of_recipient(group: Message) -> Report:
    action = letters.header(group, "Action").strip().casefold()
    status = letters.first(_ENHANCED, [letters.header(group, "Status")])
    words = letters.header(group, "Diagnostic-Code").partition(";")[2]  # "smtp; 550 ..."
    failed = action.startswith(("fail", "error")) or (not action and status.startswith("5"))  # OpenSMTPD has "error"
    if not failed:
        return Report(Return.IGNORED, detail=f"a notice: {_plain(action) or 'no failure'}")
    return _failure(status, words)


def _failure(status: str, words: str) -> Report:
    """What a message that was given up says of its address: that it is none, or nothing for good."""
    said = _plain(words[:_LONGEST_WORDS])
    code = status or letters.first(_ENHANCED, [said])
    basic = letters.first(_REPLY, [said]) or f"{code[:1] or '5'}50"
    rest = said.partition(basic)[2] if basic in said else said
    text = re.sub(r"^[ -]+", "", rest)
    about = matter(Reply(int(basic), text if code in text else f"{code} {text}".strip()))
    no_domain = about is Matter.UNKNOWN and _NO_DOMAIN.search(said) and not _OURS.search(said)
    hopeless = basic.startswith("5") and (about is Matter.NOBODY or bool(no_domain))
    return Report(Return.PERMANENT if hopeless else Return.TEMPORARY, code=code, detail=said)


# RFC 3463 has 5.1.2 for it; Postfix says 5.4.4, Exchange 5.4.310. "Host not found, try again" is another matter.
_NO_DOMAIN = re.compile(
    r"(?:host|domain)(?: or domain)?(?: name)?(?: \S+)? (?:was )?(?:not found|does not exist|doesn't exist)(?!,? try again)"
    r"|no such (?:host|domain)|couldn't find any host named|all relevant mx records point to non-existent hosts",
    re.IGNORECASE,
)
_OURS = re.compile(r"\b(?:sender|your|helo|ehlo|mail from)\b", re.IGNORECASE)  # not the reader's domain, then


def _in_words(mail: Message) -> Report | None:
    """A bounce in the words of servers that know no better; which these are, flufl.bounce knows."""
    temporary, permanent = _known_to_flufl(mail)
    subject = letters.subject(mail)
    returned = bool(_RETURNED.search(subject))
    if not permanent and (temporary or (_DELAYED.search(subject) and not returned)):
        return Report(Return.IGNORED, detail="a notice: delayed")
    if permanent or returned or letters.header(mail, "X-Failed-Recipients"):
        return _failure("", _reason(letters.words(mail)))
    return None


def _known_to_flufl(mail: Message) -> tuple[bool, bool]:
    """Whether it names addresses that failed for now, and for good."""
    try:
        temporary, permanent = all_failures(mail)
    except Exception:  # one of its detectors stumbles over a mail without a From, for one
        return False, False
    return bool(temporary), bool(permanent)


def _reason(words: str) -> str:
    """Of a letter about a failure, the paragraph with the code, if there is one."""
    code = _REPLY.search(words) or _ENHANCED.search(words)
    return words[words.rfind("\n\n", 0, code.start()) + 1 :] if code else words


_DELAYED = re.compile(
    r"\bdelay(?:ed)?\b|could not send message for past|still being retried|verz(?:ö|oe)gert", re.IGNORECASE
)
_RETURNED = re.compile(
    r"^(?:undeliver(?:able|ed)|unzustellbar|returned mail\b|failure notice|non remis|no se puede entregar|non recapitabile"
    r"|mail delivery fail|delivery (?:status notification \(failure|failure|has failed)|mail (?:system )?(?:error|failure)\b"
    r"|niet-bezorgbaar|配信不能|无法投递|未送达)",
    re.IGNORECASE,
)


# --- answers that nobody wrote ------------------------------------------------------------------------------------

# Each is set by automatic answers alone, or by them and by mail that nobody has to read either.
_AUTOMATIC = (
    *("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Reply-From", "X-AutoReply-From", "X-Mail-Autoreply"),
    *("X-Vacation", "X-FC-MachineGenerated"),
)
_AWAY = re.compile(
    r"^(?:re: ?)?(?:auto(?:matic|mated)?[ -]?(?:reply|response|responder)\b|auto:|out[ -]of[ -](?:the[ -])?office|ooo\b"
    r"|(?:i am |i'm )?(?:currently )?(?:away|on (?:vacation|holiday|leave))\b|vacation\b|automatische antwort|abwesenheit"
    r"|r[ée]ponse automatique|absence|respuesta autom[áa]tica|fuera de (?:la )?oficina|resposta autom[áa]tica"
    r"|risposta automatica|automatisch antwoord|afwezig|autosvar|automaattinen|自動(?:応答|返信)|自动(?:答复|回复)|自動回覆)"
    r"|\bis (?:currently )?out of the office\b",
    re.IGNORECASE,
)


def _automatic(mail: Message) -> Report | None:
    """An answer that nobody wrote (RFC 3834), a read receipt (RFC 8098): no sign that an address fails, nor a wish.

    A bounce in words of a server's own may call itself "auto-replied", too: to one, flufl.bounce listens first.
    """
    if any(part.get_content_type() == "message/disposition-notification" for part in letters.parts(mail)):
        return Report(Return.IGNORED, detail="a read receipt")
    submitted = letters.header(mail, "Auto-Submitted").strip().casefold()
    precedence = letters.header(mail, "Precedence", "X-Precedence").casefold()
    away = bool(_AWAY.search(letters.subject(mail)))
    if away or any(name in mail for name in _AUTOMATIC) or "auto_reply" in precedence:
        return Report(Return.IGNORED, detail=_plain(f"an automatic answer: {letters.subject(mail)}"))
    if submitted.startswith(("auto-replied", "auto-notified")):
        return _in_words(mail) or Report(Return.IGNORED, detail=_plain(f"an automatic answer: {letters.subject(mail)}"))
    return None
