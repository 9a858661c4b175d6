"""What everybody had is kept by the thousand, and what editions have in common once.

Editions that are there keep their document, with the numbers of what it shows beside it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from digest.store.had import Had, packed, place
from digest.store.sheets import from_document

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None
phase = "switch"  # see `digest.store.migrating`

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)

_EDITIONS = 1_000  # at a time
_LISTINGS = 256  # at a time: a whole number of rows of `had`


def upgrade() -> None:
    _tables()
    connection = op.get_bind()
    op.add_column("editions", sa.Column("papers", sa.Integer))
    op.execute(
        "UPDATE editions SET papers = (SELECT count(*) FROM picks WHERE edition_id = editions.id)"
        " + (SELECT count(*) FROM versions WHERE edition_id = editions.id)"
    )
    op.execute("INSERT INTO shown SELECT listing_id FROM picks UNION SELECT listing_id FROM versions")
    _contents(connection)
    _had(connection)
    # Programs from before `phase`, if one still runs, are to meet an error: what they cannot read, they give up.
    op.rename_table("contents", "kept_contents")
    op.drop_table("versions")
    op.drop_table("picks")
    waits = sa.text("next_attempt IS NOT NULL")
    op.drop_index("ix_deliveries_next_attempt", "deliveries")
    op.create_index(
        "ix_deliveries_next_attempt", "deliveries", ["next_attempt", "id"], sqlite_where=waits, postgresql_where=waits
    )


def _tables() -> None:
    op.create_table(
        "sheets",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("composed_at", INSTANT, nullable=False),
        sa.Column("first_edition", NUMBER, nullable=False),
        sa.Column("last_edition", NUMBER, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_sheets_composed_at", "sheets", ["composed_at"])
    op.create_table(
        "looks",
        sa.Column("subscriber_id", NUMBER, sa.ForeignKey("subscribers.id"), nullable=False),
        sa.Column("edition_id", NUMBER, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("subscriber_id", "edition_id", name="pk_looks"),
    )
    op.create_table(
        "had",
        sa.Column("shard", NUMBER, nullable=False),
        sa.Column("bucket", NUMBER, nullable=False),
        sa.Column("edition_id", NUMBER, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("shard", "bucket", "edition_id", name="pk_had"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_had_bucket", "had", ["bucket"])
    op.create_table(
        "shown",
        sa.Column("listing_id", NUMBER, sa.ForeignKey("listings.id"), primary_key=True, autoincrement=False),
    )


editions = sa.table("editions", sa.column("id"), sa.column("issue_date", sa.Date))
contents = sa.table("contents", sa.column("edition_id"), sa.column("content"))
snapshots = sa.table("snapshots", sa.column("id"), sa.column("version"))
had = sa.table("had", *(sa.column(name) for name in ("shard", "bucket", "edition_id", "content")))
_columns: list[Any] = [
    sa.column(name) for name in ("subscriber_id", "listing_id", "edition_id", "position", "snapshot_id")
]
picks = sa.table("picks", *_columns)
versions = sa.table("versions", *(sa.column(column.name) for column in _columns), sa.column("version"))


def _ranges(connection: sa.Connection, column: Any, size: int) -> Iterator[tuple[int, int]]:
    """From the lowest number to the highest, so many at a time, in steps that begin at their multiples."""
    lowest, highest = connection.execute(sa.select(sa.func.min(column), sa.func.max(column))).one()
    if lowest is not None:
        for start in range(lowest // size * size, highest + 1, size):
            yield start, start + size - 1


# --- editions -----------------------------------------------------------------------------------------------------


def _contents(connection: sa.Connection) -> None:
    """Where the texts of an edition's picks are stands with it from now on."""
    for first, last in _ranges(connection, contents.c.edition_id, _EDITIONS):
        placed = sa.union_all(
            *(
                sa.select(t.c.edition_id, t.c.position, t.c.snapshot_id).where(t.c.edition_id.between(first, last))
                for t in (picks, versions)
            )
        )
        shown: defaultdict[int, list[int]] = defaultdict(list)
        for edition, _, snapshot in connection.execute(placed.order_by("edition_id", "position")):
            shown[edition].append(snapshot)
        those = sa.select(contents).where(contents.c.edition_id.between(first, last))
        rows = [
            {"number": number, "new": from_document(bytes(content), shown[number])}
            for number, content in connection.execute(those).all()
        ]
        if rows:
            this = sa.update(contents).where(contents.c.edition_id == sa.bindparam("number"))
            connection.execute(this.values(content=sa.bindparam("new", type_=sa.LargeBinary)), rows)


# --- what everybody had -------------------------------------------------------------------------------------------


def _had(connection: sa.Connection) -> None:
    lowest = {table: sa.select(table.c.listing_id.label("number")) for table in (picks, versions)}
    both = sa.union_all(*lowest.values()).subquery()
    for first, last in _ranges(connection, both.c.number, _LISTINGS):
        rows: defaultdict[tuple[int, int], list[Had]] = defaultdict(list)
        for entry in _entries(connection, first, last):
            rows[place(entry)].append(entry)
        if rows:
            connection.execute(sa.insert(had), list(_rows(rows.items())))


def _rows(rows: Iterable[tuple[tuple[int, int], list[Had]]]) -> Iterator[dict[str, Any]]:
    for (shard, bucket), entries in rows:
        yield {"shard": shard, "bucket": bucket, "edition_id": 0, "content": packed(entries)}


def _entries(connection: sa.Connection, first: int, last: int) -> Iterator[Had]:
    """Who had these listings: first as they were shown, a version without a number being the first; then the later ones."""
    day = editions.c.issue_date
    p, v = picks.c, versions.c
    begun = (
        sa.select(p.subscriber_id, p.listing_id, snapshots.c.version, day)
        .join_from(picks, editions, editions.c.id == p.edition_id)
        .join(snapshots, snapshots.c.id == p.snapshot_id)
        .where(p.listing_id.between(first, last))
    )
    told = sa.select(v.subscriber_id, v.listing_id, v.version, day).join_from(
        versions, editions, editions.c.id == v.edition_id
    )
    for query in (begun, told.where(v.listing_id.between(first, last))):
        for reader, listing, version, on in connection.execute(query):
            yield Had(reader, listing, version or 1, on)
