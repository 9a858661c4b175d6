"""Remarks on headers: who sends, what it is about, how to stop it, and who vouches for it."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from digest.rendering.remarks.mail import Grade, Mail, Remark, host, same_domain

# --- what every message has ---------------------------------------------------------------------------------------

_ONCE = ("From", "To", "Subject", "Date", "Message-ID")
_ADVICE_ONCE = "A message that is made here has it once; look at what passes it on."
_AT_MOST_ONCE = ("Sender", "Reply-To", "Cc", "MIME-Version", "Content-Type", "List-Unsubscribe", "List-Id")


def fields(mail: Mail) -> list[Remark]:
    """Whether what must be said is said, and nothing twice."""
    found = list(_miscounted(mail))
    return found or [Remark(Grade.OK, "From, To, Subject, Date and Message-ID are there, once each.")]


def _miscounted(mail: Mail) -> Iterator[Remark]:
    for name in _ONCE:
        if not mail.header(name):
            yield Remark(Grade.FAULT, f"There is no {name}.", _ADVICE_ONCE, "RFC 5322, 3.6; SpamAssassin MISSING_*")
    for name in (*_ONCE, *_AT_MOST_ONCE):
        if (count := mail.count(name)) > 1:
            yield Remark(Grade.FAULT, f"{name} is there {count} times.", _ADVICE_ONCE, "RFC 5322, 3.6")


# --- the subject --------------------------------------------------------------------------------------------------

_LONG = 100  # characters; a desktop list shows 60 to 90 of them, a phone 35 to 45
_EMOJI = re.compile("[\U0001f1e6-\U0001f9ff\u2600-\u27bf\U0001fa70-\U0001faff]")
_SUBJECT_FILE = "Change email/subject.txt.j2."


def subject(mail: Mail) -> list[Remark]:
    """Whether the subject reads like one that a person would write."""
    said = mail.header("Subject")
    found = list(_shouting(said))
    if found or not said:
        return found
    return [Remark(Grade.OK, f"The subject has {len(said)} characters and does not shout.")]


def _shouting(said: str) -> Iterator[Remark]:
    letters = [letter for letter in said if letter.isalpha()]
    if len(said) >= 10 and " " in said and letters and said == said.upper() != said.lower():
        yield Remark(Grade.WARNING, "The subject is all capitals.", _SUBJECT_FILE, "SpamAssassin SUBJ_ALL_CAPS")
    if "!" in said and "?" in said:
        yield Remark(
            Grade.WARNING, "The subject has both an exclamation and a question mark.", _SUBJECT_FILE, "PLING_QUERY"
        )
    elif said.count("!") > 1:
        yield Remark(Grade.WARNING, f"The subject has {said.count('!')} exclamation marks.", _SUBJECT_FILE)
    if (emoji := len(_EMOJI.findall(said))) > 2:
        advice = f"{_SUBJECT_FILE} A screen reader says each of them by its name."
        yield Remark(Grade.WARNING, f"The subject has {emoji} emoji.", advice, "Unicode CLDR short names")
    if len(said) > _LONG:
        advice = f"{_SUBJECT_FILE} A list of mail shows the first 40 to 90."
        yield Remark(Grade.WARNING, f"The subject has {len(said)} characters.", advice)


# --- the sender ---------------------------------------------------------------------------------------------------

_RESERVED = ("localhost", "local", "test", "invalid", "example", "internal", "localdomain", "home.arpa")
_DOCUMENTATION = ("example.org", "example.com", "example.net", "example.edu")


def sender(mail: Mail) -> list[Remark]:
    """Whether the world can believe the From address, and the Message-ID belongs to it."""
    domain = mail.sender_domain
    if not domain:
        return []  # told by `fields`
    found = [*_placeholder(domain), *_identity(mail, domain)]
    return found or [Remark(Grade.OK, f"From and Message-ID are both at {domain}.")]


def _placeholder(domain: str) -> Iterator[Remark]:
    reserved = "." not in domain or domain.rpartition(".")[2] in _RESERVED or domain.endswith("home.arpa")
    if reserved or any(domain == name or domain.endswith(f".{name}") for name in _DOCUMENTATION):
        yield Remark(
            Grade.FAULT,
            f"From is at {domain}, which nobody else can answer or check.",
            "Write an address of your own in [mail] from.",
            "RFC 2606, RFC 6761",
        )


def _identity(mail: Mail, domain: str) -> Iterator[Remark]:
    identity = mail.header("Message-ID")
    match = re.fullmatch(r"<[^<>@\s]+@([^<>@\s]+)>", identity)
    if identity and match is None:
        what = "The Message-ID is not of the form <something@domain>."
        yield Remark(Grade.FAULT, what, _ADVICE_ONCE, "RFC 5322, 3.6.4; SpamAssassin INVALID_MSGID")
    elif match and not same_domain(match[1].casefold(), domain):
        yield Remark(
            Grade.WARNING,
            f"The Message-ID is at {match[1]}, From at {domain}.",
            "Let both be of one domain; a relay may have changed one of them.",
            "RFC 5322, 3.6.4",
        )


# --- the time -----------------------------------------------------------------------------------------------------

_SKEW = timedelta(minutes=10)


def time(mail: Mail, now: datetime) -> list[Remark]:
    """Whether it says when it was written, and that this is not to come."""
    said = mail.header("Date")
    if not said:
        return []  # told by `fields`
    try:
        written = parsedate_to_datetime(said).astimezone(now.tzinfo)
    except (ValueError, TypeError, OverflowError):
        what, rule = f"Date cannot be read: {said[:60]}", "RFC 5322, 3.3; SpamAssassin INVALID_DATE"
        return [Remark(Grade.FAULT, what, _ADVICE_ONCE, rule)]
    if written <= now + _SKEW:
        return []
    advice = "Set the clock of this machine; an edition of another day is sent with the time of that day."
    return [
        Remark(Grade.WARNING, f"Date is in the future: {said}", advice, "SpamAssassin DATE_IN_FUTURE_*"),
    ]


# --- the way out --------------------------------------------------------------------------------------------------

_BULK = "RFC 2369, RFC 8058; Gmail's and Yahoo's rules for bulk senders"


def unsubscribe(mail: Mail) -> list[Remark]:
    """Whether one click of a mail program ends the subscription."""
    targets = re.findall(r"<([^<>]*)>", mail.header("List-Unsubscribe"))
    pages = [target.strip() for target in targets if target.strip().casefold().startswith("https://")]
    one_click = mail.header("List-Unsubscribe-Post").casefold() == "list-unsubscribe=one-click"
    if not targets:
        advice = "Let [mail] from or [site] url be such that there is a way to stop the mail."
        return [Remark(Grade.FAULT, "There is no List-Unsubscribe.", advice, _BULK)]
    if not pages:
        what = "It can be stopped by mail only; mail programs offer their own button for one-click pages."
        advice = (
            "Give [site] url an https:// address once people sign up by themselves; for a few readers mail will do."
        )
        return [Remark(Grade.NOTE, what, advice, _BULK)]
    if "." not in host(pages[0]):
        return [Remark(Grade.FAULT, f"Nobody else can open {pages[0]}.", "Give [site] url its public address.", _BULK)]
    if not one_click:
        what = "List-Unsubscribe-Post: List-Unsubscribe=One-Click is missing beside the page."
        return [Remark(Grade.FAULT, what, _ADVICE_ONCE, "RFC 8058, 3.1")]
    return [Remark(Grade.OK, "One click of a mail program stops the mail, over HTTPS.", rule="RFC 8058")]


def automatic(mail: Mail) -> list[Remark]:
    """Whether machines can tell that a machine wrote it."""
    lacking = [name for name in ("List-Id", "Auto-Submitted", "Precedence") if not mail.header(name)]
    if not lacking:
        what = "List-Id, Auto-Submitted and Precedence keep out-of-office replies away."
        return [Remark(Grade.OK, what, rule="RFC 2919, RFC 3834")]
    advice = "Without them it is answered by holidays; filters take it for a person's mail."
    return [Remark(Grade.WARNING, f"There is no {' and no '.join(lacking)}.", advice, "RFC 2919, RFC 3834")]


# --- who vouches for it -------------------------------------------------------------------------------------------

_SIGN = "RFC 6376; Gmail's, Yahoo's and Microsoft's rules for bulk senders"
_COVERED = ("from", "subject", "date", "message-id", "list-unsubscribe", "list-unsubscribe-post")


def authentication(mail: Mail) -> list[Remark]:
    """What a receiver can check of the sender, as far as the message itself shows it."""
    signatures = [str(value) for name, value in mail.message.raw_items() if name.casefold() == "dkim-signature"]
    found = [remark for signature in signatures for remark in _signature(_tags(signature), mail)]
    unknown = Remark(
        Grade.NOTE,
        "Whether SPF, DMARC and the reverse name of the sending address are right is not written in a message.",
        "digest check asks DNS for them.",
    )
    if not signatures:
        what = "It is not signed here. A relay may do it; whether yours does, the first mail it delivers shows."
        advice = "Or sign it here: see [dkim] in the configuration."
        return [Remark(Grade.NOTE, what, advice, _SIGN), unknown]
    return [*found, unknown]


def _tags(signature: str) -> dict[str, str]:
    pairs = (item.partition("=") for item in re.sub(r"\s+", "", signature).split(";"))
    return {name: value for name, _, value in pairs if name}


def _signature(tags: dict[str, str], mail: Mail) -> Iterator[Remark]:
    domain, names = tags.get("d", "").casefold(), tags.get("h", "").casefold().split(":")
    bare = [name for name in _COVERED if name not in names and mail.header(name)]
    if not same_domain(domain, mail.sender_domain):
        what = f"The signature is of {domain or 'no domain'}, which is not the sender's ({mail.sender_domain})."
        yield Remark(Grade.FAULT, what, "Let [dkim] domain be that of [mail] from.", "RFC 7489, 3.1.1")
    if tags.get("a") not in ("rsa-sha256", "ed25519-sha256"):
        what = f"The signature is made by {tags.get('a') or 'no algorithm'}, which receivers refuse."
        yield Remark(Grade.FAULT, what, "Sign with rsa-sha256.", "RFC 8301, RFC 8463")
    if bare:
        what = f"The signature leaves out {', '.join(bare)}."
        yield Remark(Grade.FAULT, what, "Let it cover them.", "RFC 6376, 5.4; RFC 8058, 4")
    if not bare and same_domain(domain, mail.sender_domain):
        yield Remark(Grade.OK, f"Signed by {tags.get('s', '')}._domainkey.{domain}, which is the sender's.", rule=_SIGN)
