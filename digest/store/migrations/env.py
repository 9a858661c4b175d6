"""Runs the migrations on the connection, and in the transaction, that `digest.store.database` hands over."""

from alembic import context

from digest.store.migrating import made
from digest.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=True,  # where none is open yet
    on_version_apply=made,
)
with context.begin_transaction():
    context.run_migrations()
