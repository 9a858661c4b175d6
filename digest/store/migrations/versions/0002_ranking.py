"""What ranking learns: how common words are, what people said of papers, and vectors that are made once."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "background",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("faded_at", INSTANT, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "feedback",
        sa.Column("subscriber_id", NUMBER, sa.ForeignKey("subscribers.id"), nullable=False),
        sa.Column("listing_id", NUMBER, sa.ForeignKey("listings.id"), nullable=False),
        sa.Column("liked", sa.Boolean, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("subscriber_id", "listing_id", name="pk_feedback"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "forgotten",
        sa.Column("subscriber_id", NUMBER, sa.ForeignKey("subscribers.id"), nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("subscriber_id", "key", name="pk_forgotten"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "vectors",
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("vector", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("model", "digest", name="pk_vectors"),
    )
