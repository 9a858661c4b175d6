# ruff: noqa: RUF001 -- signs are written as they are shown
"""What a reader has shown so far, a list of pieces, and how scripts are put behind its last."""

from digest.text.scripts import ENDED, REACH, lowered, raised
from digest.text.spacing import APART, CLOSES, EDGE, ENDS, OPENS, SIGNS, SOFT

_LARGE = tuple("∑∏∐∫∬∭∮⋃⋂⨁⨂⋁⋀")


def last(shown: list[str]) -> str:
    """The last character shown."""
    return (shown[-1].rstrip(EDGE + ENDS) or shown[-1])[-1:] if shown else ""


def _end(shown: list[str], at: int) -> str:
    """What stands right before the place `at`, as far as a script's form depends on it."""
    end = ""
    for place in range(at - 1, max(at - 1 - 2 * REACH, -1), -1):
        end = shown[place][-2 * REACH :].replace(OPENS, "").replace(CLOSES, "") + end
        if len(end) > REACH:
            break
    return end.rstrip(SIGNS)


def attach(mark: str, argument: str, shown: list[str]) -> None:
    """Put a script behind what it belongs to, before the soft signs there."""
    under_raised = mark == "_" and bool(shown) and shown[-1].startswith("^")
    at = len(shown) - under_raised  # the lower one first, or it seems to belong to the upper
    text = raised(argument) if mark == "^" else lowered(argument, _end(shown, at))
    if text[:1] in ("^", "_") and text[-1] not in ENDED:
        text += ENDS
    bare = shown[at - 1].rstrip(SOFT + EDGE + ENDS + APART) if at else ""
    if bare.endswith(_LARGE):
        text += APART
    if bare:
        text += shown[at - 1][len(bare) :]
        shown[at - 1] = bare
    shown.insert(at, text)
