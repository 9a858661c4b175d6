"""Counts with their nouns, in English."""


def counted(count: int, thing: str, things: str = "") -> str:
    """`1 paper`, `1,243 papers`."""
    return f"{count:,} {thing if count == 1 else things or f'{thing}s'}"
