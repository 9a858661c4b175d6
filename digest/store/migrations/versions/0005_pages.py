"""What people ask for on the pages, what they say of papers to others, and what the operator changed there."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_index("ix_announcements_day", "announcements", ["day"])
    op.create_index("ix_announcements_source_day", "announcements", ["source", "day"])
    _search()
    absent = sa.text("status <> 'active'")
    columns = ["status", "address"]
    op.create_index("ix_subscribers_absent", "subscribers", columns, sqlite_where=absent, postgresql_where=absent)
    op.create_index("ix_suppressions_at", "suppressions", ["at", "address"])
    op.create_table(
        "wishes",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("errand", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("domain", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("subscriber", NUMBER, nullable=False),
        sa.Column("wanted", sa.Text),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("mails", sa.Integer, nullable=False),
        sa.Column("mailed_at", INSTANT),
        sa.Column("next_attempt", INSTANT),
        sa.Column("lease_until", INSTANT),
        sa.Column("done_at", INSTANT),
        sa.UniqueConstraint("errand", "address", name="uq_wishes_errand_address"),
    )
    op.create_index("ix_wishes_next_attempt", "wishes", ["next_attempt"])
    op.create_index("ix_wishes_domain_mailed_at", "wishes", ["domain", "mailed_at"])
    _by_people()
    op.create_table(
        "deeds",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
    )


def _by_people() -> None:
    op.create_table(
        "pins",
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("listing_id", NUMBER, sa.ForeignKey("listings.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("day", "listing_id", name="pk_pins"),
    )
    op.create_index("ix_pins_listing", "pins", ["listing_id"])
    op.create_table(
        "votes",
        sa.Column("subscriber_id", NUMBER, sa.ForeignKey("subscribers.id"), nullable=False),
        sa.Column("listing_id", NUMBER, sa.ForeignKey("listings.id"), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("subscriber_id", "listing_id", name="pk_votes"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_votes_listing", "votes", ["listing_id"])
    op.create_index("ix_votes_at", "votes", ["at"])
    op.create_table(
        "suggestions",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("listing_id", NUMBER, sa.ForeignKey("listings.id"), nullable=False),
        sa.Column("subscriber_id", NUMBER, sa.ForeignKey("subscribers.id"), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("judged_by", sa.Text, nullable=False),
        sa.UniqueConstraint("listing_id", name="uq_suggestions_listing"),
    )
    op.create_index("ix_suggestions_subscriber", "suggestions", ["subscriber_id"])


def _search() -> None:
    """Every paper's words as ranking reads them, in one index on either database. They are filled in by `store.words`."""
    op.create_table(
        "words",
        sa.Column("listing_id", NUMBER, sa.ForeignKey("listings.id"), primary_key=True, autoincrement=False),
        sa.Column("text", sa.Text, nullable=False),
    )
    if op.get_context().dialect.name == "sqlite":
        _search_sqlite()
    else:
        op.execute("DROP INDEX ix_listings_words")
        # Kept beside the text: made again for every row that is looked at, it would take a millisecond each.
        op.execute(
            "ALTER TABLE words ADD COLUMN words_indexed tsvector"
            " GENERATED ALWAYS AS (to_tsvector('simple', text)) STORED"
        )
        op.execute("CREATE INDEX words_index ON words USING gin (words_indexed)")


def _search_sqlite() -> None:
    for trigger in ("insert", "delete", "update"):
        op.execute(f"DROP TRIGGER listings_words_{trigger}")
    op.execute("DROP TABLE listings_words")
    op.execute(
        "CREATE VIRTUAL TABLE words_index USING fts5(text, content='words', content_rowid='listing_id', tokenize='ascii')"
    )
    forget = "INSERT INTO words_index(words_index, rowid, text) VALUES ('delete', old.listing_id, old.text);"
    learn = "INSERT INTO words_index(rowid, text) VALUES (new.listing_id, new.text);"
    op.execute(f"CREATE TRIGGER words_insert AFTER INSERT ON words BEGIN {learn} END")
    op.execute(f"CREATE TRIGGER words_delete AFTER DELETE ON words BEGIN {forget} END")
    op.execute(
        "CREATE TRIGGER words_update AFTER UPDATE OF text ON words"
        f" WHEN old.text <> new.text BEGIN {forget} {learn} END"
    )
