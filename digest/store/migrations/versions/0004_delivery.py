"""Absences, suppressed addresses, what came back by mail, and how fast mail may go out."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("subscribers", sa.Column("away", sa.Text, nullable=False, server_default="[]"))
    op.add_column("subscribers", sa.Column("catch_up", sa.Boolean, nullable=False, server_default=sa.true()))
    op.add_column("subscribers", sa.Column("paused_until", sa.Date))
    op.add_column("deliveries", sa.Column("resent", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "suppressions",
        sa.Column("address", sa.Text, primary_key=True),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )
    op.create_table(
        "returns",
        sa.Column("subscriber_id", NUMBER, sa.ForeignKey("subscribers.id"), nullable=False),
        sa.Column("issue_date", sa.Date, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("subscriber_id", "issue_date", "kind", name="pk_returns"),
    )
    op.create_index("ix_returns_at", "returns", ["at"])
    op.create_table(
        "paces",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("free_at", INSTANT),
        sa.Column("strikes", sa.Integer, nullable=False),
        sa.Column("quiet_until", INSTANT),
        sa.Column("eased_at", INSTANT),
    )
