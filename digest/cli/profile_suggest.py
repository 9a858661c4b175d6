"""What `digest profile suggest` proposes."""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from digest.cli import wiring
from digest.errors import ConfigError, StoreError, UsageError
from digest.model import Background, Listing
from digest.ranking import references
from digest.ranking.suggest import Proposal, Suggestion, suggest
from digest.store import Store
from digest.text.background import prior


def suggestion(config: Path | None, file: Path, most: int) -> tuple[Suggestion, list[str]]:
    """The profile proposed for a file of references, and what of the file was left out.

    Raises:
        UsageError: the file is no references, or nothing of it can be used.
    """
    content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    try:
        read = references.read(content)
    except references.UnreadableError as error:
        raise UsageError(f"{file}: {error}.") from None
    entries, background = _completed(config, read.entries)
    known = [entry for entry in entries if entry.title]
    unknown = [
        f"{entry.keys[0].replace(':', ' ', 1)} is not among the papers pulled" for entry in entries if not entry.title
    ]
    if not known:
        raise UsageError("\n".join([f"{file}: no entry of it has a title.", *unknown, *read.faults]))
    return suggest(known, background, most), [*read.faults, *unknown]


def _completed(config: Path | None, entries: Sequence[Listing]) -> tuple[list[Listing], Background]:
    """The entries with what the store knows of them, and how common words are; without a store as they are."""
    try:
        settings = wiring.load_settings(config)
        with wiring.store_of(settings, create=False) as store:
            return [_complete(store, entry) for entry in entries], store.background()
    except (ConfigError, StoreError):
        if config:
            raise
        return list(entries), prior()


def _complete(store: Store, entry: Listing) -> Listing:
    name = f"arXiv:{entry.arxiv_id}" if entry.arxiv_id else entry.doi or entry.title
    found = store.find(name)
    if len(found) != 1:
        return entry
    (known,) = found
    return references.completed(entry, known)


def toml(suggestion: Suggestion, name: str, left_out: int) -> str:
    """The proposal as lines to paste into the configuration."""
    return "\n".join(_lines(suggestion, name, left_out))


def _lines(suggestion: Suggestion, name: str, left_out: int) -> Iterator[str]:
    entries = f"{suggestion.entries} {'entry' if suggestion.entries == 1 else 'entries'}"
    left = f"; {left_out} left out" if left_out else ""
    if not _both(suggestion):
        yield f"# Nothing in {entries} of {name}{left} stands out: more of them, or abstracts, would help."
        return
    yield f"# Proposed from {entries} of {name}{left}."
    yield "# Behind each line stands how many of them speak for it. Keep what you want to read about."
    yield "keywords = ["
    written = [(f"    {_string(proposal.line)},", proposal.support) for proposal in _both(suggestion)]
    wide = max((len(line) for line, _ in written), default=0)
    yield from (f"{line:<{wide}}  # {support}" for line, support in written)
    yield "]"
    if suggestion.categories:
        counts = ", ".join(f"{support}" for _, support in suggestion.categories)
        named = ", ".join(_string(category) for category, _ in suggestion.categories)
        yield "# To see papers of these categories only, take the # away:"
        yield f"# categories = [{named}]  # {counts}"


def _both(suggestion: Suggestion) -> Sequence[Proposal]:
    return (*suggestion.keywords, *suggestion.authors)


def _string(text: str) -> str:
    """A TOML string; of one with quotes a literal one, as people write it."""
    return f"'{text}'" if '"' in text and "'" not in text else json.dumps(text, ensure_ascii=False)


def as_json(suggestion: Suggestion, faults: Sequence[str]) -> dict[str, object]:
    """The same for programs."""
    return {
        "entries": suggestion.entries,
        "keywords": [proposal._asdict() for proposal in _both(suggestion)],
        "categories": [{"category": category, "support": support} for category, support in suggestion.categories],
        "left_out": faults,
    }
