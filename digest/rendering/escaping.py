"""Text that stays text in Markdown."""

import re


class Ready(str):
    """Markdown already: not to be escaped again."""

    __slots__ = ()


# A backslash where every Markdown knows it. `<`, `&` and `~~` become entities, since Python-Markdown has no escape for
# them. All of it only where it could mean something: `x_max`, `C#`, `2 * 3`, `p < 0.05` and `~96%` stay as they are.
_MARKS = re.compile(r"([\\`\[\]]|(?<!\s)\*|\*(?!\s)|(?<![^\W_])_|_(?![^\W_])|(?<!\S)#)")
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_STRUCK = re.compile(r"~(?=~)|(?<=~)~")
_ENTITY = re.compile(r"&(?=#|\w+;)")
_AT_START = re.compile(r"^(\s*)([-+](?=\s|$)|-(?=[-\s]*$)|>)")  # a list, a rule, a quotation
_NUMBERED = re.compile(r"^(\s*\d+)([.)])(?=\s|$)")


def as_markdown(value: object) -> object:
    """A text escaped so that it is shown as it is; anything else as it is. Applied to all that templates print."""
    if not isinstance(value, str) or isinstance(value, Ready):
        return value
    text = _MARKS.sub(r"\\\1", value)
    text = _ENTITY.sub("&amp;", text)
    text = _TAG.sub("&lt;", text)
    text = _STRUCK.sub("&#126;", text)
    text = _AT_START.sub(r"\1\\\2", text)
    return Ready(_NUMBERED.sub(r"\1\\\2", text))
