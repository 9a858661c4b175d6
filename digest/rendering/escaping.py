"""Text that stays text in Markdown."""

import re


class Ready(str):
    """Markdown already: not to be escaped again."""

    __slots__ = ()


# A backslash where every Markdown knows it. `<` and `&` become entities, since Python-Markdown has no escape for
# them, and only where they could begin a tag or an entity: `p < 0.05` stays as it is.
_ALWAYS = re.compile(r"([\\`*_\[\]#~])")
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_AT_START = re.compile(r"^(\s*)([-+](?=\s|$)|-(?=[-\s]*$)|>)")  # a list, a rule, a quotation
_NUMBERED = re.compile(r"^(\s*\d+)([.)])(?=\s|$)")


def as_markdown(value: object) -> object:
    """A text escaped so that it is shown as it is; anything else as it is. Applied to all that templates print."""
    if not isinstance(value, str) or isinstance(value, Ready):
        return value
    text = _ALWAYS.sub(r"\\\1", value)
    text = _ENTITY.sub("&amp;", text)
    text = _TAG.sub("&lt;", text)
    text = _AT_START.sub(r"\1\\\2", text)
    return Ready(_NUMBERED.sub(r"\1\\\2", text))
