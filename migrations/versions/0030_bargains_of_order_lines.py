"""Lines of orders remember the bargain whose deal they were sold at."""

from alembic import op

from backend.infra.postgres import run_script

revision = "0030"
down_revision = "0029"

SQL = """
ALTER TABLE order_lines ADD COLUMN bargain_id text;
ALTER TABLE order_lines ADD CONSTRAINT ck_order_lines_bargain CHECK (bargain_id IS NULL OR kind <> 'charge');
"""
BACK = """
ALTER TABLE order_lines DROP COLUMN bargain_id;
"""


def upgrade() -> None:
    """Add the column."""
    run_script(op.get_bind(), SQL)


def downgrade() -> None:
    """Drop it, and its constraint with it."""
    run_script(op.get_bind(), BACK)
