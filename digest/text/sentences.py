# ruff: noqa: RUF001 -- quotation marks and dashes are looked for as they are written
"""Where sentences end, and the first few of them."""

import re
from collections.abc import Iterator

from digest.text.characters import one_line


def sentences(text: str) -> list[str]:
    """The sentences of `text`, without the white space around them."""
    return [text[start:end] for start, end in _spans(text)]


def lead(text: str, limit: int) -> str:
    """The first whole sentences of `text`: at least one, and no more than fit into `limit` characters.

    A first sentence that runs on far beyond the limit is cut after a word, with an ellipsis.
    """
    spans = list(_spans(text))
    if not spans:
        return ""
    begin, first = spans[0]
    if first - begin > limit * _PATIENCE:
        return _cut(one_line(text[begin:first]), limit)
    end = max([first, *(end for _, end in spans if end - begin <= limit)])
    return one_line(text[begin:end])


_PATIENCE = 1.5  # a whole sentence reads better than a cut one, up to here


def _cut(sentence: str, limit: int) -> str:
    kept = sentence[: max(limit - 1, 1)]
    if " " in kept and sentence[len(kept) - 1 : len(kept) + 1].isalnum():
        kept = kept[: kept.rindex(" ")]
    return kept.rstrip(" ,;:.([-–—") + "…"


# --- boundaries ---------------------------------------------------------------------------------------------------

_CLOSERS = "\"'”’»)\\]"
_OPENERS = "\"'“‘«([¿¡"
_CANDIDATE = re.compile(
    rf"(?<![.!?…])(?P<mark>[.!?…]+)[{_CLOSERS}]*(?P<gap>\s+)"
    r"|[。！？｡]+[”’」』）】》]*"
    r"|(?<!\s)\s*?\n[^\S\n]*\n"
)


def _spans(text: str) -> Iterator[tuple[int, int]]:
    start = _skip(text, 0)
    for found in _CANDIDATE.finditer(text):
        if found.start() < start or not _ends(text, start, found):
            continue
        end = found.end() if found["gap"] is None else found.start("gap")
        trimmed = start + len(text[start:end].rstrip())
        if trimmed > start:
            yield start, trimmed
        start = _skip(text, found.end())
    rest = text[start:].rstrip()
    if rest:
        yield start, start + len(rest)


_SPACE = re.compile(r"\s*")


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


_NEXT = re.compile(rf"[{re.escape(_OPENERS)}]*(?P<word>\S{{1,40}})")
_BEFORE = re.compile(r"\S+\Z")
_NEVER_LAST = re.compile(
    r"(?i:e\.g|i\.e|cf|viz|resp|approx|w\.r\.t|vs|v\.s|figs?|eqs?|eqn|sect?|refs|thm|prop|dr|prof|mrs?|ms|st|jr|incl|excl|suppl)"
    r"|al|ca|Nos?|Ref|Vol|Ch|App|Tab|Alg|Def|Lem|pp|spp?|subsp|var|eds?|vols?"
)
_SELDOM_LAST = frozenset(["al", "etc", "Tab", "App", "Ch", "var", "sp", "spp", "ed", "Vol", "jr", "Jr", "resp"])
_STARTER = re.compile(
    r"(?:An?|The|Th[ei]se|This|That|Those|We|Our|In|Its?|However|Here|Moreover|Furthermore|To|For|As|On|At|By|If|When"
    r"|While|Such|Both|Finally|First|Second|Then|Thus|Hence|There|They|Using|From|With|Based|Also)\b"
)
_INNER_CAPITAL = re.compile(r"[a-z]{1,2}[A-Z]")


def _ends(text: str, start: int, found: re.Match[str]) -> bool:
    """Whether a sentence that began at `start` ends at the mark that was `found`."""
    following = _NEXT.match(text, found.end())
    if found["mark"] is None or following is None:
        return True
    word = following["word"]
    if word[0].islower() and not _INNER_CAPITAL.match(word):
        return False
    return found["mark"] != "." or not _abbreviates(text[max(start, found.start() - 40) : found.start()], word)


def _abbreviates(before: str, following: str) -> bool:
    """Whether a full stop after `before` only shortens its last word."""
    last = _BEFORE.search(before)
    if not last:
        return False
    word = last.group().lstrip(_OPENERS)
    starts = bool(_STARTER.match(following))
    if _NEVER_LAST.fullmatch(word):
        return not (starts and word in _SELDOM_LAST)
    initial = (len(word) == 1 and word.isupper()) or re.fullmatch(r"(?:[A-Z][.-]+)+[A-Z]", word)
    return bool(initial) and not starts
