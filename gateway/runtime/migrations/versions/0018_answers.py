"""Answers that a pack declares, and the day since when a reporter knows.

Expand: `answers` takes over what `size` and `seen` hold. These two stay, without NOT NULL, for the release before,
which may still run. A trigger copies what it writes. A later release drops both columns and the trigger.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("incidents", sa.Column("known_date", sa.Date))
    for name in ("answers", "personal_answers"):
        op.add_column("incidents", sa.Column(name, JSONB, nullable=False, server_default=sa.text("'{}'")))
    for name in ("size", "seen"):
        op.alter_column("incidents", name, nullable=True)
    op.execute(
        """
        UPDATE incidents
        SET answers = jsonb_strip_nulls(jsonb_build_object('size', nullif(size, ''), 'seen', nullif(seen, '')))
        WHERE size <> '' OR seen <> ''
        """
    )
    op.execute(
        """
        CREATE FUNCTION copy_size_and_seen() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.answers := NEW.answers || jsonb_strip_nulls(
                jsonb_build_object('size', nullif(NEW.size, ''), 'seen', nullif(NEW.seen, ''))
            );
            RETURN NEW;
        END
        $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER copy_size_and_seen BEFORE INSERT OR UPDATE OF size, seen ON incidents
        FOR EACH ROW WHEN (NEW.size <> '' OR NEW.seen <> '') EXECUTE FUNCTION copy_size_and_seen()
        """
    )
