"""How much of each paper a subscriber's mail shows, and in which language; and new versions of what they were sent."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("subscribers", sa.Column("layout", sa.Text, nullable=False, server_default="cards"))
    op.add_column("subscribers", sa.Column("locale", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "versions",
        sa.Column("subscriber_id", NUMBER, sa.ForeignKey("subscribers.id"), nullable=False),
        sa.Column("listing_id", NUMBER, sa.ForeignKey("listings.id"), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("edition_id", NUMBER, sa.ForeignKey("editions.id"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("snapshot_id", NUMBER, sa.ForeignKey("snapshots.id"), nullable=False),
        sa.PrimaryKeyConstraint("subscriber_id", "listing_id", "version", name="pk_versions"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_versions_edition", "versions", ["edition_id"])
