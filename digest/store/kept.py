"""What is kept of editions and listings once they are published: the model's fields, less what is kept elsewhere."""

from dataclasses import MISSING, field, fields, make_dataclass
from operator import attrgetter
from typing import Any

from digest.model import Edition, Listing, Pick, Reason


def _less(kind: type, without: frozenset[str], **other: Any) -> Any:
    """A dataclass of the fields of `kind`, some left out, some of another type."""
    kept = [
        (part.name, other.get(part.name, part.type), field(default=part.default, default_factory=part.default_factory))
        if part.default is MISSING or part.default_factory is MISSING
        else (part.name, part.type)
        for part in fields(kind)
        if part.name not in without
    ]
    return make_dataclass(f"Kept{kind.__name__}", kept, frozen=True, slots=True, kw_only=True)


RAW = frozenset(name for name in Listing.__dataclass_fields__ if name.startswith("raw_"))

KeptListing = _less(Listing, RAW)
KeptPick = _less(Pick, frozenset({"listing"}))
# As an edition was kept before migration 0007: all in one document, but for the listings of its picks.
KeptEdition = _less(Edition, frozenset(), picks=tuple[KeptPick, ...])  # type: ignore[valid-type]

# And as it is kept now, see `sheets`: what editions that are published together have in common, once.
KeptFrame = _less(Edition, frozenset({"subscriber", "issue_date", "composed_at", "picks", "matched", "problems"}))
KeptCard = _less(Pick, frozenset({"listing", "score", "reasons"}))
KeptForm = _less(Reason, frozenset({"contribution"}))

_OF_LISTING = tuple(part.name for part in fields(KeptListing))
_OF_EDITION = tuple(part.name for part in fields(KeptEdition) if part.name != "picks")
_OF_PICK = attrgetter(*(part.name for part in fields(KeptPick)))  # in the order of the model's


def whole_edition(kept: Any, listings: list[Listing]) -> Edition:
    """The edition again, with the listings of its picks in their order."""
    picks = tuple([Pick(listing, *_OF_PICK(pick)) for pick, listing in zip(kept.picks, listings, strict=True)])
    return Edition(**{name: getattr(kept, name) for name in _OF_EDITION}, picks=picks)


def whole_listing(kept: Any) -> Listing:
    """The listing as it was shown; its originals are not kept with it."""
    return Listing(**{name: getattr(kept, name) for name in _OF_LISTING})
