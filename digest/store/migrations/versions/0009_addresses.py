"""Addresses sort by their bytes on PostgreSQL too, whatever language the database is in."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None
phase = "expand"  # see `digest.store.migrating`


def upgrade() -> None:
    # Not a row is written anew, but the indexes are: some seconds for a million, for which others wait.
    if op.get_context().dialect.name == "postgresql":
        for table in ("subscribers", "suppressions", "wishes"):
            op.execute(f'ALTER TABLE {table} ALTER COLUMN address TYPE text COLLATE "C"')
