"""Bitmap of the people with a queued message, per chunk of an appeal, for the weekly frequency cap.

For chunks expanded earlier it is computed from the messages of the last two weeks. Older ones no longer count.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_NOTHING = (
    "appeal IS NOT NULL AND (status IN ('refused', 'cancelled')"
    " OR status = 'suppressed' AND reason = 'the subscriber wants no appeals')"
)
_CHUNKS = sa.text(
    "SELECT c.appeal, c.number FROM appeal_chunks c JOIN appeals a ON a.id = c.appeal WHERE c.expanded_at IS NOT NULL"
    " AND (a.status IN ('running', 'paused') OR a.updated_at > now() - interval '14 days')"
)
_QUEUED_FOR = sa.text(
    "SELECT min(m.due_at) AS due_at, array_agg(m.person) FILTER"
    " (WHERE m.status <> 'suppressed' OR m.reason = 'the subscriber wants no appeals') AS ids"
    " FROM appeal_chunks c JOIN messages m ON m.appeal = c.appeal AND m.person = ANY (c.people)"
    " WHERE c.appeal = :appeal AND c.number = :number"
)
_KEEP = sa.text(
    "UPDATE appeal_chunks SET first = :first, queued_for = :bits, due_at = :due_at"
    " WHERE appeal = :appeal AND number = :number"
)


def upgrade() -> None:
    op.add_column("appeal_chunks", sa.Column("first", sa.BigInteger))
    op.add_column("appeal_chunks", sa.Column("queued_for", sa.LargeBinary))
    op.add_column("appeal_chunks", sa.Column("due_at", sa.DateTime(timezone=True)))
    nothing = sa.text(_NOTHING)
    op.create_index("ix_messages_came_to_nothing", "messages", ["appeal", "person"], postgresql_where=nothing)
    op.drop_index("ix_messages_appeal", "messages")
    connection = op.get_bind()
    for appeal, number in connection.execute(_CHUNKS).all():
        this = {"appeal": appeal, "number": number}
        found = connection.execute(_QUEUED_FOR, this).one()
        first, bits = _crowd(found.ids or [])
        connection.execute(_KEEP, {**this, "first": first, "bits": bits, "due_at": found.due_at})


def _crowd(ids: list[int]) -> tuple[int, bytes]:
    """Return a bit for each id, the lowest first, starting at a multiple of eight."""
    if not ids:
        return 0, b""
    first = min(ids) // 8 * 8
    bits = bytearray((max(ids) - first) // 8 + 1)
    for one in ids:
        bits[(one - first) // 8] |= 1 << one % 8
    return first, bytes(bits)
