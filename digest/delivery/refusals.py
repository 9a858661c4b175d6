"""What a refusal is about, told from its enhanced status code (RFC 3463) and from what servers really say.

Codes alone do not tell: Yandex has "5.7.1 No such user!", Gmail 5.2.1 for whoever gets too much mail at the moment, GMX
no enhanced codes at all. So words that leave no doubt go first, then the code, then words that hint.
"""

import re
from enum import Enum

from digest.delivery.replies import Reply


class Matter(Enum):
    """What a refusal is about."""

    NOBODY = "no such mailbox, or one that is closed for good"
    MAILBOX = "a mailbox that takes nothing for now, or nothing from us"
    THROTTLED = "too much, or too many connections"
    GREYLISTED = "a first attempt, which is to be made again"
    ACCOUNT = "our account's allowance at the relay"
    SESSION = "enough in one session"
    POLICY = "what is said, or who says it"
    SIZE = "this one message: its size, or what it is made of"
    TLS = "encryption that is missing"
    LOGIN = "a login that is missing or wrong"
    UNKNOWN = "anything"


def matter(reply: Reply) -> Matter:
    """What a reply of 4xx or 5xx is about."""
    text = _NAMES.sub(" ", reply.text.casefold())
    for about, words in _PLAIN:
        if words.search(text):
            return about
    if reply.code in _LOGIN_CODES:
        return Matter.LOGIN
    code = _subject(reply)
    for about, codes in _CODES:
        if codes.fullmatch(code):
            return about
    for about, words in _HINTS:
        if words.search(text):
            return about
    return Matter.SIZE if reply.code == 552 else Matter.UNKNOWN


def _subject(reply: Reply) -> str:
    """The enhanced code with the class of the reply: some servers send 421 with 5.7.x."""
    if (
        not reply.enhanced or reply.code == 454
    ):  # 454 4.7.0: TLS or logins do not work there at the moment (RFC 4954, 6)
        return ""
    return f"{reply.code // 100}{reply.enhanced[1:]}"


_NAMES = re.compile(r"https?://\S+|\S*@\S*")  # what is in an address or a link is no word of the server's

_LOGIN_CODES = frozenset({530, 534, 535, 538})  # RFC 4954, 6


def _any(*words: str) -> re.Pattern[str]:
    return re.compile("|".join(words))


# The first that fits. Each line has a reply in the tests that asked for it.
_PLAIN = (
    (
        Matter.SESSION,
        _any(r"(?:messages?|mails?|transactions?) (?:per|in this|for this|on this) (?:connection|session)"),
    ),
    (
        Matter.TLS,
        _any(
            r"starttls", r"\btls (?:is )?required", r"requires? (?:tls|encryption)", r"encryption (?:needed|required)"
        ),
    ),
    (
        Matter.ACCOUNT,
        _any(
            r"sending (?:rate|limit|quota)\b.{0,20}\b(?:exceeded|reached)",
            r"(?:exceeded|reached) (?:your|its|the) .{0,30}\b(?:limit|quota|allowance)",
            r"(?:daily|hourly|monthly) (?:message|mail|email|sending|user sending|smtp relay)\b.{0,20}\b(?:limit|quota)",
            r"relay (?:sending )?limit exceeded",
            r"messages per (?:second|minute|hour|day) limit",
            r"maximum credits exceeded",
            r"tenant has exceeded",
        ),
    ),
    (
        Matter.MAILBOX,
        _any(
            r"receiving (?:mail|email|messages) (?:too quickly|at a rate)",
            r"recipient thread limit",
            r"recipient.{0,60} receiv.{0,20}too (?:many|much)",
        ),
    ),
    (Matter.GREYLISTED, _any(r"gr[ae]y-?list")),
    (
        Matter.POLICY,
        _any(
            r"relay(?:ing)? (?:access )?(?:is )?(?:denied|not (?:permitted|allowed|authori[sz]ed)|prohibited)",
            r"(?:unable|not (?:permitted|allowed)|refus\w+) to relay",
            r"rcpthosts",
            r"sender (?:address|domain|verif\w+|rejected|denied|blocked)",
            r"verification failed for",
        ),
    ),
    (
        Matter.NOBODY,
        _any(
            r"\bno such user\b",
            r"\buser (?:is )?unknown\b",
            r"\bunknown user\b",
            r"\buser not found\b",
            r"^5\.4\.1 .*recipient address rejected: access denied",
        ),
    ),
    (
        Matter.MAILBOX,
        _any(r"recipient (?:address )?rejected: access denied", r"not (?:permitted|allowed|authori[sz]ed) to send to"),
    ),
    (
        Matter.THROTTLED,
        _any(
            r"rate[ -]?limit",
            r"frequency limit",
            r"limits? (?:for|on) how many",
            r"too (?:many|frequent) (?:concurrent |simultaneous |smtp |open )*(?:connect|session|mails|messages(?! on the server))",
            r"(?:connection|concurrency|session)s? (?:rate |count )?limit",
            r"throttl",
            r"slow(?:ing)? down",
            r"temporarily (?:deferred|blocked)",
            r"unexpected volume|excessive volume|unusual rate",
            r"(?:server|system) (?:is )?(?:too )?busy",
        ),
    ),
    (Matter.GREYLISTED, _any(r"try again in \d+")),
    # Of us, whatever the code: else a relay that closes our account would have everybody suppressed.
    (Matter.POLICY, _any(r"\byour (?:account|domain|server|host|ip)\b")),
)

_CODES = (
    # RFC 7505 (null MX) has 5.1.10, RFC 4954 5.7.13 for a disabled account, RFC 7293 5.7.17 for one with a new owner.
    (Matter.NOBODY, re.compile(r"5\.(?:1\.(?:[1236]|10)|2\.1|7\.1[37])")),
    # Exchange Online: 5.7.124, .129, .133 to .136 for mailboxes and groups that take mail from some people only.
    (Matter.MAILBOX, re.compile(r"5\.7\.1(?:24|29|3[3-6])|4\.1\.(?:[1236]|10)|[45]\.2\.[0124]")),
    (Matter.SIZE, re.compile(r"[45]\.(?:2\.3|3\.4|6\.\d+)")),
    (Matter.TLS, re.compile(r"[45]\.7\.10")),
    (Matter.POLICY, re.compile(r"[45]\.1\.[78]|5\.7\.\d+")),
    (Matter.THROTTLED, re.compile(r"4\.7\.\d+|[45]\.(?:3\.2|4\.5|5\.3)")),
)

_HINTS = (
    (
        Matter.MAILBOX,
        _any(
            r"\bquota\b",
            r"\bis full\b|\bfull mailbox\b|(?:mailbox|inbox|storage) full",
            r"too many messages on the server",
            r"allowed storage",
            r"(?:blocks|inode) limit exceeded",
        ),
    ),
    (
        Matter.POLICY,
        _any(
            *(r"spam", r"\bvirus\b|malware", r"blocked|block ?list|blacklist|denylist|\bbanned\b", r"polic(?:y|ies)"),
            *(r"reputation", r"\bspf\b|\bdkim\b|\bdmarc\b", r"unauthenticated|not verified", r"spoof", r"prohibit"),
            *(r"content (?:denied|rejected)", r"reverse (?:dns|hostname)|\bptr\b"),
        ),
    ),
    (
        Matter.NOBODY,
        _any(
            r"\b(?:unknown|no such|invalid|nonexistent|non-existent) (?:user|mailbox|recipient|account|address|local|person|alias|destination)",
            r"\b(?:user|mailbox|recipient|account|address|alias|addressee)\b.{0,60}\b(?:unknown|not (?:found|exist\w*|known|listed|valid)|doesn'?t exist|does not exist|no longer|invalid|disabled|closed|discontinued|deactivated|unavailable)",
            r"doesn't have an? \S+ account",
            r"no mailbox (?:here|by)",
            r"unrouteable address",
        ),
    ),
)
