"""Days for which somebody wants no digest, as a configuration writes them."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Annotated

from pydantic import BeforeValidator

from digest.config.faults import shown
from digest.model import Away


def _day(text: str, whole: object) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f'{shown(whole)} is no day or days like "2026-12-24" or "2026-12-24..2027-01-03"') from None


def away(value: object) -> Away:
    """`2026-12-24`, or `2026-12-24..2027-01-03` with both days included; raises ValueError."""
    if isinstance(value, Away):
        return value
    text = value.isoformat() if isinstance(value, date) else value
    if not isinstance(text, str):
        raise ValueError(f'must be text like "2026-12-24..2027-01-03", not {shown(value)}')  # noqa: TRY004 - pydantic
    first, *last = re.split(r"\.\.+|…", text.strip(), maxsplit=1)
    found = Away(_day(first, value), _day(last[0] if last else first, value))
    if found.last < found.first:
        raise ValueError(f"{shown(value)} ends before it begins; write the earlier day first")
    return found


def _absences(value: object) -> object:
    if not isinstance(value, list | tuple):
        raise ValueError(f'must be a list like ["2026-12-24..2027-01-03"], not {shown(value)}')  # noqa: TRY004 - pydantic
    return tuple(sorted({away(each) for each in value}, key=lambda each: (each.first, each.last)))


Absences = Annotated[tuple[Away, ...], BeforeValidator(_absences)]


def written(absences: Iterable[Away]) -> list[str]:
    """The same as a configuration has them."""
    return [f"{each.first}..{each.last}" if each.last != each.first else each.first.isoformat() for each in absences]
