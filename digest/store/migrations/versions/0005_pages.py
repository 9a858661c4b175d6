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
    op.create_index("ix_subscribers_status_address", "subscribers", ["status", "address"])
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
