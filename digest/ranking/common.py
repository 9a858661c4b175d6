"""Words that say nothing about a paper, and how people begin who ask for papers."""

import re
from collections.abc import Iterable

from digest.text.tokens import Token, tokenize


def is_common(token: Token, body: str) -> bool:
    """Whether it says nothing about a paper. Capitals do (IT, US, WHO), and so does a letter tied to more (A*, A/B)."""
    if len(token.word) == 1:
        return token.word in _STOP_WORDS and not _TIE.match(body, token.end)
    return token.word in _STOP_WORDS and not token.surface.isupper()


def says_something(text: str) -> bool:
    """Whether it holds a word that is not common."""
    return any(not is_common(token, text) for token in tokenize(text))


def is_common_in_sentence(token: Token, body: str) -> bool:
    """The same for sentences, where `study` and `paper` are only how people talk; `-study` must go on meaning something."""
    return is_common(token, body) or (token.word in _PHRASE_MAKERS and not token.surface.isupper())


def is_clause(words: Iterable[str]) -> bool:
    """Whether words make a statement or a question rather than a list of keywords: `does`, `that`, `we`."""
    return any(word in _CLAUSE_WORDS or (word.capitalize() == word and word.lower() in _CLAUSE_WORDS) for word in words)


def opening(text: str) -> int:
    """Where that begins which is asked for: behind "papers about", "I am interested in", "what is known about"."""
    found = _REQUEST.match(text)
    return found.end() if found and says_something(text[found.end() :]) else 0


_TIE = re.compile(r"[*/+#\-\u2010\u2011]")
_STOP_WORDS = frozenset(
    """a about above across after again against all along also although am among an and any are around as at be because
    been before being between both but by can could did do does doing during each either few for from further had has
    have having he hence her here hers him his how however i if in into is it its itself just may me might more most
    must my neither no nor not of off on once only onto or other our ours out over own per same shall she should since
    so some such than that the their theirs them then there thereby therefore these they this those though through thus
    to too toward towards under until up upon us very via was we were what when where whereas whether which while who
    whom whose why will with within without would yet you your yours""".split()  # noqa: SIM905
)
_PHRASE_MAKERS = frozenset(
    """anyone anything article articles available based concerning date dealing describe described describing discuss
    discussed discussing etc everything exist find give given interested investigate investigated known literature
    looking made make obtained paper papers pertaining please possible provide publication publications regarding related
    relating relevant report reported reports research someone something studied studies study studying tell use used
    uses using want work works""".split()  # noqa: SIM905
)
_CLAUSE_WORDS = frozenset(
    """are be been can could did do does had has have how i is it may might must should that these they this those was we
    were what when where whether which who whose why will would""".split()  # noqa: SIM905
)

_HOW = r"(?:(?:also|currently|especially|mainly|mostly|particularly|really|very)\s+)*"
_ABOUT = (
    r"(?:about|on|regarding|concerning|(?:related|relating|pertaining)\s+to|(?:dealing|concerned)\s+with|discussing|describing"
    r"|covering|addressing|studying|(?:that|which)\s+(?:are\s+about|deal\s+with|discuss|describe|cover|address|study|investigate))"
)
_PAPERS = (
    r"(?:(?:all|any|the|some|more|new|recent|latest|scientific|research|other)\s+)*"
    rf"(?:papers?|articles?|publications?|preprints?|literature|studies|research|works?)\s+{_ABOUT}"
)
_WISH = (
    rf"(?:(?:i\s+am|i['\u2019]m|we\s+are|we['\u2019]re)\s+{_HOW})?(?:interested\s+in|looking\s+for|searching\s+for)"
    rf"|(?:i|we)\s+{_HOW}(?:work\s+on|study|like)|(?:i\s+am|i['\u2019]m|we\s+are|we['\u2019]re)\s+{_HOW}working\s+on"
    r"|my\s+(?:main\s+)?(?:research|work|(?:research\s+)?interests?)\s+(?:is|are|includes?|focus(?:es)?)(?:\s+(?:on|in|about))?"
    rf"|(?:anything|everything|something)\s+{_ABOUT}|tell\s+me\s+about"
    r"|what\s+(?:is|do\s+we)\s+(?:already\s+)?known?\s+(?:about|of|on)|(?:key\s?words|topics|(?:research\s+)?interests)\s*:"
)
_REQUEST = re.compile(
    rf"\s*(?:please\s+)?(?:(?:{_WISH}|find|show|give|send|list)\s+(?:me\s+)?{_PAPERS}|{_PAPERS}|{_WISH})(?:\s+|(?<=:))",
    re.IGNORECASE,
)
