"""The tables as they are now. How a database came to look like this is in `migrations/`; a test holds them equal."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Time,
    UniqueConstraint,
    text,
)

from digest.model import (
    Away,
    Cause,
    Errand,
    Format,
    Judged,
    Kind,
    Layout,
    Origin,
    Problem,
    Profile,
    Return,
    State,
    Status,
    Subscriber,
    Validators,
)
from digest.store.columns import Counts, Document, Instant, Packed, Word
from digest.store.kept import KeptListing

metadata = MetaData()

# SQLite numbers rows by itself only where the key is declared INTEGER.
_Number = BigInteger().with_variant(Integer, "sqlite")
_Words = Document(tuple[str, ...], ascii_only=False)

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

# Processes at work on this database, see `attendance`.
workers = Table(
    "workers",
    metadata,
    Column("name", Text, primary_key=True),
    Column("version", Text, nullable=False),
    Column("knows", Text, nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
)

# The newest number given out. Whoever gives out numbers updates its row first, so numbers rise in the order of commits.
counters = Table(
    "counters",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", _Number, nullable=False),
)

listings = Table(
    "listings",
    metadata,
    Column("id", _Number, primary_key=True, autoincrement=False),
    # The listing that speaks for this paper: itself, or an older one that was later found to be the same paper.
    Column("same_as", ForeignKey("listings.id"), nullable=False),
    Column("title", Text, nullable=False),
    Column("abstract", Text, nullable=False),
    Column("authors", _Words, nullable=False),
    Column("url", Text, nullable=False),
    Column("arxiv_id", Text),
    Column("doi", Text),
    Column("guid", Text),
    Column("version", Integer),
    Column("categories", _Words, nullable=False),
    Column("keywords", _Words, nullable=False),
    Column("comment", Text),
    Column("summary", Text),
    Column("pdf_url", Text),
    Column("code_url", Text),
    Column("project_url", Text),
    Column("discussion_url", Text),
    Column("thumbnail_url", Text),
    Column("published", Instant),
    Column("updated", Instant),
    Column("upvotes", Integer),
    Column("comments", Integer),
    Column("raw_title", Text, nullable=False),
    Column("raw_abstract", Text, nullable=False),
    Column("raw_authors", _Words, nullable=False),
    Column("first_seen", Instant, nullable=False),
    Column("last_seen", Instant),  # when a source gave it last, to a week
    Index("ix_listings_same_as", "same_as"),
    Index("ix_listings_last_seen", "last_seen"),
)

listing_keys = Table(
    "listing_keys",
    metadata,
    Column("key", Text, primary_key=True),
    Column("listing_id", ForeignKey("listings.id"), nullable=False),
    Index("ix_listing_keys_listing", "listing_id"),
    sqlite_with_rowid=False,
)

# The words of every paper for full-text search, see `digest.text.catalog`; `words_index` of a migration is made of it.
words = Table(
    "words",
    metadata,
    Column("listing_id", ForeignKey("listings.id"), primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
)

announcements = Table(
    "announcements",
    metadata,
    Column("seq", _Number, primary_key=True, autoincrement=False),
    Column("listing_id", ForeignKey("listings.id"), nullable=False),
    Column("source", Text, nullable=False),
    Column("kind", Word(Kind), nullable=False),
    Column("day", Date, nullable=False),
    Column("version", Integer, nullable=False),  # of a revision; 0 for other kinds
    Column("announced_at", Instant, nullable=False),
    UniqueConstraint("listing_id", "source", "kind", "version", name="uq_announcements_news"),
    Index("ix_announcements_kind_day", "kind", "day"),
    Index("ix_announcements_day", "day"),
    Index("ix_announcements_source_day", "source", "day"),
)

sources = Table(
    "sources",
    metadata,
    Column("name", Text, primary_key=True),
    Column("covered", Document(Mapping[str, date]), nullable=False),
    Column("validators", Document(Mapping[str, Validators]), nullable=False),
    Column("problems", Document(tuple[Problem, ...]), nullable=False),
    Column("last_attempt", Instant),
    Column("last_success", Instant),
    Column("next_pull", Instant),
    Column("not_before", Instant),
    Column("worker", Text),  # who is pulling it
    Column("lease_until", Instant),
    Column("announced", Integer, nullable=False),  # listings given by the last pull
)

ABSENT = text("status <> 'active'")  # to be said so wherever the index is to be used

subscribers = Table(
    "subscribers",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("address", Text, nullable=False),  # the email as it is compared; sorted by its bytes, see 0009
    Column("email", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("profile", Document(Profile), nullable=False),
    Column("timezone", Text, nullable=False),
    Column("send_at", Time, nullable=False),
    Column("days", Document(frozenset[int]), nullable=False),
    Column("away", Document(tuple[Away, ...]), nullable=False),
    Column("catch_up", Boolean, nullable=False),
    Column("format", Word(Format), nullable=False),
    Column("layout", Word(Layout), nullable=False),
    Column("locale", Text, nullable=False),
    Column("send_empty", Boolean, nullable=False),
    Column("status", Word(Status), nullable=False),
    Column("origin", Word(Origin), nullable=False),
    Column("cursor", _Number, nullable=False),
    Column("last_issue", Date),
    Column("paused_until", Date),
    Column("next_due", Instant, nullable=False),
    Column("planned_at", Instant),  # when `next_due` was found
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("address", name="uq_subscribers_address"),
    Index("ix_subscribers_next_due", "next_due"),
    Index("ix_subscribers_planned_at", "planned_at"),
    # Of few; of all, SQLite would take it for the better way to whoever is active and due.
    Index("ix_subscribers_absent", "status", "address", sqlite_where=ABSENT, postgresql_where=ABSENT),
)

editions = Table(
    "editions",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("subscriber_id", ForeignKey("subscribers.id"), nullable=False),
    Column("issue_date", Date, nullable=False),
    Column("composed_at", Instant, nullable=False),
    Column("papers", Integer),  # how many it shows
    UniqueConstraint("subscriber_id", "issue_date", name="uq_editions_subscriber_issue_date"),
    Index("ix_editions_composed_at", "composed_at"),
)

# Apart from its edition, because it is taken away when it is old, and the edition's row is not.
contents = Table(
    "kept_contents",
    metadata,
    Column("edition_id", ForeignKey("editions.id"), primary_key=True, autoincrement=False),
    # All of it that others do not share, see `sheets`.
    Column("content", LargeBinary, nullable=False),
)

# What editions that were published together share.
sheets = Table(
    "sheets",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("composed_at", Instant, nullable=False),  # the newest of those editions
    Column("first_edition", _Number, nullable=False),  # their numbers are between these, both included
    Column("last_edition", _Number, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Index("ix_sheets_composed_at", "composed_at"),
)

# Subscribers as they were before they changed something: as their editions up to this one show them.
looks = Table(
    "looks",
    metadata,
    Column("subscriber_id", ForeignKey("subscribers.id"), nullable=False),
    Column("edition_id", _Number, nullable=False),
    Column("content", Packed(Subscriber), nullable=False),
    PrimaryKeyConstraint("subscriber_id", "edition_id", name="pk_looks"),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("version", Integer),  # of the listing
    Column("shown_at", Instant),  # when the newest edition that shows it was composed, to a day
    UniqueConstraint("digest", name="uq_snapshots_digest"),
)

# As contents beside editions.
texts = Table(
    "texts",
    metadata,
    Column("snapshot_id", ForeignKey("snapshots.id"), primary_key=True, autoincrement=False),
    Column("content", Packed(KeptListing), nullable=False),
)

# What each subscriber was sent, for good; see the module of that name.
had = Table(
    "had",
    metadata,
    Column("shard", _Number, nullable=False),  # of subscribers
    Column("bucket", _Number, nullable=False),  # of listings
    Column("edition_id", _Number, nullable=False),  # one of those published together
    Column("content", LargeBinary, nullable=False),
    PrimaryKeyConstraint("shard", "bucket", "edition_id", name="pk_had"),
    Index("ix_had_bucket", "bucket"),
    sqlite_with_rowid=False,
)

# The listings that are in it.
shown = Table(
    "shown",
    metadata,
    Column("listing_id", ForeignKey("listings.id"), primary_key=True, autoincrement=False),
)

WAITS = text("next_attempt IS NOT NULL")

TROUBLE = text("state IN ('deferred', 'expired', 'failed', 'unknown')")  # as ABSENT

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("edition_id", ForeignKey("editions.id"), nullable=False),
    Column("state", Word(State), nullable=False),
    Column("attempts", Integer, nullable=False),
    # When a worker may take it up; for one in a worker's hands, when that worker counts as dead. Null: never again.
    Column("next_attempt", Instant),
    Column("worker", Text),
    Column("lease_until", Instant),  # as promised to the worker: the two together name one claim
    Column("code", Integer),
    Column("detail", Text, nullable=False),  # what the server said last
    Column("resent", Integer, nullable=False),  # times it was handed over again when it may have arrived
    Column("created_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    UniqueConstraint("edition_id", name="uq_deliveries_edition"),
    Index("ix_deliveries_trouble", "changed_at", sqlite_where=TROUBLE, postgresql_where=TROUBLE),
    # In the order in which they are claimed, to the last one: a day's deliveries are due at a few moments, and whoever has
    # to sort all that are due at one of them for each hundred takes time by the square of their number.
    Index("ix_deliveries_next_attempt", "next_attempt", "id", sqlite_where=WAITS, postgresql_where=WAITS),
)

# Addresses that no mail is sent to. Kept when their subscribers leave, so that they do not come back unnoticed.
suppressions = Table(
    "suppressions",
    metadata,
    Column("address", Text, primary_key=True),  # as subscribers.address
    Column("email", Text, nullable=False),  # as it was written
    Column("cause", Word(Cause), nullable=False),
    Column("detail", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_suppressions_at", "at", "address"),
)

# Mails that came back, each once however often they are read.
returns = Table(
    "returns",
    metadata,
    Column("subscriber_id", ForeignKey("subscribers.id"), nullable=False),
    Column("issue_date", Date, nullable=False),
    Column("kind", Word(Return), nullable=False),
    Column("code", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("subscriber_id", "issue_date", "kind", name="pk_returns"),
    Index("ix_returns_at", "at"),
)

paces = Table(
    "paces",
    metadata,
    Column("key", Text, primary_key=True),
    Column("free_at", Instant),
    Column("strikes", Integer, nullable=False),
    Column("quiet_until", Instant),
    Column("eased_at", Instant),
)

# What the operator was told of, so that they are told once a day, whoever finds it.
alerts = Table(
    "alerts",
    metadata,
    Column("key", Text, primary_key=True),
    Column("what", Text, nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("told_at", Instant),  # null: not yet
    Column("over_at", Instant),
)

# Sums over rows that may be gone: counters that never fall. `upto:TABLE` is the last row that is in them.
tallies = Table(
    "tallies",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", _Number, nullable=False),
)

# One row: how common words are in the papers of the last weeks.
background = Table(
    "background",
    metadata,
    Column("id", _Number, primary_key=True, autoincrement=False),
    Column("faded_at", Instant, nullable=False),  # up to when older papers were made to count less
    Column("content", Counts, nullable=False),
)

feedback = Table(
    "feedback",
    metadata,
    Column("subscriber_id", ForeignKey("subscribers.id"), nullable=False),
    Column("listing_id", ForeignKey("listings.id"), nullable=False),
    Column("liked", Boolean, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("subscriber_id", "listing_id", name="pk_feedback"),
    Index("ix_feedback_listing", "listing_id"),
    sqlite_with_rowid=False,
)

# Words learnt from feedback that somebody does not want to be searched for.
forgotten = Table(
    "forgotten",
    metadata,
    Column("subscriber_id", ForeignKey("subscribers.id"), nullable=False),
    Column("key", Text, nullable=False),
    PrimaryKeyConstraint("subscriber_id", "key", name="pk_forgotten"),
    sqlite_with_rowid=False,
)

# What a sentence encoder makes of a text, which takes it a thousand times as long as reading it here does.
vectors = Table(
    "vectors",
    metadata,
    Column("model", Text, nullable=False),
    Column("digest", Text, nullable=False),  # of the text
    Column("vector", LargeBinary, nullable=False),
    PrimaryKeyConstraint("model", "digest", name="pk_vectors"),
)

# --- the pages ----------------------------------------------------------------------------------------------------

# One for each errand and address, however often it is asked for.
wishes = Table(
    "wishes",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("errand", Word(Errand), nullable=False),
    Column("address", Text, nullable=False),  # as subscribers.address
    Column("domain", Text, nullable=False),  # as pacing.domain_of
    Column("email", Text, nullable=False),
    Column("subscriber", _Number, nullable=False),  # whose, of a move; 0 else
    Column("wanted", Document(Subscriber)),
    Column("at", Instant, nullable=False),
    Column("mails", Integer, nullable=False),
    Column("mailed_at", Instant),
    Column("next_attempt", Instant),  # when a mail is to be sent; null: none is
    Column("lease_until", Instant),  # somebody is sending it
    Column("done_at", Instant),
    UniqueConstraint("errand", "address", name="uq_wishes_errand_address"),
    Index("ix_wishes_next_attempt", "next_attempt"),
    Index("ix_wishes_domain_mailed_at", "domain", "mailed_at"),
)

pins = Table(
    "pins",
    metadata,
    Column("day", Date, nullable=False),
    Column("listing_id", ForeignKey("listings.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("day", "listing_id", name="pk_pins"),
    Index("ix_pins_listing", "listing_id"),
)

votes = Table(
    "votes",
    metadata,
    Column("subscriber_id", ForeignKey("subscribers.id"), nullable=False),
    Column("listing_id", ForeignKey("listings.id"), nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("subscriber_id", "listing_id", name="pk_votes"),
    Index("ix_votes_listing", "listing_id"),
    Index("ix_votes_at", "at"),
    sqlite_with_rowid=False,
)

# Each paper once, whoever suggests it again.
suggestions = Table(
    "suggestions",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("listing_id", ForeignKey("listings.id"), nullable=False),
    Column("subscriber_id", ForeignKey("subscribers.id"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("state", Word(Judged), nullable=False),
    Column("judged_by", Text, nullable=False),
    UniqueConstraint("listing_id", name="uq_suggestions_listing"),
    Index("ix_suggestions_subscriber", "subscriber_id"),
)

# What was changed on the operator's pages.
deeds = Table(
    "deeds",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("who", Text, nullable=False),
    Column("what", Text, nullable=False),
)
