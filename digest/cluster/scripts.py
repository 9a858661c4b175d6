"""Procrastinate's own scripts, for `Store.prepare_jobs`."""

from pathlib import Path

from procrastinate.schema import SchemaManager

from digest.store.jobs import Scripts


def scripts() -> Scripts:
    """Those of the version that is installed."""
    files = Path(SchemaManager.get_migrations_path()).glob("*.sql")
    return Scripts(SchemaManager.get_schema(), {file.name: file.read_text(encoding="utf-8") for file in files})
