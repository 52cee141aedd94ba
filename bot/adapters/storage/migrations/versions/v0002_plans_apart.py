"""The plan of a change apart from its history."""

import json
import zlib

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NONE = {"cluster": "", "request": "", "summary": "", "steps": []}


def upgrade() -> None:
    op.add_column("changes", sa.Column("plan", sa.LargeBinary(), nullable=False, server_default=""))
    rows = sa.table("changes", sa.column("id"), sa.column("document"), sa.column("plan"))
    connection = op.get_bind()
    for id, document in connection.execute(sa.select(rows.c.id, rows.c.document)).all():
        history = json.loads(document)
        plan = zlib.compress(json.dumps(history["change"]).encode(), level=1)
        history["change"] = _NONE
        connection.execute(sa.update(rows).where(rows.c.id == id).values(document=json.dumps(history), plan=plan))


def downgrade() -> None:
    rows = sa.table("changes", sa.column("id"), sa.column("document"), sa.column("plan"))
    connection = op.get_bind()
    for id, document, plan in connection.execute(sa.select(rows.c.id, rows.c.document, rows.c.plan)).all():
        whole = json.loads(document) | {"change": json.loads(zlib.decompress(plan))}
        connection.execute(sa.update(rows).where(rows.c.id == id).values(document=json.dumps(whole)))
    op.drop_column("changes", "plan")
