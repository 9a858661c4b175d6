# ruff: noqa: RUF001 -- telling look-alike characters apart is what this module does
"""Text to the words that ranking matches and rendering marks.

Two spellings of one word get one key: composed or decomposed accents, ligatures, full-width letters and subscripts
(NFKC, then accents stripped), upper and lower case, singular and plural (Snowball English). Hyphens, slashes and
underscores part words, so that a hyphenated term is a phrase however it is hyphenated.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain, pairwise
from typing import NamedTuple

import Stemmer

from digest.text.characters import GREEK_LETTERS


class Spelling(NamedTuple):
    """One word of a text, wherever it stands."""

    word: str  # lower case, without accents
    key: str  # what matches: the stem of `word`, or `word` itself where that must not be stemmed
    surface: str  # `word` with its case kept, for exact matches


class Token(NamedTuple):  # a tuple is made three times as fast as a frozen dataclass, and there are hundreds a text
    """The same with its place: `start` and `end` are its span in the text as given, accents and all.

    Spans rise but may overlap: Chinese, Japanese, Korean, Thai and other scripts that do not part words by spaces
    give every pair of neighbouring characters.
    """

    word: str
    key: str
    start: int
    end: int
    surface: str


def tokenize(text: str) -> list[Token]:
    """The words of `text`, in order."""
    tokens = []
    for chunk in _CHUNK.finditer(_without_schemes(text)):
        at = chunk.start()
        for word, key, start, end, surface in _words(chunk.group()):
            tokens.append(Token(word, key, at + start, at + end, surface))
    return tokens


def words(text: str) -> list[Spelling]:
    """The words of `tokenize(text)` without their places, in a third of the time."""
    chunks = _without_schemes(text).translate(_GAPS).split()
    read = _cached_spellings if max(map(len, chunks), default=0) <= _LONGEST_CACHED else _spellings
    return list(chain.from_iterable(map(read, chunks)))


def keys(text: str) -> list[str]:
    """The keys of `words(text)`."""
    return [word.key for word in words(text)]


def forms(word: Spelling | Token) -> tuple[str, ...]:
    """Every key under which a word is found.

    Its stem; `=form`; `=FORM` if it is all in capitals; and of a pair of Chinese characters each one, `=光`.
    """
    lower = f"={word.word}"
    if word.surface.isupper():
        return word.key, lower, f"={word.surface}"
    if len(pair := characters(word.word)) > 1:
        return word.key, lower, *(f"={character}" for character in dict.fromkeys(pair))
    return word.key, lower


def characters(word: str) -> list[str]:
    """The characters, with their marks, of a word in a script that does not part words by spaces; of another none."""
    if word.isascii():
        return []
    classes = word.translate(_CLASSES)
    return [word[slice(*unit.span())] for unit in _UNIT.finditer(classes)] if classes.startswith("c") else []


# White space parts chunks, and so does what parts words whatever stands beside it.
_APART = r"""()[]{},;:"!?/=<>|*&%$^~@_`\-"""
_CHUNK = re.compile(rf"[^\s{re.escape(_APART)}]+")
_GAPS = str.maketrans(dict.fromkeys(_APART, " "))
_SCHEME = re.compile(r"(?:https?|ftp)://(?:www\.)?|\bwww\.(?=\w)", re.IGNORECASE)
_LONGEST_CACHED = 40


def _without_schemes(text: str) -> str:
    """`text`, equally long, without the `https://www.` of its URLs: they are no words of it."""
    return _SCHEME.sub(lambda scheme: " " * len(scheme.group()), text) if "://" in text or "www." in text else text


def _words(chunk: str) -> tuple[Token, ...]:
    """The words of a text without separators; most come again, so what was read is remembered."""
    return _cached_words(chunk) if len(chunk) <= _LONGEST_CACHED else tuple(_read(chunk))


@lru_cache(maxsize=1 << 14)
def _cached_words(chunk: str) -> tuple[Token, ...]:
    return tuple(_read(chunk))


def _spellings(chunk: str) -> tuple[Spelling, ...]:
    return tuple(Spelling(token.word, token.key, token.surface) for token in _read(chunk))


_cached_spellings = lru_cache(maxsize=1 << 14)(_spellings)


# --- characters ---------------------------------------------------------------------------------------------------

# Letters of their own that Unicode does not take apart, but that people type without their stroke.
_STROKED = str.maketrans(
    {"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ħ": "h", "Ħ": "H", "ı": "i", "æ": "ae", "Æ": "AE"}
    | {"œ": "oe", "Œ": "OE", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "™": " ", "℠": " "}
)
# Accents of Latin, Greek and Cyrillic, and vowel points of Hebrew and Arabic. Marks of other scripts are letters.
_ACCENTS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u0591-\u05c7\u064b-\u065f\u0670]")
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff]")

# Classes of characters, one letter each: l letter, g Greek, c of a script without spaces, d digit, m mark that
# belongs to the letter before it; ' . + # stand for themselves and a space for everything else.
_GREEK = re.compile("[\u0370-\u03ff\u1f00-\u1fff]")
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1100-\u115f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7af\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U0003ffff]"
)
_JAMO = re.compile("[\u1160-\u11ff\ud7b0-\ud7ff]")  # vowels and finals of a decomposed Korean syllable
_APOSTROPHES = "'\u2019\u2018\u02bc\uff07"


def _class(char: str) -> str:
    if char in ".+#":
        return char
    if char in _APOSTROPHES:
        return "'"
    if _JAMO.match(char) or unicodedata.category(char).startswith("M"):
        return "m"
    return _class_of_alphanumeric(char) if char.isalnum() else " "


def _class_of_alphanumeric(char: str) -> str:
    if char.isdecimal():
        return "d"
    if _GREEK.match(char):
        return "g"
    return "c" if _UNSPACED.match(char) else "l"


class _Classes(dict[int, str]):
    """A table for `str.translate` that fills itself."""

    def __missing__(self, code: int) -> str:
        self[code] = _class(chr(code))
        return self[code]


_CLASSES = _Classes()


@lru_cache(maxsize=1 << 12)
def _fold(char: str) -> str:
    plain = unicodedata.normalize("NFKD", char.translate(_STROKED))
    return _INVISIBLE.sub("", _ACCENTS.sub("", plain))


def _folded(chunk: str) -> tuple[str, list[int], list[int]]:
    """`chunk` without accents, and for each of its characters where in `chunk` that starts and ends."""
    if chunk.isascii():
        return chunk, list(range(len(chunk))), list(range(1, len(chunk) + 1))
    chars: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for at, char in enumerate(chunk):
        plain = _fold(char)
        if not plain and ends:
            ends[-1] = at + 1
        chars.extend(plain)
        starts.extend([at] * len(plain))
        ends.extend([at + 1] * len(plain))
    return "".join(chars), starts, ends


# --- words --------------------------------------------------------------------------------------------------------

_WORD = re.compile(
    r"(?<![ldm])l(?:\+\+|#)(?!l)"  # C++, C#
    r"|[ld][ldm]*(?:(?:'(?=l)|(?<=d)\.(?=d))[ldm]+)*"  # word2vec, don't, 3.5
    r"|g[gm]*"
    r"|c[cm]*"
)
_UNIT = re.compile(r"cm*")


def _read(chunk: str) -> Iterator[Token]:
    plain, starts, ends = _folded(chunk)
    classes = plain.translate(_CLASSES)
    for found in _WORD.finditer(classes):
        for start, end in _parts(plain, classes, *found.span()):
            yield _word(plain[start:end], starts[start], ends[end - 1])


def _parts(plain: str, classes: str, start: int, end: int) -> list[tuple[int, int]]:
    if classes[start] == "c":
        units = [unit.span() for unit in _UNIT.finditer(classes, start, end)]
        return [(one[0], other[1]) for one, other in pairwise(units)] or units
    if classes[max(start, end - 2)] == "'" and plain[end - 1] in "sS":
        return [(start, end - 2)]
    return [(start, end)]


def _word(plain: str, start: int, end: int) -> Token:
    surface = unicodedata.normalize("NFC", plain.translate(_NO_APOSTROPHES))
    word = unicodedata.normalize("NFC", surface.casefold())
    return Token(word, _key(surface, word), start, end, surface)


_NO_APOSTROPHES = str.maketrans("", "", _APOSTROPHES)
# Longer words in capitals are words of a shouted title. Measured on 34,000 abstracts: up to six letters, what Snowball
# would have changed are names (AIDS, MCTS, ROUGE, SMILES); from seven on, more and more METHODS and DIAGRAMS. Letters in
# front may be small: mRNAs, iPSCs.
_ACRONYM = re.compile(r"([A-Z0-9]{2,6}|[A-Z]*[0-9][A-Z0-9]*|[a-z]{1,2}[A-Z]{2,4})s?")
_GREEK_NAMES = {letter: name for name, letter in GREEK_LETTERS.items()}


def _key(surface: str, word: str) -> str:
    if acronym := _ACRONYM.fullmatch(surface):
        return acronym.group(1).lower()
    if word in _GREEK_NAMES:
        return _stem(_GREEK_NAMES[word])
    return _stem(word) if word.isascii() and word.isalpha() else word


_stem_of = Stemmer.Stemmer("english").stemWord
_PLURAL_OF_LETTERS = re.compile(r"([bcdfghjklmnpqrtvwxz]{3,})s")  # "llms": Snowball wants a vowel before it drops an s


@lru_cache(maxsize=1 << 14)
def _stem(word: str) -> str:
    plural = _PLURAL_OF_LETTERS.fullmatch(word)
    return plural.group(1) if plural else str(_stem_of(word))


def forget() -> None:
    """Give back the memory of what was read: a daemon reads for seconds and waits for hours."""
    for remembered in (_cached_words, _cached_spellings, _stem):
        remembered.cache_clear()
