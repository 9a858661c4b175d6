"""A free text to the lines of a profile: a list of keywords, plain prose, or both.

- A line ends at a line break or a semicolon and after a sentence; in a list, also at a comma before white space and at
  `AND` and `OR`. What asks or states something ("does", "that", a question mark) is prose, and so is what has a colon
  or long parts, as titles have; anything else is a list.
- Within it a new line begins before what is marked: `-word`, `field:word`, `=Word`, `prefix*` and, in a list, `"a phrase"`.
  It ends behind a closing quote, a prefix and a weight. A bar joins what stands on both sides.
- A mark at the start, if it is the only one, counts for all that follows, as on a line of its own: `-large language
  model`. Otherwise it counts for one word or phrase: `-survey` in `diffusion -survey robots`; a name goes on to the next.
- What is not marked is read as words, whatever signs stand in it.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from digest.ranking.alternative import FIELD, FIELDS, SHORTEST_PREFIX, near_field
from digest.ranking.common import is_clause, opening, says_something
from digest.ranking.span import plain
from digest.ranking.term import Field
from digest.text.characters import one_line
from digest.text.tokens import characters, tokenize

DASHES = "-\u2010\u2011\u2012\u2013\u2212\uff0d"
_DASH = re.escape(DASHES)


class Piece(NamedTuple):
    """One line of a free text."""

    text: str  # as `query.parse` reads it
    column: int  # where it begins in the free text


def split(text: str) -> list[Piece]:
    """The lines of a free text. Plain words that say nothing are left out."""
    drafts = (draft for line in _lines(plain(text)) for draft in _drafts(line))
    pieces = (_piece(text, draft) for draft in drafts)
    return [piece for piece in pieces if piece.text]


# --- atoms --------------------------------------------------------------------------------------------------------


class _Atom(NamedTuple):
    """What is not taken apart any further."""

    sort: str  # end, comma, bar, weight, word
    start: int
    end: int
    text: str
    sign: str = ""
    field: str = ""
    exact: str = ""
    quoted: str = ""

    @property
    def body(self) -> str:
        """A word without its marks."""
        return self.text[len(self.sign) + len(self.field) + len(self.exact) :]

    @property
    def name(self) -> str:
        """The field's."""
        return self.field.strip(" \t:")


_SORTS = ("end", "comma", "bar", "weight", "word")
_MARKS = ("sign", "field", "exact", "quoted")
_ATOM = re.compile(
    rf"""
      (?P<end> [;\uff1b\n\r\v\f\x1c-\x1e\x85\u2028\u2029] | (?<=[a-z]{{3}}[.!?])\ +(?=[A-Z"]) | (?<=[?\u3002\uff1f])\s+ )
    | (?P<comma> ,(?=\s|$) | [\uff0c\u3001] | (?<!\S)(?:AND|OR)(?!\S) )
    | (?P<weight> \^ (?: \s*[\d.]+(?=[\s;|,]|$) | [^\s;|^]*?(?=,?(?:\s|$)|[;|^]) ) )
    | (?P<word>
        (?<!\S) (?= [^\s"|]*+\| ) (?= [^\s"]++(?!\S) )  # mathematics: P(A|B), |x|
        (?: [^\s()\[\]{{}}\u27e8\u27e9]*+[()\[\]{{}}\u27e8\u27e9] | [^\s|]*+\|[^\s|]++\| ) \S*?(?=,?(?:\s|$))
      |
        (?P<sign> (?<![^\s|,;]) [+{_DASH}] (?= [^\W\d_] | ["=] | \d+[A-Z] ) )?
        (?P<field> (?<!\w) [^\W\d_]+ : (?!//) (?:\s*(?="))? )?
        (?P<exact> (?<![^\s:|,;+{_DASH}]) = (?=[^\W\d_]|") )?
        (?: (?<![^\s:|,;=+{_DASH}]) (?P<quoted> "(?=[^"\n\w]*\w)[^"\n]*" (?!\w) ) | [^\s;|^\uff1b\uff0c\u3001]*?(?=,?(?:\s|$)|[;|^\uff1b\uff0c\u3001]) )
      )
    | (?P<bar> \| )
    """,
    re.VERBOSE,
)


def _atoms(text: str) -> Iterator[_Atom]:
    for found in _ATOM.finditer(text):
        if found.group():
            sort = next(sort for sort in _SORTS if found[sort])
            yield _Atom(sort, *found.span(), found.group(), *(found[mark] or "" for mark in _MARKS))


# --- lines --------------------------------------------------------------------------------------------------------


class _Line(NamedTuple):
    atoms: Sequence[_Atom]
    prose: bool


def _lines(text: str) -> Iterator[_Line]:
    for ends, group in groupby(_atoms(text), lambda atom: atom.sort == "end"):
        atoms = list(group)
        if ends:
            continue
        if _is_prose(atoms, text[atoms[0].start : atoms[-1].end]):
            yield _Line(atoms, prose=True)
            continue
        for parts, items in groupby(atoms, lambda atom: atom.sort == "comma"):
            if not parts:
                yield _Line(_without_bullet(list(items)), prose=False)


def _is_prose(atoms: Sequence[_Atom], text: str) -> bool:
    begin = atoms[0].start + opening(text)
    said = [atom for atom in atoms if atom.start >= begin and not atom.quoted]
    return text.endswith("?") or is_clause(atom.text.strip(_PUNCTUATION) for atom in said) or _is_title(said)


def _is_title(atoms: Sequence[_Atom]) -> bool:
    """Whether it is built like a title or a statement: with a colon, or with parts longer than keywords are."""
    items = [len(list(group)) for comma, group in groupby(atoms, lambda atom: atom.sort == "comma") if not comma]
    ends = bool(atoms) and atoms[-1].text.endswith(".")
    colon = any(atom.text.endswith(":") and atom.name.lower() not in FIELDS for atom in atoms)
    return colon or max(items, default=0) > (_LONGEST_ITEM if not ends else _LONGEST_ITEM // 2)


def _without_bullet(atoms: Sequence[_Atom]) -> Sequence[_Atom]:
    return atoms[1:] if len(atoms) > 1 and _BULLET.fullmatch(atoms[0].text) else atoms


_PUNCTUATION = "\"'()[]{}.,:;!?"
_LONGEST_ITEM = 8  # words between commas; half as many, if a full stop ends them
_BULLET = re.compile(rf"[+*\u2022\u00b7\u2023\u2014{_DASH}]|\(?\d{{1,3}}[.)]")


# --- marks --------------------------------------------------------------------------------------------------------


class _Role(NamedTuple):
    """What an atom does to the line it is in. A plain word does nothing."""

    opens: bool = False  # a line begins before it
    closes: bool = False  # a line ends behind it
    follows: bool = False  # it belongs to what stands before it
    leads: bool = False  # and to what stands behind it

    def parts_from(self, other: "_Role") -> bool:
        return (self.closes or other.opens) and not (self.leads or other.follows)


_PLAIN = _Role()
_BAR = _Role(follows=True, leads=True)
_WEIGHT = _Role(closes=True, follows=True)


_Draft = Sequence[tuple[_Atom, _Role]]


def _drafts(line: _Line) -> Iterator[_Draft]:
    """The lines within a line."""
    roles = _roles(line)
    parts = list(zip(line.atoms, roles, strict=True))
    inner = [number for number, (one, two) in enumerate(pairwise(roles), start=1) if one.parts_from(two)]
    return (parts[start:end] for start, end in pairwise([0, *inner, len(parts)]))


def _roles(line: _Line) -> list[_Role]:
    marks = [_is_mark(line, number) for number in range(len(line.atoms))]
    alone = not any(marks[1:])
    return [
        _Role(opens=True, closes=_closes(atom, alone=alone)) if mark else _role(line.atoms, number)
        for number, (atom, mark) in enumerate(zip(line.atoms, marks, strict=True))
    ]


def _role(atoms: Sequence[_Atom], number: int) -> _Role:
    match atoms[number].sort:
        case "bar":
            return _BAR
        case "weight" if number and _is_weight(atoms[number - 1], atoms[number], atoms[number + 1 :]):
            return _WEIGHT
        case _:
            return _PLAIN


def _is_mark(line: _Line, number: int) -> bool:
    atom = line.atoms[number]
    if atom.sort != "word":
        return False
    if atom.field and _is_field(atom, first=not number, last=number + 1 == len(line.atoms)):
        return True
    if not says_something(atom.body):
        return False
    signed = atom.sign in {"+", "-"} or (atom.sign and not number)  # a long dash between words is a dash
    return bool(signed or atom.exact or (atom.quoted and not (atom.field or line.prose)) or _is_prefix(atom.body))


def _is_field(atom: _Atom, *, first: bool, last: bool) -> bool:
    """Whether a field is meant, be it misspelt: `titel:word`. White space follows at the start of a line only."""
    known = FIELDS.get(atom.name.lower())
    if atom.body:
        return bool(known or near_field(atom.name))
    return first and (last or known not in _ONE_WORD) and known is not None


def _is_prefix(body: str) -> bool:
    tokens = tokenize(body) if body.endswith("*") and body.strip("*").isalnum() else []
    return len(tokens) == 1 and len(tokens[0].word) >= SHORTEST_PREFIX and not characters(tokens[0].word)


def _closes(atom: _Atom, *, alone: bool) -> bool:
    """Whether a mark counts for this word only."""
    field = FIELDS.get(atom.name.lower())
    if atom.quoted or field in _ONE_WORD or _is_prefix(atom.body):
        return True
    if field is Field.CATEGORY:
        return bool(atom.body) and (not alone or bool(re.search(r"[.*]", atom.body)))
    return not alone and field is not Field.AUTHOR


_ONE_WORD = (Field.SOURCE, Field.KIND)


def _is_weight(before: _Atom, atom: _Atom, rest: Sequence[_Atom]) -> bool:
    """Whether a `^` is a weight, be it a wrong one, and not mathematics: 10^6, L^p, cm^-1, 5^th, O(n^2)."""
    if before.sort == "bar" or before.quoted or before.text.endswith("*"):
        return True
    written, base = atom.text[1:].strip(), _BASE.search(before.text)
    if base is None or base[0].isdecimal() or (not written and atom.start > before.end):
        return False
    is_symbol = len(base[0]) == 1 or (len(base[0]) == 2 and not base[0].isupper())
    if _NUMBER.fullmatch(written):
        return not is_symbol or not rest or rest[0].sort == "bar"
    return not is_symbol and base[0].isalpha() and bool(_WRONG_NUMBER.fullmatch(written))


_BASE = re.compile(r"[^\W_]+[+#]*$")
_NUMBER = re.compile(r"\d+\.?\d*|\.\d+")
_WRONG_NUMBER = re.compile(r"-?\d[\d.,]*|[^\W\d_]{2,}|")

# --- pieces -------------------------------------------------------------------------------------------------------


def _piece(text: str, draft: _Draft) -> Piece:
    start = draft[0][0].start
    written = text[start : draft[-1][0].end]
    if all(role == _PLAIN for _, role in draft):
        return Piece(_as_words(plain(written)), start)
    for atom, role in draft:
        if '"' in atom.text and not (role.opens and atom.quoted):  # a stray quote, which would be a mistake
            bare = atom.text.replace('"', "").rjust(len(atom.text))
            written = written[: atom.start - start] + bare + written[atom.end - start :]
    return Piece(written, start)


def _as_words(text: str) -> str:
    """`text` as `query.parse` reads words, without the signs it would take for its own; nothing, if it says nothing."""
    words = one_line(re.sub(r'["^|]', " ", text)).lstrip(_LEADING).rstrip(_TRAILING)
    found = FIELD.match(words)
    if found and (not found.group(2) or found.group(1).lower() in FIELDS or near_field(found.group(1).lower())):
        words = one_line(words.replace(":", " ", 1))
    return words if says_something(words) else ""


_LEADING = f" +=*\u2022\u00b7,:{DASHES}"
_TRAILING = " *,:"
