"""Answers that are kept for `Idempotency-Key` keep what their headers say, too."""

from alembic import op

from backend.infra.postgres import run_script

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add them."""
    run_script(
        op.get_bind(), "ALTER TABLE idempotency_keys ADD COLUMN headers jsonb NOT NULL DEFAULT '{}'::jsonb;"
    )


def downgrade() -> None:
    """Drop them."""
    run_script(op.get_bind(), "ALTER TABLE idempotency_keys DROP COLUMN headers;")
