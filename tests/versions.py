"""Versions of the program that are yet to come, as far as the tables are concerned."""

import shutil
from pathlib import Path

from digest.store import database

MIGRATION = """
import sqlalchemy as sa
from alembic import op
from digest.store.migrating import add_index

revision, down_revision, branch_labels, depends_on = "{revision}", "{before}", None, None
phase = "{phase}"


def upgrade() -> None:
    {change}
"""
ADD = 'op.add_column("deeds", sa.Column("why", sa.Text, nullable=False, server_default=""))'
DROP = 'op.drop_column("deeds", "why")'


class Versions:
    """The program's migrations, and those of versions that are yet to come."""

    def __init__(self, folder: Path) -> None:
        self.newest = database.head()
        self.folder = shutil.copytree(database.MIGRATIONS, folder / "migrations")

    def come(self, phase: str, change: str = "pass") -> str:
        """The next version has one more migration."""
        before, self.newest = self.newest, f"{int(self.newest) + 1:04}"
        said = MIGRATION.format(revision=self.newest, before=before, phase=phase, change=change)
        (self.folder / "versions" / f"{self.newest}_next.py").write_text(said)
        return self.newest

    def go(self) -> None:
        """We are an older version again."""
        (self.folder / "versions" / f"{self.newest}_next.py").unlink()
        self.newest = f"{int(self.newest) - 1:04}"
