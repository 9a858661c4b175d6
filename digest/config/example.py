"""A configuration for a newcomer: config.example.toml, which explains every key, with their answers in it."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

Answer = str | int | Sequence[str]
Answers = Mapping[tuple[str, str], Answer]  # (table, key) -> value; the first table of that name

_PACKAGE = Path(__file__).parent.parent
_HEADER = re.compile(r"\[+(?P<table>\w+)\]+$")
_ENTRY = re.compile(r"(?:# )?(?P<key>\w+) = (?P<value>.*?)(?P<remark>  #.*)?$")


def example() -> str:
    """The text of config.example.toml: in the package where it was installed, beside it in a checkout."""
    for folder in (_PACKAGE, _PACKAGE.parent):
        path = folder / "config.example.toml"
        if path.is_file():
            return path.read_text(encoding="utf-8")
    raise FileNotFoundError("config.example.toml is missing from this installation of digest; install it again")


def filled(text: str, answers: Answers, without: frozenset[str] = frozenset()) -> str:
    """The example with these answers switched on, and the tables named in `without` switched off."""
    lines = []
    table, first = "", set[str]()
    for line in text.splitlines():
        header, entry = _HEADER.match(line), _ENTRY.match(line)
        if header:
            # A second table of the same name has answers of its own: none.
            table = header["table"] if header["table"] not in first else ""
            first.add(header["table"])
        off = table in without and not line.startswith("#") and line
        answer = answers.get((table, entry["key"])) if entry else None
        if entry and answer is not None:
            lines.append(f"{entry['key']} = {toml(answer)}{'' if line.startswith('# ') else entry['remark'] or ''}")
        else:
            lines.append(f"# {line}" if off else line)
    return "\n".join(lines) + "\n"


def toml(value: Answer) -> str:
    """A value as TOML writes it; text with quotes in it the way that reads best."""
    match value:
        case int():
            return str(value)
        case str() if "'" not in value and ('"' in value or "\\" in value) and value.isprintable():
            return f"'{value}'"
        case str():
            # JSON's strings are TOML's, but for DEL
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
        case _:
            return f"[{', '.join(toml(item) for item in value)}]"
