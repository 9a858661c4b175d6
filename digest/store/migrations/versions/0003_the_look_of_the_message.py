"""What a subscriber's mail looks like: how much of each paper it shows, and in which language."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("subscribers", sa.Column("layout", sa.Text, nullable=False, server_default="cards"))
    op.add_column("subscribers", sa.Column("locale", sa.Text, nullable=False, server_default=""))
