"""The first tables. A released migration is never changed: a later one goes on from here."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _bookkeeping()
    _news()
    _people()
    _editions()
    if op.get_context().dialect.name == "sqlite":
        _search_sqlite()
    else:
        _search_postgresql()


def _bookkeeping() -> None:
    meta = op.create_table(
        "meta",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.bulk_insert(meta, [{"key": "secret", "value": secrets.token_hex(32)}])
    counters = op.create_table(
        "counters",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", NUMBER, nullable=False),
    )
    op.bulk_insert(counters, [{"name": "seq", "value": 0}, {"name": "listing", "value": 0}])


def _news() -> None:
    op.create_table(
        "listings",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("same_as", NUMBER, sa.ForeignKey("listings.id"), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("abstract", sa.Text, nullable=False),
        sa.Column("authors", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("arxiv_id", sa.Text),
        sa.Column("doi", sa.Text),
        sa.Column("guid", sa.Text),
        sa.Column("version", sa.Integer),
        sa.Column("categories", sa.Text, nullable=False),
        sa.Column("keywords", sa.Text, nullable=False),
        sa.Column("comment", sa.Text),
        sa.Column("summary", sa.Text),
        sa.Column("pdf_url", sa.Text),
        sa.Column("code_url", sa.Text),
        sa.Column("project_url", sa.Text),
        sa.Column("discussion_url", sa.Text),
        sa.Column("thumbnail_url", sa.Text),
        sa.Column("published", INSTANT),
        sa.Column("updated", INSTANT),
        sa.Column("upvotes", sa.Integer),
        sa.Column("comments", sa.Integer),
        sa.Column("raw_title", sa.Text, nullable=False),
        sa.Column("raw_abstract", sa.Text, nullable=False),
        sa.Column("raw_authors", sa.Text, nullable=False),
        sa.Column("first_seen", INSTANT, nullable=False),
    )
    op.create_index("ix_listings_same_as", "listings", ["same_as"])
    op.create_table(
        "listing_keys",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("listing_id", NUMBER, sa.ForeignKey("listings.id"), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "announcements",
        sa.Column("seq", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("listing_id", NUMBER, sa.ForeignKey("listings.id"), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("announced_at", INSTANT, nullable=False),
        sa.UniqueConstraint("listing_id", "source", "kind", "version", name="uq_announcements_news"),
    )
    op.create_index("ix_announcements_kind_day", "announcements", ["kind", "day"])
    op.create_table(
        "sources",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("covered", sa.Text, nullable=False),
        sa.Column("validators", sa.Text, nullable=False),
        sa.Column("problems", sa.Text, nullable=False),
        sa.Column("last_attempt", INSTANT),
        sa.Column("last_success", INSTANT),
        sa.Column("next_pull", INSTANT),
        sa.Column("not_before", INSTANT),
        sa.Column("worker", sa.Text),
        sa.Column("lease_until", INSTANT),
        sa.Column("announced", sa.Integer, nullable=False),
    )


def _people() -> None:
    op.create_table(
        "subscribers",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("profile", sa.Text, nullable=False),
        sa.Column("timezone", sa.Text, nullable=False),
        sa.Column("send_at", sa.Time, nullable=False),
        sa.Column("days", sa.Text, nullable=False),
        sa.Column("format", sa.Text, nullable=False),
        sa.Column("send_empty", sa.Boolean, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("cursor", NUMBER, nullable=False),
        sa.Column("last_issue", sa.Date),
        sa.Column("next_due", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.UniqueConstraint("address", name="uq_subscribers_address"),
    )
    op.create_index("ix_subscribers_next_due", "subscribers", ["next_due"])


def _editions() -> None:
    op.create_table(
        "editions",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("subscriber_id", NUMBER, sa.ForeignKey("subscribers.id"), nullable=False),
        sa.Column("issue_date", sa.Date, nullable=False),
        sa.Column("composed_at", INSTANT, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("subscriber_id", "issue_date", name="uq_editions_subscriber_issue_date"),
    )
    op.create_index("ix_editions_composed_at", "editions", ["composed_at"])
    op.create_table(
        "snapshots",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("digest", name="uq_snapshots_digest"),
    )
    op.create_table(
        "picks",
        sa.Column("subscriber_id", NUMBER, sa.ForeignKey("subscribers.id"), nullable=False),
        sa.Column("listing_id", NUMBER, sa.ForeignKey("listings.id"), nullable=False),
        sa.Column("edition_id", NUMBER, sa.ForeignKey("editions.id"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("snapshot_id", NUMBER, sa.ForeignKey("snapshots.id"), nullable=False),
        sa.PrimaryKeyConstraint("subscriber_id", "listing_id", name="pk_picks"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_picks_edition", "picks", ["edition_id"])
    op.create_table(
        "deliveries",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("edition_id", NUMBER, sa.ForeignKey("editions.id"), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_attempt", INSTANT),
        sa.Column("worker", sa.Text),
        sa.Column("lease_until", INSTANT),
        sa.Column("code", sa.Integer),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.UniqueConstraint("edition_id", name="uq_deliveries_edition"),
    )
    op.create_index("ix_deliveries_next_attempt", "deliveries", ["next_attempt"])


def _search_sqlite() -> None:
    """A full-text index that holds no text of its own; triggers keep it true to `listings`."""
    op.execute(
        "CREATE VIRTUAL TABLE listings_words USING fts5(title, abstract, authors, content='listings',"
        " content_rowid='id', tokenize='porter unicode61 remove_diacritics 2')"
    )
    forget = (
        "INSERT INTO listings_words(listings_words, rowid, title, abstract, authors)"
        " VALUES ('delete', old.id, old.title, old.abstract, old.authors);"
    )
    learn = (
        "INSERT INTO listings_words(rowid, title, abstract, authors)"
        " VALUES (new.id, new.title, new.abstract, new.authors);"
    )
    changed = "old.title <> new.title OR old.abstract <> new.abstract OR old.authors <> new.authors"
    op.execute(f"CREATE TRIGGER listings_words_insert AFTER INSERT ON listings BEGIN {learn} END")
    op.execute(f"CREATE TRIGGER listings_words_delete AFTER DELETE ON listings BEGIN {forget} END")
    op.execute(
        "CREATE TRIGGER listings_words_update AFTER UPDATE OF title, abstract, authors ON listings"
        f" WHEN {changed} BEGIN {forget} {learn} END"
    )


def _search_postgresql() -> None:
    op.execute(
        "CREATE INDEX ix_listings_words ON listings"
        " USING gin (to_tsvector('english', title || ' ' || abstract || ' ' || authors))"
    )
