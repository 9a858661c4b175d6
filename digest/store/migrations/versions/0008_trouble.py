"""Deliveries that did not go through are few, and found among a million by an index of their own."""

import sqlalchemy as sa

from digest.store.migrating import add_index

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None
phase = "expand"  # see `digest.store.migrating`


def upgrade() -> None:
    trouble = sa.text("state IN ('deferred', 'expired', 'failed', 'unknown')")
    add_index("ix_deliveries_trouble", "deliveries", ["changed_at"], sqlite_where=trouble, postgresql_where=trouble)
