"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    counted = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "changes",
        sa.Column("id", counted, primary_key=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("cluster", sa.String(100), nullable=False),
        sa.Column("running", sa.Boolean(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("changes_by_cluster", "changes", ["cluster", "id"])
    op.create_index("changes_running", "changes", ["running", "id"])
    op.create_table(
        "schedules",
        sa.Column("id", counted, primary_key=True),
        sa.Column("document", sa.Text(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "incidents",
        sa.Column("id", counted, primary_key=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("cluster", sa.String(100), nullable=False),
        sa.Column("finished", sa.Boolean(), nullable=False),
        sa.Column("was_open", sa.Boolean(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("incidents_unfinished", "incidents", ["finished", "cluster", "id"])
    op.create_index("incidents_opened", "incidents", ["was_open", "cluster", "id"])
    op.create_table(
        "outbox",
        sa.Column("id", counted, primary_key=True),
        sa.Column("conversation", sa.String(200), nullable=False),
        sa.Column("slot", sa.String(200), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("not_before_ms", sa.BigInteger()),
        sa.Column("sending", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("aside_at_ms", sa.BigInteger()),
        sa.Column("why", sa.Text(), nullable=False, server_default=""),
        sa.Column("document", sa.Text(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("outbox_waiting", "outbox", ["aside_at_ms", "conversation", "id"])
    op.create_table(
        "posted",
        sa.Column("conversation", sa.String(200), primary_key=True),
        sa.Column("slot", sa.String(200), primary_key=True),
        sa.Column("channel", sa.String(100), nullable=False),
        sa.Column("timestamp", sa.String(100), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_posted_at_ms", "posted", ["at_ms"])
    op.create_table(
        "seen_events",
        sa.Column("id", sa.String(200), primary_key=True),
        sa.Column("seen_at_ms", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_seen_events_seen_at_ms", "seen_events", ["seen_at_ms"])


def downgrade() -> None:
    for table in ("seen_events", "posted", "outbox", "incidents", "schedules", "changes"):
        op.drop_table(table)
