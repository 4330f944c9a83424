"""Directory of people with roles and areas, and numbers that can be erased in every table.

Earlier subscribers are added to the directory.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_WHOLE = "(phone_sealed IS NULL) = (phone_key IS NULL)"


def upgrade() -> None:
    _people()
    _person_roles()
    _subscriptions()
    # Of a hash, four bytes stand in the index instead of a key's 32: it is asked for one number, and rarely.
    op.create_index("ix_messages_phone_key", "messages", ["phone_key"], postgresql_using="hash")


def _people() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary),
        sa.Column("phone_key", sa.LargeBinary),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("added_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.Column("erased_at", _TIME),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
        sa.UniqueConstraint("phone_key", name="uq_people_phone_key"),
    )
    op.create_check_constraint("phone", "people", _WHOLE)
    op.execute(
        """
        INSERT INTO people (phone_sealed, phone_key, name, language, source, added_at, updated_at)
        SELECT phone_sealed, phone_key, '', language, channel, consented_at, consented_at
        FROM (SELECT DISTINCT ON (phone_key) * FROM subscriptions ORDER BY phone_key, id) AS first
        ORDER BY id
        """
    )


def _person_roles() -> None:
    op.create_table(
        "person_roles",
        sa.Column("person", sa.BigInteger, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("areas", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("basis", sa.Text, nullable=False),
        sa.Column("agreed_at", _TIME),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("person", "role", name="pk_person_roles"),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name="fk_person_roles_person_people"),
    )
    op.create_index("ix_person_roles_role", "person_roles", ["role"])
    op.create_index("ix_person_roles_areas", "person_roles", ["areas"], postgresql_using="gin")


def _subscriptions() -> None:
    op.alter_column("subscriptions", "phone_sealed", nullable=True)
    op.alter_column("subscriptions", "phone_key", nullable=True)
    op.create_check_constraint("phone", "subscriptions", _WHOLE)
    op.create_index("ix_subscriptions_phone_key", "subscriptions", ["phone_key"])
    op.create_index(
        "ix_subscriptions_area", "subscriptions", ["area"], postgresql_where=sa.text("withdrawn_at IS NULL")
    )
