"""Absences, suppressed addresses, what came back by mail, and how fast mail may go out."""

import json
import zlib

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
    op.add_column("subscribers", sa.Column("planned_at", INSTANT))
    op.create_index("ix_subscribers_planned_at", "subscribers", ["planned_at"])
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
    _keeping()


def _keeping() -> None:
    """What is taken away when it is old stands apart from what is not; what counts it, and finds it, beside it."""
    for table in ("listing_keys", "picks", "versions", "feedback"):
        op.create_index(f"ix_{table}_listing", table, ["listing_id"])
    op.add_column("listings", sa.Column("last_seen", INSTANT))
    op.execute("UPDATE listings SET last_seen = CURRENT_TIMESTAMP")
    op.create_index("ix_listings_last_seen", "listings", ["last_seen"])
    op.add_column("snapshots", sa.Column("version", sa.Integer))
    op.add_column("snapshots", sa.Column("shown_at", INSTANT))
    op.execute("UPDATE snapshots SET shown_at = CURRENT_TIMESTAMP")
    _number_snapshots(op.get_bind())
    for table, apart, key in (("editions", "contents", "edition_id"), ("snapshots", "texts", "snapshot_id")):
        op.create_table(
            apart,
            sa.Column(key, NUMBER, sa.ForeignKey(f"{table}.id"), primary_key=True, autoincrement=False),
            sa.Column("content", sa.LargeBinary, nullable=False),
        )
        op.execute(f"INSERT INTO {apart} SELECT id, content FROM {table}")  # noqa: S608 - names of our own
        op.drop_column(table, "content")
    op.create_table(
        "alerts",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("begun_at", INSTANT, nullable=False),
        sa.Column("told_at", INSTANT),
        sa.Column("over_at", INSTANT),
    )
    op.create_table(
        "tallies",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", NUMBER, nullable=False),
    )


def _number_snapshots(connection: sa.Connection) -> None:
    """The version that each snapshot is of, which was only in its document."""
    snapshots = sa.table("snapshots", sa.column("id"), sa.column("content"), sa.column("version"))
    rows = connection.execute(sa.select(snapshots.c.id, snapshots.c.content))
    versions = [(row.id, json.loads(zlib.decompress(row.content)).get("version")) for row in rows]
    numbered = [{"number": number, "new": version} for number, version in versions if version is not None]
    if numbered:
        found = sa.update(snapshots).where(snapshots.c.id == sa.bindparam("number"))
        connection.execute(found.values(version=sa.bindparam("new")), numbered)
