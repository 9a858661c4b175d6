"""How a term was read, in plain words: what finds a paper for it, and what that means for the paper."""

from digest.ranking.term import Field, Match, Sign, Term

_PLACES = {Field.TITLE: " in the title", Field.ABSTRACT: " in the abstract"}
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def reading(term: Term) -> str:
    """What a term asks for, as one clause: "these two words, more if they stand together; counts 3 times"."""
    match term.sign:
        case Sign.NEVER:
            return f"never: leaves out papers with {_sought(term)}"
        case Sign.MUST:
            return f"must: leaves out papers without {_sought(term)}{_weighed(term)}"
    return f"{_sought(term)}{_weighed(term)}"


def _weighed(term: Term) -> str:
    if term.weight == 1:
        return ""
    return "; counts half" if term.weight == 0.5 else f"; counts {term.weight:g} times"


def _sought(term: Term) -> str:
    if term.alternatives:
        return "the best of: " + ", or ".join(_sought(one) for one in term.alternatives)
    named = _NAMES.get(term.field)
    return named.format(name=term.label) if named else f"{_words(term)}{_PLACES.get(term.field, '')}"


_NAMES = {
    Field.AUTHOR: "an author {name}, by initials as far as they go",
    Field.CATEGORY: "the category {name}",
    Field.SOURCE: "an announcement by the source {name}",
    Field.KIND: "news of the kind {name}",
}


def _words(term: Term) -> str:
    match term.match:
        case Match.PREFIX:
            return f"words that begin with {term.words[0].key}"
        case Match.EXACT:
            many = f"exactly these {_number(len(term.words))} forms" if len(term.words) > 1 else "exactly this form"
            capitals = any(word.key[1:].isupper() for word in term.words)
            return f"{many}{', in capitals' if capitals else ''}{_together(term)}"
    if term.loose:
        telling = ", ".join(dict.fromkeys(word.written for word in term.content))
        return f"a sentence: the weightier half of {telling}"
    return _plain_words(term)


def _plain_words(term: Term) -> str:
    if len(term.words) > 1:
        return f"these {_number(len(term.words))} words{_together(term)}"
    acronyms = [word.written.upper() for word in term.words if word.acronym]
    return f"this word in all its forms{''.join(f', and the acronym {acronym}' for acronym in acronyms)}"


def _together(term: Term) -> str:
    if len(term.words) == 1:
        return ""
    return ", more if they stand together" if term.sign is Sign.WANT else " in a row"


def _number(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)
